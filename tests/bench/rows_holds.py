"""`POST /v1/holds` over HTTP: against a bare POST, against one EVALSHA a request, against the usual designs."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from tests.bench.generator import CONNECTIONS, Generator, Target
from tests.bench.method import Group, Plan, Row, Run, Side, interleaved, ratio_row
from tests.bench.sales import QUANTITY, Sale, general, primed, seated
from tests.bench.stage import Served, Stage

HOLDS = "/v1/holds"
HOLDS_PER_S_MAX = 30_000  # what a run makes seats ready for; asking stays within it on one core
SPARE = 1.15

Making = Callable[[Stage], Awaitable[Sale]]


@dataclass(slots=True)
class Sales:
    """Fresh events for every run, and the sum of what was answered, for the check at the end."""

    stage: Stage
    generator: Generator
    used: list[str] = field(default_factory=list)
    answered: int = 0
    rate: float = 8_000.0

    def side(
        self, served: Served, making: Making, path: str = HOLDS, *, connections: int = CONNECTIONS, redis: bool = True
    ) -> Side:
        """A run against a server that takes seats: as many events as a run could sell."""

        async def run(seconds: float) -> Run:
            first = await making(self.stage)
            sales = [first]
            holds_each = first.holds_each * len(first.types)
            wanted = min(self.rate * 1.6, HOLDS_PER_S_MAX) * seconds * SPARE
            while len(sales) * holds_each < wanted:
                sales.append(await making(self.stage))
            self.used += [sale.event_id for sale in sales]
            spent = await primed(served, sales, path)
            targets = [target for sale in sales for target in sale.targets(spent)]
            pids: dict[str, int | list[int]] = {"app": served.pids}
            if redis:
                pids["redis"] = self.stage.redis_pid
            made = await self.generator.post(served.url, path, targets, seconds, pids, connections=connections)
            self.rate = max(self.rate, made.per_s)
            self.answered += made.operations - made.errors + spent * sum(len(sale.types) for sale in sales)
            return made

        return run

    def bare(self, served: Served, making: Making, *, connections: int = CONNECTIONS) -> Side:
        """The same requests to somebody who only reads them."""

        async def run(seconds: float) -> Run:
            sale = await making(self.stage)
            target = Target(sale.body(sale.types[0]), sale.headers)
            return await self.generator.post(
                served.url, HOLDS, [target], seconds, {"app": served.pids}, connections=connections
            )

        return run

    async def checked(self) -> dict[str, int]:
        """The audit, and no answered hold missing; a hold whose answer was cut off at the end may be more."""
        told = await self.stage.audit(self.used)
        holds = told["held"] // QUANTITY
        if holds < self.answered:
            raise RuntimeError(f"{self.answered} holds were answered, {holds} stand")
        return told | {"holds": holds, "answered": self.answered}


@contextlib.asynccontextmanager
async def shop_and_bare(stage: Stage) -> AsyncIterator[tuple[Served, Served]]:
    async with stage.served("engine", "serve", "engine") as shop, stage.served("tests.bench.twins", "bare") as bare:
        yield shop, bare


async def against_bare(stage: Stage, plan: Plan) -> list[Row]:
    """Rows 1 and 2."""
    rows = []
    async with shop_and_bare(stage) as (shop, bare):
        for name, operation, making, must, hope in (
            ("hold, general admission / bare POST", "POST /v1/holds for 2 of 50,000 places", general, 0.80, 0.90),
            ("hold, best available / bare POST", "POST /v1/holds for 2 in a section of 2,000", seated, 0.70, 0.85),
        ):
            sales = Sales(stage, Generator(stage.cores))
            pairs = await interleaved(plan, sales.side(shop, making), sales.bare(bare, making))
            rows.append(
                ratio_row(name, operation, pairs, must=must, hope=hope, connections=CONNECTIONS,
                          ledger=await sales.checked())
            )  # fmt: skip
    return rows


async def against_evalsha(stage: Stage, plan: Plan) -> list[Row]:
    """Row 4: the same endpoint without group commit."""
    sales = Sales(stage, Generator(stage.cores))
    async with (
        stage.served("engine", "serve", "engine") as shop,
        stage.served("tests.bench.twins", "stores") as twin,
    ):
        pairs = await interleaved(plan, sales.side(shop, seated), sales.side(twin, seated))
    return [
        ratio_row(
            "hold endpoint / a redis-py EVALSHA a request", "POST /v1/holds for 2 in a section of 2,000", pairs,
            must=3.0, hope=3.6, connections=CONNECTIONS, ledger=await sales.checked(),
        )
    ]  # fmt: skip


async def workers(stage: Stage, plan: Plan) -> list[Row]:
    """1 to 4 processes on one port and one core: what another worker costs if no core is free for it."""
    rows = []
    for count in (1, 2, 3, 4):
        sales = Sales(stage, Generator(stage.cores))
        async with stage.served("engine", "serve", "engine", processes=count) as shop:
            side = sales.side(shop, seated)
            await side(plan.warm_up_s)
            runs = [await side(plan.run_s) for _ in range(plan.pairs)]
        rows.append(told(f"{count} engine workers", "best available, all on one core", runs, "workers",
                         ledger=await sales.checked()))  # fmt: skip
    return rows


def told(name: str, operation: str, runs: list[Run], group: Group, **facts: object) -> Row:
    """Holds a second with nobody next to it."""
    rates = sorted(run.per_s for run in runs)
    cpu = {part: round(sum(run.cpu_us[part] for run in runs) / len(runs), 1) for part in runs[0].cpu_us}
    return Row(
        name, operation, round(rates[len(rates) // 2]), unit="/s", spread=tuple(round(rate) for rate in rates),
        facts={"cpu_us": cpu, "errors": sum(run.errors for run in runs), **facts}, group=group,
    )  # fmt: skip
