"""The whole way of a paid order of two tickets: CPU of each of our processes, and paid orders a second."""

from __future__ import annotations

import statistics

from tests.bench import journey
from tests.bench.journey import AT_ONCE
from tests.bench.machine import CpuMeter
from tests.bench.method import Plan, Row
from tests.bench.stage import Stage

WARM_UP = 200
ORDERS, ORDERS_QUICK = 2_000, 400
ROUNDS, ROUNDS_QUICK = 3, 2
# CPU in ms a paid order: (process, must, hope). The mail has rows of its own.
BARS = (("engine", 2.5, 1.5), ("postgres", 2.0, 1.0), ("redis", 0.3, 0.15))
PAID_PER_S = (170.0, 300.0)


async def journey_of(stage: Stage, plan: Plan) -> list[Row]:
    """Hold, order, payment at the sandbox, webhook, status until paid, tickets: AT_ONCE buyers at a time."""
    orders, rounds = (ORDERS_QUICK, ROUNDS_QUICK) if plan.quick else (ORDERS, ROUNDS)
    spent: dict[str, list[float]] = {}
    rates: list[float] = []
    looks = 0
    async with journey.opened(stage, 2 * (WARM_UP + orders * rounds)) as shop:
        await journey.walk(shop, WARM_UP, AT_ONCE)
        for _ in range(rounds):
            meter = CpuMeter(
                {"engine": shop.engine.pids, "postgres": stage.postgres_pids(), "redis": stage.redis_pid,
                 "sandbox": shop.sandbox.pids}
            )  # fmt: skip
            meter.start()
            walked = await journey.walk(shop, orders, AT_ONCE)
            for name, us in meter.stop(orders).items():
                spent.setdefault(name, []).append(round(us / 1e3, 3))
            rates.append(round(walked.paid / walked.seconds, 1))
            looks += walked.looks
        ledger = await stage.audit([shop.sale.event_id])
        paid = await stage.pool.fetchval(
            "SELECT count(*) FROM orders WHERE event_id = $1 AND status = 'paid'", shop.sale.event_id
        )
        if paid != WARM_UP + orders * rounds:
            raise RuntimeError(f"{WARM_UP + orders * rounds} buyers paid, {paid} orders are paid")
    facts = {"looks": round(looks / (orders * rounds), 2), "at once": AT_ONCE, "ledger": ledger}
    told = "a paid order of two: hold, order, webhook, status, tickets"
    rows = [
        Row(
            f"CPU of a paid order: {name}", told, round(statistics.median(spent[name]), 3), unit="ms", must=must,
            hope=hope, better="lower", spread=tuple(spent[name]), facts=facts,
        )
        for name, must, hope in BARS
    ]  # fmt: skip
    together = [round(sum(each), 3) for each in zip(*(spent[name] for name, _, _ in BARS), strict=True)]
    rows.append(
        Row(
            "CPU of a paid order: all of ours but the mail", told, round(statistics.median(together), 3), unit="ms",
            must=4.8, hope=2.65, better="lower", spread=tuple(together),
            facts={"sandbox": round(statistics.median(spent["sandbox"]), 3)},
        )
    )  # fmt: skip
    must, hope = PAID_PER_S
    rows.append(
        Row("paid orders a second", f"{told}; the client on the other core, the sandbox on ours",
            round(statistics.median(rates), 1), unit="/s", must=must, hope=hope, spread=tuple(rates), facts=facts)
    )  # fmt: skip
    return rows
