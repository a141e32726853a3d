"""The scripts against an oracle: any sequence of joins, claims, goodbyes and steps gives what sets and loops give.

Times are chosen so that nothing expires and the rate never binds; those have their own tests. What is left is exact.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Coroutine
from typing import Any

import uvloop
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from engine.foundation import embedded
from engine.foundation.connections import HotRedis
from waitingroom.codes import Codes
from waitingroom.draw import commitment, hold
from waitingroom.rules import Rules
from waitingroom.store import OVERBOOK_MILLI, Join, RoomStore

PEOPLE = 40
SECRET = b"s" * 32
EVENT = "evt_model"


def rules_with(capacity: int, version: int, *, paused: bool) -> Rules:
    now_ms = time.time_ns() // 1_000_000
    return Rules(
        event_id=EVENT, organization_id="org", live=True, card={}, prequeue_opens_at_ms=now_ms - 5000,
        opens_at_ms=now_ms - 4000, closes_at_ms=0, rate_per_min=60_000_000, capacity=capacity, claim_ttl_s=3600,
        session_ttl_s=3600, identity="none", challenge="none", paused=paused, message="", beacon="", beacon_name="",
        epoch=1, high_water=0, serving=0, on_sale_version=1, controls_version=version, commit=commitment(SECRET),
        draw=None, secret=SECRET,
        forget_at_ms=0, forgotten=False, codes=Codes(()),
    )  # fmt: skip


class Oracle:
    """The room as anybody would write it down."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.paused = False
        self.free: int | None = None
        self.number_of: dict[int, int] = {}
        self.serving = 0
        self.live: set[int] = set()
        self.claimed: set[int] = set()
        self.leases: set[int] = set()
        self.turned_away: set[int] = set()

    @property
    def tail(self) -> int:
        return len(self.number_of)

    def here(self, start: int, stop: int) -> list[int]:
        return [number for number in range(start, stop) if number in self.live and number not in self.claimed]

    def tick(self) -> None:
        offers = len(self.here(0, self.serving))
        waiting = len(self.here(self.serving, self.tail))
        budget = self.capacity - len(self.leases) - offers - len(self.turned_away)
        if self.free is not None:
            looking = len(self.leases) + offers + len(self.turned_away)
            budget = min(budget, math.ceil(self.free * OVERBOOK_MILLI / 1000) - looking)
            if self.free == 0:
                budget = 0
        if self.paused or budget <= 0 or self.serving >= self.tail:
            return
        self.serving = self.tail if waiting <= budget else self.here(self.serving, self.tail)[budget - 1] + 1

    def claim(self, number: int, *, sold_out: bool) -> str:
        if number in self.claimed:
            return "again" if number in self.leases else "ended"
        self.live.add(number)
        if number >= self.serving:
            return "not_yet"
        if self.paused:
            return "paused"
        if sold_out:
            return "sold_out"
        if self.capacity - len(self.leases) <= len([other for other in self.turned_away if other < number]):
            self.turned_away.add(number)
            return "full"
        self.claimed.add(number)
        self.leases.add(number)
        self.turned_away.discard(number)
        return "granted"


class Room(RuleBasedStateMachine):
    """Every rule does the same to both."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self.redis: HotRedis = self.runner.run(HotRedis(self.url).open())
        self.do(self.send(b"FLUSHALL"))
        self.store = RoomStore(self.redis, EVENT)
        self.oracle = Oracle(capacity=3)
        self.version = 1
        self.sold_out = False
        self.fence = b"-1"
        self.do(self.store.create(rules_with(3, 1, paused=False), 0))
        self.do(self.store.raise_high_water(1, 10_000))
        self.step()
        self.do(self.store.publish_draw(hold(SECRET, b""), b""))
        time.sleep(0.003)

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    async def send(self, *words: bytes | str | int) -> Any:
        return await self.redis.command(*words)

    def step(self) -> dict[bytes, bytes]:
        leads, _, room = self.do(self.store.tick(b"me", self.fence, 1000))
        assert leads
        self.fence = room[b"fence"]
        return room

    def lease(self, number: int) -> bytes:
        return b"lease-%010d" % number

    @rule(who=st.integers(0, PEOPLE - 1), others=st.lists(st.integers(0, PEOPLE - 1), max_size=4))
    def join(self, who: int, others: list[int]) -> None:
        people = [who, *others]
        joined = self.do(self.store.join([Join(b"digest%02d" % person) for person in people]))
        for person, place in zip(people, joined, strict=True):
            known = person in self.oracle.number_of
            number = self.oracle.number_of.setdefault(person, self.oracle.tail)
            if not known:
                self.oracle.live.add(number)
            assert (place.word, place.number) == ("stranger" if known else "taken", number)

    @rule()
    def tick(self) -> None:
        room = self.step()
        self.oracle.tick()
        self.sold_out = self.oracle.free == 0
        assert int(room[b"serving"]) == self.oracle.serving
        assert int(room[b"leases"]) == len(self.oracle.leases)
        assert int(room[b"tail"]) == self.oracle.tail

    @precondition(lambda self: self.oracle.tail > 0)
    @rule(data=st.data())
    def claim(self, data: st.DataObject) -> None:
        number = data.draw(st.integers(0, self.oracle.tail - 1))
        claimed = self.do(self.store.claim(number, self.lease(number)))
        expected = self.oracle.claim(number, sold_out=self.sold_out)
        assert (claimed.why or claimed.word) == expected

    @precondition(lambda self: self.oracle.leases)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.oracle.leases)))
        assert self.do(self.store.release(self.lease(number)))
        assert not self.do(self.store.release(self.lease(number)))
        self.oracle.leases.discard(number)

    @precondition(lambda self: self.oracle.tail > 0)
    @rule(data=st.data())
    def come_and_go(self, data: st.DataObject) -> None:
        there = data.draw(st.sets(st.integers(0, self.oracle.tail - 1), max_size=4))
        gone = data.draw(st.sets(st.integers(0, self.oracle.tail - 1), max_size=4))
        self.do(self.store.mark(sorted(there), sorted(gone)))
        self.oracle.live = (self.oracle.live | there) - gone

    @rule(capacity=st.integers(1, 8), paused=st.booleans())
    def operate(self, capacity: int, paused: bool) -> None:
        self.version += 1
        self.oracle.capacity, self.oracle.paused = capacity, paused
        self.do(self.store.apply(rules_with(capacity, self.version, paused=paused)))
        # Words of an older version change nothing.
        self.do(self.store.apply(rules_with(99, self.version - 1, paused=False)))

    @rule(free=st.integers(0, 6))
    def sell(self, free: int) -> None:
        self.oracle.free = free
        pulse = f"inv:{{{EVENT}}}:pulse"
        self.do(self.send("HSET", pulse, "free", free, "held", 0, "ordered", 0, "sold", 0))

    @invariant()
    def numbers_are_dense_and_unique(self) -> None:
        assert sorted(self.oracle.number_of.values()) == list(range(self.oracle.tail))

    def teardown(self) -> None:
        self.do(self.redis.close())
        self.runner.close()


def test_the_scripts_do_what_sets_and_loops_do(valkey: embedded.Server) -> None:
    Room.url = valkey.url
    run_state_machine_as_test(
        Room,
        settings=settings(
            max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
