"""The stores an operator named: asked whether they answer before anything is started on them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from engine.foundation.cluster import open_client
from engine.foundation.postgres import open_postgres

ANSWER_MAX_S = 5.0
REDIS_LEAST = (7, 0)
POSTGRES_LEAST = 140_000  # as `server_version_num` writes 14.0


class StoreAway(RuntimeError):  # noqa: N818 - reads as a sentence where it is raised
    """A named store cannot be used; the message says which, and why."""


async def check_redis(url: str) -> None:
    """StoreAway unless a Redis of REDIS_LEAST or newer answers there."""
    version = await _asked("ONSALE_REDIS_URL", url, _redis_version)
    if tuple(int(part) for part in version.split(".")[:2]) < REDIS_LEAST:
        raise StoreAway(f"ONSALE_REDIS_URL is a Redis {version}: 7.0 or newer is needed")


async def check_postgres(dsn: str) -> None:
    """StoreAway unless a Postgres of POSTGRES_LEAST or newer answers there and lets us in."""
    version = await _asked("ONSALE_DATABASE_URL", dsn, _postgres_version)
    if int(version) < POSTGRES_LEAST:
        raise StoreAway(f"ONSALE_DATABASE_URL is a Postgres {int(version) // 10_000}: 14 or newer is needed")


async def _asked(name: str, url: str, ask: Callable[[str], Awaitable[str]]) -> str:
    try:
        async with asyncio.timeout(ANSWER_MAX_S):
            return await ask(url)
    except Exception as error:  # whatever a client library raises over an address that somebody typed
        why = str(error).strip().splitlines()
        raise StoreAway(
            f"{name} ({_without_password(url)}) cannot be used: {why[0] if why else type(error).__name__}"
        ) from error


async def _redis_version(url: str) -> str:
    client = open_client(url)
    try:
        await client.ping()
        facts = await client.info("server")
        first = next(iter(facts.values()))
        return str(facts.get("redis_version") or first["redis_version"])  # a cluster answers by node
    finally:
        await client.aclose()


async def _postgres_version(dsn: str) -> str:
    pool = await open_postgres(dsn, pool_max=1)
    try:
        return str(await pool.fetchval("SHOW server_version_num"))
    finally:
        await pool.close()


def _without_password(url: str) -> str:
    """What may stand in a terminal's history."""
    try:
        parts = urlsplit(url)
        place = parts.netloc.rpartition("@")[2]
    except ValueError:
        return "not an address"
    return f"{parts.scheme}://{place}{parts.path}" if parts.netloc else "not an address"
