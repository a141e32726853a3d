"""Orders answered from memory: the same as from the ledger, to those alone who may read them, and not for long."""

from __future__ import annotations

import asyncio

import pytest

from engine.foundation import metrics
from engine.services import appkeys
from engine.services.money import order_reads
from engine.services.money.order_reads import FRESH_S, OrderReads
from engine.stores.money.order_reads import OrderReadStore
from tests.faults.conftest import audited
from tests.shop import Answer, Shop
from tests.web.money.order_doors import Door, opened

FACES = ("", "/status", "/tickets")


class Counted(OrderReadStore):
    """Counts what is asked of the ledger."""

    asked = 0

    async def heads(self, order_ids):
        self.asked += 1
        return await super().heads(order_ids)


async def refunded(shop: Shop, order: Answer, url: str = "") -> None:
    path = f"/v1/orders/{order['order_id']}/refunds"
    answer = await shop.ask(
        "POST", path, {"reason": "asked"}, Authorization=await shop.organizer(), Idempotency_Key=shop.key()
    )
    assert answer.status == 201, answer.body


async def test_what_is_remembered_is_what_the_route_answers(shop: Shop, door: Door):
    await shop.open_event()
    order = await shop.paid(2)
    for face in FACES:
        route = await door.look(order, face, token=order["order_token"], Authorization="", X_Request_Id="mine")
        again = await door.look(order, face, X_Request_Id="mine")
        assert (again.status, again.body) == (200, route.body), face
        same = ("Content-Type", "Cache-Control", "ETag", "X-Content-Type-Options", "X-Request-Id")
        assert {name: again.headers.get(name) for name in same} == {n: route.headers.get(n) for n in same}, face
        if face != "/tickets":
            unchanged = await door.look(order, face, If_None_Match=again.headers["ETag"])
            assert (unchanged.status, unchanged.body) == (304, None)
    counts = metrics.ANSWERS.of("/v1/orders/{order_id}/status", "GET").statuses
    before = counts[200]
    by_cookie = await door.look(order, token="", Cookie=f"onsale_order={order['order_token']}")
    assert (by_cookie.status, by_cookie["status"], counts[200] - before) == (200, "paid", 1)
    tickets = await door.look(order, "/tickets")
    assert [len(ticket["code"]) for ticket in tickets["data"]] == [54, 54]
    assert (await door.look(order, "/tickets?limit=1"))["has_more"] is True
    await audited(shop)


async def test_a_paid_order_costs_the_ledger_nothing_until_a_second_is_nearly_over(
    shop: Shop, door: Door, monkeypatch: pytest.MonkeyPatch
):
    await shop.open_event()
    order = await shop.paid(2)
    store = Counted(shop.services.common.pool)
    monkeypatch.setattr(door.app[appkeys.ORDER_READS], "_store", store)
    moment = [100.0]
    monkeypatch.setattr(door.app[appkeys.ORDER_READS], "_now_s", lambda: moment[0])
    for _ in range(10):  # the news of its paying may still be on its way here
        asked = store.asked
        for face in FACES:
            assert (await door.look(order, face)).status == 200
        if store.asked == asked:
            break
    asked = store.asked
    for face in FACES * 2:
        assert (await door.look(order, face)).status == 200
    assert store.asked == asked
    known = door.app[appkeys.ORDER_READS].ready(order["order_id"])
    moment[0] += 2 * FRESH_S
    for face in FACES:
        await door.look(order, face)
    assert store.asked == asked + 1
    assert door.app[appkeys.ORDER_READS].ready(order["order_id"]) is known, "its answers stand on: nothing changed"


async def test_the_first_look_from_an_address_is_answered_before_the_router_too_and_counted(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    await shop.open_event()
    order = await shop.ordered()
    async with opened(shop, rehearsal=False) as door:
        monkeypatch.setattr(door.app[appkeys.ORDERS], "look", None)  # the route would call it
        limits = door.app[appkeys.LIMITS].of("own")
        assert (await door.look(order))["status"] == "pending"
        assert limits._due_s, "it was counted"
        monkeypatch.setattr(limits, "passes", lambda _address: False)
        monkeypatch.setattr(limits, "wait_s", lambda _address: 1.0)
        assert (await door.look(order)).status == 500, "who must be held back goes to the route"


async def test_tickets_that_nobody_asked_for_yet_are_answered_before_the_router_too(
    shop: Shop, door: Door, monkeypatch: pytest.MonkeyPatch
):
    await shop.open_event()
    unseen, seen = await shop.paid(2), await shop.paid(1)
    assert (await door.look(seen))["status"] == "paid"
    counts = metrics.ANSWERS.of("/v1/orders/{order_id}/tickets", "GET").statuses
    before = counts.get(200, 0)
    monkeypatch.setattr(door.app[appkeys.ORDERS], "look", None)  # the route would call it
    for order, tickets in ((unseen, 2), (seen, 1)):
        first = await door.look(order, "/tickets")
        assert (first.status, [len(ticket["code"]) for ticket in first["data"]]) == (200, [54] * tickets)
        known = door.app[appkeys.ORDER_READS].ready(order["order_id"])
        assert known is not None
        assert "tickets" in known.answers
        assert (await door.look(order, "/tickets")).body == first.body
    assert counts[200] - before == 4


async def test_an_order_that_is_being_paid_for_is_looked_at_each_time(shop: Shop, door: Door):
    await shop.open_event()
    order = await shop.ordered()
    assert (await door.look(order))["status"] == "pending"
    pool = shop.services.common.pool
    await pool.execute("UPDATE orders SET status = 'processing' WHERE id = $1", order["order_id"])
    assert (await door.look(order))["status"] == "processing", "nobody said so"
    await pool.execute("UPDATE orders SET status = 'pending' WHERE id = $1", order["order_id"])


async def test_nobody_reads_what_another_may(shop: Shop, door: Door):
    await shop.open_event()
    orders = [await shop.paid(), await shop.paid()]
    for face in FACES:
        for order in orders:
            assert (await door.look(order, face)).status == 200
    for face in FACES * 2:
        own, foreign = orders
        assert (await door.look(own, face, token=foreign["order_token"])).status == 403
        assert (await door.look(own, face, token="x" * 40)).status == 403
        answer = await door.look(foreign, face)
        assert own["order_id"] not in str(answer.body), face
    scanner = await shop.organizer("box_office")
    assert (await door.look(orders[0], Authorization=scanner)).status == 200
    assert (await door.look(orders[0], Authorization="Bearer nonsense")).status == 401
    assert (await door.look(orders[0], token="x" * 40)).status == 403


async def test_the_secret_of_a_payment_is_told_to_the_buyer_alone(shop: Shop, door: Door):
    await shop.open_event()
    order = await shop.ordered()
    staff = await shop.organizer()
    for _ in range(2):
        assert (await door.look(order, ""))["client_secret"] == order["client_secret"]
        assert (await door.look(order, "", Authorization=staff))["client_secret"] is None


async def test_codes_are_shown_to_those_who_may_change_orders_and_to_no_other_staff(shop: Shop, door: Door):
    await shop.open_event()
    order = await shop.paid()
    finance = await shop.organizer("finance")
    for _ in range(2):
        assert (await door.look(order, "/tickets"))["data"][0]["code"] is not None
        assert (await door.look(order, "/tickets", Authorization=await shop.organizer()))["data"][0]["code"] is not None
        assert (await door.look(order, "/tickets", Authorization=finance))["data"][0]["code"] is None


async def test_a_refund_is_seen_at_once_where_it_was_made_and_elsewhere_within_a_second(
    shop: Shop, door: Door, other: Door
):
    await shop.open_event()
    order = await shop.paid(2)
    for each in (door, other):
        for face in FACES:
            await each.look(order, face)
    shop.url = door.url
    await refunded(shop, order)
    assert (await door.look(order))["status"] == "refunded"
    assert {ticket["code"] for ticket in (await door.look(order, "/tickets"))["data"]} == {None}
    async with asyncio.timeout(1):
        while (await other.look(order))["status"] != "refunded":
            await asyncio.sleep(0.01)
    assert {ticket["status"] for ticket in (await other.look(order, "/tickets"))["data"]} == {"refunded"}
    await audited(shop)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE tickets SET version = version + 1 WHERE order_id = $1",
        "UPDATE tickets SET holder_name = 'Somebody Else' WHERE order_id = $1",
        "UPDATE ticket_types SET name = 'Renamed' WHERE id IN (SELECT ticket_type_id FROM tickets WHERE order_id = $1)",
        "UPDATE events SET title = 'Renamed' WHERE id = (SELECT event_id FROM orders WHERE id = $1)",
        "UPDATE venues SET name = 'Renamed' WHERE starts_with($1, 'ord_')",
    ],
)
async def test_what_nobody_told_is_seen_within_a_second(shop: Shop, door: Door, change: str):
    await shop.open_event()
    order = await shop.paid()
    before = await door.look(order, "/tickets")
    assert (await door.look(order, "/tickets")).body == before.body
    await shop.services.common.pool.execute(change, order["order_id"])
    await asyncio.sleep(FRESH_S)
    assert (await door.look(order, "/tickets")).body != before.body


async def test_a_caller_who_saw_more_than_this_process_remembers_is_not_told_less(shop: Shop, door: Door, other: Door):
    await shop.open_event()
    order = await shop.paid()
    assert (await door.look(order))["status"] == "paid"
    await shop.services.common.pool.execute(  # as another process does whose word is lost
        "UPDATE orders SET status = 'disputed' WHERE id = $1", order["order_id"]
    )
    seen = await other.look(order)
    assert seen["status"] == "disputed"
    again = await door.look(order, If_None_Match=seen.headers["ETag"])
    assert again.status == 304
    await shop.services.common.pool.execute("UPDATE orders SET status = 'paid' WHERE id = $1", order["order_id"])


async def test_links_that_end_open_nothing_any_more_whatever_is_remembered(shop: Shop, door: Door, other: Door):
    await shop.open_event()
    order = await shop.paid()
    for each in (door, other):
        assert (await each.look(order)).status == 200
    shop.url = door.url
    ended = await shop.ask("POST", f"/v1/orders/{order['order_id']}/end-links", X_Order_Token=order["order_token"])
    assert (await door.look(order)).status == 403
    async with asyncio.timeout(1):
        while (await other.look(order)).status != 403:
            await asyncio.sleep(0.01)
    assert (await door.look(order, token=ended["order_token"])).status == 200


async def test_redis_that_is_emptied_changes_nothing_about_orders(shop: Shop, door: Door):
    await shop.open_event()
    order = await shop.paid()
    before = [(await door.look(order, face)).body for face in FACES]
    await shop.services.common.redis.flushall()
    assert [(await door.look(order, face)).body for face in FACES] == before
    await asyncio.sleep(FRESH_S)
    assert [(await door.look(order, face)).body for face in FACES] == before


async def test_what_is_remembered_stays_within_its_bounds(shop: Shop, door: Door, monkeypatch: pytest.MonkeyPatch):
    await shop.open_event()
    orders = [await shop.paid() for _ in range(3)]
    reads: OrderReads = door.app[appkeys.ORDER_READS]
    monkeypatch.setattr(order_reads, "ORDERS_MAX", 2)
    for order in orders:
        for face in FACES:
            await door.look(order, face)
    assert len(reads) == 2
    assert reads.ready(orders[0]["order_id"]) is None
    monkeypatch.setattr(order_reads, "BYTES_MAX", order_reads.ORDER_BYTES + 4_000)
    for order in orders:
        for face in FACES:
            await door.look(order, face)
    assert reads.bytes <= order_reads.BYTES_MAX
    reads.forget(None)
    assert (len(reads), reads.bytes) == (0, 0)


async def test_what_changes_while_it_is_read_is_not_remembered(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    await shop.open_event()
    order = await shop.paid()
    reads: OrderReads = shop.services.money.order_reads
    heads = reads._store.heads

    async def slowly(order_ids):
        found = await heads(order_ids)
        await shop.services.money.order_news.changed(order["order_id"])
        return found

    monkeypatch.setattr(reads._store, "heads", slowly)
    known = await reads.read(order["order_id"])
    assert known is not None
    assert not reads.holds(known)


async def test_answers_before_the_router_are_counted_as_those_behind_it(shop: Shop, door: Door):
    await shop.open_event()
    order = await shop.paid()
    await door.look(order)
    counts = metrics.ANSWERS.of("/v1/orders/{order_id}/status", "GET").statuses
    before = counts.get(200, 0)
    for _ in range(3):
        await door.look(order)
    assert counts[200] - before == 3
