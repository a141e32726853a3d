"""Waiting for an order's status instead of asking again and again."""

from __future__ import annotations

import asyncio
import time

import pytest

from engine.foundation import address_limits
from engine.foundation.limits_table import LIMITS
from engine.services import appkeys
from engine.services.money import order_waits
from tests.faults.conftest import audited
from tests.shop import Shop
from tests.web.money.order_doors import Door, opened

LONG = "/status?wait_s=20"
WITHIN_S = 10  # far below LONG, far above what a slow machine takes


async def test_a_payment_answers_those_who_wait_at_every_engine(shop: Shop, door: Door, other: Door):
    await shop.open_event()
    order = await shop.ordered(2)
    waits = [asyncio.create_task(each.look(order, LONG)) for each in (door, other, door)]
    await door.until_waiting(2)
    await other.until_waiting(1)
    async with asyncio.timeout(WITHIN_S):
        assert (await shop.pay(order))[0] == 200
        answers = await asyncio.gather(*waits)
    assert {answer["status"] for answer in answers} == {"paid"}
    assert {answer["tickets"]["issued"] for answer in answers} == {2}
    for each in (door, other):
        tickets = await each.look(order, "/tickets")
        assert len(tickets["data"]) == 2, "who was told that it is paid finds the tickets everywhere"
    assert (door.waiting, other.waiting) == (0, 0)
    assert await shop.settled_errands() == 0
    await audited(shop)


async def test_a_declined_card_answers_too_though_the_order_stays_open(shop: Shop, door: Door):
    await shop.open_event()
    order = await shop.ordered()
    wait = asyncio.create_task(door.look(order, LONG))
    await door.until_waiting(1)
    async with asyncio.timeout(WITHIN_S):
        await shop.pay(order, "pm_card_chargeDeclined")
        answer = await wait
    assert (answer["status"], answer["payment"]["state"]) == ("pending", "failed")


async def test_nothing_happens_and_the_same_status_comes_after_the_time(shop: Shop, door: Door):
    await shop.open_event()
    order = await shop.ordered()
    before = await door.look(order)
    began_s = time.monotonic()
    answer = await door.look(order, "/status?wait_s=1")
    assert time.monotonic() - began_s >= 1
    assert (answer.status, answer.body) == (200, before.body)
    unchanged = await door.look(order, "/status?wait_s=1", If_None_Match=before.headers["ETag"])
    assert (unchanged.status, unchanged.body) == (304, None)


async def test_who_shows_an_older_answer_is_answered_at_once_and_who_shows_this_one_waits(shop: Shop, door: Door):
    await shop.open_event()
    order = await shop.ordered()
    pending = await door.look(order)
    await shop.pay(order)
    await shop.until(order, "paid")
    async with asyncio.timeout(WITHIN_S):
        paid = await door.look(order, LONG, If_None_Match=pending.headers["ETag"])
        assert paid["status"] == "paid"
        assert (await door.look(order, LONG))["status"] == "paid", "a payment that is through is not waited for"
    wait = asyncio.create_task(door.look(order, LONG, If_None_Match=paid.headers["ETag"]))
    await door.until_waiting(1)
    async with asyncio.timeout(WITHIN_S):
        await shop.ask(
            "POST", f"/v1/orders/{order['order_id']}/refunds", {"reason": "asked"},
            Authorization=await shop.organizer(), Idempotency_Key=shop.key(),
        )  # fmt: skip
        seen = await wait
        assert seen["tickets"]["by_status"] == {"refunded": 1}, "its tickets stopped first"
        while seen["status"] != "refunded":
            seen = await door.look(order, LONG, If_None_Match=seen.headers["ETag"])


@pytest.mark.parametrize("wait_s", ["26", "-1", "many", "1.5", "", "9" * 40])
async def test_a_time_that_one_cannot_wait_is_refused(shop: Shop, door: Door, wait_s: str):
    await shop.open_event()
    order = await shop.ordered()
    answer = await door.look(order, f"/status?wait_s={wait_s}")
    assert (answer.status, answer["errors"][0]["pointer"]) == (422, "/wait_s")
    assert (await door.look(order, "/status?wait=1")).status == 400
    assert (await door.look(order, "/status?wait_s=1&wait_s=2")).status == 400
    assert (await door.look(order, "/tickets?wait_s=1")).status == 400
    assert (await door.look(order, "?wait_s=1")).status == 400


async def test_strangers_never_wait_for_an_order(shop: Shop, door: Door):
    await shop.open_event()
    order, foreign = await shop.ordered(), await shop.ordered()
    await door.look(order)
    async with asyncio.timeout(WITHIN_S):
        assert (await door.look(order, LONG, token=foreign["order_token"])).status == 403
        assert (await door.look(order, LONG, token="nonsense")).status == 403
        assert (await shop.ask("GET", f"/v1/orders/{order['order_id']}{LONG}")).status == 401
        unknown = {"order_id": order["order_id"][:-4] + "0000", "order_token": order["order_token"]}
        assert (await door.look(unknown, LONG)).status == 404  # type: ignore[arg-type]  # the two names it has
    assert door.waiting == 0


async def test_staff_may_wait_and_those_whose_links_end_meanwhile_are_not_told(shop: Shop, door: Door):
    await shop.open_event()
    order = await shop.ordered()
    staff = asyncio.create_task(door.look(order, LONG, Authorization=await shop.organizer()))
    buyer = asyncio.create_task(door.look(order, "/status?wait_s=2"))
    await door.until_waiting(2)
    ended = await shop.ask("POST", f"/v1/orders/{order['order_id']}/end-links", X_Order_Token=order["order_token"])
    assert ended.status == 200
    assert (await buyer).status == 403
    async with asyncio.timeout(WITHIN_S):
        await shop.pay(order)
        assert (await staff)["status"] == "paid"


async def test_beyond_the_limits_one_is_answered_at_once(shop: Shop, door: Door, monkeypatch: pytest.MonkeyPatch):
    await shop.open_event()
    order = await shop.ordered()
    monkeypatch.setattr(order_waits, "WAITING_MAX", 1)
    wait = asyncio.create_task(door.look(order, LONG))
    await door.until_waiting(1)
    async with asyncio.timeout(WITHIN_S):
        assert (await door.look(order, LONG))["status"] == "pending"
    monkeypatch.setattr(order_waits, "WAITING_MAX", 100)
    block = address_limits.OpenLimits(1)
    monkeypatch.setitem(door.app[appkeys.LIMITS]._open_of, "wait", block)
    second = asyncio.create_task(door.look(order, LONG))
    await door.until_waiting(2)
    async with asyncio.timeout(WITHIN_S):
        assert (await door.look(order, LONG))["status"] == "pending"
        await shop.pay(order)
        assert {answer["status"] for answer in await asyncio.gather(wait, second)} == {"paid"}
    assert len(block) == 0, "who was answered has room for the next"
    assert LIMITS["wait"].at_once > 0


async def test_shutting_down_answers_those_who_wait(shop: Shop):
    await shop.open_event()
    order = await shop.ordered()
    async with opened(shop) as door:
        waits = [asyncio.create_task(door.look(order, LONG)) for _ in range(3)]
        staff = asyncio.create_task(door.look(order, LONG, Authorization=await shop.organizer()))
        await door.until_waiting(4)
        async with asyncio.timeout(WITHIN_S):
            await door.runner.cleanup()
            answers = await asyncio.gather(*waits, staff)
    assert [(answer.status, answer["status"]) for answer in answers] == [(200, "pending")] * 4
    assert {answer.headers.get("Connection") for answer in answers[:3]} == {"close"}


async def test_who_hangs_up_waits_no_longer(shop: Shop, door: Door):
    await shop.open_event()
    order = await shop.ordered()
    wait = asyncio.create_task(door.look(order, LONG))
    await door.until_waiting(1)
    wait.cancel()
    await door.until_waiting(0)


async def test_a_change_that_nobody_told_is_noticed(shop: Shop, door: Door):
    await shop.open_event()
    order = await shop.ordered()
    wait = asyncio.create_task(door.look(order, LONG))
    await door.until_waiting(1)
    pool = shop.services.common.pool
    await pool.execute("UPDATE orders SET status = 'processing' WHERE id = $1", order["order_id"])
    async with asyncio.timeout(WITHIN_S):
        assert (await wait)["status"] == "processing"
    await pool.execute("UPDATE orders SET status = 'pending' WHERE id = $1", order["order_id"])
