"""What a million people in line cost: memory in Redis, and time in its one thread."""

from __future__ import annotations

import asyncio
import hashlib
import time

import pytest

from engine.foundation.connections import HotRedis
from waitingroom.codes import Codes
from waitingroom.draw import DIGEST_BYTES, commitment, hold
from waitingroom.rules import Rules
from waitingroom.store import Join, RoomStore

PEOPLE = 1_000_000
BATCH, FLIGHTS = 64, 16
MEMORY_MB_MAX = 24
STEP_US_MAX = 5_000
SECRET = b"s" * 32


def _rules() -> Rules:
    now_ms = time.time_ns() // 1_000_000
    return Rules(
        event_id="evt_million", organization_id="org", live=True, card={}, prequeue_opens_at_ms=now_ms - 5000,
        opens_at_ms=now_ms + 3_600_000, closes_at_ms=0, rate_per_min=50_000, capacity=10_000, claim_ttl_s=60,
        session_ttl_s=600, identity="none", challenge="none", paused=False, message="", beacon="", beacon_name="",
        epoch=1, high_water=0, serving=0, on_sale_version=1, controls_version=1, commit=commitment(SECRET), draw=None,
        secret=SECRET,
        forget_at_ms=0, forgotten=False, codes=Codes(()),
    )  # fmt: skip


async def _used(redis: HotRedis) -> int:
    info: bytes = await redis.command(b"INFO", b"memory")
    return int(info.partition(b"used_memory:")[2].partition(b"\r\n")[0])


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_a_million_people_wait_in_24_megabytes_and_are_drawn_in_seconds(hot: HotRedis) -> None:
    store = RoomStore(hot, "evt_million")
    await store.create(_rules(), 0)
    await store.raise_high_water(1, PEOPLE)
    before = await _used(hot)

    async def join_all(first: int, last: int) -> None:
        for start in range(first, last, BATCH):
            digests = [
                hashlib.sha256(b"%d" % i).digest()[:DIGEST_BYTES] for i in range(start, min(last, start + BATCH))
            ]
            await store.join([Join(digest) for digest in digests])

    share = PEOPLE // FLIGHTS
    await asyncio.gather(*(join_all(i * share, (i + 1) * share) for i in range(FLIGHTS)))
    used_mb = (await _used(hot) - before) / 1e6
    print(f"memory {used_mb:.1f} MB")
    assert used_mb <= MEMORY_MB_MAX
    print(f"Redis {await _script_us(hot, b'usec=') / PEOPLE:.2f} us a join")

    started_s = time.perf_counter()
    digests = await store.registered(PEOPLE)
    assert bytes(DIGEST_BYTES) not in {digests[at : at + DIGEST_BYTES] for at in range(0, len(digests), DIGEST_BYTES)}
    draw = hold(SECRET, digests)
    print(f"read and drawn in {time.perf_counter() - started_s:.1f} s")
    assert draw.cohort_size == PEOPLE

    # The step of the controller over a line of a million must never hold Redis up.
    await hot.command(b"HSET", b"wr:{evt_million}:m", b"phase", b"drawing", b"cohort", PEOPLE)
    await store.publish_draw(draw, b"\xff" * (PEOPLE // 8))
    await hot.command(b"CONFIG", b"RESETSTAT")
    fence = b"-1"
    for _ in range(20):
        _, _, room = await store.tick(b"me", fence, 1000)
        fence = room[b"fence"]
        await asyncio.sleep(0.05)
    step_us = await _script_us(hot, b"usec_per_call=")
    print(f"a step costs Redis {step_us:.0f} us, serving {room[b'serving'].decode()}")
    assert int(room[b"serving"]) > 0
    assert step_us < STEP_US_MAX


async def _script_us(hot: HotRedis, figure: bytes) -> float:
    stats: bytes = await hot.command(b"INFO", b"commandstats")
    return float(stats.partition(b"cmdstat_evalsha:")[2].partition(figure)[2].partition(b",")[0])
