"""A thousand callers at once on four engine processes: everybody who can be served is, and nobody twice.

``python -m tests.invariants.herd --repeats 20`` starts its own stores and processes and ends with a verdict.

pairs     2 of 2,000 seats each, best available: 1,000 get them, 2,000 different seats, nothing is left
fours     4 of 2,000 seats each: exactly 500 get them, 500 are told 409, nothing is left
the last  1 unit: one gets it, 999 are told 409
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import uvloop

from engine.foundation import embedded, logs
from engine.foundation.migrate import migrate
from engine.services.wiring import Services, open_services
from engine.settings import Settings
from tests import factories as make

CALLERS = 1000
WORKERS = 4
READY_TIMEOUT_S = 90.0
STOP_TIMEOUT_S = 10.0
MIGRATIONS = Path(__file__).parents[2] / "engine" / "stores" / "migrations"
PAIRS, FOURS, LAST = "pairs", "fours", "the last"


@dataclass(frozen=True)
class Outcome:
    """What a herd was told, and what the seats and the ledger say afterwards."""

    kind: str
    statuses: Counter[int]
    units: list[int]
    seconds: float
    report: dict[str, Any]

    def check(self) -> None:
        """AssertionError if anybody was turned away for nothing, or served for nothing."""
        expected = {
            PAIRS: ({201: CALLERS}, 2 * CALLERS),
            FOURS: ({201: CALLERS // 2, 409: CALLERS // 2}, 2 * CALLERS),
            LAST: ({201: 1, 409: CALLERS - 1}, 1),
        }
        statuses, units = expected[self.kind]
        assert dict(self.statuses) == statuses, f"{self.kind}: {dict(self.statuses)}"
        assert len(self.units) == len(set(self.units)) == units, f"{self.kind}: {len(set(self.units))} units"
        assert self.report["ok"], self.report["problems"]
        assert self.report["on_hold"] == units
        assert self.report["free"] == self.report["capacity"] - units

    def __str__(self) -> str:
        return f"{self.kind}: {dict(self.statuses)}, {len(set(self.units))} units in {self.seconds:.2f} s"


def environment_of(settings: Settings) -> dict[str, str]:
    """The settings as a process reads them."""
    return {
        f"ONSALE_{name.upper()}": str(
            int(value) if isinstance(value, bool) else getattr(value, "get_secret_value", lambda v=value: v)()
        )
        for name, value in settings.model_dump().items()
    }


@contextlib.contextmanager
def engine_processes(settings: Settings, workers: int = WORKERS) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """``onsale serve engine --workers N`` on a free port: (its address, the keeper of the workers)."""
    port = embedded.free_port()
    command = [sys.executable, "-m", "engine", "serve", "engine", "--port", str(port), "--workers", str(workers)]
    process = subprocess.Popen(command, env=os.environ | environment_of(settings), stdin=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


async def until_ready(url: str, answers: int = WORKERS * 4) -> None:
    """Until this many fresh connections in a row are answered: every worker is then likely to be there."""
    deadline, row = time.monotonic() + READY_TIMEOUT_S, 0
    while row < answers:
        assert time.monotonic() < deadline, f"{url} does not get ready"
        row += 1
        try:
            async with aiohttp.ClientSession() as http, http.get(url + "/readyz") as answer:
                if answer.status != 200:
                    row = 0
        except aiohttp.ClientError:
            row = 0
        if not row:
            await asyncio.sleep(0.1)


async def stampede(services: Services, url: str, kind: str) -> Outcome:
    """Open an event and let the herd at it."""
    seating = make.general("S", 1) if kind == LAST else make.seated("S", 40, 50)
    event_id, (ticket_type,) = await make.event(services.common.pool, make.chart(seating), [{"categories": ["S"]}])
    await services.sale.inventory.load(event_id)
    quantity = {PAIRS: 2, FOURS: 4, LAST: 1}[kind]
    body = {"event_id": event_id, "items": [{"ticket_type_id": ticket_type, "quantity": quantity}]}
    start = asyncio.Event()

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:

        async def call(number: int) -> tuple[int, list[int]]:
            await start.wait()
            headers = {"Idempotency-Key": f"caller-{number}"}
            async with http.post(url + "/v1/holds", json=body, headers=headers) as answer:
                document = await answer.json(content_type=None)
                return answer.status, [item["unit"] for item in document.get("items", ())]

        callers = [asyncio.create_task(call(number)) for number in range(CALLERS)]
        await asyncio.sleep(0)
        began = time.monotonic()
        start.set()
        answers = await asyncio.gather(*callers)
    seconds = time.monotonic() - began
    (report,) = await services.insight.audit.check(event_id)
    units = [unit for _, taken in answers for unit in taken]
    return Outcome(kind, Counter(status for status, _ in answers), units, seconds, report)


@contextlib.asynccontextmanager
async def own_stack(folder: Path, workers: int) -> AsyncIterator[tuple[Services, str]]:
    """Stores and processes of its own."""
    redis = embedded.start_valkey(folder / "redis", fsync="everysec")
    postgres = embedded.start_postgres(folder / "postgres", settings={"shared_buffers": "64MB"})
    try:
        database_url = embedded.create_database(postgres, "onsale")
        migrate(database_url, MIGRATIONS)
        settings = Settings(
            redis_url=redis.url,
            database_url=database_url,
            master_keys="1:" + "11" * 32,  # type: ignore[arg-type]
            jwt_key="herd-jwt-key-" + "x" * 32,  # type: ignore[arg-type]
            stripe_url="http://127.0.0.1:9",
            log_level="warning",
            rehearsal=True,
        )
        with engine_processes(settings, workers) as (url, _):
            async with open_services(settings) as services:
                await until_ready(url)
                yield services, url
    finally:
        redis.stop()
        postgres.stop()


async def repeat(repeats: int, workers: int) -> int:
    with tempfile.TemporaryDirectory(prefix="onsale-herd-") as folder:
        Path(folder).chmod(0o755)
        async with own_stack(Path(folder), workers) as (services, url):
            for number in range(1, repeats + 1):
                for kind in (PAIRS, FOURS, LAST):
                    outcome = await stampede(services, url, kind)
                    print(f"{number:>3} {outcome}", flush=True)
                    outcome.check()
    print(f"KEPT: {repeats} repeats of three herds of {CALLERS} on {workers} workers, audit clean after each")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.invariants.herd", description=__doc__)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--workers", type=int, default=WORKERS)
    options = parser.parse_args()
    logs.configure("herd", "error")
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(repeat(options.repeats, options.workers))
    except AssertionError as broken:
        print(f"BROKEN: {broken}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
