"""What the ledger decided reaches the map: orders of one moment together, each as if it were alone."""

from __future__ import annotations

import asyncio

import pytest

from engine.domain.errands import LeaseEnded
from engine.domain.sale.holds import HoldItem, HoldRequest
from engine.foundation import leases
from engine.foundation.connections import HotRedis, RedisClient
from engine.foundation.ids import id_to_bytes
from engine.services.money.stock_errands import StockErrands
from engine.stores import keys
from engine.stores.sale.hold_records import REF_BYTES
from tests import factories as make
from tests.takers import taker

ORDERS = 6


async def held(core, event_id: str, kind: str, key: str, quantity: int = 2):
    request = HoldRequest(event_id, (HoldItem(kind, quantity),))
    placed = await core.holds.place(request, admission=None, principal="t", key=key, body=b"{}", taker=taker())
    await core.inventory.order(event_id, placed.hold.id)
    return placed.hold.id, [line.unit for line in placed.hold.lines]


async def pulse(redis: RedisClient, event_id: str) -> dict[str, int]:
    found = await redis.hgetall(keys.pulse(event_id))
    return {name: int(found.get(name.encode(), 0)) for name in ("free", "held", "ordered", "sold")}


@pytest.fixture
async def floor(core, pool):
    event_id, (kind,) = await make.event(pool, make.chart(make.general("Floor", 20)), [{"categories": ["Floor"]}])
    await core.inventory.load(event_id)
    return event_id, kind


async def test_orders_of_one_moment_are_told_in_one_script(core, floor, hot: HotRedis, redis_client: RedisClient):
    event_id, kind = floor
    holds = [await held(core, event_id, kind, f"k{n}") for n in range(ORDERS)]
    before = (await redis_client.info("commandstats"))["cmdstat_evalsha"]["calls"]
    version = int(await redis_client.hget(keys.pulse(event_id), "version"))
    tell = core.inventory.ordered
    await asyncio.gather(*(tell(event_id, hold_id, f"ord_{n}", units) for n, (hold_id, units) in enumerate(holds)))
    assert (await redis_client.info("commandstats"))["cmdstat_evalsha"]["calls"] == before + 1
    assert await pulse(redis_client, event_id) == {"free": 8, "held": 0, "ordered": 12, "sold": 0}
    assert int(await redis_client.hget(keys.pulse(event_id), "version")) == version + 1
    hold_id, units = holds[0]
    await asyncio.gather(
        core.inventory.sold(event_id, hold_id, "ord_0", units),
        core.inventory.ordered(event_id, hold_id, "ord_0", units),
    )
    assert await pulse(redis_client, event_id) == {"free": 8, "held": 0, "ordered": 10, "sold": 2}


async def test_units_turn_in_whatever_order_they_are_named(core, floor, redis_client: RedisClient):
    event_id, kind = floor
    await held(core, event_id, kind, "before", 1)
    hold_id, (first, second, third, fourth) = await held(core, event_id, kind, "k", 4)
    await core.inventory.ordered(event_id, hold_id, "ord_1", [fourth, first, second, third])
    assert await pulse(redis_client, event_id) == {"free": 15, "held": 1, "ordered": 4, "sold": 0}
    await core.inventory.sold(event_id, hold_id, "ord_1", [third, first])
    assert await pulse(redis_client, event_id) == {"free": 15, "held": 1, "ordered": 2, "sold": 2}
    assert (await core.inventory.unit_map(event_id))[:6] == b"\x01\x03\x02\x03\x02\x40"


async def test_listeners_are_told_every_unit_that_turns(core, floor):
    event_id, kind = floor
    await core.availability.map(event_id)
    holds = [await held(core, event_id, kind, f"k{n}") for n in range(2)]
    await core.inventory.ordered(event_id, holds[0][0], "ord_0", holds[0][1])
    await asyncio.gather(
        *(core.inventory.sold(event_id, hold_id, f"ord_{n}", units) for n, (hold_id, units) in enumerate(holds))
    )
    async with asyncio.timeout(5):
        while (await core.availability.map(event_id))[:5] != b"\x03\x03\x03\x03\x40":
            await asyncio.sleep(0.01)
    assert (await core.availability.map(event_id)) == await core.inventory.unit_map(event_id)


async def test_an_order_that_let_go_of_its_units_before_the_map_heard_of_it_does_not_get_them(
    core, floor, redis_client: RedisClient
):
    event_id, kind = floor
    hold_id, units = await held(core, event_id, kind, "k")
    await core.inventory.free(event_id, units, "ord_gone", types=[kind] * 2)
    await core.inventory.ordered(event_id, hold_id, "ord_gone", units)
    assert await pulse(redis_client, event_id) == {"free": 18, "held": 2, "ordered": 0, "sold": 0}


async def test_what_goes_wrong_with_one_event_is_nothing_to_the_others(core, pool, floor, monkeypatch):
    event_id, kind = floor
    hold_id, units = await held(core, event_id, kind, "k")
    other, _ = await make.event(pool, make.chart(make.general("Floor", 2)), [{"categories": ["Floor"]}])
    monkeypatch.setattr(core.inventory, "_rebuild_soon", lambda *_, **__: None)
    told, refused = await asyncio.gather(
        core.inventory.sold(event_id, hold_id, "ord_1", units),
        core.inventory.sold(other, hold_id, "ord_2", units),
        return_exceptions=True,
    )
    assert told is None
    assert type(refused).__name__ == "InventoryRebuilding"


async def test_the_hold_of_another_order_is_not_touched_and_the_units_are_astray(core, floor, monkeypatch):
    event_id, kind = floor
    hold_id, units = await held(core, event_id, kind, "k")
    strayed: list[int] = []
    monkeypatch.setattr(core.inventory, "_strayed", lambda _, astray: strayed.append(astray))
    lost = "hld_" + "0" * 26
    assert id_to_bytes(lost)[:REF_BYTES] != id_to_bytes(hold_id)[:REF_BYTES]
    await core.inventory.ordered(event_id, lost, "ord_1", units)
    await core.inventory.ordered(event_id, lost, "ord_1", [18, 19])
    await core.inventory.ordered(event_id, lost, "ord_1", [19, 20])
    await core.inventory.ordered(event_id, hold_id, "ord_2", units)
    assert strayed == [2, 2, 2, 0]
    assert len(await core.inventory.unit_map(event_id)) == 20


async def test_closing_tells_what_waits_for_company(core, floor, redis_client: RedisClient):
    event_id, kind = floor
    first, second = [await held(core, event_id, kind, f"k{n}") for n in range(2)]
    await core.inventory.ordered(event_id, first[0], "ord_1", first[1])
    telling = asyncio.create_task(core.inventory.ordered(event_id, second[0], "ord_2", second[1]))
    await asyncio.sleep(0)
    assert not telling.done()
    await core.inventory.close()
    await telling
    assert (await pulse(redis_client, event_id))["ordered"] == 4


async def test_leases_of_one_moment_go_back_together(core, hot: HotRedis, redis_client: RedisClient):
    stock = StockErrands(inventory=core.inventory, orders=None, hot=hot, gates=None)
    ended = [(f"evt_{number % 2}", bytes((number,)) * 16) for number in range(ORDERS)]
    for event_id, lease_id in ended:
        await redis_client.zadd(leases.lease_key(event_id), {lease_id: 1e15})
    before = (await redis_client.info("commandstats")).get("cmdstat_zrem", {"calls": 0})["calls"]
    errands = [LeaseEnded(event_id, lease_id.hex()) for event_id, lease_id in ended]
    await asyncio.gather(*(stock.release_lease(errand, False) for errand in errands))
    assert (await redis_client.info("commandstats"))["cmdstat_zrem"]["calls"] == before + 2
    for event_id, lease_id in ended:
        assert await redis_client.zscore(leases.lease_key(event_id), lease_id) is None
        assert await redis_client.zscore(leases.over_key(event_id), lease_id) is not None
    await stock.close()
