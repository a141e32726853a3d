"""Two engines over the same stores."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.shop import Shop
from tests.web.money.order_doors import Door, opened


@pytest.fixture
async def door(shop: Shop) -> AsyncIterator[Door]:
    async with opened(shop) as one:
        yield one


@pytest.fixture
async def other(shop: Shop) -> AsyncIterator[Door]:
    async with opened(shop) as one:
        yield one
