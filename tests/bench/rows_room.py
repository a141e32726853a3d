"""The waiting room: joins and polls against a bare server, and what a poll asks of Redis."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import statistics
from collections.abc import Iterator
from typing import Any

from loadtest import bench_room
from tests.bench.generator import Generator
from tests.bench.method import Plan, Row
from tests.bench.open_loop import Latencies, latencies
from tests.bench.sales import general
from tests.bench.stage import Served, Stage
from waitingroom.store import DIGEST_BYTES, Join, RoomStore

SETTLES_S = 3.0
A_FEW, A_MILLION = 1_000, 1_000_000
POLLS_PER_S = 2_000
CROWDED_PAIRS_TIMES = 4  # a p99 is a shy figure: more and shorter runs than for a rate
BATCH, JOINED_AT_ONCE = 64, 8
_ROOM = {
    "challenge": "none",
    "capacity": 10,
    "rate_per_min": 60_000,
    "claim_ttl_s": 60,
    "session_ttl_s": 300,
    "identity": "none",
}
_CARD = {"title": "Night", "slug": "night", "venue": "Hall", "city": "Bruges"}


async def room(stage: Stage, plan: Plan) -> list[Row]:
    """Row 5."""
    sale = await general(stage)
    await stage.pool.execute(
        "UPDATE on_sales SET room = $2, card = $3 WHERE event_id = $1", sale.event_id, _ROOM, _CARD
    )
    rows = []
    async with stage.served("engine", "serve", "waitingroom") as served:
        await asyncio.sleep(SETTLES_S)
        idle, busy, polls = await _commands(stage, served, f"/v1/rooms/{sale.event_id}", plan.run_s)
        measured = await asyncio.to_thread(
            lambda: list(
                bench_room.measured(
                    served.url, sale.event_id, served.pids[0], pairs=plan.pairs, run_s=max(1, round(plan.run_s))
                )
            )
        )
    bars = {"poll": ("queue status poll / bare GET", 0.95, 0.98), "join": ("queue join / bare POST", 0.85, 0.90)}
    for found in measured:
        facts: dict[str, Any] = dict(found)
        name, must, hope = bars[facts.pop("row")]
        ratios = tuple(facts.pop("ratios"))
        rows.append(Row(name, f"/v1/rooms/{{event_id}}, {bench_room.CONNECTIONS} connections", facts.pop("ratio"),
                        must=must, hope=hope, spread=ratios, facts=facts))  # fmt: skip
    commands = max(0, busy - idle)
    rows.append(
        Row("Redis commands a poll", f"{polls:,} polls, next to the room's own {idle} in the same time",
            round(commands / polls, 3), unit="", must=0, hope=0, better="lower",
            facts={"commands_idle": idle, "commands_polling": busy}),
    )  # fmt: skip
    return rows


async def crowded(stage: Stage, plan: Plan) -> list[Row]:
    """The p99 of a poll with a million in line, over that with a thousand."""
    sales = {}
    for people in (A_FEW, A_FEW * 10 if plan.quick else A_MILLION):
        sale = sales[people] = await general(stage, 100)
        await stage.pool.execute(
            "UPDATE on_sales SET room = $2, card = $3 WHERE event_id = $1", sale.event_id, _ROOM, _CARD
        )
    few, many = sales
    async with stage.served("engine", "serve", "waitingroom") as served:
        await asyncio.sleep(SETTLES_S)
        for people, sale in sales.items():
            await _fill(stage, sale.event_id, people)
        told: dict[int, list[Latencies]] = {few: [], many: []}
        for number in range(2 * CROWDED_PAIRS_TIMES * plan.pairs + 2):
            people = (few, many)[(number + number // 2) % 2]  # who begins changes from pair to pair
            found = await latencies(
                served.url, _polls(served.url, sales[people].event_id), per_s=POLLS_PER_S, seconds=plan.run_s / 2
            )
            assert not found.refused + found.unanswered, found
            if number > 1:
                told[people].append(found)
        in_line = await stage.redis.hget(f"wr:{{{sales[many].event_id}}}:m", "tail")
    ratios = tuple(round(b.p99_ms / a.p99_ms, 3) for a, b in zip(told[few], told[many], strict=True))
    facts: dict[str, Any] = {
        f"{people:,}": {name: round(statistics.median(getattr(one, name) for one in runs), 2)
                        for name in ("p50_ms", "p99_ms", "max_ms")}
        for people, runs in told.items()
    }  # fmt: skip
    return [
        Row(f"poll p99, {many:,} in line / {few:,}", f"GET /v1/rooms/{{event_id}}, open loop of {POLLS_PER_S:,}/s",
            round(statistics.median(ratios), 3), must=1.1, better="lower", spread=ratios,
            facts=facts | {"in_line": int(in_line or 0)}),
    ]  # fmt: skip


async def _fill(stage: Stage, event_id: str, people: int) -> None:
    """This many joins straight into the room's script, as its own batches make them."""
    store, mark = RoomStore(stage.hot, event_id), people + 100_000
    await stage.pool.execute("UPDATE rooms SET high_water = $2 WHERE event_id = $1", event_id, mark)
    await store.standing()
    await store.raise_high_water(1, mark)
    for start in range(0, people, JOINED_AT_ONCE * BATCH):
        firsts = range(start, min(people, start + JOINED_AT_ONCE * BATCH), BATCH)
        await asyncio.gather(*(
            store.join([Join(hashlib.sha256(b"%d" % n).digest()[:DIGEST_BYTES], b"")
                        for n in range(first, min(people, first + BATCH))])
            for first in firsts
        ))  # fmt: skip


def _polls(url: str, event_id: str) -> Iterator[bytes]:
    poll = f"GET /v1/rooms/{event_id} HTTP/1.1\r\nHost: {url.removeprefix('http://')}\r\n\r\n".encode()
    return itertools.repeat(poll)


async def _commands(stage: Stage, served: Served, path: str, seconds: float) -> tuple[int, int, int]:
    """Commands that Redis ran while nobody asked, while everybody polled, and the polls; both for as long."""
    counted = [await _processed(stage)]
    await asyncio.sleep(max(1, round(seconds)))
    counted.append(await _processed(stage))
    run = await Generator(stage.cores).get(served.url, path, seconds, {"room": served.pids})
    counted.append(await _processed(stage))
    return counted[1] - counted[0], counted[2] - counted[1], run.operations


async def _processed(stage: Stage) -> int:
    info: Any = await stage.redis.info("stats")
    return int(info["total_commands_processed"])
