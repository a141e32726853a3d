"""The door that every test of the scanner stands at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from engine.foundation.connections import HotRedis
from engine.settings import Settings
from tests.pages.gates.scanner import Door, open_door


@pytest.fixture
async def door(pool: asyncpg.Pool, hot: HotRedis, settings: Settings, tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(pool, hot, settings, tmp_path) as door:
        yield door
