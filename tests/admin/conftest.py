"""The admin app behind real HTTP and real stores."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser

from admin.app import create_app
from admin.appkeys import SERVICES
from engine.domain.money.new_orders import Buyer
from engine.foundation.connections import RedisClient
from engine.services.wiring import Services
from engine.settings import Settings
from tests.admin.organizer import Organizer, hold
from tests.chromium import connected

CHART = """{"focal_point": {"x": 0, "y": -5}, "sections": [
  {"name": "Stalls", "kind": "seated", "rows": [
    {"name": "A", "y": 0, "first": 1, "count": 10, "x0": -4.5, "pitch": 1.0, "accessible": [1]},
    {"name": "B", "y": 1, "first": 1, "count": 10, "x0": -4.5, "pitch": 1.0}]},
  {"name": "Floor", "kind": "general", "capacity": 60}]}"""


@pytest.fixture
async def server(settings: Settings, redis_client: RedisClient) -> AsyncIterator[TestServer[web.Request]]:
    server = TestServer(create_app(settings))
    await server.start_server()
    yield server
    await server.close()


@pytest.fixture
def services(server: TestServer[web.Request]) -> Services:
    return server.app[SERVICES]


@pytest.fixture
async def browser(server: TestServer[web.Request]) -> AsyncIterator[Callable[[], Organizer]]:
    """``browser()``: another one, signed in as nobody."""
    organizers: list[Organizer] = []

    def run() -> Organizer:
        organizers.append(Organizer(server.make_url("/")))
        return organizers[-1]

    yield run
    for organizer in organizers:
        await organizer.client.close()


@pytest.fixture
def somebody(browser: Callable[[], Organizer]) -> Callable[[], Awaitable[Organizer]]:
    """``await somebody()``: a new person, signed in."""

    async def run() -> Organizer:
        return await browser().register()

    return run


@pytest.fixture
async def organizer(somebody: Callable[[], Awaitable[Organizer]]) -> Organizer:
    return await somebody()


@pytest.fixture
def chart() -> str:
    return CHART


@pytest.fixture
async def chromium(chromium_address: str) -> AsyncIterator[Browser]:
    async with connected(chromium_address) as browser:
        yield browser


@pytest.fixture
def free_order() -> Callable[..., Any]:
    """``await free_order(services, event_id, 2)``: an order that was settled without the provider."""

    async def run(services: Services, event_id: str, quantity: int) -> str:
        await services.common.pool.execute("UPDATE ticket_types SET price_cents = 0 WHERE event_id = $1", event_id)
        await services.sale.inventory.changed(event_id)
        services.sale.selling.forget(event_id)
        placed = await hold(services, event_id, quantity)
        opened = await services.money.orders.open(
            placed.hold.id, placed.token, Buyer("Ada Byron", "ada@example.test", {"marketing": False})
        )
        return opened.order_id

    return run
