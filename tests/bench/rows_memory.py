"""What an engine process takes after many paid orders, next to what it took after few."""

from __future__ import annotations

import asyncio

from tests.bench import journey
from tests.bench.journey import AT_ONCE
from tests.bench.machine import resident_mib
from tests.bench.method import Plan, Row
from tests.bench.stage import Stage

LOOKS, LOOKS_QUICK = (10_000, 25_000, 50_000, 75_000, 100_000), (1_000, 2_000, 4_000)  # orders paid so far
RESTS_S = 2.0
MUST, HOPE = 1.2, 1.05


async def of_orders(stage: Stage, plan: Plan) -> list[Row]:
    """One engine, one event, orders of two paid through the sandbox as fast as they go."""
    looks = LOOKS_QUICK if plan.quick else LOOKS
    taken: dict[int, float] = {}
    paid = 0
    async with journey.opened(stage, 2 * looks[-1]) as shop:
        (pid,) = shop.engine.pids
        for orders in looks:
            paid += (await journey.walk(shop, orders - paid, AT_ONCE)).paid
            await asyncio.sleep(RESTS_S)
            taken[paid] = resident_mib(pid)
        ledger = await stage.audit([shop.sale.event_id])
    if ledger["sold"] != 2 * looks[-1]:
        raise RuntimeError(f"{paid} buyers paid for two tickets, {ledger['sold']} are sold")
    few, many = looks[0], looks[-1]
    told = "resident memory of one engine; hold, order, webhook, status, tickets"
    facts = {"MiB": {f"{orders:,} orders": mib for orders, mib in taken.items()}, "ledger": ledger}
    return [
        Row(f"memory of an engine after {many:,} orders / {few:,}", told, round(taken[many] / taken[few], 3),
            must=MUST, hope=HOPE, better="lower", facts=facts, group="memory"),
    ]  # fmt: skip
