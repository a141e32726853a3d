"""The whole engine behind real stores, and an event to look at."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from playwright.async_api import Browser

from engine.app import create_app
from engine.services import appkeys
from engine.settings import Settings
from loadtest.sandbox.app import build_app
from loadtest.sandbox.controls import Controls
from tests import factories
from tests.chromium import connected
from tests.pages.browsing import Site

Client = TestClient[web.Request, web.Application]
HTML = {"Accept": "text/html,application/xhtml+xml"}


@dataclass(frozen=True)
class Night:
    """A published event on sale: stalls of 2 x 10 seats and a floor of 30."""

    id: str
    slug: str
    types: list[str]


@pytest.fixture
async def engine(settings: Settings) -> AsyncIterator[Client]:
    async with TestClient(TestServer(create_app(settings))) as client:
        yield client


@pytest.fixture
def publish(engine: Client, pool: asyncpg.Pool) -> Callable[..., Awaitable[Night]]:
    """``await publish(types, **columns)``: an event in the ledger and on sale."""

    async def run(
        types: list[dict[str, Any]] | None = None, *, seating: dict[str, Any] | None = None, **columns: Any
    ) -> Night:
        seating = seating or factories.chart(factories.seated("Stalls", 2, 10), factories.general("Floor", 30))
        types = types or [
            {"name": "Stalls", "price_cents": 5000, "categories": ["Stalls"]},
            {"name": "Standing", "price_cents": 0, "categories": ["Floor"]},
        ]
        event_id, ids = await factories.event(pool, seating, types, **columns)
        await engine.app[appkeys.INVENTORY].load(event_id)
        return Night(event_id, columns.get("slug", event_id.lower()), ids)

    return run


@pytest.fixture
async def night(publish: Callable[..., Awaitable[Night]]) -> Night:
    return await publish(
        title="Night of <Lanterns>",
        slug="night-of-lanterns",
        price_from_cents=0,
        price_to_cents=5565,
        taxes=[{"name": "GST", "rate_bp": 500}],
        fee={"rate_bp": 600, "fixed_cents": 0, "paid_by": "buyer"},
    )


@pytest.fixture
async def browser(chromium_address: str) -> AsyncIterator[Browser]:
    async with connected(chromium_address) as browser:
        yield browser


@pytest.fixture
async def site(settings: Settings, pool: asyncpg.Pool, redis_client: object, browser: Browser) -> AsyncIterator[Site]:
    controls = Controls()
    sandbox = TestServer(build_app(controls))
    await sandbox.start_server()
    stripe_url = str(sandbox.make_url("")).rstrip("/")
    own = settings.model_copy(update={"stripe_url": stripe_url, "stripe_rate_per_s": 1000})
    server = TestServer(create_app(own))
    await server.start_server()
    controls.webhook_url = str(server.make_url("/v1/webhooks/stripe"))
    controls.webhook_secret = "whsec_test_onsale"
    page = await browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(20_000)
    site = Site(server, pool, page)
    page.on("pageerror", lambda error: site.complaints.append(str(error)))
    page.on(
        "console", lambda message: site.complaints.append(message.text) if "Content Security" in message.text else None
    )
    yield site
    await page.close()
    await server.close()
    await sandbox.close()
    assert site.complaints == []
