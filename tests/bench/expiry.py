"""Holds that expire all at once, swept as the worker does it: how many steps, how long the longest script.

``python -m tests.bench.expiry --holds 100000`` prints the figures. What a buyer meanwhile feels is in the table of
``python -m tests.bench`` (rows_expiry.py); here only Redis is asked.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop

from engine.domain.sale.inventory import FREE, HELD, PLAIN_LOTS
from engine.foundation import embedded
from engine.foundation.connections import HotRedis, RedisClient, open_client
from engine.foundation.ids import new_id
from engine.stores import keys
from engine.stores.sale.holds import HoldStore, Item, pick_general

HOLDS = 100_000
BATCH = 64
LIFE_MS = 1
STEPS_MAX = 20_000
SCRIPT_US_MAX = 1_000
SLOWLOG_READ_MAX = 1_024


@dataclass(frozen=True)
class Swept:
    """``over_us`` are the scripts of the sweep that took longer than SCRIPT_US_MAX, slowest first.

    ``us_a_hold`` is the scripts' wall time, which a busy machine stretches; ``cpu_us_a_hold`` all of Redis's own CPU.
    """

    holds: int
    steps: int
    held_before: int
    held_after: int
    free_after: int
    ended_most: int
    leases: int
    us_a_hold: float
    cpu_us_a_hold: float
    over_us: list[int]


async def sweep(hot: HotRedis, redis: RedisClient, holds: int) -> Swept:
    """Place this many holds of one unit with a lease each, let all be due, and sweep them."""
    store, event_id, epoch = HoldStore(hot), new_id("evt"), b"bench:1"
    base = bytes([FREE]) * holds
    assert await store.load(event_id, b"", epoch, base=base, owned=bytes(holds), types={}, promos={})
    pick = (pick_general(0, holds, [(0, 1)]),)
    for start in range(0, holds, BATCH):
        items = [
            Item(
                ref=n.to_bytes(8, "little"), body_hash=b"body", life_ms=LIFE_MS, total_cents=1, lots=PLAIN_LOTS,
                counted_for=n.to_bytes(16, "big") + b"bloc", picks=pick,
            ).pack()
            for n in range(start, min(holds, start + BATCH))
        ]  # fmt: skip
        await store.place(event_id, epoch, items)
    held_before = await _held(hot, event_id)
    await asyncio.sleep(2.1)  # a second is swept when it is over
    await redis.config_set("slowlog-log-slower-than", SCRIPT_US_MAX)
    await redis.config_resetstat()
    await redis.slowlog_reset()
    cpu_before_s = await _cpu_s(redis)
    steps, leases, ended_most, left, more = 0, 0, 0, held_before, True
    while more:
        more, ended = await store.expire(event_id, epoch)
        steps, leases = steps + 1, leases + len(ended)
        now_held = await _held(hot, event_id)
        ended_most, left = max(ended_most, left - now_held), now_held
        assert steps < STEPS_MAX, "the sweep does not come to an end"
    cpu_s = await _cpu_s(redis) - cpu_before_s
    stats: Any = await redis.info("commandstats")
    slow: Any = await redis.slowlog_get(SLOWLOG_READ_MAX)
    unit_map = Counter(await hot.command(b"GET", keys.unit_map(event_id)))
    return Swept(
        holds=holds,
        steps=steps,
        held_before=held_before,
        held_after=unit_map[HELD],
        free_after=unit_map[FREE],
        ended_most=ended_most,
        leases=leases + await redis.llen(b"inv:{%s}:ended" % event_id.encode()),
        us_a_hold=stats["cmdstat_evalsha"]["usec"] / max(1, held_before),
        cpu_us_a_hold=cpu_s * 1e6 / max(1, held_before),
        over_us=sorted((row["duration"] for row in slow if row["command"].upper().startswith(b"EVAL")), reverse=True),
    )


async def _held(hot: HotRedis, event_id: str) -> int:
    return int(await hot.command(b"HGET", keys.pulse(event_id), b"held") or 0)


async def _cpu_s(redis: RedisClient) -> float:
    info: Any = await redis.info("cpu")
    return float(info["used_cpu_user"]) + float(info["used_cpu_sys"])


async def _measure(url: str, holds: int) -> Swept:
    hot, redis = await HotRedis(url).open(), open_client(url)
    try:
        return await sweep(hot, redis, holds)
    finally:
        await redis.aclose()
        await hot.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.expiry", description=__doc__)
    parser.add_argument("--holds", type=int, default=HOLDS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = embedded.start_valkey(Path(folder), fsync="none")
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                swept = runner.run(_measure(server.url, options.holds))
        finally:
            server.stop()
    print(
        f"{swept.held_before:,} of {swept.holds:,} holds swept in {swept.steps:,} steps,"
        f" at most {swept.ended_most} a step, {swept.us_a_hold:.1f} us of a script a hold"
        f" ({swept.cpu_us_a_hold:.1f} us of Redis's CPU); {len(swept.over_us)} scripts over {SCRIPT_US_MAX} us,"
        f" slowest {swept.over_us[:3] or 'none'}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
