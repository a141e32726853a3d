"""The selling core over real stores, without HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
import pytest

from engine.foundation.address_limits import AddressLimits
from engine.foundation.bearer import Bearers
from engine.foundation.connections import HotRedis, RedisClient
from engine.services.sale.availability import Availability
from engine.services.sale.holds import Holds
from engine.services.sale.inventory import Inventory
from engine.services.sale.selling import Selling
from engine.services.sale.takers import Takers
from engine.settings import Settings
from engine.stores.sale.holds import HoldStore
from engine.stores.sale.selling import SellingStore


@dataclass
class Core:
    selling: Selling
    inventory: Inventory
    availability: Availability
    holds: Holds
    store: HoldStore


@pytest.fixture
async def core(pool: asyncpg.Pool, hot: HotRedis, redis_client: RedisClient, settings: Settings) -> AsyncIterator[Core]:
    selling_store, store = SellingStore(pool), HoldStore(hot)
    selling = Selling(store=selling_store, keyring=settings.keyring, redis=redis_client)
    inventory = Inventory(hot=hot, redis=redis_client, holds=store, store=selling_store, selling=selling)
    availability = Availability(hot=hot, redis=redis_client, selling=selling)
    takers = Takers(
        AddressLimits(time.monotonic), bearers=Bearers(settings.jwt_key.get_secret_value().encode()),
        trust_forwarded=False, lifted_for_loopback=True,
    )  # fmt: skip
    holds = Holds(store=store, selling=selling, inventory=inventory, availability=availability, takers=takers)
    listening = [asyncio.create_task(selling.listen()), asyncio.create_task(availability.listen())]
    await asyncio.sleep(0.05)
    yield Core(selling, inventory, availability, holds, store)
    await inventory.close()
    await holds.close()
    for task in listening:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
