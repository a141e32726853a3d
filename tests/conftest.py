"""Real stores for every test: one embedded Valkey and Postgres a session, each test's own database, an empty Redis."""

from __future__ import annotations

import asyncio
import functools
import os
import resource
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
import uvloop

from engine.foundation import assets, embedded
from engine.foundation import postgres as ledger
from engine.foundation.connections import HotRedis, RedisClient, open_client
from engine.foundation.postgres import open_postgres
from engine.settings import Settings
from tests import chromium
from tests.databases import Databases

pytest_plugins = ["tests.shop"]

# Of other servers than the tests' own: libpq's settings, and a proxy that would be asked for loopback.
STRANGERS = ("PG", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
MIGRATIONS = Path(__file__).parent.parent / "engine" / "stores" / "migrations"
POOL_CLOSED_WITHIN_S = 10
CONNECTED_WITHIN_S = 15.0  # a machine that all tests share stands still for seconds now and then
TEST_MASTER_KEYS = "1:" + "11" * 32


def pytest_configure(config: pytest.Config) -> None:
    """Only the tests' own servers, whatever the shell speaks of.

    ``ONSALE_TEST_REDIS_BINARY=redis-server`` runs everything over that server instead of the bundled Valkey.
    """
    for name in [name for name in os.environ if name.upper().startswith(STRANGERS)]:
        del os.environ[name]
    os.umask(0o022)  # the stores' users read what we write for them
    _, files_max = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files_max, files_max))  # a thousand callers are a thousand sockets
    assets._asset = functools.cache(assets._asset)  # every app of a test would compress the same files again
    ledger.CONNECT_TIMEOUT_S = CONNECTED_WITHIN_S
    binary = os.environ.get("ONSALE_TEST_REDIS_BINARY")
    if binary:
        embedded.valkey_binary = lambda: binary


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> dict[str, Callable[[], object]]:
    """The product runs on uvloop, so its tests do."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="session")
def store_folder() -> Iterator[Path]:
    """A folder that nobody (whom Postgres runs as) can reach.

    Not below pytest's own: every pytest session that starts closes that one to all but its user.
    """
    folder = Path(tempfile.mkdtemp(prefix="onsale-tests-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def chromium_address(store_folder: Path) -> Iterator[str]:
    with chromium.served(store_folder) as address:
        yield address


@pytest.fixture(scope="session")
def valkey(store_folder: Path) -> Iterator[embedded.Server]:
    server = embedded.start_valkey(store_folder / "redis", fsync="none")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres(store_folder: Path) -> Iterator[embedded.Server]:
    server = embedded.start_postgres(
        store_folder / "postgres", settings={"fsync": "off", "shared_buffers": "64MB", "full_page_writes": "off"}
    )
    yield server
    server.stop()


@pytest.fixture(scope="session")
def databases(postgres: embedded.Server) -> Databases:
    return Databases(postgres, MIGRATIONS)


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """The DSN of an empty, migrated database that only this test uses."""
    dsn = databases.take()
    yield dsn
    databases.give_back(dsn)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_postgres(database_url, pool_max=6)
    yield pool
    try:
        async with asyncio.timeout(POOL_CLOSED_WITHIN_S):
            await pool.close()
    except TimeoutError:  # a failed test has a connection of it still
        pool.terminate()


@pytest.fixture
async def redis_client(valkey: embedded.Server) -> AsyncIterator[RedisClient]:
    client = open_client(valkey.url)
    await client.flushall()
    await client.script_flush()
    yield client
    await client.aclose()


@pytest.fixture
async def hot(valkey: embedded.Server, redis_client: RedisClient) -> AsyncIterator[HotRedis]:
    connection = await HotRedis(valkey.url).open()
    yield connection
    await connection.close()


@pytest.fixture
def settings(database_url: str, valkey: embedded.Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    for name in list(os.environ):
        if name.startswith("ONSALE_"):
            monkeypatch.delenv(name)
    return Settings(
        media_dir=str(tmp_path / "media"),
        redis_url=valkey.url,
        database_url=database_url,
        database_pool_max=6,
        master_keys=TEST_MASTER_KEYS,
        jwt_key="test-jwt-key-" + "x" * 32,
        stripe_secret_key="sk_test_onsale",
        stripe_publishable_key="pk_test_onsale",
        stripe_webhook_secret="whsec_test_onsale",
        stripe_url="http://127.0.0.1:9",
        log_level="warning",
        rehearsal=True,
    )
