"""The whole engine behind real stores, and an event to look at."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from engine.app import create_app
from engine.services import appkeys
from engine.settings import Settings
from tests import factories

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
