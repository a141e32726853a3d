"""The waiting room: joins and polls against a bare server, and what a poll asks of Redis."""

from __future__ import annotations

import asyncio
from typing import Any

from loadtest import bench_room
from tests.bench.generator import Generator
from tests.bench.method import Plan, Row
from tests.bench.sales import general
from tests.bench.stage import Served, Stage

SETTLES_S = 3.0
_ROOM = {"capacity": 10, "rate_per_min": 60_000, "claim_ttl_s": 60, "session_ttl_s": 300, "identity": "none"}
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
        Row("Redis commands a poll", f"{polls:,} polls, beside the room's own {idle} in the same time",
            round(commands / polls, 3), unit="", must=0, hope=0, better="lower",
            facts={"commands_idle": idle, "commands_polling": busy}),
    )  # fmt: skip
    return rows


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
