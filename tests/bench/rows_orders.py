"""Orders durable in Postgres: opened in groups by the order book, against one INSERT and one commit a request."""

from __future__ import annotations

from tests.bench.generator import Generator, Target
from tests.bench.method import Plan, Row, Run, Side, interleaved, ratio_row
from tests.bench.sales import Sale, general
from tests.bench.stage import Served, Stage

UNITS = 200_000


async def confirmed(stage: Stage, plan: Plan) -> list[Row]:
    """Row 6: an order with one line, synchronous_commit on, both sides with the same pool and the same handler."""
    answered = 0
    sale = await general(stage, UNITS)
    generator = Generator(stage.cores)
    async with stage.served("tests.bench.twins", "stores") as served:

        def side(path: str) -> Side:
            async def run(seconds: float) -> Run:
                nonlocal answered
                made = await _ask(stage, generator, served, path, sale, seconds)
                answered += made.operations - made.errors
                return made

            return run

        pairs = await interleaved(plan, side("/orders/grouped"), side("/orders/single"))
    rows = await stage.pool.fetchval("SELECT count(*) FROM orders WHERE event_id = $1", sale.event_id)
    twice = await stage.pool.fetchval(
        "SELECT count(*) - count(DISTINCT unit) FROM order_units WHERE event_id = $1 AND live", sale.event_id
    )
    if twice or rows < answered:
        raise RuntimeError(f"{answered} orders were confirmed, {rows} are in the ledger, {twice} units twice")
    return [
        ratio_row(
            "order confirm / an INSERT a request", "one order of one unit, durable before the answer", pairs, must=3.0,
            hope=3.5, ledger={"confirmed": answered, "rows": rows, "units_twice": twice},
        )
    ]  # fmt: skip


async def _ask(stage: Stage, generator: Generator, served: Served, path: str, sale: Sale, seconds: float) -> Run:
    target = Target(sale.body(sale.types[0], 1), {})
    pids: dict[str, int | list[int]] = {"app": served.pids, "postgres": stage.postgres_pids()}
    return await generator.post(served.url, path, [target], seconds, pids)
