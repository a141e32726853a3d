"""A suspended organization sells nothing in any process; what it sold stays sold, and its gates go on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp.test_utils import TestServer

from engine.app import create_app
from engine.foundation.bearer import Person
from tests.shop import WAIT_MAX_S, Answer, Shop
from tests.stripe_events import intent_of
from tests.web.organizer import at

ROOT = Person("usr_root", is_admin=True)


async def suspend(shop: Shop, *, suspended: bool = True) -> None:
    """As the admin app does it, in a process of its own."""
    await shop.services.accounts.moderation.set_suspended(ROOT, shop.organization_id, suspended=suspended)


async def refused(shop: Shop, url: str) -> Answer:
    """The first hold that the engine at this address refuses; all processes hear of it within a second."""
    async with asyncio.timeout(WAIT_MAX_S):
        while True:
            body = {"event_id": shop.event_id, "items": [{"ticket_type_id": shop.types[0], "quantity": 1}]}
            async with shop.http.post(f"{url}/v1/holds", json=body, headers={"Idempotency-Key": shop.key()}) as answer:
                if answer.status != 201:
                    return Answer(answer.status, await answer.json(), answer.headers)
            await asyncio.sleep(0.05)


@asynccontextmanager
async def another_engine(shop: Shop) -> AsyncIterator[str]:
    engine = TestServer(create_app(shop.services.common.settings))
    await engine.start_server()
    yield str(engine.make_url("")).rstrip("/")
    await engine.close()


async def test_every_process_stops_selling_and_sells_again(shop: Shop):
    await shop.open_event()
    async with another_engine(shop) as other:
        await shop.hold()
        await suspend(shop)
        for url in (shop.url, other):
            answer = await refused(shop, url)
            assert (answer.status, answer["code"]) == (409, "sales_closed")
        await suspend(shop, suspended=False)
        async with asyncio.timeout(WAIT_MAX_S):
            while (await shop.hold()).status != 201:
                await asyncio.sleep(0.05)
        await shop.paid()
    (report,) = await shop.services.insight.audit.check(shop.event_id, provider=True)
    assert report["problems"] == []


async def test_a_process_stops_though_nobody_told_it(shop: Shop):
    """The ledger alone says it: a message may be lost, and a row may be changed by hand."""
    await shop.open_event()
    await shop.hold()
    await shop.services.common.pool.execute(
        "UPDATE organizations SET status = 'suspended' WHERE id = $1", shop.organization_id
    )
    assert (await refused(shop, shop.url))["code"] == "sales_closed"


async def test_what_was_held_or_half_ordered_is_not_finished(shop: Shop):
    await shop.open_event()
    hold, ordered = await shop.hold(), await shop.ordered()
    free = await shop.hold(1)
    await suspend(shop)
    await refused(shop, shop.url)
    path, token = f"/v1/holds/{hold['id']}", {"X_Order_Token": hold["hold_token"]}
    more = {"items": [{"ticket_type_id": shop.types[0], "quantity": 1}]}
    for answer in (
        await shop.order(hold),
        await shop.order(free),
        await shop.ask("POST", f"{path}/items", more, **token),
        await shop.ask("POST", f"{path}/extend", **token),
    ):
        assert (answer.status, answer["code"]) == (409, "sales_closed")
    assert (await shop.ask("DELETE", path, **token)).status == 204
    await shop.work("payment_reconciler")
    assert (await shop.status(ordered))["status"] == "expired"
    async with shop.http.get(
        f"{shop.stripe_url}/v1/payment_intents/{intent_of(ordered)}", headers={"Authorization": "Bearer sk_test_onsale"}
    ) as response:
        assert (await response.json())["status"] == "canceled"
    assert await shop.services.common.pool.fetchval("SELECT count(*) FROM orders") == 1


async def test_nothing_new_is_offered_by_anybody_and_what_is_sold_goes_on(shop: Shop):
    await shop.open_event(chart_categories=["Floor"])
    order, head = await shop.paid(2), await shop.organizer()
    root = "Bearer " + shop.bearers.sign(ROOT)
    event = f"/v1/events/{shop.event_id}"
    device = await shop.ask("POST", f"{event}/devices", {"name": "D"}, Authorization=head)
    await suspend(shop)
    venue_id = await shop.services.common.pool.fetchval("SELECT venue_id FROM events WHERE id = $1", shop.event_id)
    new = {"organization_id": shop.organization_id, "venue_id": venue_id, "title": "T", "currency": "CAD",
           "starts_at": at(1), "ends_at": at(2)}  # fmt: skip
    offers = (
        ("POST", f"{event}/ticket-types", {"name": "T", "price_cents": 100, "categories": ["Floor"]}),
        ("POST", f"{event}/promo-codes", {"code": "TEN", "kind": "percent", "value": 1000}),
        ("POST", f"{event}/allotments", {"name": "A", "section": "Floor", "quantity": 1}),
        ("POST", f"{event}/copy", {"starts_at": at(9)}),
        ("PUT", f"{event}/on-sale", {"opens_at": at(-1)}),
        ("POST", "/v1/events", new),
    )
    for method, path, body in offers:
        for who in (head, root):
            answer = await shop.ask(method, path, body, Authorization=who)
            assert (answer.status, answer["code"]) == (409, "organization_suspended"), (path, answer.body)
    assert await shop.services.common.pool.fetchval("SELECT count(*) FROM ticket_types") == 1
    code = (await shop.tickets(order))[0]["code"]
    credential = f"Device {device['device_id']}.{device['secret']}"
    scanned = await shop.ask("POST", "/v1/tickets/validate", {"code": code}, Authorization=credential)
    assert scanned["result"] == "admit"
    assert (await shop.ask("POST", f"{event}/devices", {"name": "E"}, Authorization=head)).status == 201
    refund = await shop.ask(
        "POST", f"/v1/orders/{order['order_id']}/refunds", {"reason": "r", "amount_cents": 100},
        Authorization=head, Idempotency_Key=shop.key(),
    )  # fmt: skip
    assert refund.status == 201
    assert (await shop.ask("POST", f"{event}/cancel", Authorization=head)).status == 200


async def test_pages_say_that_nothing_is_sold_and_that_it_is_again(shop: Shop):
    await shop.open_event()
    slug = await shop.services.common.pool.fetchval("SELECT slug FROM events")

    async def shown(words: str) -> None:
        async with asyncio.timeout(WAIT_MAX_S):
            while True:
                async with shop.http.get(f"{shop.url}/e/{slug}") as page:
                    if words in await page.text():
                        return
                await asyncio.sleep(0.05)

    await shown("On sale")
    await suspend(shop)
    await shown("Sales closed")
    await suspend(shop, suspended=False)
    await shown("On sale")
    assert (await shop.ask("GET", f"/v1/events/{shop.event_id}"))["organization"]["sells"] is True


async def test_the_rooms_of_a_suspended_organization_close_and_open_again(shop: Shop):
    await shop.open_event()
    pool = shop.services.common.pool
    await suspend(shop)
    assert await pool.fetchval("SELECT live FROM on_sales") is False
    await suspend(shop, suspended=False)
    assert await pool.fetchval("SELECT live FROM on_sales") is True
    assert await shop.settled_errands() == 0
