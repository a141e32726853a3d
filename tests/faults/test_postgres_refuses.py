"""Postgres answers that it cannot, or not at all: 503 with Retry-After everywhere, and well again when it can."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import aiohttp
import asyncpg
import pytest
from aiohttp.test_utils import TestServer

from admin.app import create_app as admin_app
from engine.foundation import embedded, postgres
from engine.foundation.store_faults import LEDGER_FAULTS
from engine.services.money import order_reads
from engine.settings import Settings
from tests import factories as make
from tests.faults.conftest import audited, until_sold_again
from tests.shop import Answer, Shop
from waitingroom.app import create_app as room_app
from waitingroom.settings import Settings as RoomSettings

WELL_WITHIN_S = 5.0
ASKS = 6


class Master:
    """Anybody who runs the database, with a connection of their own."""

    def __init__(self, postgres: embedded.Server, database_url: str) -> None:
        self._url = postgres.url
        self.database = database_url.rpartition("/")[2]
        self.url = database_url

    async def run(self, *statements: str) -> None:
        connection = await asyncpg.connect(self._url)
        try:
            for statement in statements:
                await connection.execute(statement.format(name=self.database))
        finally:
            await connection.close()

    async def end_connections(self) -> None:
        await self.run(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = '{name}' AND pid <> pg_backend_pid()"
        )


@pytest.fixture
def master(postgres: embedded.Server, database_url: str) -> Master:
    return Master(postgres, database_url)


@contextlib.asynccontextmanager
async def _read_only(master: Master) -> AsyncIterator[None]:
    """As a primary that became a standby, or a disk that is nearly full, and connections that were made since."""
    await master.run("ALTER DATABASE {name} SET default_transaction_read_only = on")
    await master.end_connections()
    yield
    await master.run("ALTER DATABASE {name} RESET default_transaction_read_only")


@contextlib.asynccontextmanager
async def _cannot_connect(master: Master) -> AsyncIterator[None]:
    await master.run("ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    await master.end_connections()
    yield
    await master.run("ALTER DATABASE {name} ALLOW_CONNECTIONS true")


@contextlib.asynccontextmanager
async def _gone(master: Master) -> AsyncIterator[None]:
    await master.run("ALTER DATABASE {name} ALLOW_CONNECTIONS false")  # or somebody is back before it is renamed
    await master.end_connections()
    await master.run("ALTER DATABASE {name} RENAME TO {name}_gone", "ALTER DATABASE {name}_gone ALLOW_CONNECTIONS true")
    yield
    await master.run("ALTER DATABASE {name}_gone RENAME TO {name}")


@contextlib.asynccontextmanager
async def _locked(master: Master) -> AsyncIterator[None]:
    """Somebody's migration holds every table that a sale writes, and statements wait for it no longer than told."""
    await master.run("ALTER DATABASE {name} SET lock_timeout = '100ms'")
    await master.end_connections()
    connection = await asyncpg.connect(master.url)
    try:
        async with connection.transaction():
            await connection.execute(
                "LOCK TABLE orders, users, on_sales, probes, idempotency_keys, webhook_events, members, events"
                " IN ACCESS EXCLUSIVE MODE"
            )
            yield
    finally:
        await connection.close()
    await master.run("ALTER DATABASE {name} RESET lock_timeout")


@contextlib.asynccontextmanager
async def _slow(master: Master) -> AsyncIterator[None]:
    """The same without a lock time-out: the statement's own ends it."""
    connection = await asyncpg.connect(master.url)
    try:
        async with connection.transaction():
            await connection.execute(
                "LOCK TABLE orders, users, on_sales, probes, idempotency_keys, webhook_events, members, events"
                " IN ACCESS EXCLUSIVE MODE"
            )
            yield
    finally:
        await connection.close()


WEATHER = {"read only": _read_only, "closed": _cannot_connect, "gone": _gone, "locked": _locked, "slow": _slow}
Weather = Callable[[Master], AbstractAsyncContextManager[None]]


@pytest.fixture
def settings(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(postgres, "STATEMENT_TIMEOUT_MS", 400)
    return settings


@contextlib.asynccontextmanager
async def _doors(settings: Settings) -> AsyncIterator[dict[str, str]]:
    """The other two apps over the same stores."""
    room = TestServer(await room_app(RoomSettings(**{
        name: value for name, value in settings.model_dump().items() if name in RoomSettings.model_fields
    })))  # fmt: skip
    admin = TestServer(admin_app(settings))
    await room.start_server()
    await admin.start_server()
    yield {"room": str(room.make_url("")).rstrip("/"), "admin": str(admin.make_url("")).rstrip("/")}
    await room.close()
    await admin.close()


async def _got(session: aiohttp.ClientSession, method: str, url: str, **more: Any) -> Answer:
    async with session.request(method, url, **more) as response:
        return Answer(response.status, await response.read(), response.headers)


def _told_to_come_again(answer: Answer) -> None:
    assert answer.status == 503, answer.body
    assert int(answer.headers["Retry-After"]) >= 1


async def _well_again(session: aiohttp.ClientSession, *urls: str) -> None:
    deadline = time.monotonic() + WELL_WITHIN_S
    for url in urls:
        while (answer := await _got(session, "GET", url + "/readyz")).status != 200:
            assert time.monotonic() < deadline, answer.body
            await asyncio.sleep(0.05)


async def _awake(shop: Shop) -> None:
    """The tests' own pool has met the fault as well: one refusal a connection, at most."""
    pool = shop.services.common.pool
    for _ in range(2):
        with contextlib.suppress(*LEDGER_FAULTS):
            await postgres.write_probe(pool, "tests")
    await postgres.write_probe(pool, "tests")


@pytest.mark.parametrize("weather", WEATHER.values(), ids=WEATHER)
async def test_while_postgres_refuses_every_door_says_come_again_and_is_well_at_once_after(
    shop: Shop, settings: Settings, master: Master, weather: Weather
):
    await shop.open_event(make.general("Floor", 200))
    held, _ = await until_sold_again(shop, 2)
    paid = await shop.paid(3)
    organizer = await shop.organizer()
    await asyncio.sleep(order_reads.FRESH_S)  # until then an order is told from memory, whatever the ledger does
    async with _doors(settings) as doors, aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as visitor:
        unknown = f"{doors['room']}/v1/rooms/evt_{'0' * 26}"
        form = await (await visitor.get(doors["admin"] + "/sign-in")).text()
        token = form.partition('name="csrf" value="')[2].partition('"')[0]
        login = {"email": "somebody@example.test", "password": "wrong-password-12"}
        async with weather(master):
            writes = await asyncio.gather(*(shop.order(held) for _ in range(ASKS)))
            reads = await asyncio.gather(
                *(
                    shop.ask("GET", f"/v1/orders/{paid['order_id']}", X_Order_Token=paid["order_token"])
                    for _ in range(ASKS)
                ),
                shop.ask("GET", f"/v1/events/{shop.event_id}/orders", Authorization=organizer),
                shop.ask("POST", "/v1/auth/login", login),
                _got(visitor, "GET", unknown),
                _got(visitor, "POST", doors["admin"] + "/sign-in", data={**login, "csrf": token}),
            )
            ready = await _got(visitor, "GET", shop.url + "/readyz")
            admin_ready = await _got(visitor, "GET", doors["admin"] + "/readyz")
            room_ready = await _got(visitor, "GET", doors["room"] + "/readyz")
        back = time.monotonic()
        for answer in writes:
            _told_to_come_again(answer)
        for answer in reads:
            if weather is _read_only:  # what only reads goes on
                assert answer.status in {200, 401, 404, 422}, answer.body
            else:
                _told_to_come_again(answer)
        assert ready.status == 503
        assert admin_ready.status == 503
        assert b'"postgres":{"ok":false' in room_ready.body.replace(b" ", b"")
        await _well_again(visitor, shop.url, doors["admin"], doors["room"])
    assert time.monotonic() - back < WELL_WITHIN_S
    order, deadline = await shop.order(held), time.monotonic() + WELL_WITHIN_S
    while order.status != 201 and time.monotonic() < deadline:
        assert order.status == 503, order.body
        order = await shop.order(held)
    assert order.status == 201
    await _awake(shop)
    report = await audited(shop)
    assert (report["sold"], report["ordered"]) == (3, 2)


async def test_a_key_whose_request_met_the_fault_is_free_when_postgres_is_back(shop: Shop, master: Master):
    """Its claim was written, then the ledger went away: it must not be `still running` for a minute."""
    await shop.open_event(make.general("Floor", 20))
    held, _ = await until_sold_again(shop, 2)
    key = shop.key()
    place = shop.orders._book.place

    async def place_while_away(*order: Any) -> Any:
        await master.run("ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        await master.end_connections()
        return await place(*order)

    shop.orders._book.place = place_while_away  # type: ignore[method-assign]
    _told_to_come_again(await shop.order(held, key))
    shop.orders._book.place = place  # type: ignore[method-assign]
    await master.run("ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    deadline = time.monotonic() + WELL_WITHIN_S
    while (order := await shop.order(held, key)).status != 201:
        assert order.status in {503, 409}, order.body
        assert time.monotonic() < deadline, order.body
        await asyncio.sleep(0.1)
    await _awake(shop)
    assert (await audited(shop))["ordered"] == 2


async def test_connections_ended_by_the_administrator_are_not_met_by_anybody_later(shop: Shop, master: Master):
    await shop.open_event(make.general("Floor", 200))
    for _ in range(3):
        await until_sold_again(shop)
        await master.end_connections()
        await asyncio.sleep(0.05)  # they hear of it
        answers = await asyncio.gather(*(shop.ask("GET", f"/v1/events/{shop.event_id}") for _ in range(20)))
        assert {answer.status for answer in answers} == {200}


async def test_connections_ended_in_the_middle_of_selling_lose_and_double_no_order(shop: Shop, master: Master):
    await shop.open_event(make.general("Floor", 300))
    seen: set[int] = set()
    over = asyncio.Event()

    async def buyer() -> int:
        bought = 0
        while not over.is_set():
            hold = await shop.hold(1)
            seen.add(hold.status)
            key = shop.key()
            while hold.status == 201 and not over.is_set():
                order = await shop.order(hold, key)
                seen.add(order.status)
                if order.status == 201:
                    bought += 1
                    break
                await asyncio.sleep(0.05)
        return bought

    buyers = [asyncio.create_task(buyer()) for _ in range(8)]
    for _ in range(12):
        await asyncio.sleep(0.1)
        await master.end_connections()
    over.set()
    bought = sum(await asyncio.gather(*buyers))
    assert seen <= {201, 503, 409}, seen
    await _awake(shop)
    report = await audited(shop)
    assert report["ordered"] >= bought
