"""What holds cost when nobody looks: memory for each, and 100,000 of them expiring under running sales."""

from __future__ import annotations

import asyncio
import secrets
import statistics
from collections.abc import Iterator
from typing import Any

from engine.foundation.ids import new_id
from engine.jobs.hold_expiry import HoldExpiry
from engine.services.sale.hold_batches import HoldBatches
from engine.stores import keys
from engine.stores.sale.holds import HoldStore
from tests.bench.expiry import sweep
from tests.bench.method import Plan, Row
from tests.bench.open_loop import Latencies, latencies, request
from tests.bench.rows_holds import HOLDS
from tests.bench.sales import QUANTITY, Sale, general, priced, primed
from tests.bench.stage import Served, Stage

EXPIRING = 100_000
MEASURED = 25_000
PER_S = 1_000
LIFE_AT = slice(12, 15)  # if an item's life stands, in ms
LEASE_LENGTH_AT = 23
BATCH = 64
SCRIPT_US_MAX = 1_000
SWEEP_MAX_S = 60.0


async def memory(stage: Stage, plan: Plan) -> list[Row]:
    """Row 10: what Redis grows by for each live hold, its place in the expiry lists included."""
    rows = []
    for name, what, admitted in (
        ("memory of a hold in Redis", f"{MEASURED:,} holds of 2", False),
        ("memory of a hold with its admission", f"{MEASURED:,} holds of 2, a lease of 16 bytes each", True),
    ):
        sale = await general(stage, MEASURED * 2)
        before = await _used_memory(stage)
        await _place(stage, sale, MEASURED, life_ms=600_000, admitted=admitted)
        after = await _used_memory(stage)
        checked = await stage.audit([sale.event_id])
        rows.append(
            Row(name, what, round((after - before) / MEASURED, 1), unit="B", must=60, hope=30, better="lower",
                facts={"ledger": checked})
        )  # fmt: skip
    return rows


async def expiry(stage: Stage, plan: Plan) -> list[Row]:
    """Row 9: the p99 of holds of the same event while 100,000 expire, over the p99 without; the longest script."""
    count = EXPIRING // 10 if plan.quick else EXPIRING
    job = HoldExpiry(stage.inventory)
    ratios, calm, swept, slow = list[float](), list[Latencies](), list[Latencies](), list[int]()
    async with stage.served("engine", "serve", "engine") as shop:
        for _ in range(1 if plan.quick else plan.pairs):
            sale = await general(stage, min(200_000, count + 60_000))
            await primed(shop, [sale])
            placing = asyncio.get_running_loop().time()
            await _place(stage, sale, count, life_ms=20_000, quantity=1)
            calm.append(await _held(shop, sale, plan.run_s))
            await asyncio.sleep(max(0.0, placing + 21 - asyncio.get_running_loop().time()))
            await stage.redis.slowlog_reset()
            sweeping = asyncio.create_task(_sweep(stage, job, sale))
            swept.append(await _held(shop, sale, plan.run_s))
            await sweeping
            logged = await stage.redis.slowlog_get(256)
            slow += [entry["duration"] for entry in logged if b"EVALSHA" in entry["command"].upper()]
            ratios.append(round(swept[-1].p99_ms / calm[-1].p99_ms, 2))
            await stage.audit([sale.event_id])
    alone = await sweep(stage.hot, stage.redis, count)
    facts: dict[str, Any] = {
        "holds_expired": count,
        "rate_per_s": PER_S,
        "calm": _told(calm),
        "sweeping": _told(swept),
    }
    return [
        Row("hold p99 while holds expire / without", f"{count:,} holds expire, open loop of {PER_S}/s",
            statistics.median(ratios), must=1.5, better="lower", spread=tuple(ratios), facts=facts),
        Row("longest script of the sweep", f"{count:,} holds expire, SLOWLOG; 0: none over 1 ms",
            max(alone.over_us, default=0), unit="us", must=SCRIPT_US_MAX, better="lower",
            facts={"steps": alone.steps, "us_a_hold": round(alone.us_a_hold, 1),
                   "beside_sales_on_the_same_core": {"over_1_ms": len(slow), "longest_us": max(slow, default=0)}}),
    ]  # fmt: skip


async def _place(
    stage: Stage, sale: Sale, count: int, *, life_ms: int, quantity: int = QUANTITY, admitted: bool = True
) -> None:
    """Holds straight into the script, each with an admission of its own, or as in a sale without a waiting room."""
    event = await stage.selling.get(sale.event_id)
    priced(event, sale, quantity)
    body = sale.body(sale.types[0], quantity).encode()
    lanes = HoldBatches(store=HoldStore(stage.hot), inventory=stage.inventory)
    for start in range(0, count, BATCH * 8):
        items = []
        for number in range(start, min(count, start + BATCH * 8)):
            made = event.desk.prepare(body, "admission:bench", f"{number}", sale.admission)
            assert made is not None
            item = bytearray(made[1])
            item[LIFE_AT] = life_ms.to_bytes(3, "big")
            lease = item.find(sale.lease)
            item[lease : lease + 16] = secrets.token_bytes(16) if admitted else b""
            if not admitted:
                item[LEASE_LENGTH_AT] = 0
            items.append(bytes(item))
        answers = await asyncio.gather(*[lanes.place(sale.event_id, item) for item in items])
        assert all(answer[:1] == b"H" for answer in answers), answers[0]
    await lanes.close()


async def _held(shop: Served, sale: Sale, seconds: float) -> Latencies:
    """Holds over HTTP at a rate far below the ceiling."""
    host = shop.url.removeprefix("http://")

    def requests() -> Iterator[bytes]:
        while True:
            yield request(HOLDS, host, sale.body(sale.types[0]), sale.headers, new_id("key"))

    return await latencies(shop.url, requests(), per_s=PER_S, seconds=seconds)


async def _sweep(stage: Stage, job: HoldExpiry, sale: Sale) -> None:
    """The worker's own job, as often as it runs there, until nothing of the event is due."""
    loop = asyncio.get_running_loop()
    stop_s = loop.time() + SWEEP_MAX_S
    while loop.time() < stop_s:
        await job.step()
        pulse: Any = await stage.redis.hgetall(keys.pulse(sale.event_id))
        if int(pulse.get(b"swept", 0)) >= int((await stage.redis.time())[0]) - 3:
            return
        await asyncio.sleep(job.interval_s)
    raise RuntimeError("the sweep did not end")


async def _used_memory(stage: Stage) -> int:
    info: Any = await stage.redis.info("memory")
    return int(info["used_memory_dataset"])


def _told(runs: list[Latencies]) -> dict[str, float]:
    return {
        "p50_ms": statistics.median(run.p50_ms for run in runs),
        "p99_ms": statistics.median(run.p99_ms for run in runs),
        "max_ms": max(run.max_ms for run in runs),
        "refused": sum(run.refused for run in runs),
        "unanswered": sum(run.unanswered for run in runs),
    }
