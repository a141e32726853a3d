"""Redis loses what it knew: selling stops by itself, the map is read from the ledger, and selling resumes.

Paid units stay sold and ordered ones ordered; a hold that was lost is 410 to its owner; nothing is sold twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from engine.domain.money.new_orders import Buyer
from engine.foundation import embedded, leases
from tests import factories as make
from tests.faults.conftest import RedisBox, audited, until_sold_again
from tests.faults.proxy import Proxy
from tests.shop import Answer, Shop

CAPACITY = 200


@dataclass
class Night:
    """What was sold before Redis lost it: ``kept`` holds are older than what it still knows, ``late`` ones are not."""

    shop: Shop
    paid: list[Answer] = field(default_factory=list)
    ordered: list[Answer] = field(default_factory=list)
    kept: list[Answer] = field(default_factory=list)
    late: list[Answer] = field(default_factory=list)

    async def early(self) -> None:
        self.paid += [await self.shop.paid(2) for _ in range(3)]
        self.ordered.append(await self.shop.ordered(2))
        self.kept += [await self.shop.hold(2) for _ in range(3)]

    async def lately(self) -> None:
        self.paid += [await self.shop.paid(2) for _ in range(3)]
        self.ordered.append(await self.shop.ordered(2))
        self.late += [await self.shop.hold(2) for _ in range(3)]
        assert all(hold.status == 201 for hold in (*self.kept, *self.late))

    async def units(self, orders: list[Answer]) -> set[int]:
        ids = [order["order_id"] for order in orders]
        rows = await self.shop.services.common.pool.fetch("SELECT unit FROM order_units WHERE order_id = ANY($1)", ids)
        return {row["unit"] for row in rows}


async def _read(shop: Shop, hold: Answer) -> int:
    answer = await shop.ask("GET", f"/v1/holds/{hold['id']}", X_Order_Token=hold["hold_token"])
    return answer.status


async def _flushed(night: Night, box: RedisBox, _proxy: Proxy, _folder: Path) -> None:
    await night.early()
    await night.lately()
    async with box.client() as client:
        await client.flushall()


async def _restarted_empty(night: Night, box: RedisBox, _proxy: Proxy, _folder: Path) -> None:
    await night.early()
    await night.lately()
    box.kill()
    await asyncio.sleep(0.2)  # long enough for everybody to notice
    box.start()


async def _restarted_with_a_truncated_log(night: Night, box: RedisBox, _proxy: Proxy, _folder: Path) -> None:
    async with box.client() as client:
        await client.config_set("appendfsync", "always")
        await client.config_set("appendonly", "yes")
        while (await client.info("persistence"))["aof_rewrite_in_progress"]:
            await asyncio.sleep(0.02)
    await night.early()
    (log,) = (box.folder / "appendonlydir").glob("*.incr.aof")
    size = log.stat().st_size
    await night.lately()
    assert log.stat().st_size > size
    box.kill()
    with log.open("r+b") as tail:
        tail.truncate(size + 100)  # in the middle of a transaction
    box.fsync = "always"
    box.start()


async def _replaced_by_a_replica(night: Night, box: RedisBox, proxy: Proxy, folder: Path) -> None:
    """The promoted replica lacks everything since it was cut off; every connection is broken as a failover does."""
    replica = embedded.start_valkey(folder / "replica", fsync="none", extra=("--replicaof", "127.0.0.1", str(box.port)))
    twin = RedisBox(folder / "replica", replica)
    await night.early()
    async with box.client() as master, twin.client() as client:
        await master.set("last", "write", ex=60)
        while await master.wait(1, 1000) < 1:
            await asyncio.sleep(0.02)
        await client.execute_command("REPLICAOF", "NO", "ONE")
    await night.lately()
    box.kill()
    box.server = replica  # so that the test's end stops it
    proxy.target = replica.url
    proxy.reset()


LOSSES = {
    "emptied": (_flushed, False),
    "restarted empty": (_restarted_empty, False),
    "restarted with a truncated log": (_restarted_with_a_truncated_log, True),
    "replaced by a replica that lacks the last writes": (_replaced_by_a_replica, True),
}
Loss = Callable[[Night, RedisBox, Proxy, Path], Awaitable[None]]


@pytest.mark.parametrize(("lose", "remembers"), LOSSES.values(), ids=LOSSES)
async def test_selling_stops_is_rebuilt_from_the_ledger_and_resumes(
    shop: Shop, box: RedisBox, proxy: Proxy, tmp_path: Path, lose: Loss, remembers: bool
):
    await shop.open_event(make.seated("Floor", 4, CAPACITY // 4))
    night = Night(shop)
    await lose(night, box, proxy, tmp_path)
    fresh, refused = await until_sold_again(shop, 2)
    assert refused, "nobody was told that the map was lost"

    paid, ordered = await night.units(night.paid), await night.units(night.ordered)
    assert len(paid) == 12
    assert len(ordered) == 4
    pulse = await shop.pulse()
    assert pulse["sold"] == len(paid)
    assert pulse["ordered"] == len(ordered)
    assert {await _read(shop, hold) for hold in night.late} == {410}
    assert {await _read(shop, hold) for hold in night.kept} == ({200} if remembers else {410})
    assert {await _read(shop, fresh)} == {200}

    owned = paid | ordered | {item["unit"] for item in fresh["items"]}
    if remembers:
        owned |= {item["unit"] for hold in night.kept for item in hold["items"]}
    taken: set[int] = set()
    while True:
        answer = await shop.hold(2)
        if answer.status == 503:  # a pooled connection that has not noticed yet
            continue
        if answer.status != 201:
            break
        units = {item["unit"] for item in answer["items"]}
        assert not units & (owned | taken)
        taken |= units
    assert answer["code"] in {"sold_out", "best_available_not_found"}, answer.body
    assert len(owned | taken) == CAPACITY

    assert (await shop.pay(night.ordered[0]))[0] == 200
    assert (await shop.until(night.ordered[0], "paid"))["status"] == "paid"
    if remembers:
        order = await shop.order(night.kept[0])
        assert order.status == 201
    report = await audited(shop)
    assert report["sold"] == len(paid) + 2
    assert report["free"] == 0


async def test_a_process_that_slept_through_a_restart_does_not_sell_from_an_old_map(
    shop: Shop, box: RedisBox, proxy: Proxy
):
    """Nothing was under way when the connection broke, so nobody was told; the epoch in Redis is the old one."""
    await shop.open_event(make.general("Floor", 10))
    async with box.client() as client:
        await client.config_set("appendfsync", "always")
        await client.config_set("appendonly", "yes")
        while (await client.info("persistence"))["aof_rewrite_in_progress"]:
            await asyncio.sleep(0.02)
    await until_sold_again(shop)
    (log,) = (box.folder / "appendonlydir").glob("*.incr.aof")
    size = log.stat().st_size
    order = await shop.paid(5)
    async with asyncio.timeout(5):
        while await shop.settled_errands():
            await asyncio.sleep(0.05)
    box.kill()
    with log.open("r+b") as tail:
        tail.truncate(size)
    box.fsync = "always"
    box.start()
    await asyncio.sleep(0.5)  # every connection is made again before anybody asks
    async with box.client() as client:
        (unit_map,) = [await client.get(b"inv:{%s}:map" % shop.event_id.encode())]
        assert unit_map.count(3) == 0, "the sold units must be missing for this test to mean anything"
    hold, _ = await until_sold_again(shop, 3)
    rows = await shop.services.common.pool.fetch("SELECT unit FROM order_units WHERE order_id = $1", order["order_id"])
    assert not {row["unit"] for row in rows} & {item["unit"] for item in hold["items"]}
    assert (await audited(shop))["sold"] == 5


async def test_an_order_written_while_the_map_was_lost_is_put_on_it_again(shop: Shop, box: RedisBox):
    """Hold, then Redis is emptied and rebuilt, then the order is written: the new map knew nothing of its units."""
    await shop.open_event(make.general("Floor", 10))
    await until_sold_again(shop)
    hold = await shop.hold(4)
    book = shop.services.money.orders._book
    place = book.place

    async def place_late(order, claim=None):
        async with box.client() as client:
            await client.flushall()
        await shop.services.sale.inventory.load(shop.event_id)
        return await place(order, claim)

    book.place = place_late
    opened = await shop.services.money.orders.open(hold["id"], hold["hold_token"], Buyer("Ada", "ada@example.test", {}))
    assert opened.status == "pending"
    async with asyncio.timeout(10):
        while (await shop.pulse()).get("ordered") != 4:
            await asyncio.sleep(0.05)
    report = await audited(shop)
    assert report["ordered"] == 4


async def test_a_rebuild_that_stalls_cannot_write_an_old_map_over_a_newer_one(shop: Shop):
    await shop.open_event(make.general("Floor", 10))
    inventory = shop.services.sale.inventory
    stalled, go_on = asyncio.Event(), asyncio.Event()
    owned = inventory._owned

    async def slow(event):
        answer = await owned(event)
        stalled.set()
        await go_on.wait()
        return answer

    inventory._owned = slow
    late = asyncio.create_task(inventory.rebuild(shop.event_id))
    await stalled.wait()
    inventory._owned = owned
    await shop.services.common.redis.delete(b"inv:{%s}:rebuild" % shop.event_id.encode())  # its lock ran out
    assert await inventory.rebuild(shop.event_id)
    order = await shop.paid(4)
    go_on.set()
    assert not await late
    assert order["status"] == "pending"
    assert (await audited(shop))["sold"] == 4


async def test_a_rebuilder_that_was_killed_stops_selling_for_no_longer_than_its_lock(shop: Shop):
    await shop.open_event(make.general("Floor", 10))
    redis, event = shop.services.common.redis, shop.event_id.encode()
    await redis.set(b"inv:{%s}:rebuild" % event, b"the dead", px=1500)
    await redis.set(b"inv:{%s}:epoch" % event, b"!the dead")
    _, refused = await until_sold_again(shop)
    assert refused
    assert (await audited(shop))["on_hold"] == 1


async def test_an_admission_that_was_used_up_stays_used_up_when_redis_is_lost(shop: Shop):
    """Its token still verifies; the ledger remembers the order it ended in. Anybody who cancelled may choose again."""
    await shop.open_event(make.general("Floor", 20))
    lease_ids = [bytes([n]) * 16 for n in (1, 2, 3)]
    for lease_id in lease_ids:
        order = await shop.paid(1)
        await shop.services.common.pool.execute(
            "UPDATE orders SET lease_id = $2 WHERE id = $1", order["order_id"], lease_id
        )  # fmt: skip
    for lease_id, status in zip(lease_ids[1:], ("pending", "cancelled"), strict=True):
        await shop.services.common.pool.execute("UPDATE orders SET status = $2 WHERE lease_id = $1", lease_id, status)
    await shop.services.common.redis.flushall()
    assert await shop.services.sale.inventory.rebuild(shop.event_id)
    over = await shop.services.common.redis.zrange(leases.over_key(shop.event_id), 0, -1)
    assert over == lease_ids[:1]
