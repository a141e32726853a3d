"""What every wing is handed: the settings, both stores, and what all of them share. Opened once a process."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import asyncpg

from engine.foundation.bearer import Bearers
from engine.foundation.cluster import hot_redis, open_client
from engine.foundation.connections import HotRedis, RedisClient, eventually
from engine.foundation.ended_sessions import EndedSessions
from engine.foundation.health import Health
from engine.foundation.idempotency import Idempotency
from engine.foundation.postgres import open_postgres, write_probe
from engine.services.outbox import Outbox
from engine.settings import Settings
from engine.stores.outbox import OutboxStore

CONNECT_TRIES_MAX = 50


@dataclass(frozen=True, slots=True)
class Common:
    """``hot`` is the pipelined connection of the hot path, ``redis`` the client for everything else."""

    settings: Settings
    pool: asyncpg.Pool[asyncpg.Record]
    hot: HotRedis
    redis: RedisClient
    health: Health
    bearers: Bearers
    ended: EndedSessions
    idempotency: Idempotency
    outbox: Outbox


@contextlib.asynccontextmanager
async def open_common(settings: Settings) -> AsyncIterator[Common]:
    """Connect; a store that is not there yet is waited for. Closes in reverse."""
    async with contextlib.AsyncExitStack() as stack:
        pool: asyncpg.Pool[asyncpg.Record] = await eventually(
            lambda: open_postgres(settings.database_url, pool_max=settings.database_pool_max),
            tries_max=CONNECT_TRIES_MAX,
        )
        stack.push_async_callback(pool.close)
        hot = await eventually(hot_redis(settings.redis_url).open, tries_max=CONNECT_TRIES_MAX)
        stack.push_async_callback(hot.close)
        redis = open_client(settings.redis_url)
        stack.push_async_callback(redis.aclose)
        ended = EndedSessions(hot=hot, pool=pool)
        await ended.look()
        idempotency, errands = Idempotency(pool), OutboxStore(pool)
        for store in (idempotency, errands):
            stack.push_async_callback(store.close)
        yield Common(
            settings=settings,
            pool=pool,
            hot=hot,
            redis=redis,
            health=Health(
                {"postgres": lambda: write_probe(pool, "engine"), "redis": lambda: _ping(hot)},
                required=frozenset({"postgres", "redis"}),
            ),
            bearers=Bearers(settings.jwt_key.get_secret_value().encode(), ended),
            ended=ended,
            idempotency=idempotency,
            outbox=Outbox(store=errands),
        )


async def _ping(hot: HotRedis) -> Any:
    return await hot.command(b"PING")
