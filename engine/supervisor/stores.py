"""The stores of a stack: those that were named, or embedded ones that are watched and started again if they end."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from engine.foundation import embedded
from engine.supervisor.guardian import Guardian
from engine.supervisor.named_stores import check_postgres, check_redis

WATCH_EVERY_S = 0.25
RESTART_DELAY_S = 1.0
RESTARTS_MAX = 5  # within RESTART_WINDOW_S; a store that keeps ending stops the stack
RESTART_WINDOW_S = 60.0


@dataclass(slots=True)
class Stores:
    """``on_failure`` is called with a sentence when an embedded store cannot be kept alive."""

    folder: Path
    guardian: Guardian
    say: Callable[[str], None]
    on_failure: Callable[[str], None]
    redis_password: str
    _keepers: list[_Keeper] = field(default_factory=list)
    _starts: list[asyncio.Task[embedded.Server]] = field(default_factory=list)

    async def start(self) -> tuple[str, str]:
        """The addresses of Redis and Postgres, both answering. StoreAway, EmbeddedFailed."""
        redis_url, database_url = os.environ.get("ONSALE_REDIS_URL"), os.environ.get("ONSALE_DATABASE_URL")
        if redis_url is not None:
            await check_redis(redis_url)
        else:
            start = partial(embedded.start_valkey, password=self.redis_password)
            self._keepers.append(_Keeper("valkey", start, self.folder / "redis"))
        if database_url is not None:
            await check_postgres(database_url)
        else:
            self._keepers.append(_Keeper("postgres", embedded.start_postgres, self.folder / "postgres"))
        self._starts = [asyncio.create_task(self._begin(keeper)) for keeper in self._keepers]
        # A thread cannot be cancelled: `stop` waits for those that still start a server, whatever ended us.
        for server in await asyncio.gather(*map(asyncio.shield, self._starts)):
            if server.url.startswith("redis"):
                redis_url = server.url
            else:
                database_url = await asyncio.to_thread(embedded.create_database, server, "onsale")
        for keeper in self._keepers:
            keeper.watcher = asyncio.create_task(self._watch(keeper))
        assert redis_url is not None
        assert database_url is not None
        return redis_url, database_url

    async def stop(self) -> None:
        """Everything that was started, also what is just starting; Postgres first."""
        for keeper in self._keepers:
            if keeper.watcher is not None:
                keeper.stopping = True
                await keeper.watcher
        await asyncio.gather(*self._starts, return_exceptions=True)
        for keeper in reversed(self._keepers):
            if keeper.server is not None:
                await asyncio.to_thread(keeper.server.stop)

    async def _begin(self, keeper: _Keeper, port: int = 0) -> embedded.Server:
        server = await asyncio.to_thread(keeper.run, keeper.folder, port=port)
        keeper.server = server
        self.guardian.watch_store(server.process.pid)
        return server

    async def _watch(self, keeper: _Keeper) -> None:
        """Start it again where the others know it: on the port it had."""
        why = ""
        while not keeper.stopping:
            assert keeper.server is not None
            if keeper.server.process.poll() is None:
                await asyncio.sleep(WATCH_EVERY_S)
                continue
            now_s = time.monotonic()
            keeper.ends_s = [then for then in keeper.ends_s if now_s - then < RESTART_WINDOW_S] + [now_s]
            if len(keeper.ends_s) > RESTARTS_MAX:
                self.on_failure(f"{keeper.name} keeps ending; its log is {keeper.server.log}{why}")
                return
            self.say(f"{keeper.name:<11} ended with {keeper.server.process.returncode}: starting it again")
            try:
                await self._begin(keeper, urlsplit(keeper.server.url).port or 0)
            except (embedded.EmbeddedFailed, OSError) as error:  # a killed Postgres's own children may still run
                why = f": {error}"
                await asyncio.sleep(RESTART_DELAY_S)


@dataclass(slots=True)
class _Keeper:
    name: str
    run: Callable[..., embedded.Server]
    folder: Path
    server: embedded.Server | None = None
    watcher: asyncio.Task[None] | None = None
    stopping: bool = False
    ends_s: list[float] = field(default_factory=list)
