"""Redis is away or cannot: anybody who buys hears of the inventory, in words of the sale and not of the store."""

from __future__ import annotations

import pytest

from engine.domain.errors import InventoryUnavailable
from engine.foundation.connections import RedisAway, RedisRefused
from engine.services.sale.inventory import Inventory

EVENT = "evt_1"


class Away:
    """A connection that fails in one way."""

    generation = 1

    def __init__(self, error: Exception) -> None:
        self._error = error

    def command(self, *_arguments):
        raise self._error


def inventory(error: Exception) -> Inventory:
    return Inventory(hot=Away(error), redis=None, holds=None, store=None, selling=None)


@pytest.mark.parametrize("ask", [Inventory.epoch, Inventory.unit_map])
async def test_a_connection_that_is_lost_is_an_inventory_that_cannot_be_reached(ask):
    with pytest.raises(InventoryUnavailable) as refused:
        await ask(inventory(RedisAway("10.0.0.7:6379 refused")), EVENT)
    assert (refused.value.code, refused.value.retry_after_s) == ("inventory_unavailable", 1)
    assert "10.0.0.7" not in refused.value.detail


@pytest.mark.parametrize(
    ("error", "facts"), [(RedisAway(), {}), (RedisRefused(retry_after_s=1, reason="loading"), {"reason": "loading"})]
)
async def test_a_script_that_redis_does_not_run_is_told_so_too(error, facts):
    store = inventory(error)
    store._epochs[EVENT] = (b"run:1", 1)

    async def run(_epoch: bytes) -> None:
        raise error

    with pytest.raises(InventoryUnavailable) as refused:
        await store.fenced(EVENT, run)
    assert refused.value.facts == facts
    assert refused.value.__cause__ is error
    assert EVENT not in store._epochs, "what was believed over that connection is forgotten"


def test_to_everybody_else_it_is_a_store_that_is_away():
    assert {RedisAway.code, RedisRefused.code} == {"store_unavailable"}
