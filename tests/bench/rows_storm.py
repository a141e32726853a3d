"""Orders of one event while another, sold out, is asked for by everybody: what its buyers wait for."""

from __future__ import annotations

from tests.bench.method import Plan, Row
from tests.bench.stage import Stage
from tests.bench.storm import weathered

REFUSED_PER_S, ORDERS_PER_S = 20_000, 50
SECONDS, SECONDS_QUICK = 30.0, 5.0
P95_MS = (200.0, 100.0)
OFFERED_MUST = 0.99  # of the storm: a slower generator measures itself
STEPS = {
    "hold": "POST /v1/holds",
    "order": "POST /v1/orders",
    "status": "GET /v1/orders/{order_id}/status",
    "tickets": "GET /v1/orders/{order_id}/tickets",
}


async def beside_orders(stage: Stage, plan: Plan) -> list[Row]:
    """p95 of each step of a paid order, and how much of a storm it was."""
    found = await weathered(
        stage, refused_per_s=REFUSED_PER_S, orders_per_s=ORDERS_PER_S,
        seconds=SECONDS_QUICK if plan.quick else SECONDS,
    )  # fmt: skip
    must, hope = P95_MS
    storm, buyers = found.storm, found.buyers
    told = f"{ORDERS_PER_S} paid orders a second arrive, {REFUSED_PER_S:,} holds a second of another event are refused"
    rows = [
        Row(
            f"p95 of {step} in a sold-out storm", told, buyers.p95_ms(call), unit="ms", must=must, hope=hope,
            better="lower", group="storm",
            facts={"orders": buyers.paid, "told to come again": buyers.shed, "ledger": found.ledger},
        )
        for step, call in STEPS.items()
    ]  # fmt: skip
    rows.append(
        Row("refused holds a second next to orders", "open loop; answered with 409 sold_out",
            round((storm.sent - storm.shed) / storm.sending_s), unit="/s", must=OFFERED_MUST * REFUSED_PER_S,
            facts=storm.told, group="storm")
    )  # fmt: skip
    return rows
