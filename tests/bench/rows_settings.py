"""Settings of the bundled Postgres, each against those it is shipped with: CPU of all its processes a paid order."""

from __future__ import annotations

import statistics

from tests.bench import ledger_way
from tests.bench.ledger_way import Ledger
from tests.bench.machine import CpuMeter
from tests.bench.method import Plan, Row
from tests.bench.stage import Stage, pin

AT_ONCE = 8
ORDERS, ORDERS_QUICK = 500, 100
WARM_UP = 100
# None of them gives up what was promised: a commit is on the disk before it is answered, pages are written whole.
OTHERS = {
    "WAL pages not compressed": {"wal_compression": "off"},
    "log synced as it is written": {"wal_sync_method": "open_datasync"},
    "commits wait 0.2 ms for each other": {"commit_delay": "200", "commit_siblings": "2"},
    "reads by the asking process": {"io_method": "sync"},
    "64 MB of shared buffers": {"shared_buffers": "64MB"},
    "1 GB of shared buffers": {"shared_buffers": "1GB"},
    "64 MB of WAL buffers": {"wal_buffers": "64MB"},
    "checkpoints at 4 GB, half an hour apart": {"max_wal_size": "4GB", "checkpoint_timeout": "30min"},
    "no huge pages": {"huge_pages": "off"},
    "processes keep their title": {"update_process_title": "off"},
    "no autovacuum, to see what it costs": {"autovacuum": "off"},
}


async def settings(stage: Stage, plan: Plan) -> list[Row]:
    """A row a setting; below 1.0 it spares CPU."""
    async with ledger_way.opened(stage.folder / "shipped") as shipped:
        await _warm(stage, shipped)
        return [
            await _against(stage, plan, shipped, number, name) for number, name in enumerate(OTHERS)
        ]  # fmt: skip


async def _against(stage: Stage, plan: Plan, shipped: Ledger, number: int, name: str) -> Row:
    orders = ORDERS_QUICK if plan.quick else ORDERS
    async with ledger_way.opened(stage.folder / f"changed-{number}", OTHERS[name]) as changed:
        await _warm(stage, changed)
        spent = [(await _spent_us(shipped, orders), await _spent_us(changed, orders)) for _ in range(plan.pairs)]
    ratios = [round(theirs / ours, 3) for ours, theirs in spent]
    facts = {"shipped_us": round(statistics.median(ours for ours, _ in spent)), "settings": OTHERS[name]}
    return Row(
        f"bundled Postgres, {name} / as shipped", f"the ledger's part of a paid order of two, {AT_ONCE} at a time",
        statistics.median(ratios), better="lower", spread=tuple(ratios), facts=facts, group="embedded",
    )  # fmt: skip


async def _warm(stage: Stage, ledger: Ledger) -> None:
    pin(ledger.server.process.pid, stage.cores.shop)
    await ledger.walk(WARM_UP, AT_ONCE)


async def _spent_us(side: Ledger, orders: int) -> float:
    meter = CpuMeter({"postgres": side.pids})
    meter.start()
    await side.walk(orders, AT_ONCE)
    return meter.stop(orders)["postgres"]
