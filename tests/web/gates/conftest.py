"""The engine with a sold event, over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest
from aiohttp.test_utils import TestClient, TestServer

from engine.app import create_app
from engine.foundation.bearer import Bearers
from engine.foundation.connections import HotRedis
from engine.settings import Settings
from tests.gate_world import ADMIN, open_world
from tests.web.gates.gates_api import Api


@pytest.fixture
async def api(pool: asyncpg.Pool, hot: HotRedis, settings: Settings) -> AsyncIterator[Api]:
    world = await open_world(pool, hot, settings, tickets=20)
    token = Bearers(settings.jwt_key.get_secret_value().encode()).sign(ADMIN)
    async with TestClient(TestServer(create_app(settings))) as client:
        yield Api(client, world, {"Authorization": f"Bearer {token}"})
    await world.close()
