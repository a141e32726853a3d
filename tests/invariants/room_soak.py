"""A waiting room at work for simulated hours: the real scripts over a real Redis, with a clock that the test sets.

``python -m tests.invariants.room_soak`` lets a line of people drain with half of it silently gone and three of ten who
do not come when called, then makes a million claims on a small shop. It ends with what was delivered, in every rolling
window, and how full the shop ever was.
"""

from __future__ import annotations

import argparse
import asyncio
import heapq
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import uvloop

from engine.foundation import embedded, leases
from engine.foundation.connections import HotRedis
from tests.invariants.model_house import CLOCK, with_the_tests_clock
from waitingroom import store as room_store
from waitingroom.codes import Codes
from waitingroom.draw import commitment, hold
from waitingroom.rules import Rules
from waitingroom.store import DIGEST_BYTES, TOKEN_LEEWAY_MS, Join, RoomStore

EVENT, SECRET = "evt_soak", b"s" * 32
START_MS = 1_800_000_000_000
STEP_MS = 250
BATCH, MARKED_AT_ONCE = 64, 1_000
CLAIM_TTL_S, SESSION_TTL_S = 20, 60
NEAR_S, BEAT_EVERY_MS = 300, 25_000
WINDOWS_S = (1, 10, 60)


@dataclass(frozen=True)
class Delivered:
    """``most``: people admitted in any window of this many seconds. ``share`` of the rate, once absences come back."""

    admitted: int
    minutes: float
    share: float
    most: dict[int, int]
    rate_per_s: float


@dataclass(frozen=True)
class Crowded:
    """What became of the claims, and how many valid admissions there ever were at once."""

    claims: int
    words: Counter[str]
    most_inside: int
    capacity: int


class Soak:
    """One room and its clock."""

    def __init__(self, redis: HotRedis, *, rate_per_min: int, capacity: int) -> None:
        self.redis = redis
        self.store = RoomStore(redis, EVENT)
        self.rate_per_min, self.capacity = rate_per_min, capacity
        self.now_ms = START_MS
        self.fence = b"-1"
        self.serving = 0

    async def open(self, people: int) -> None:
        """Everybody joins, then the line opens."""
        await self.redis.command(b"FLUSHALL")
        await self.at(START_MS)
        await self.store.create(self._rules(), 0)
        await self.store.raise_high_water(1, people + 10_000)
        await self.tick()
        await self.store.publish_draw(hold(SECRET, b""), b"")
        digests = [n.to_bytes(DIGEST_BYTES, "big") for n in range(people)]
        for start in range(0, people, BATCH * 16):
            await asyncio.gather(*(
                self.store.join([Join(digest, b"") for digest in digests[at : at + BATCH]])
                for at in range(start, min(people, start + BATCH * 16), BATCH)
            ))  # fmt: skip

    async def at(self, now_ms: int) -> None:
        self.now_ms = now_ms
        seconds, ms = divmod(now_ms, 1000)
        await self.redis.command(b"DEL", CLOCK)
        await self.redis.command(b"RPUSH", CLOCK, seconds, ms * 1000)

    async def tick(self) -> None:
        leads, _, room = await self.store.tick(b"me", self.fence, leases.HEALTH_FULL)
        assert leads
        self.fence, self.serving = room[b"fence"], int(room[b"serving"])

    async def mark(self, there: Sequence[int]) -> None:
        for start in range(0, len(there), MARKED_AT_ONCE):
            await self.store.mark(there[start : start + MARKED_AT_ONCE], [])

    def lease(self, number: int) -> bytes:
        return number.to_bytes(16, "big")

    def _rules(self) -> Rules:
        return Rules(
            event_id=EVENT, organization_id="org", live=True, card={}, prequeue_opens_at_ms=START_MS - 5000,
            opens_at_ms=START_MS - 4000, closes_at_ms=0, rate_per_min=self.rate_per_min, capacity=self.capacity,
            claim_ttl_s=CLAIM_TTL_S, session_ttl_s=SESSION_TTL_S, identity="none", challenge="none", paused=False,
            message="", beacon="", beacon_name="", epoch=1, high_water=0, serving=0, on_sale_version=1,
            controls_version=1, commit=commitment(SECRET), draw=None, secret=SECRET, forget_at_ms=0, forgotten=False,
            codes=Codes(()),
        )  # fmt: skip


async def deliver(redis: HotRedis, *, people: int, rate_per_min: int, seed: int) -> Delivered:
    """Half of the line is gone without a word, three of ten who are called do not come; the shop is large enough."""
    chance = random.Random(seed)
    soak = Soak(redis, rate_per_min=rate_per_min, capacity=people)
    await soak.open(people)
    there = [n for n in range(people) if chance.random() >= 0.5]
    comes = {n for n in there if chance.random() >= 0.3}
    beats = {n: START_MS + chance.randrange(BEAT_EVERY_MS) for n in there}
    admitted_at: list[int] = []
    coming: list[tuple[int, int]] = []
    called, front = 0, 0
    while called < len(there):
        await soak.at(soak.now_ms + STEP_MS)
        near = soak.serving + 2 * NEAR_S * rate_per_min // 60
        while front < len(there) and there[front] < near:
            front += 1
        due = [n for n in there[called:front] if beats[n] <= soak.now_ms]
        for n in due:
            beats[n] = soak.now_ms + chance.randint(20_000, 30_000)
        await soak.mark(due)
        await soak.tick()
        while called < len(there) and there[called] < soak.serving:
            if there[called] in comes:
                heapq.heappush(coming, (soak.now_ms + chance.randrange(4_000), there[called]))
            called += 1
        while coming and coming[0][0] <= soak.now_ms:
            _, number = heapq.heappop(coming)
            claimed = await soak.store.claim(number, soak.lease(number))
            assert claimed.word == "granted", (number, claimed)
            admitted_at.append(soak.now_ms)
    return _delivered(admitted_at, rate_per_min / 60, soak.now_ms)


def _delivered(admitted_at: list[int], rate_per_s: float, end_ms: int) -> Delivered:
    settled_ms, last_ms = START_MS + 10 * CLAIM_TTL_S * 1000, end_ms - 5_000
    settled = sum(settled_ms <= at < last_ms for at in admitted_at)
    most = {}
    for window_s in WINDOWS_S:
        first, most[window_s] = 0, 0
        for last, at in enumerate(admitted_at):
            while at - admitted_at[first] >= window_s * 1000:
                first += 1
            most[window_s] = max(most[window_s], last - first + 1)
    share = settled / (rate_per_s * (last_ms - settled_ms) / 1000)
    return Delivered(len(admitted_at), (end_ms - START_MS) / 60_000, share, most, rate_per_s)


async def crowd(redis: HotRedis, *, claims: int, capacity: int, seed: int) -> Crowded:
    """Claims out of turn, repeated, by people whose turn is over; sessions that end early, late and by themselves."""
    chance = random.Random(seed)
    people = max(1_000, claims // 10)
    soak = Soak(redis, rate_per_min=600_000, capacity=capacity)
    await soak.open(people)
    inside: dict[int, int] = {}  # number -> when its token is worthless everywhere
    words: Counter[str] = Counter()
    made, most_inside = 0, 0
    while made < claims:
        await soak.at(soak.now_ms + chance.choice([50, STEP_MS, 1_000, 5_000]))
        inside = {n: until for n, until in inside.items() if until > soak.now_ms}
        leaving = [n for n in inside if chance.random() < 0.3]
        released = await asyncio.gather(*(soak.store.release(soak.lease(n)) for n in leaving))
        assert all(released)
        for n in leaving:
            del inside[n]
        await soak.tick()
        low, high = max(0, soak.serving - 4 * capacity), min(people, soak.serving + capacity)
        numbers = [chance.randrange(low, max(low + 1, high)) for _ in range(4 * BATCH)]
        found = await asyncio.gather(*(soak.store.claim(n, soak.lease(n)) for n in numbers))
        for n, claimed in zip(numbers, found, strict=True):
            words[claimed.why or claimed.word] += 1
            if claimed.word == "granted":
                assert n not in inside
                inside[n] = claimed.expires_at_ms + TOKEN_LEEWAY_MS
            elif claimed.word == "again":
                assert inside[n] == claimed.expires_at_ms + TOKEN_LEEWAY_MS
        made += len(numbers)
        most_inside = max(most_inside, len(inside))
        assert len(inside) <= capacity, f"{len(inside)} valid admissions, {capacity} places"
        if soak.serving >= people and words["granted"] >= people - capacity:
            break
    return Crowded(made, words, most_inside, capacity)


async def with_clock(url: str, *, people: int, claims: int, seed: int) -> tuple[Delivered, Crowded]:
    """Both, one after the other."""
    with mock.patch.dict(room_store._SCRIPTS, with_the_tests_clock(room_store._SCRIPTS)):
        redis = await HotRedis(url).open()
        try:
            delivered = await deliver(redis, people=people, rate_per_min=6_000, seed=seed)
            return delivered, await crowd(redis, claims=claims, capacity=100, seed=seed)
        finally:
            await redis.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.invariants.room_soak", description=__doc__)
    parser.add_argument("--people", type=int, default=200_000)
    parser.add_argument("--claims", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        server = embedded.start_valkey(Path(folder), fsync="none")
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                delivered, crowded = runner.run(
                    with_clock(server.url, people=options.people, claims=options.claims, seed=options.seed)
                )
        finally:
            server.stop()
    print(
        f"{delivered.admitted:,} admitted in {delivered.minutes:.1f} simulated minutes: {delivered.share:.1%} of"
        f" {delivered.rate_per_s:.0f} a second; most in a window: {delivered.most}\n"
        f"{crowded.claims:,} claims on {crowded.capacity} places: {dict(crowded.words.most_common())};"
        f" never more than {crowded.most_inside} inside\n({time.monotonic() - began_s:.0f} s, seed {options.seed})"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
