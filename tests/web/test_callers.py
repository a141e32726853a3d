"""An Idempotency-Key of a caller without a credential is a visitor's, never an address's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web

from engine.app import create_app
from engine.foundation.serving import ExpressRunner
from engine.services.wiring import open_services
from engine.settings import Settings
from engine.web.sale.express import express
from tests import factories


class Street:
    """The engine behind its own socket; each visitor a browser of their own, all from one address."""

    def __init__(self, url: str, event_id: str, types: list[str]) -> None:
        self.url, self.event_id, self.types = url, event_id, types

    def visitor(self, *, cookies: bool = True) -> aiohttp.ClientSession:
        jar = aiohttp.CookieJar(unsafe=True) if cookies else aiohttp.DummyCookieJar()
        return aiohttp.ClientSession(cookie_jar=jar)

    async def hold(self, visitor: aiohttp.ClientSession, key: str = "same", **headers: str) -> tuple[int, Any, Any]:
        body = {"event_id": self.event_id, "items": [{"ticket_type_id": self.types[0], "quantity": 1}]}
        return await self.post(visitor, "/v1/holds", body, key, **headers)

    async def book(self, visitor: aiohttp.ClientSession, key: str = "same", **headers: str) -> tuple[int, Any, Any]:
        items = [{"ticketTypeId": self.types[0], "quantity": 1}]
        body = {"items": items, "userInfo": {"name": "Ada", "email": "ada@example.test"}}
        return await self.post(visitor, "/api/v1/orders", body, key, **headers)

    async def post(
        self, visitor: aiohttp.ClientSession, path: str, body: Any, key: str, **headers: str
    ) -> tuple[int, Any, Any]:
        named = {"Idempotency-Key": key, "Content-Type": "application/json"}
        named |= {name.replace("_", "-"): value for name, value in headers.items()}
        async with visitor.post(self.url + path, data=orjson.dumps(body), headers=named) as answer:
            return answer.status, orjson.loads(await answer.read()), answer.headers


async def opened(settings: Settings) -> AsyncIterator[Street]:
    async with open_services(settings) as services:
        event_id, types = await factories.event(
            services.common.pool,
            factories.chart(factories.general("Floor", 50)),
            [{"categories": ["Floor"], "price_cents": 0}],
        )
        await services.sale.inventory.load(event_id)
    runner = ExpressRunner(create_app(settings), express, shutdown_timeout_s=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    yield Street(f"http://{host}:{port}", event_id, types)
    await runner.cleanup()


@pytest.fixture
async def street(settings: Settings, hot: Any) -> AsyncIterator[Street]:
    async for street in opened(settings):
        yield street


@pytest.fixture
async def behind_a_proxy(settings: Settings, hot: Any) -> AsyncIterator[Street]:
    async for street in opened(settings.model_copy(update={"trust_forwarded": True})):
        yield street


@pytest.mark.parametrize("cookies", [True, False])
async def test_two_strangers_with_one_key_get_a_hold_each(street: Street, cookies: bool):
    async with street.visitor(cookies=cookies) as ada, street.visitor(cookies=cookies) as eve:
        for _ in range(2):  # the first learns the price, the second comes on the express path
            status, mine, _ = await street.hold(ada)
            again, theirs, headers = await street.hold(eve)
            assert (status, again) == (201, 201)
            assert mine["id"] != theirs["id"]
            assert mine["hold_token"] != theirs["hold_token"]
        assert headers["Idempotent-Replayed"] == "true", "each repeats their own"


async def test_two_strangers_with_one_key_get_an_order_each(street: Street):
    async with street.visitor() as ada, street.visitor() as eve:
        _, mine, _ = await street.book(ada)
        _, theirs, _ = await street.book(eve)
        assert mine["order_id"] != theirs["order_id"]
        assert mine["order_token"] != theirs["order_token"]
        _, repeated, headers = await street.book(ada)
        assert (repeated["order_token"], headers["Idempotent-Replayed"]) == (mine["order_token"], "true")


async def test_a_visitor_is_the_same_over_every_connection(street: Street):
    async with street.visitor() as ada:
        for key in ("first", "second"):
            _, held, headers = await street.hold(ada, key, Connection="close")
            assert headers.get("Set-Cookie", "").startswith("onsale_caller=") is (key == "first")
            _, again, headers = await street.hold(ada, key, Connection="close")
            assert (again["id"], headers["Idempotent-Replayed"]) == (held["id"], "true")
            assert "Set-Cookie" not in headers


async def test_a_made_up_cookie_is_nobody(street: Street):
    async with street.visitor(cookies=False) as ada, street.visitor(cookies=False) as eve:
        _, mine, _ = await street.hold(ada, Cookie="onsale_caller=1")
        _, theirs, headers = await street.hold(eve, Cookie="onsale_caller=1")
        assert mine["id"] != theirs["id"]
        assert "onsale_caller=" in headers["Set-Cookie"]


async def test_a_shown_capability_is_who_asks(street: Street):
    async with street.visitor(cookies=False) as ada, street.visitor(cookies=False) as eve:
        _, mine, _ = await street.hold(ada, X_Hold_Token="a")
        _, theirs, _ = await street.hold(eve, X_Hold_Token="b")
        assert mine["id"] != theirs["id"]
        _, again, headers = await street.hold(eve, X_Hold_Token="a")
        assert (again["id"], headers["Idempotent-Replayed"]) == (mine["id"], "true")
        assert "Set-Cookie" not in headers


async def test_connections_of_a_proxy_are_nobodys(behind_a_proxy: Street):
    street = behind_a_proxy
    async with street.visitor(cookies=False) as proxy:
        for _ in range(2):
            _, mine, _ = await street.hold(proxy, X_Forwarded_For="198.51.100.4")
            _, theirs, _ = await street.hold(proxy, X_Forwarded_For="198.51.100.4")
            assert mine["id"] != theirs["id"]
