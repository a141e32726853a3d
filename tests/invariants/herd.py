"""A herd: simultaneous callers on several engine processes. ``python -m tests.invariants.herd --repeats 20``."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import uvloop

from engine.foundation import embedded
from engine.foundation.connections import open_postgres
from engine.foundation.migrate import migrate
from engine.services.wiring import open_services
from engine.settings import Settings
from tests import factories as make

MIGRATIONS = Path(__file__).parents[2] / "engine" / "stores" / "migrations"
READY_TRIES = 600
WORKERS = 4


@dataclass(frozen=True)
class Herd:
    """What one stampede ended in."""

    statuses: Counter[int]
    codes: Counter[str]
    units: list[int]

    @property
    def distinct(self) -> int:
        return len(set(self.units))


@contextlib.asynccontextmanager
async def engines(settings: Settings, workers: int) -> AsyncIterator[str]:
    """``onsale serve engine`` with this many processes on one port; their address once each answers."""
    port = embedded.free_port()
    environment = os.environ | {
        "ONSALE_REDIS_URL": settings.redis_url,
        "ONSALE_DATABASE_URL": settings.database_url,
        "ONSALE_MASTER_KEYS": settings.master_keys.get_secret_value(),
        "ONSALE_JWT_KEY": settings.jwt_key.get_secret_value(),
        "ONSALE_STRIPE_SECRET_KEY": "sk_test_herd",
        "ONSALE_STRIPE_WEBHOOK_SECRET": "whsec_herd",
        "ONSALE_STRIPE_URL": "http://127.0.0.1:9",
        "ONSALE_REHEARSAL": "1",
    }
    command = [sys.executable, "-m", "engine", "serve", "engine", "--port", str(port)]
    processes = [subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) for _ in range(workers)]
    url = f"http://127.0.0.1:{port}"
    try:
        # The kernel spreads connections: every process has answered once as many fresh ones in a row did.
        row = 0
        for _ in range(READY_TRIES):
            async with aiohttp.ClientSession() as client:
                try:
                    async with client.get(url + "/readyz") as answer:
                        row = row + 1 if answer.status == 200 else 0
                except aiohttp.ClientError:
                    row = 0
            if row >= workers * 6:
                break
            await asyncio.sleep(0 if row else 0.1)
        assert row >= workers * 6, "the engines did not start"
        yield url
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            process.wait(20)


async def stampede(url: str, event_id: str, kind: str, *, callers: int, quantity: int) -> Herd:
    """All callers at once, each with a connection and a key of its own."""
    statuses: Counter[int] = Counter()
    codes: Counter[str] = Counter()
    units: list[int] = []
    body = {"event_id": event_id, "items": [{"ticket_type_id": kind, "quantity": quantity}]}
    start = asyncio.Event()

    async def call(client: aiohttp.ClientSession) -> None:
        await start.wait()
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        async with client.post(url + "/v1/holds", json=body, headers=headers) as answer:
            document: dict[str, Any] = await answer.json()
            statuses[answer.status] += 1
            codes[document.get("code", "held")] += 1
            units.extend(item["unit"] for item in document.get("items", ()))

    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=120)) as client:
        callers_waiting = [asyncio.create_task(call(client)) for _ in range(callers)]
        start.set()
        await asyncio.gather(*callers_waiting)
    return Herd(statuses, codes, units)


async def rounds(settings: Settings, pool: Any, repeats: int, workers: int = WORKERS) -> list[str]:
    """Every herd of design/allocation.md, repeated; what went wrong, one line each."""
    faults = []
    async with engines(settings, workers) as url, open_services(settings) as services:
        for number in range(repeats):
            for callers, quantity, seats, held in ((1000, 2, 2000, 1000), (1000, 4, 2000, 500), (1000, 1, 1, 1)):
                section = make.general("S", 1) if seats == 1 else make.seated("S", 40, 50)
                event_id, (kind,) = await make.event(pool, make.chart(section), [{"categories": ["S"]}])
                await services.inventory.load(event_id)
                herd = await stampede(url, event_id, kind, callers=callers, quantity=quantity)
                expected = Counter({201: held, 409: callers - held} if held < callers else {201: held})
                name = f"round {number + 1}: {callers} callers for {quantity} on {seats}"
                if herd.statuses != expected:
                    faults.append(f"{name}: {dict(herd.statuses)} {dict(herd.codes)}")
                if herd.distinct != len(herd.units) or herd.distinct != held * quantity:
                    faults.append(f"{name}: {len(herd.units)} units given, {herd.distinct} distinct")
                (report,) = await services.ledger.audit(event_id)
                if not report["ok"]:
                    faults.append(f"{name}: {report['problems'][:3]}")
                print(f"{name}: {dict(herd.statuses)}, {herd.distinct} distinct units", flush=True)
    return faults


async def _main(repeats: int, workers: int) -> int:
    folder = Path(tempfile.mkdtemp(prefix="onsale-herd-"))
    folder.chmod(0o755)
    valkey = embedded.start_valkey(folder / "redis")
    postgres = embedded.start_postgres(folder / "postgres")
    try:
        dsn = embedded.create_database(postgres, "onsale")
        migrate(dsn, MIGRATIONS)
        settings = Settings(
            redis_url=valkey.url, database_url=dsn, master_keys="1:" + "11" * 32, jwt_key="herd-" + "x" * 32,
            stripe_webhook_secret="whsec_herd", log_level="warning",
        )  # fmt: skip
        pool = await open_postgres(dsn, pool_max=4)
        faults = await rounds(settings, pool, repeats, workers)
        await pool.close()
    finally:
        valkey.stop()
        postgres.stop()
    print("\n".join(faults) or f"no false refusal, no unit twice, in {repeats} rounds on {workers} workers")
    return 1 if faults else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--workers", type=int, default=WORKERS)
    options = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.exit(runner.run(_main(options.repeats, options.workers)))
