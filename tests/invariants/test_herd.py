"""Four engine processes, a thousand callers in the same moment: every seat is given once, nobody refused falsely."""

from __future__ import annotations

import asyncpg
import pytest

from engine.settings import Settings
from tests.invariants.herd import rounds

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


async def test_a_herd_on_four_workers_loses_nobody_and_sells_nothing_twice(
    settings: Settings, pool: asyncpg.Pool
) -> None:
    assert await rounds(settings, pool, repeats=1) == []
