"""Buyers say that they have paid: the provider is looked at once a second for each, and nobody else waits for it."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from typing import Any

import pytest

from engine.foundation.connections import HotRedis
from engine.foundation.leases import HEALTH_FULL
from engine.services.money.lane import LOOK_SHARE, LOOK_WAIT_MAX_S, LOOKING, READING, PaymentLane
from engine.stores.money.lane import LaneStore
from tests.shop import Answer, Shop
from tests.stripe_events import intent_of

RATE_PER_S, BURST = 25, 2


@pytest.fixture
def reads(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the engine read each intent at the provider."""
    gateway = shop.orders._payments._gateway
    counted, read_intent = Counter[str](), gateway.read_intent

    async def read(intent_id: str) -> Any:
        counted[intent_id] += 1
        return await read_intent(intent_id)

    monkeypatch.setattr(gateway, "read_intent", read)
    return counted


async def confirm(shop: Shop, order: Answer, token: str | None = None, intent_id: str | None = None) -> Answer:
    body = {"order_id": order["order_id"], "payment_intent_id": intent_id or intent_of(order)}
    return await shop.ask("POST", "/v1/payments/confirm", body, X_Order_Token=token or "")


async def test_a_stranger_confirms_nothing_and_nobody_is_asked(shop: Shop, reads: Counter[str]):
    await shop.open_event()
    order, other = await shop.ordered(), await shop.ordered()
    answers = await asyncio.gather(*(confirm(shop, order) for _ in range(52)))
    assert {(answer.status, answer["code"]) for answer in answers} == {(401, "unauthenticated")}
    for token, expected in ((other["order_token"], 403), ("nonsense", 403), (order["order_token"][:-2] + "AA", 403)):
        assert (await confirm(shop, order, token)).status == expected
    reader = await shop.organizer("finance")
    body = {"order_id": order["order_id"], "payment_intent_id": intent_of(order)}
    staff = await shop.ask("POST", "/v1/payments/confirm", body, Authorization=reader)
    assert (staff.status, staff["code"]) == (403, "capability_wrong")
    unknown = await shop.ask(
        "POST", "/v1/payments/confirm", {**body, "order_id": "ord_01ARZ3NDEKTSV4RRFFQ69G5FAV"},
        X_Order_Token=order["order_token"],
    )  # fmt: skip
    assert unknown.status == 404
    assert not reads


async def test_many_confirms_of_one_order_are_few_looks_and_the_last_sees_the_payment(shop: Shop, reads: Counter[str]):
    await shop.open_event()
    await shop.switch(webhook_enabled=False)
    order = await shop.ordered()
    began_s = time.monotonic()
    first = await asyncio.gather(*(confirm(shop, order, order["order_token"]) for _ in range(60)))
    assert {answer["status"] for answer in first} == {"pending"}
    assert reads[intent_of(order)] <= 2 + (time.monotonic() - began_s)
    await shop.pay(order)
    before, began_s = reads[intent_of(order)], time.monotonic()
    second = await asyncio.gather(*(confirm(shop, order, order["order_token"]) for _ in range(60)))
    assert {answer["status"] for answer in second} == {"paid"}, "each who asked after paying is told so"
    assert reads[intent_of(order)] - before <= 2 + (time.monotonic() - began_s), "one a second, however many ask"
    looked_at = reads[intent_of(order)]
    assert (await confirm(shop, order, order["order_token"]))["status"] == "paid"
    assert reads[intent_of(order)] == looked_at, "what is paid need not be looked at"
    (report,) = await shop.services.insight.audit.check(shop.event_id)
    assert report["problems"] == []


async def test_a_payment_of_another_order_is_not_looked_at(shop: Shop, reads: Counter[str]):
    await shop.open_event()
    order, other = await shop.ordered(), await shop.ordered()
    stolen = await confirm(shop, order, order["order_token"], intent_of(other))
    assert (stolen.status, stolen["code"]) == (409, "payment_mismatch")
    assert not reads


async def test_one_order_is_looked_at_once_a_second_by_all_processes_together(hot: HotRedis):
    lanes = [PaymentLane(LaneStore(hot, rate_per_s=1000, burst=100)) for _ in range(2)]
    stores = [lane._turns for lane in lanes]
    waits = [await stores[number % 2].take("look:ord_1", wait_max_s=2.0, every_s=1.0) for number in range(5)]
    taken = [wait_s for went, wait_s in waits if went]
    assert len(taken) == 3  # at once, in one second, in two
    assert all(later - sooner > 0.9 for sooner, later in itertools.pairwise(taken))
    assert (await stores[0].take("look:ord_2", wait_max_s=0.0, every_s=1.0))[0], "another order's turn is its own"


async def test_a_crowd_of_looks_leaves_half_of_the_reads_to_what_the_provider_told_us(hot: HotRedis):
    store = LaneStore(hot, rate_per_s=RATE_PER_S, burst=BURST)
    went = 0
    for _ in range(500):
        taken, _ = await store.take(LOOKING, wait_max_s=LOOK_WAIT_MAX_S, share=LOOK_SHARE)
        if taken:
            went += 1
            await store.take(READING, wait_max_s=20.0)
    assert went <= RATE_PER_S / LOOK_SHARE * LOOK_WAIT_MAX_S + BURST + 5
    taken, wait_s = await store.take(READING, wait_max_s=20.0)
    assert taken
    assert wait_s < LOOK_WAIT_MAX_S, "a webhook waits for less than the line of the looks is long"


async def test_the_lanes_health_hears_how_long_reads_wait(hot: HotRedis):
    store = LaneStore(hot, rate_per_s=RATE_PER_S, burst=BURST)
    lane = PaymentLane(store)
    assert await lane.health() == HEALTH_FULL
    for _ in range(RATE_PER_S * 8):
        await store.take(READING, wait_max_s=20.0)
    assert await lane.health() < HEALTH_FULL / 2
