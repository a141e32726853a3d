"""An admission is good for as long as its lease: the next person comes instead of, not next to, who had it."""

from __future__ import annotations

import asyncio

import pytest

from engine.foundation import leases
from engine.foundation.clock import now_ms
from tests.shop import Answer, Shop

LEASE = b"L" * 16


async def admitted(shop: Shop, **columns: object) -> str:
    """The Authorization header of somebody who was let into an event with a queue."""
    await shop.open_event(**columns)
    await shop.services.common.pool.execute(
        "UPDATE on_sales SET room_enabled = true WHERE event_id = $1", shop.event_id
    )
    await shop.services.sale.inventory.changed(shop.event_id)
    await asyncio.sleep(0.2)
    until_ms = now_ms() + 600_000
    await shop.services.common.redis.zadd(leases.lease_key(shop.event_id), {LEASE: until_ms})
    keys = shop.services.common.settings.keyring.event(shop.event_id)
    token = keys.mint_admission(lease_id=LEASE, device_key_hash=b"", not_before_ms=0, expires_at_ms=until_ms)
    return f"Admission {token}"


async def hold(shop: Shop, admission: str, key: str | None = None, **more: object) -> Answer:
    item = {"ticket_type_id": shop.types[0], "quantity": 1, **more}
    body = {"event_id": shop.event_id, "items": [item]}
    return await shop.ask("POST", "/v1/holds", body, Authorization=admission, Idempotency_Key=key or shop.key())


async def leases_left(shop: Shop, expected: int) -> bool:
    for _ in range(100):
        if await shop.services.common.redis.zcard(leases.lease_key(shop.event_id)) == expected:
            return True
        await asyncio.sleep(0.02)
    return False


async def refused(shop: Shop, admission: str) -> None:
    for more in ({}, {"split": False}, {"section": "Floor"}):
        answer = await hold(shop, admission, **more)
        assert (answer.status, answer["code"]) == (403, "admission_expired"), answer.body


async def test_who_has_bought_queues_again_for_more_but_may_repeat_what_was_asked(shop: Shop):
    admission = await admitted(shop)
    held = await hold(shop, admission, "first")
    order = await shop.order(held)
    assert (await hold(shop, admission)).status == 201, "one may hold more while one pays"
    await shop.pay(order)
    await shop.until(order, "paid")
    assert await leases_left(shop, 0)
    await refused(shop, admission)
    again = await hold(shop, admission, "first")
    assert (again.status, again["id"], again.headers["Idempotent-Replayed"]) == (201, held["id"], "true")


async def test_who_gives_seats_back_or_gives_up_paying_may_choose_again(shop: Shop):
    admission = await admitted(shop)
    first = await hold(shop, admission)
    released = await shop.ask("DELETE", f"/v1/holds/{first['id']}", X_Order_Token=first["hold_token"])
    assert released.status == 204
    order = await shop.order(await hold(shop, admission))
    cancelled = await shop.ask("POST", f"/v1/orders/{order['order_id']}/cancel", X_Order_Token=order["order_token"])
    assert cancelled.status == 200, cancelled.body
    await shop.work("hold_expiry")
    assert await leases_left(shop, 1)
    assert (await hold(shop, admission)).status == 201


@pytest.mark.parametrize("how", ["released", "abandoned", "unpaid"])
async def test_a_place_given_away_holds_nothing_any_more(shop: Shop, how: str):
    admission = await admitted(shop)
    held = await hold(shop, admission)
    if how == "released":
        await leases.release(shop.services.common.hot, shop.event_id, LEASE)
    elif how == "abandoned":
        await shop.services.common.redis.rpush(
            b"inv:{%s}:ended" % shop.event_id.encode(), LEASE
        )  # as a hold that ran out does
        await shop.work("hold_expiry")
    else:
        order = await shop.order(held)
        await shop.overdue(order)
        await shop.work("payment_reconciler")
        await shop.until(order, "expired")
    assert await leases_left(shop, 0)
    await refused(shop, admission)
