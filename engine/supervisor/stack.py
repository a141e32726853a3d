"""The whole stack on one machine: stores, schema, sandbox, catchers of mail and texts, the three apps and the worker.

The order: folder, ports, stores (side by side), schema, admin account, everything else side by side, demo, ready line.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from engine.foundation import embedded
from engine.foundation.migrate import migrate
from engine.foundation.postgres import open_postgres
from engine.services.accounts.people import create_admin
from engine.supervisor.children import Child, Children
from engine.supervisor.demo import create_demo
from engine.supervisor.environment import PROVIDER, Places, surroundings
from engine.supervisor.guardian import Guardian
from engine.supervisor.run_file import DataDir
from engine.supervisor.stores import Stores

MIGRATIONS = Path(__file__).parents[1] / "stores" / "migrations"
ADMIN_EMAIL = "admin@onsale.localhost"
BACKGROUND_NICENESS = 10  # mail with its PDFs costs more than selling did: on shared cores buyers go first
READY_TIMEOUT_S = 60.0
READY_POLL_S = 0.05
HOST = "127.0.0.1"
PRIVATE = 0o077  # what we and our children write is for us alone, whatever the shell says


class StackFailed(RuntimeError):  # noqa: N818 - reads as a sentence where it is raised
    """The stack cannot start; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Options:
    """What ``onsale up`` was asked for. A port of 0 is any free one."""

    data_dir: Path
    ports: tuple[int, int, int] = (8080, 8081, 8082)
    demo: bool = False
    workers: int = 1
    rehearsal: bool = False


@dataclass(slots=True)
class Stack:
    """A running stack; ``facts`` is the ready line."""

    options: Options
    say: Callable[[str], None]
    facts: dict[str, Any] = field(default_factory=dict)
    _stores: Stores | None = None
    _children: Children | None = None
    _guardian: Guardian | None = None
    _failure: asyncio.Event = field(default_factory=asyncio.Event)
    _why: str = ""
    _began_s: float = field(default_factory=time.monotonic)

    async def run(self) -> int:
        """Start, print the ready line, wait for SIGINT, SIGTERM or SIGHUP, stop everything. The exit code."""
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        os.umask(PRIVATE)
        data = DataDir(self.options.data_dir.resolve())
        try:
            data.claim()
            self._guardian = Guardian()
            starting = asyncio.create_task(self._start(data))
            if not await _first(starting, stop):
                return 130
            sys.stdout.write(orjson.dumps(self.facts).decode() + "\n")
            sys.stdout.flush()
            await _first(asyncio.create_task(self._failure.wait()), stop)
            if self._failure.is_set():
                raise StackFailed(self._why)
        except (StackFailed, embedded.EmbeddedFailed, RuntimeError, OSError) as error:
            self.say(f"onsale: {error}")
            return 1
        finally:
            await self._stop(data)
        return 0

    async def _start(self, data: DataDir) -> None:
        ports = tuple(_claim_port(port) for port in self.options.ports)
        self.say("stores      starting, or asking those that were named")
        assert self._guardian is not None
        self._stores = Stores(data.path, self._guardian, self.say, self._fail, data.secrets()["redis_password"])
        redis_url, postgres_dsn = await self._stores.start()
        self.say("schema      migrating")
        await asyncio.to_thread(migrate, postgres_dsn, MIGRATIONS)
        secrets = data.secrets()
        pool = await open_postgres(postgres_dsn, pool_max=2)
        try:
            if not await pool.fetchval("SELECT true FROM users WHERE email = $1", ADMIN_EMAIL):
                await create_admin(pool, ADMIN_EMAIL, secrets["admin_password"], "Platform admin")
        finally:
            await pool.close()
        await self._processes(data, ports, secrets, redis_url, postgres_dsn)
        if self.options.demo:
            await self._demo(data)
        data.write_run({**data.read_run(), **self.facts})  # type: ignore[dict-item]
        self.say(f"ready       after {time.monotonic() - self._began_s:.1f} s")
        self.say(f"open        {self.facts['engine']} to buy, {self.facts['admin']} to organize (password below)")

    async def _processes(
        self, data: DataDir, ports: tuple[int, ...], secrets: dict[str, str], redis_url: str, postgres_dsn: str
    ) -> None:
        host = _reached_at(os.environ.get("ONSALE_HOST", HOST))
        engine, room, admin = (f"http://{host}:{port}" for port in ports)
        stripe_port, mail_port, smtp_port, bounce_port, texts_port, oidc_port = (embedded.free_port() for _ in range(6))
        texts_at = f"http://{HOST}:{texts_port}"
        around = surroundings(
            os.environ,
            secrets,
            Places(
                redis=redis_url,
                postgres=postgres_dsn,
                engine=engine,
                waitingroom=room,
                admin=admin,
                sandbox=f"http://{HOST}:{stripe_port}",
                media=str(data.path / "media"),
                smtp_host=HOST,
                smtp_port=smtp_port,
                oidc=f"http://{HOST}:{oidc_port}",
                bounce_port=bounce_port,
                texts=texts_at,
            ),
            rehearsal=self.options.rehearsal,
        )
        environment = around.settings
        stripe = environment.get("ONSALE_STRIPE_URL", PROVIDER)
        logs = data.path / "logs"
        logs.mkdir(exist_ok=True)
        assert self._guardian is not None
        children = self._children = Children(self._fail, self._guardian, self.say)

        async def start(name: str, *arguments: str, niceness: int = 0) -> None:
            command = [sys.executable, "-m", *arguments]
            await children.start(Child(name, command, environment, logs / f"{name}.log", niceness))

        waits = {"engine": engine + "/readyz", "waitingroom": room + "/readyz", "admin": admin + "/readyz"}
        if around.sandbox:
            await start(
                "sandbox", "loadtest.sandbox", "--host", HOST, "--port", str(stripe_port),
                "--webhook-url", engine + "/v1/webhooks/stripe", "--state-file", str(data.path / "sandbox.json"),
            )  # fmt: skip
            waits["sandbox"] = stripe + "/_sandbox/controls"
        mail = None
        if around.mailbox:
            await start(
                "mailbox", "loadtest.mailbox", "--smtp-port", str(smtp_port), "--http-port", str(mail_port),
                niceness=BACKGROUND_NICENESS,
            )  # fmt: skip
            mail = f"http://{HOST}:{mail_port}"
            waits["mailbox"] = mail + "/messages"
        oidc = None
        if around.oidc:
            await start("oidc", "loadtest.oidc", "--port", str(oidc_port), niceness=BACKGROUND_NICENESS)
            oidc = f"http://{HOST}:{oidc_port}"
            waits["oidc"] = oidc + "/_sandbox/controls"
        if around.texts:
            await start(
                "texts", "loadtest.texts", "--port", str(texts_port),
                "--whatsapp-hook", engine + "/v1/webhooks/whatsapp", niceness=BACKGROUND_NICENESS,
            )  # fmt: skip
            waits["texts"] = texts_at + "/messages"
        for number in range(self.options.workers):
            suffix = "" if number == 0 else f"-{number + 1}"
            await start("engine" + suffix, "engine", "serve", "engine", "--port", str(ports[0]))
        await start("waitingroom", "engine", "serve", "waitingroom", "--port", str(ports[1]))
        await start("admin", "engine", "serve", "admin", "--port", str(ports[2]))
        await start("worker", "engine", "work", niceness=BACKGROUND_NICENESS)
        self.facts = {
            "ready": True,
            "engine": engine,
            "waitingroom": room,
            "admin": admin,
            "redis": redis_url,
            "postgres": postgres_dsn,
            "stripe": stripe,
            "mail": mail,
            "oidc": oidc,
            "messages": texts_at if around.texts else None,
            "admin_email": ADMIN_EMAIL,
            "admin_password": secrets["admin_password"],
            "pids": children.pids(),
        }
        data.write_run({"environment": environment, **self.facts})
        await asyncio.gather(*(self._await_ready(name, url) for name, url in waits.items()))

    async def _await_ready(self, name: str, url: str) -> None:
        assert self._children is not None
        deadline = time.monotonic() + READY_TIMEOUT_S
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as client:
            while time.monotonic() < deadline:
                if self._failure.is_set():
                    raise StackFailed(self._why)
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                    async with client.get(url) as answer:
                        if answer.status == 200:  # noqa: PLR2004 - ready
                            self.say(f"{name:<11} answers at {url.removesuffix('/readyz').removesuffix('/messages')}")
                            return
                await asyncio.sleep(READY_POLL_S)
        raise StackFailed(f"{name} did not answer within {READY_TIMEOUT_S:.0f} s:\n    {self._children.tail(name)}")

    async def _demo(self, data: DataDir) -> None:
        known = data.recall("demo")
        if known is None:
            self.say("demo        creating the demo on-sale")
            known = await create_demo(self.facts)
            data.remember("demo", known)
        self.facts |= known

    def _fail(self, why: str) -> None:
        self._why = why
        self._failure.set()

    async def _stop(self, data: DataDir) -> None:
        try:
            if self._children is not None:
                self.say("stopping")
                await self._children.stop()
                data.forget_run()
        finally:
            if self._stores is not None:
                await self._stores.stop()
            if self._guardian is not None:
                self._guardian.dismiss()


async def _first(work: asyncio.Task[Any], stop: asyncio.Event) -> bool:
    """True if the work was done first; its error is raised. False if we were told to stop."""
    waiting = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait({work, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if work in done:
        await work
        return True
    work.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await work
    return False


def _reached_at(host: str) -> str:
    """Where we ask what listens on this interface."""
    if host in {"", "0.0.0.0", "::"}:  # noqa: S104 - all of them, loopback included
        return HOST
    return f"[{host}]" if ":" in host else host


def _claim_port(port: int) -> int:
    """The port, a free one for 0. StackFailed if it is taken."""
    if port == 0:
        return embedded.free_port()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise StackFailed(
                f"Port {port} is taken: stop what listens there, or choose others with --ports E,W,A"
            ) from error
    return port
