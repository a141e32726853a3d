"""No buyer and no part of the network holds the house, by whichever door the units are taken."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from engine.foundation.bearer import Person
from engine.foundation.clock import now_ms
from engine.settings import Settings
from tests import factories
from tests.shop import Answer, Shop

PER_ORDER, PER_BLOCK = 4, 12
LEASE, OTHER_LEASE = b"L" * 16, b"O" * 16
HERE, NEIGHBOUR, ELSEWHERE = "2001:db8:7::1", "2001:db8:7:ff::9", "198.51.100.4"

Taking = Callable[[Shop, str, int], Awaitable[Answer]]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """As the public meets it; a proxy of ours says who comes from where."""
    changes = {"rehearsal": False, "trust_forwarded": True, "block_units_max": PER_BLOCK}
    return settings.model_copy(update=changes)


async def opened(shop: Shop, *, room: bool = False, **columns: object) -> None:
    types = [{"categories": ["Floor"], "max_per_order": PER_ORDER}, {"categories": ["S"], "max_per_order": 3}]
    await shop.open_event(factories.general("Floor", 80), factories.seated("S", 3, 10), types=types, **columns)
    if room:
        await shop.services.common.pool.execute(
            "UPDATE on_sales SET room_enabled = true WHERE event_id = $1", shop.event_id
        )
        await shop.services.sale.inventory.changed(shop.event_id)
        await asyncio.sleep(0.2)


def admitted(shop: Shop, lease: bytes = LEASE) -> str:
    keys = shop.services.common.settings.keyring.event(shop.event_id)
    return "Admission " + keys.mint_admission(
        lease_id=lease, device_key_hash=b"", not_before_ms=0, expires_at_ms=now_ms() + 600_000
    )


async def take(shop: Shop, who: str, quantity: int = 1, *, kind: int = 0, **more: object) -> Answer:
    """``who`` is an Authorization, or the address one comes from."""
    item = {"ticket_type_id": shop.types[kind], "quantity": quantity, **more}
    body = {"event_id": shop.event_id, "items": [item]}
    caller = {"Authorization": who} if " " in who else {"X_Forwarded_For": who}
    return await shop.ask("POST", "/v1/holds", body, **caller, Idempotency_Key=shop.key())


async def grow(shop: Shop, held: Answer, quantity: int, address: str = HERE) -> Answer:
    items = {"items": [{"ticket_type_id": shop.types[0], "quantity": quantity}]}
    return await shop.ask(
        "POST", f"/v1/holds/{held['id']}/items", items, X_Order_Token=held["hold_token"], X_Forwarded_For=address
    )


async def release(shop: Shop, held: Answer) -> None:
    gone = await shop.ask("DELETE", f"/v1/holds/{held['id']}", X_Order_Token=held["hold_token"])
    assert gone.status == 204


async def audited(shop: Shop) -> None:
    await shop.settled_errands()
    (report,) = await shop.services.insight.audit.check(shop.event_id)
    assert report["problems"] == []


async def _named(shop: Shop, who: str, quantity: int) -> Answer:
    return await take(shop, who, quantity, kind=1, seats=[f"S/2/{number + 1}" for number in range(quantity)])


async def _split(shop: Shop, who: str, quantity: int) -> Answer:
    return await take(shop, who, quantity, kind=1, split=False)


async def _in_section(shop: Shop, who: str, quantity: int) -> Answer:
    return await take(shop, who, quantity, kind=1, section="S")


async def _grown(shop: Shop, who: str, quantity: int) -> Answer:
    """One more in a hold of its own, then the rest into it."""
    first = await take(shop, who)
    if first.status != 201:
        return first
    answer = await grow(shop, first, quantity - 1)
    if answer.status != 200:
        await release(shop, first)
    return answer


async def _booked(shop: Shop, who: str, quantity: int) -> Answer:
    """A hold and its order in one call, as the requirement documents have it."""
    items = [{"ticketTypeId": shop.types[0], "quantity": quantity}]
    body = {"items": items, "userInfo": {"name": "Ada", "email": f"{shop.key().lower()}@example.test"}}
    caller = {"Authorization": who} if " " in who else {"X_Forwarded_For": who}
    return await shop.ask("POST", "/api/v1/orders", body, **caller, Idempotency_Key=shop.key())


DOORS: dict[str, Taking] = {
    "plain": take,
    "named seats": _named,
    "in one piece": _split,
    "in a section": _in_section,
    "more in a hold": _grown,
    "booked at once": _booked,
}


@pytest.mark.parametrize("door", DOORS)
async def test_an_admission_has_no_more_than_the_largest_order_by_any_door(shop: Shop, door: str):
    await opened(shop, room=True)
    who = admitted(shop)
    assert (await take(shop, who, PER_ORDER - 2)).status == 201
    refused = await DOORS[door](shop, who, 3)
    assert (refused.status, refused["code"]) == (409, "buyer_limit"), refused.body
    assert (await DOORS[door](shop, who, 2)).status in {200, 201}
    assert (await take(shop, who)).status == 409
    assert (await take(shop, admitted(shop, OTHER_LEASE))).status == 201, "of another admission nobody took anything"
    await audited(shop)


async def test_the_events_own_limit_goes_before_the_largest_order(shop: Shop):
    await opened(shop, room=True, max_tickets_per_buyer=6)
    who = admitted(shop)
    assert [(await take(shop, who, 3)).status for _ in range(3)] == [201, 201, 409]


async def test_units_set_apart_count_as_any_other(shop: Shop):
    await opened(shop, room=True)
    await shop.services.common.pool.execute(
        "INSERT INTO allotments (id, event_id, number, name, units, open_to) VALUES ($1, $2, 1, 'Friends', $3, $4)",
        "alt_1", shop.event_id, list(range(10)), ["FRIENDS"],
    )  # fmt: skip
    await shop.services.sale.inventory.relot(shop.event_id)
    await shop.services.sale.inventory.changed(shop.event_id)
    await asyncio.sleep(0.2)
    who = admitted(shop)

    async def friend(quantity: int) -> Answer:
        item = {"ticket_type_id": shop.types[0], "quantity": quantity}
        body = {"event_id": shop.event_id, "items": [item], "promo_code": "FRIENDS"}
        return await shop.ask("POST", "/v1/holds", body, Authorization=who, Idempotency_Key=shop.key())

    first = await friend(3)
    assert first.status == 201, first.body
    assert {item["unit"] for item in first["items"]} <= set(range(10))
    assert (await friend(2))["code"] == "buyer_limit"


async def test_ordered_and_bought_units_stay_counted_and_unpaid_ones_come_back(shop: Shop):
    await opened(shop, room=True)
    who = admitted(shop)
    order = await shop.order(await take(shop, who, 3))
    assert (await take(shop, who, 2)).status == 409, "ordered ones count"
    gone = await shop.ask("POST", f"/v1/orders/{order['order_id']}/cancel", X_Order_Token=order["order_token"])
    assert gone.status == 200
    await shop.settled_errands()
    again = await take(shop, who, PER_ORDER)
    assert again.status == 201, "what ended unpaid came back"
    await release(shop, again)
    order = await shop.order(await take(shop, who, 3))
    await shop.pay(order)
    await shop.until(order, "paid")
    await shop.settled_errands()
    counted = await shop.services.common.redis.hget(f"inv:{{{shop.event_id}}}:buyers", LEASE)
    assert int(counted) == 3, "bought ones count as long as anybody asks"
    await audited(shop)


async def test_a_released_hold_gives_back_what_it_counted(shop: Shop):
    await opened(shop, room=True)
    who = admitted(shop)
    held = await take(shop, who, PER_ORDER)
    redis = shop.services.common.redis
    assert int(await redis.hget(f"inv:{{{shop.event_id}}}:buyers", LEASE)) == PER_ORDER
    await release(shop, held)
    assert await redis.hget(f"inv:{{{shop.event_id}}}:buyers", LEASE) is None
    assert await redis.hgetall(f"inv:{{{shop.event_id}}}:blocks") == {}


async def test_counts_come_back_from_the_ledger_when_redis_was_emptied(shop: Shop):
    await opened(shop, room=True)
    who = admitted(shop)
    order = await shop.order(await take(shop, who, 3))
    await shop.settled_errands()
    before = await shop.services.common.redis.hgetall(f"inv:{{{shop.event_id}}}:blocks")
    await shop.services.common.redis.flushall()
    async with asyncio.timeout(10):
        while (answer := await take(shop, who, 2)).status == 503:
            await asyncio.sleep(0.1)
    assert (answer.status, answer["code"]) == (409, "buyer_limit")
    assert await shop.services.common.redis.hgetall(f"inv:{{{shop.event_id}}}:blocks") == before
    assert sum(int(units) for units in before.values()) == 3
    await shop.pay(order)
    await shop.until(order, "paid")
    await shop.settled_errands()
    assert await shop.services.common.redis.hgetall(f"inv:{{{shop.event_id}}}:blocks") == {}
    await audited(shop)


async def test_an_admission_pays_for_one_order_at_a_time(shop: Shop):
    await opened(shop, room=True)
    who = admitted(shop)
    one, two = await take(shop, who), await take(shop, who)
    order = await shop.order(one)
    refused = await shop.order(two)
    assert (refused.status, refused["code"], refused["order_id"]) == (409, "order_open", order["order_id"])
    assert (await shop.order(one))["order_id"] == order["order_id"], "going on with the same order is no second"
    hold = await shop.ask("GET", f"/v1/holds/{two['id']}", X_Order_Token=two["hold_token"])
    assert hold["status"] == "held", "nothing was written"
    await shop.ask("POST", f"/v1/orders/{order['order_id']}/cancel", X_Order_Token=order["order_token"])
    assert (await shop.order(two)).status == 201


async def test_of_orders_opened_in_the_same_moment_one_stands(shop: Shop):
    await opened(shop, room=True)
    holds = [await take(shop, admitted(shop)) for _ in range(4)]
    answers = await asyncio.gather(*(shop.order(held) for held in holds))
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409]
    assert {answer["code"] for answer in answers if answer.status == 409} == {"order_open"}


async def test_a_signed_in_buyer_without_a_queue_has_a_ceiling_on_what_is_unpaid(shop: Shop):
    await opened(shop)
    who = "Bearer " + shop.bearers.sign(Person("usr_01ARZ3NDEKTSV4RRFFQ69G5FAV", is_admin=False))
    held = await take(shop, who, 3)
    assert (await take(shop, who, 2, split=False))["code"] == "buyer_limit"
    assert (await take(shop, who, 2))["code"] == "buyer_limit"
    order = await shop.order(held)
    assert (await take(shop, who, 2))["code"] == "buyer_limit"
    await shop.pay(order)
    await shop.until(order, "paid")
    await shop.settled_errands()
    assert (await take(shop, who, PER_ORDER)).status == 201, "what is paid for does not count"


@pytest.mark.parametrize("door", DOORS)
async def test_a_part_of_the_network_has_only_so_many_units_unpaid_by_any_door(shop: Shop, door: str):
    await opened(shop)
    for address in (HERE, NEIGHBOUR, HERE):
        assert (await take(shop, address, 3)).status == 201
    assert (await take(shop, NEIGHBOUR, 2)).status == 201  # 11 of 12
    refused = await DOORS[door](shop, NEIGHBOUR, 2)
    assert (refused.status, refused["code"]) == (429, "address_full"), refused.body
    assert refused.headers["Retry-After"]
    assert refused["held"] in {11, 12}
    assert (await DOORS[door](shop, ELSEWHERE, 2)).status in {200, 201}, "another part of the network is another's"
    await audited(shop)


async def test_a_growing_hold_counts_for_the_network_it_came_from(shop: Shop):
    await opened(shop)
    held = await take(shop, HERE)
    for _ in range(2):
        assert (await take(shop, HERE, PER_ORDER)).status == 201
    assert (await grow(shop, held, 3, ELSEWHERE)).status == 200
    assert (await take(shop, HERE))["code"] == "address_full"
    another = await take(shop, ELSEWHERE)
    assert another.status == 201


async def test_units_that_are_ordered_count_until_they_are_paid_or_given_up(shop: Shop):
    await opened(shop)
    orders = [await shop.order(await take(shop, HERE, PER_ORDER)) for _ in range(3)]
    assert [order.status for order in orders] == [201] * 3
    assert (await take(shop, HERE))["code"] == "address_full"
    paid, cancelled, expired = orders
    await shop.pay(paid)
    await shop.until(paid, "paid")
    await shop.settled_errands()
    assert (await take(shop, HERE, PER_ORDER)).status == 201
    assert (await take(shop, HERE))["code"] == "address_full"
    await shop.ask("POST", f"/v1/orders/{cancelled['order_id']}/cancel", X_Order_Token=cancelled["order_token"])
    await shop.overdue(expired)
    await shop.work("payment_reconciler")
    await shop.until(expired, "expired")
    await shop.settled_errands()
    assert (await take(shop, HERE, PER_ORDER)).status == 201
    assert (await take(shop, HERE, PER_ORDER)).status == 201
    assert (await take(shop, HERE))["code"] == "address_full"
    await audited(shop)


@pytest.mark.parametrize("promo", [False, True])
async def test_what_costs_nothing_stays_counted_for_the_part_of_the_network_that_took_it(shop: Shop, promo: bool):
    await opened(shop)
    pool, redis = shop.services.common.pool, shop.services.common.redis
    if promo:
        await pool.execute(
            "INSERT INTO promo_codes (id, event_id, code, kind, value) VALUES ($1, $2, 'GRATIS', 'percent', 10000)",
            "prm_1", shop.event_id,
        )  # fmt: skip
    else:
        await pool.execute("UPDATE ticket_types SET price_cents = 0 WHERE event_id = $1", shop.event_id)
    await shop.services.sale.inventory.changed(shop.event_id)
    await asyncio.sleep(0.2)

    async def free(address: str, quantity: int) -> Answer:
        item = {"ticket_type_id": shop.types[0], "quantity": quantity}
        body = {"event_id": shop.event_id, "items": [item]} | ({"promo_code": "GRATIS"} if promo else {})
        return await shop.ask("POST", "/v1/holds", body, X_Forwarded_For=address, Idempotency_Key=shop.key())

    for number in range(PER_BLOCK // PER_ORDER):
        made_up = {"name": "Ada", "email": f"made-up-{number}@example.test"}
        order = await shop.order(await free(HERE, PER_ORDER), user_info=made_up)
        assert order["status"] == "paid", order.body
    await shop.settled_errands()
    assert (await free(NEIGHBOUR, 1))["code"] == "address_full"
    assert (await free(ELSEWHERE, 1)).status == 201
    await pool.execute("UPDATE orders SET created_at = now() - interval '3 days' WHERE event_id = $1", shop.event_id)
    await redis.flushall()
    async with asyncio.timeout(10):
        while (answer := await free(NEIGHBOUR, 1)).status == 503:
            await asyncio.sleep(0.1)
    assert (answer.status, answer["code"]) == (429, "address_full"), "the ledger counts as the map did"
    await audited(shop)


async def test_a_block_that_is_full_is_told_to_the_operator_once(shop: Shop, capsys: pytest.CaptureFixture[str]):
    await opened(shop)
    for _ in range(3):
        await take(shop, HERE, PER_ORDER)
    for _ in range(3):
        assert (await take(shop, HERE))["code"] == "address_full"
    assert capsys.readouterr().out.count("address_block_full") == 1


async def test_one_typed_address_is_one_buyer_however_it_is_typed(shop: Shop):
    await opened(shop, max_tickets_per_buyer=4)
    spelled = ["Ada@Bücher.test", "ada@xn--bcher-kva.test", "\uff41da@bücher.test"]
    answers = []
    for number, email in enumerate(spelled):
        held = await take(shop, ELSEWHERE, 2 if number else 3)
        answers.append(await shop.order(held, user_info={"name": "Ada", "email": email}))
    assert [answer.status for answer in answers] == [201, 409, 409], [answer.body for answer in answers]
    assert {answer["code"] for answer in answers[1:]} == {"buyer_limit"}
