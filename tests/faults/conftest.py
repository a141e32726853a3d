"""A shop whose Redis is the test's own, behind a proxy: it may be slowed, cut off, emptied, killed and replaced."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from engine.foundation import embedded
from engine.foundation.connections import HotRedis, RedisClient, open_client
from engine.settings import Settings
from tests.faults.proxy import Proxy
from tests.shop import Answer, Shop

RECOVERED_WITHIN_S = 20.0
ERRAND_ROUNDS_MAX = 40


@dataclass
class RedisBox:
    """A Redis that can be killed and started again over the same folder."""

    folder: Path
    server: embedded.Server | None = None
    port: int = 0
    fsync: str = "none"

    def start(self, *extra: str) -> str:
        self.server = embedded.start_valkey(self.folder, port=self.port, fsync=self.fsync, extra=extra)
        self.port = int(self.server.url.rpartition(":")[2].partition("/")[0])
        return self.server.url

    @property
    def url(self) -> str:
        assert self.server is not None
        return self.server.url

    def kill(self) -> None:
        assert self.server is not None
        self.server.process.kill()
        self.server.process.wait()

    def stop(self) -> None:
        if self.server is not None:
            self.server.stop()

    @contextlib.asynccontextmanager
    async def client(self) -> AsyncIterator[RedisClient]:
        client = open_client(self.url)
        try:
            yield client
        finally:
            await client.aclose()


@pytest.fixture
def box(tmp_path: Path) -> Iterator[RedisBox]:
    box = RedisBox(tmp_path / "redis")
    box.start()
    yield box
    box.stop()


@pytest.fixture
async def proxy(box: RedisBox) -> AsyncIterator[Proxy]:
    async with Proxy(box.url) as proxy:
        yield proxy


@pytest.fixture
def settings(settings: Settings, proxy: Proxy) -> Settings:
    return settings.model_copy(update={"redis_url": proxy.url})


@pytest.fixture
async def redis_client(box: RedisBox) -> AsyncIterator[RedisClient]:
    """Straight to the server, past the proxy."""
    async with box.client() as client:
        yield client


@pytest.fixture
async def hot(box: RedisBox) -> AsyncIterator[HotRedis]:
    connection = await HotRedis(box.url).open()
    yield connection
    await connection.close()


async def until_sold_again(shop: Shop, quantity: int = 1, **more: Any) -> tuple[Answer, list[int]]:
    """(a hold, the answers before it): asked for until it is given; each "no" must be a 503 with Retry-After."""
    deadline, before = time.monotonic() + RECOVERED_WITHIN_S, list[int]()
    while time.monotonic() < deadline:
        answer = await shop.hold(quantity, **more)
        if answer.status == 201:
            return answer, before
        assert answer.status == 503, answer.body
        assert int(answer.headers["Retry-After"]) >= 1
        before.append(answer.status)
        await asyncio.sleep(0.05)
    raise AssertionError(f"selling did not resume: {before[-5:]}")


async def audited(shop: Shop) -> dict[str, Any]:
    """The audit of the shop's event after all errands were run; asserts that it is clean."""
    for _ in range(ERRAND_ROUNDS_MAX):
        await shop.services.common.pool.execute("UPDATE outbox SET available_at = now(), locked_until = NULL")
        await shop.work("outbox_relay", rounds=3)
        if not await shop.settled_errands():
            break
    (report,) = await shop.services.insight.audit.check(shop.event_id)
    assert report["ok"], report["problems"]
    assert report["sold"] + report["held"] + report["free"] == report["capacity"]
    return report
