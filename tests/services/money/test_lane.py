"""The payment lane: in turn, within the provider's limits, patient within bounds."""

from __future__ import annotations

import asyncio
import time

import pytest

from engine.domain.errors import PaymentRefused, ProviderUnavailable
from engine.foundation.connections import HotRedis
from engine.services.money import lane as lanes
from engine.services.money.lane import PaymentLane
from engine.stores.money import lane as lane_store
from engine.stores.money.lane import LaneStore
from engine.stores.money.stripe_calls import ProviderAway, ProviderBusy, ProviderRefused

GIVEN_UP_WITHIN_S = 10.0  # a third of how long a provider hangs here, and time for the busiest machine


class AtOnce:
    """Turns without a wait."""

    async def take(self, endpoint, *, wait_max_s, share=1, every_s=None):
        return True, 0.0

    async def away(self, endpoint):
        pass


class Provider:
    """Fails with what it is told, then answers."""

    def __init__(self, *failures):
        self.failures = list(failures)
        self.calls = 0

    async def __call__(self):
        self.calls += 1
        if self.failures:
            raise self.failures.pop(0)
        return "answer"


async def test_no_second_of_calls_exceeds_the_rate_whatever_the_number_of_processes(hot: HotRedis):
    lane_a, lane_b = (PaymentLane(LaneStore(hot, rate_per_s=50, burst=5)) for _ in range(2))
    moments = []

    async def call():
        moments.append(time.monotonic())

    started = time.monotonic()
    await asyncio.gather(*(lane.run("create", call) for lane in (lane_a, lane_b) for _ in range(30)))
    assert time.monotonic() - started >= (60 - 5) / 50 - 0.05
    moments.sort()
    within_a_second = max(sum(1 for later in moments if at <= later < at + 1.0) for at in moments)
    assert within_a_second <= 50 + 5 + 2


async def test_turns_taken_beforehand_are_turns_of_the_one_bucket_and_spare_it_most_questions(hot: HotRedis):
    class Counted:
        asked = 0

        async def run(self, *what):
            self.asked += 1
            return await hot.run(*what)

    counted, began_s, taken, refused = Counted(), time.monotonic(), 0, 0
    stores = [LaneStore(counted, rate_per_s=1, burst=80) for _ in range(2)]
    while refused < len(stores):
        refused = 0
        for store in stores:
            got, _ = await store.take("create", wait_max_s=0)
            taken, refused = taken + got, refused + (not got)
    assert taken <= 80 + time.monotonic() - began_s + 1
    assert counted.asked < taken


async def test_a_turn_taken_beforehand_ends_with_its_time(hot: HotRedis, monkeypatch):
    monkeypatch.setattr(lane_store, "CREDIT_S", 0.0)
    store = LaneStore(hot, rate_per_s=1, burst=80)  # ten at a time
    taken = 0
    while (await store.take("create", wait_max_s=0))[0]:
        taken += 1
    assert taken <= 10  # the rest of each ten came too late


async def test_endpoints_do_not_wait_for_each_other(hot: HotRedis):
    turns = LaneStore(hot, rate_per_s=1, burst=1)
    assert await turns.take("create", wait_max_s=0) == (True, 0.0)
    assert (await turns.take("create", wait_max_s=0))[0] is False
    assert await turns.take("refund", wait_max_s=0) == (True, 0.0)


async def test_a_lane_that_is_too_long_refuses_at_once_and_says_when_to_come_back(hot: HotRedis):
    lane = PaymentLane(LaneStore(hot, rate_per_s=1, burst=1))
    provider = Provider()
    await lane.run("create", provider)
    with pytest.raises(ProviderUnavailable) as refused:
        await lane.run("create", provider, turn_wait_max_s=0.1)
    assert refused.value.retry_after_s >= 1
    assert provider.calls == 1
    assert lane.depth == 0


async def test_a_busy_or_silent_provider_is_asked_again():
    provider = Provider(ProviderBusy("429", retry_after_s=0.01), ProviderAway("silence"), ProviderBusy("409"))
    assert await PaymentLane(AtOnce()).run("create", provider, patience_s=8) == "answer"
    assert provider.calls == 4


async def test_patience_with_a_silent_provider_ends():
    provider = Provider(*[ProviderAway("silence")] * 50)
    started = time.monotonic()
    with pytest.raises(ProviderUnavailable):
        await PaymentLane(AtOnce()).run("create", provider, patience_s=0.6)
    assert time.monotonic() - started < GIVEN_UP_WITHIN_S
    assert 1 <= provider.calls <= lanes.TRIES_MAX


async def test_a_provider_that_hangs_is_given_up_at_the_deadline():
    async def hang():
        await asyncio.sleep(30)

    started = time.monotonic()
    with pytest.raises(ProviderUnavailable):
        await PaymentLane(AtOnce()).run("create", hang, patience_s=0.3)
    assert time.monotonic() - started < GIVEN_UP_WITHIN_S


async def test_a_final_no_is_not_asked_twice():
    provider = Provider(ProviderRefused("No such thing", code="resource_missing"))
    with pytest.raises(PaymentRefused) as refused:
        await PaymentLane(AtOnce()).run("create", provider)
    assert provider.calls == 1
    assert refused.value.facts == {"provider_code": "resource_missing"}


async def test_the_queue_of_one_process_is_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lanes, "DEPTH_MAX", 3)
    lane, release = PaymentLane(AtOnce()), asyncio.Event()
    waiting = [asyncio.create_task(lane.run("create", release.wait)) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(ProviderUnavailable):
        await lane.run("create", release.wait)
    release.set()
    await asyncio.gather(*waiting)
    assert lane.depth == 0


async def test_health_falls_with_the_wait_of_all_processes_and_recovers(hot: HotRedis):
    turns = LaneStore(hot, rate_per_s=5, burst=1)
    lane, other = PaymentLane(turns), PaymentLane(LaneStore(hot, rate_per_s=5, burst=1))
    assert await lane.health() == 1000
    for _ in range(30):
        await turns.take(lanes.OPENING, wait_max_s=60)
    assert 400 < await other.health() < 600
    for _ in range(30):
        await turns.take(lanes.OPENING, wait_max_s=60)
    assert await other.health() == 0


async def test_health_is_low_while_the_provider_does_not_answer(hot: HotRedis):
    lane = PaymentLane(LaneStore(hot, rate_per_s=1000, burst=100))
    with pytest.raises(ProviderUnavailable):
        await lane.run(lanes.OPENING, Provider(*[ProviderAway("silence")] * 50), patience_s=0.3)
    assert await lane.health() == lanes.HEALTH_AWAY
