"""The stores of ``onsale up``: holds and orders over the bundled servers, Debian's Redis as their peer."""

from __future__ import annotations

from dataclasses import replace

from tests.bench import rows_holds, rows_orders, stage
from tests.bench.machine import bundled_redis
from tests.bench.method import Plan, Row
from tests.bench.stage import Stage

MUST, HOPE = 0.75, 0.85


async def embedded(peer: Stage, plan: Plan) -> list[Row]:
    """``peer`` is a stage over the Redis of the machine, if there is one; its holds are told as the peer."""
    with bundled_redis():
        async with stage.opened() as bundled:
            holds = await rows_holds.against_bare(bundled, plan)
            orders = await rows_orders.confirmed(bundled, plan)
    peers = await rows_holds.against_bare(peer, plan)
    return [
        *(_named(row, "bundled Valkey", must=MUST, hope=HOPE) for row in holds),
        *(_named(row, "Redis of the machine") for row in peers),
        *(_named(row, "bundled Postgres", must=row.must, hope=row.hope) for row in orders),
    ]


def _named(row: Row, store: str, *, must: float | None = None, hope: float | None = None) -> Row:
    return replace(row, name=f"{store}: {row.name}", must=must, hope=hope, group="embedded")
