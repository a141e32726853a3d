"""PgBouncer in transaction mode between us and Postgres: two statements in a row may reach two sessions."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import asyncpg
import pytest

from engine.foundation import embedded, postgres
from engine.settings import Settings
from tests import factories as make
from tests.faults.conftest import audited, until_sold_again
from tests.shop import Shop

BINARY = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
pytestmark = pytest.mark.skipif(BINARY is None, reason="needs pgbouncer (Debian: apt-get install pgbouncer)")
STARTED_WITHIN_S = 10.0
STRICT = ""  # as it comes: PgBouncer refuses session settings that it cannot carry from session to session
LENIENT = "ignore_startup_parameters = statement_timeout,synchronous_commit,enable_seqscan"


@dataclass
class Pooler:
    """``url`` leads through it; few sessions for many of us, so that statements do meet others' sessions."""

    folder: Path
    target: str
    more: str
    url: str = ""
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.folder.mkdir(mode=0o755)
        where, port = urlsplit(self.target), embedded.free_port()
        users = self.folder / "users.txt"
        users.write_text(f'"{where.username}" "{unquote(where.password or "")}"\n')
        config = self.folder / "pgbouncer.ini"
        config.write_text(
            f"[databases]\n* = host=127.0.0.1 port={where.port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
            f"listen_port = {port}\nunix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {users}\n"
            f"pool_mode = transaction\ndefault_pool_size = 3\n{self.more}\n"
        )
        who = {"user": embedded.NOBODY, "group": embedded.NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        assert BINARY is not None
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen([BINARY, str(config)], stdout=log, stderr=log, **who)  # type: ignore[call-overload]
        login = where.netloc.rpartition("@")[0]
        self.url = where._replace(netloc=f"{login}@127.0.0.1:{port}").geturl()
        deadline = time.monotonic() + STARTED_WITHIN_S
        while b"process up" not in (self.folder / "log").read_bytes():
            assert time.monotonic() < deadline, (self.folder / "log").read_text()
            time.sleep(0.02)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@pytest.fixture(params=[STRICT, LENIENT], ids=["as it comes", "lenient"])
def pooler(request: pytest.FixtureRequest, store_folder: Path, database_url: str) -> Iterator[Pooler]:
    pooler = Pooler(store_folder / f"pooler-{secrets.token_hex(6)}", database_url, request.param)
    pooler.start()
    yield pooler
    pooler.stop()


@pytest.fixture
def settings(settings: Settings, pooler: Pooler) -> Settings:
    return settings.model_copy(update={"database_url": pooler.url})


async def test_a_whole_sale_works_through_a_pooler_in_transaction_mode(shop: Shop):
    await shop.open_event(make.seated("Floor", 10, 20), types=[{"categories": ["Floor"]}])
    await until_sold_again(shop)
    answers = await asyncio.gather(*(shop.hold(1) for _ in range(40)))
    holds = [answer for answer in answers if answer.status == 201]
    orders = await asyncio.gather(*(shop.order(hold) for hold in holds))
    assert {order.status for order in orders} == {201}
    for order in orders:
        assert (await shop.pay(order))[0] == 200
    for order in orders:
        assert (await shop.until(order, "paid"))["status"] == "paid"
    organizer = await shop.organizer()
    listed = await shop.ask("GET", f"/v1/events/{shop.event_id}/orders", Authorization=organizer)
    assert listed.status == 200
    assert (await shop.ask("GET", "/readyz")).status == 200
    assert (await audited(shop))["sold"] == len(orders)


async def test_a_pooler_that_is_started_again_is_met_with_503_and_then_works(shop: Shop, pooler: Pooler):
    await shop.open_event(make.general("Floor", 50))
    held, _ = await until_sold_again(shop, 2)
    pooler.stop()
    away = await shop.order(held)
    assert away.status == 503, away.body
    assert int(away.headers["Retry-After"]) >= 1
    pooler.folder = pooler.folder.with_name(pooler.folder.name + "-again")
    port = urlsplit(pooler.url).port
    free_port, embedded.free_port = embedded.free_port, lambda: port or 0
    try:
        pooler.start()
    finally:
        embedded.free_port = free_port
    order, deadline = await shop.order(held), time.monotonic() + STARTED_WITHIN_S
    while order.status != 201:
        assert order.status == 503, order.body
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
        order = await shop.order(held)


async def test_sessions_behind_a_pooler_that_do_not_commit_durably_are_refused_with_what_to_do(
    pooler: Pooler, database_url: str
):
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(f"ALTER DATABASE {database_url.rpartition('/')[2]} SET synchronous_commit = off")
    finally:
        await connection.close()
    with pytest.raises(postgres.PoolerUnfit, match="synchronous_commit"):
        await postgres.open_postgres(pooler.url)


async def test_a_direct_address_keeps_its_session_settings(database_url: str):
    pool = await postgres.open_postgres(database_url, pool_max=2)
    try:
        assert await pool.fetchval("SHOW statement_timeout") == "10s"
        assert await pool.fetchval("SHOW enable_seqscan") == "off"
    finally:
        await pool.close()
