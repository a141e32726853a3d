"""The stage: real stores and server processes on the shop's core, events to sell, and the audit at the end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from engine.foundation import embedded
from engine.foundation.connections import HotRedis, RedisClient, open_client
from engine.foundation.migrate import migrate
from engine.foundation.postgres import open_postgres
from engine.services.insight.audit import Audit
from engine.services.sale.inventory import Inventory
from engine.services.sale.selling import Selling
from engine.settings import Settings
from engine.stores.insight.audit import AuditStore
from engine.stores.sale.holds import HoldStore
from engine.stores.sale.selling import SellingStore
from engine.supervisor.stack import BACKGROUND_NICENESS
from tests.bench.machine import Cores

MIGRATIONS = Path(__file__).parents[2] / "engine" / "stores" / "migrations"
START_TIMEOUT_S = 90.0  # of a server, on a machine that does much else
STOP_TIMEOUT_S = 15.0
WORKER_STARTS_S = 4.0  # it listens nowhere: until it has surely begun
_SECRETS = {
    "ONSALE_MASTER_KEYS": "1:" + "11" * 32,
    "ONSALE_JWT_KEY": "bench-jwt-key-" + "x" * 32,
    "ONSALE_STRIPE_SECRET_KEY": "sk_test_onsale",
    "ONSALE_STRIPE_WEBHOOK_SECRET": "whsec_test_onsale",
    "ONSALE_STRIPE_URL": "http://127.0.0.1:9",
    "ONSALE_LOG_LEVEL": "warning",
    "ONSALE_REHEARSAL": "1",  # addresses of loopback are not limited
}


@dataclass(frozen=True, slots=True)
class Served:
    """A server's processes behind one address."""

    url: str
    pids: list[int]


@dataclass(slots=True)
class Stage:
    """``pool``, ``hot`` and the rest belong to the benchmark's own process: they seed and they check."""

    cores: Cores
    folder: Path
    environment: dict[str, str]
    valkey: embedded.Server
    postgres: embedded.Server
    settings: Settings
    pool: asyncpg.Pool
    hot: HotRedis
    redis: RedisClient
    selling: Selling
    inventory: Inventory
    checker: Audit
    log: Path
    _audited: set[str] = field(default_factory=set)

    @property
    def redis_pid(self) -> int:
        return self.valkey.process.pid

    def postgres_pids(self) -> list[int]:
        """The server and its backends of this moment."""
        return descendants(self.postgres.process.pid)

    @contextlib.asynccontextmanager
    async def served(self, *arguments: str, processes: int = 1, port: int = 0, **more: str) -> AsyncIterator[Served]:
        """``python -m`` these arguments and ``--port``, as many processes on one port, pinned; until they answer."""
        port = port or embedded.free_port()
        async with self.started(*arguments, "--port", str(port), processes=processes, **more) as children:
            await _until_listening(port, children, self.log)
            yield Served(f"http://127.0.0.1:{port}", [child.pid for child in children])

    @contextlib.asynccontextmanager
    async def started(
        self, *arguments: str, processes: int = 1, **more: str
    ) -> AsyncIterator[list[asyncio.subprocess.Process]]:
        """``python -m`` these arguments, as many processes, pinned; ended at the end."""
        command = self.cores.pinned([sys.executable, "-m", *arguments], to=self.cores.shop)
        environment = {**os.environ, **self.environment, **more}
        children = []
        with self.log.open("ab") as sink:
            for _ in range(processes):
                child = await asyncio.create_subprocess_exec(*command, env=environment, stdout=sink, stderr=sink)
                children.append(child)
        try:
            yield children
        finally:
            for child in children:
                with contextlib.suppress(ProcessLookupError):
                    child.terminate()
            for child in children:
                try:
                    await asyncio.wait_for(child.wait(), STOP_TIMEOUT_S)
                except TimeoutError:
                    child.kill()
                    await child.wait()

    @contextlib.asynccontextmanager
    async def worked(self) -> AsyncIterator[int]:
        """``onsale work`` on the shop's core, behind what serves, as ``onsale up`` starts it; its process."""
        command = self.cores.pinned([sys.executable, "-m", "engine", "work"], to=self.cores.shop)
        with self.log.open("ab") as sink:
            child = await asyncio.create_subprocess_exec(
                "nice", "-n", str(BACKGROUND_NICENESS), *command, env={**os.environ, **self.environment},
                stdout=sink, stderr=sink,
            )  # fmt: skip
        try:
            await asyncio.sleep(WORKER_STARTS_S)
            yield child.pid
        finally:
            with contextlib.suppress(ProcessLookupError):
                child.terminate()
            await asyncio.wait_for(child.wait(), STOP_TIMEOUT_S)

    async def audit(self, event_ids: Sequence[str]) -> dict[str, int]:
        """The audit over these events. RuntimeError if one of them does not add up."""
        totals = {"events": 0, "capacity": 0, "sold": 0, "held": 0, "free": 0}
        for event_id in event_ids:
            (report,) = await self.checker.check(event_id)
            if not report["ok"] or report["unit_conflicts"]:
                raise RuntimeError(f"the audit failed: {report}")
            totals["events"] += 1
            for name in ("capacity", "sold", "held", "free"):
                totals[name] += report[name]
        return totals


@contextlib.asynccontextmanager
async def opened(*, fsync: str = "everysec", extra: tuple[str, ...] = ()) -> AsyncIterator[Stage]:
    """Valkey and Postgres of our own on the shop's core, an empty migrated database; all gone at the end."""
    async with contextlib.AsyncExitStack() as stack:
        folder = stack.enter_context(_folder())
        cores = Cores.split()
        # A rewrite of the append-only file would fork in the middle of a run.
        flags = ("--auto-aof-rewrite-percentage", "0", *extra)
        valkey = embedded.start_valkey(folder / "redis", fsync=fsync, extra=flags)
        stack.callback(valkey.stop)
        postgres = embedded.start_postgres(folder / "postgres")
        stack.callback(postgres.stop)
        for server in (valkey, postgres):
            pin(server.process.pid, cores.shop)
        database_url = embedded.create_database(postgres, "onsale")
        migrate(database_url, MIGRATIONS)
        environment = {**_SECRETS, "ONSALE_REDIS_URL": valkey.url, "ONSALE_DATABASE_URL": database_url}
        settings = _settings(environment)
        pool = await open_postgres(database_url, pool_max=4)
        stack.push_async_callback(pool.close)
        hot = await HotRedis(valkey.url).open()
        stack.push_async_callback(hot.close)
        redis = open_client(valkey.url)
        stack.push_async_callback(redis.aclose)
        store, holds = SellingStore(pool), HoldStore(hot)
        selling = Selling(store=store, keyring=settings.keyring, redis=redis)
        inventory = Inventory(hot=hot, redis=redis, holds=holds, store=store, selling=selling)
        yield Stage(
            cores=cores,
            folder=folder,
            environment=environment,
            valkey=valkey,
            postgres=postgres,
            settings=settings,
            pool=pool,
            hot=hot,
            redis=redis,
            selling=selling,
            inventory=inventory,
            checker=Audit(store=AuditStore(pool, redis), selling=selling),
            log=folder / "servers.log",
        )


def pin(pid: int, core: int) -> None:
    """Every thread a process has, and those it will start."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(task.name), {core})


def descendants(pid: int) -> list[int]:
    """A process and its children, theirs too."""
    found = [pid]
    for one in found:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            for task in Path(f"/proc/{one}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def _settings(environment: dict[str, str]) -> Settings:
    values: dict[str, Any] = {name.removeprefix("ONSALE_").lower(): value for name, value in environment.items()}
    return Settings(**values)


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="onsale-bench-") as name:
        Path(name).chmod(0o755)  # Postgres runs as somebody else if we are root
        yield Path(name)


async def _until_listening(port: int, children: list[asyncio.subprocess.Process], log: Path) -> None:
    async with asyncio.timeout(START_TIMEOUT_S):
        while True:
            ended = [child for child in children if child.returncode is not None]
            if ended:
                raise RuntimeError(f"a server ended at once: {log.read_text()[-2000:]}")
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.3 * len(children))
