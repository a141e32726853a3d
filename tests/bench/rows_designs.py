"""Decisions and what they cost: who picks the seats, how durable a hold is."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator

import aiohttp

from engine.foundation import embedded
from tests.bench import stage as stages
from tests.bench.generator import Generator
from tests.bench.method import Plan, Row, interleaved, ratio_row
from tests.bench.rows_holds import HOLDS, Sales, told
from tests.bench.sales import JSON, seated
from tests.bench.stage import Served, Stage

HERD = 1_000
REPLICA_TRIES, REPLICA_POLL_S = 100, 0.1


async def allocation(stage: Stage, plan: Plan) -> list[Row]:
    """Rust ranks and Lua picks, over Rust plans and Lua commits conditionally: with 1 worker and with 4."""
    rows = []
    for workers in (1, 4):
        sales = Sales(stage, Generator(stage.cores))
        async with (
            stage.served("engine", "serve", "engine", processes=workers) as ranked,
            stage.served("tests.bench.engine_variants", "planned", processes=workers) as planned,
        ):
            pairs = await interleaved(plan, sales.side(ranked, seated), sales.side(planned, seated))
            herds = {"ranked": await _herd(stage, ranked), "planned": await _herd(stage, planned)}
        rows.append(
            ratio_row(
                f"Rust ranks, Lua picks / Rust plans, Lua commits: {workers} worker{'s' * (workers > 1)}",
                "POST /v1/holds for 2 in a section of 2,000", pairs, group="designs", herd_of_1000=herds,
                ledger=await sales.checked(),
            )
        )  # fmt: skip
    return rows


async def _herd(stage: Stage, served: Served) -> dict[str, int]:
    """1,000 callers at once for 2 of 2,000 seats: everybody must get a pair."""
    sale = await seated(stage, sections=1)
    answers: dict[str, int] = {}
    connector = aiohttp.TCPConnector(limit=HERD)
    async with aiohttp.ClientSession(connector=connector) as client:

        async def caller() -> None:
            headers = {**sale.headers, **JSON, "Idempotency-Key": secrets.token_hex(8)}
            for _ in range(10):
                async with client.post(served.url + HOLDS, data=sale.body(sale.types[0]), headers=headers) as answer:
                    status = answer.status
                if status != 503:
                    break
                answers["told to come again"] = answers.get("told to come again", 0) + 1
                await asyncio.sleep(1)
            answers[str(status)] = answers.get(str(status), 0) + 1

        await asyncio.gather(*[caller() for _ in range(HERD)])
    await stage.audit([sale.event_id])
    return answers


async def durability(_stage: Stage, plan: Plan) -> list[Row]:
    """Holds a second by what Redis has promised when the buyer is answered; each mode over stores of its own."""
    rows = []
    for name, fsync, engine in (
        ("append-only file, fsync every second", "everysec", ("engine", "serve", "engine")),
        (
            "the same, and every batch waits for a replica (WAIT 1)", "everysec",
            ("tests.bench.engine_variants", "waiting"),
        ),
        ("append-only file, fsync before every answer", "always", ("engine", "serve", "engine")),
    ):  # fmt: skip
        async with stages.opened(fsync=fsync) as stage, _replica(stage, wanted="waiting" in engine):
            sales = Sales(stage, Generator(stage.cores))
            async with stage.served(*engine) as shop:
                side = sales.side(shop, seated)
                await side(plan.warm_up_s)
                runs = [await side(plan.run_s) for _ in range(plan.pairs)]
            rows.append(told(name, "best available, one worker", runs, "durability", ledger=await sales.checked()))
    return rows


@contextlib.asynccontextmanager
async def _replica(stage: Stage, *, wanted: bool) -> AsyncIterator[None]:
    """A second Valkey on the generator's core that follows the first."""
    if not wanted:
        yield
        return
    host, port = stage.valkey.url.removeprefix("redis://").partition("/")[0].split(":")
    server = embedded.start_valkey(stage.folder / "replica", extra=("--replicaof", host, port))
    stages.pin(server.process.pid, stage.cores.asking)
    try:
        for _ in range(REPLICA_TRIES):
            info = await stage.redis.info("replication")
            if info.get("connected_slaves") and info["slave0"]["state"] == "online":
                break
            await asyncio.sleep(REPLICA_POLL_S)
        yield
    finally:
        server.stop()
