"""The usual designs for the same task, on the same machine: rows if a peer wins stay in.

Each takes two seats of a section of 2,000 and answers; none of them checks an admission, prices anything, keeps an
idempotency key or publishes a change, so every shortcut is theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.bench.generator import Generator, Target
from tests.bench.method import Plan, Row, Run, Side, interleaved, ratio_row
from tests.bench.rows_holds import Sales
from tests.bench.sales import QUANTITY, SECTION_UNITS, seated
from tests.bench.stage import Served, Stage

SECTIONS_READY = 60
_TABLES = """
CREATE TABLE IF NOT EXISTS bench_sections (section text PRIMARY KEY);
CREATE TABLE IF NOT EXISTS bench_seats (section text, seat integer, rank integer, held_by text, held_until timestamptz,
    PRIMARY KEY (section, seat));
CREATE INDEX IF NOT EXISTS bench_seats_free ON bench_seats (section, rank) WHERE held_by IS NULL;
"""


@dataclass(slots=True)
class Sections:
    """Fresh sections of 2,000 seats for the twins, one after the other."""

    stage: Stage
    generator: Generator
    prefix: str
    made: int = 0

    def side(self, served: Served, path: str, *, in_postgres: bool) -> Side:
        async def run(seconds: float) -> Run:
            names = [f"{self.prefix}-{self.made + number}" for number in range(SECTIONS_READY)]
            self.made += SECTIONS_READY
            if in_postgres:
                await self._write(names)
            targets = [Target(_body(name), {}, SECTION_UNITS // QUANTITY) for name in names]
            pids: dict[str, int | list[int]] = {"app": served.pids, "redis": self.stage.redis_pid}
            if in_postgres:
                pids = {"app": served.pids, "postgres": self.stage.postgres_pids()}
            return await self.generator.post(served.url, path, targets, seconds, pids)

        return run

    async def _write(self, names: list[str]) -> None:
        await self.stage.pool.execute(_TABLES)
        await self.stage.pool.execute(
            "INSERT INTO bench_sections SELECT unnest($1::text[]) ON CONFLICT DO NOTHING", names
        )
        await self.stage.pool.execute(
            """INSERT INTO bench_seats (section, seat, rank)
               SELECT section, seat, seat FROM unnest($1::text[]) section, generate_series(0, $2 - 1) seat""",
            names,
            SECTION_UNITS,
        )
        await self.stage.pool.execute("VACUUM ANALYZE bench_seats")


async def peers(stage: Stage, plan: Plan) -> list[Row]:
    """Our whole hold endpoint against three others' core."""
    rows = []
    async with (
        stage.served("engine", "serve", "engine") as shop,
        stage.served("tests.bench.twins", "stores") as twin,
    ):
        for name, path, in_postgres in (
            ("redis-py Lock around read and write", "/lock", False),
            ("Postgres SELECT ... FOR UPDATE SKIP LOCKED", "/skip-locked", True),
            ("Postgres SELECT ... FOR UPDATE of the section", "/for-update", True),
        ):
            sales, sections = (
                Sales(stage, Generator(stage.cores)),
                Sections(stage, Generator(stage.cores), path.strip("/")),
            )
            pairs = await interleaved(
                plan, sales.side(shop, seated), sections.side(twin, path, in_postgres=in_postgres)
            )
            rows.append(
                ratio_row(f"hold endpoint / {name}", "2 of a section of 2,000", pairs, group="peers",
                          ledger=await sales.checked())
            )  # fmt: skip
    return rows


def _body(section: str) -> str:
    return f'{{"event_id":"bench","items":[{{"ticket_type_id":"{section}","quantity":{QUANTITY}}}]}}'
