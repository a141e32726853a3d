"""A buyer's looks at an order: how far it is, the order, its tickets, each against a bare GET on the same worker."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp

from tests import factories
from tests.bench.generator import Generator
from tests.bench.method import Plan, Row, Run, Side, interleaved, ratio_row
from tests.bench.sales import JSON, QUANTITY, Sale, open_sale
from tests.bench.stage import Served, Stage

MUST, HOPE = 0.8, 1.5
OPEN_MUST, OPEN_HOPE = 0.2, 0.4
BARE = "/v1/holds"
UNITS = 100
_FREE = "UPDATE ticket_types SET price_cents = 0 WHERE event_id = $1"
_OPEN = "UPDATE orders SET status = 'pending' WHERE id = $1"  # as it is for as long as the buyer pays


@dataclass(frozen=True, slots=True)
class Look:
    """One address, asked by the bearer of the order's token."""

    name: str
    path: str
    token: str
    must: float
    hope: float

    @property
    def headers(self) -> dict[str, str]:
        return {"X-Order-Token": self.token}


async def against_bare(stage: Stage, plan: Plan) -> list[Row]:
    """One row an address, and what a look costs in CPU. An order that is being paid for is read each time."""
    sale = await open_sale(stage, [factories.general("Floor", UNITS)], [["Floor"]], room=False)
    await stage.pool.execute(_FREE, sale.event_id)
    stage.selling.forget(sale.event_id)
    rows = []
    async with (
        stage.served("engine", "serve", "engine") as shop,
        stage.served("tests.bench.twins", "bare") as bare,
    ):
        generator = Generator(stage.cores)
        async with aiohttp.ClientSession(shop.url) as client:
            (paid, token), (unpaid, other) = [await _bought(client, sale) for _ in range(2)]
        await stage.audit([sale.event_id])
        await stage.pool.execute(_OPEN, unpaid)
        at = f"/v1/orders/{paid}"
        for look in (
            Look("status", f"{at}/status", token, MUST, HOPE),
            Look("order", at, token, MUST, HOPE),
            Look("tickets", f"{at}/tickets", token, MUST, HOPE),
            Look("status while it is paid for", f"/v1/orders/{unpaid}/status", other, OPEN_MUST, OPEN_HOPE),
        ):
            await _read(shop, look)
            pairs = await interleaved(plan, _side(stage, generator, shop, look), _bare(generator, bare))
            name = f"look, {look.name} / bare GET"
            rows.append(ratio_row(name, f"GET {look.path}", pairs, must=look.must, hope=look.hope))
            rows.append(_cpu(look, [ours for ours, _ in pairs]))
    return rows


def _cpu(look: Look, runs: Sequence[Run]) -> Row:
    spent = sorted(run.cpu_total_us for run in runs)
    return Row(
        f"look, {look.name}: CPU", f"GET {look.path}, engine and Postgres", round(spent[len(spent) // 2], 1), "us",
        better="lower", spread=tuple(round(each, 1) for each in spent), group="looks",
    )  # fmt: skip


async def _bought(client: aiohttp.ClientSession, sale: Sale) -> tuple[str, str]:
    """An order of what costs nothing, settled at once: its id and token."""
    key = {**JSON, "Idempotency-Key": secrets.token_hex(8)}
    async with client.post("/v1/holds", data=sale.body(sale.types[0], QUANTITY), headers=key) as answer:
        hold = await answer.json()
    body = {"hold_id": hold["id"], "user_info": {"name": "Ada", "email": f"{secrets.token_hex(4)}@example.com"}}
    named = {"X-Order-Token": hold["hold_token"], "Idempotency-Key": secrets.token_hex(8)}
    async with client.post("/v1/orders", json=body, headers=named) as answer:
        order = await answer.json()
    if order.get("status") != "paid":
        raise RuntimeError(f"not paid: {order}")
    return order["order_id"], order["order_token"]


async def _read(served: Served, look: Look) -> None:
    """RuntimeError if it is refused."""
    async with aiohttp.ClientSession(served.url) as client, client.get(look.path, headers=look.headers) as answer:
        if answer.status != 200:
            raise RuntimeError(f"{look.path}: {answer.status} {await answer.text()}")


def _side(stage: Stage, generator: Generator, served: Served, look: Look) -> Side:
    async def run(seconds: float) -> Run:
        pids: dict[str, int | list[int]] = {"app": served.pids, "postgres": stage.postgres_pids()}
        return await generator.get(served.url, look.path, seconds, pids, headers=look.headers)

    return run


def _bare(generator: Generator, served: Served) -> Side:
    async def run(seconds: float) -> Run:
        return await generator.get(served.url, BARE, seconds, {"app": served.pids})

    return run
