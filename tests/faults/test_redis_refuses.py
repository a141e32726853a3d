"""Redis answers that it cannot: 503 with Retry-After, nothing written, and selling goes on when it can again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import pytest

from engine.foundation import embedded
from tests import factories as make
from tests.faults.conftest import RedisBox, audited, until_sold_again
from tests.shop import Shop

ASKS = 10


@contextlib.asynccontextmanager
async def _read_only(box: RedisBox) -> AsyncIterator[None]:
    """Demoted: it follows a master that does not exist."""
    async with box.client() as client:
        await client.execute_command("REPLICAOF", "127.0.0.1", embedded.free_port())
        yield
        await client.execute_command("REPLICAOF", "NO", "ONE")


@contextlib.asynccontextmanager
async def _out_of_memory(box: RedisBox) -> AsyncIterator[None]:
    async with box.client() as client:
        await client.config_set("maxmemory", "1mb")
        yield
        await client.config_set("maxmemory", "0")


@contextlib.asynccontextmanager
async def _busy(box: RedisBox) -> AsyncIterator[None]:
    """Somebody's endless script."""
    async with box.client() as client, box.client() as stuck:
        await client.config_set("busy-reply-threshold", 50)
        endless = asyncio.create_task(stuck.eval("while true do end", 0))
        await asyncio.sleep(0.2)
        yield
        await client.script_kill()
        with pytest.raises(Exception, match=r"killed|Script"):
            await endless


WEATHER = {"read only": _read_only, "out of memory": _out_of_memory, "busy": _busy}


@pytest.mark.parametrize("weather", WEATHER.values(), ids=WEATHER)
async def test_while_redis_refuses_nothing_is_written_and_then_selling_goes_on(
    shop: Shop, box: RedisBox, weather: Callable[[RedisBox], AbstractAsyncContextManager[None]]
):
    await shop.open_event(make.seated("Floor", 4, 20), types=[{"categories": ["Floor"]}])
    held, _ = await until_sold_again(shop, 2)
    async with weather(box):
        answers = [await shop.hold(2) for _ in range(ASKS)]
        order = await shop.order(held)
        gone = await shop.ask("DELETE", f"/v1/holds/{held['id']}", X_Order_Token=held["hold_token"])
    for answer in (*answers, order, gone):
        assert answer.status == 503, answer.body
        assert answer["code"].startswith("inventory_") or answer["code"] == "overloaded"
        assert int(answer.headers["Retry-After"]) >= 1
    assert (await shop.pulse())["held"] == 2
    again, _ = await until_sold_again(shop, 2)
    assert not {item["unit"] for item in again["items"]} & {item["unit"] for item in held["items"]}
    assert (await shop.order(held)).status == 201
    report = await audited(shop)
    assert (report["on_hold"], report["ordered"]) == (2, 2)


async def test_a_redis_that_is_still_loading_is_waited_for(shop: Shop, box: RedisBox):
    await shop.open_event(make.general("Floor", 50))
    order = await shop.paid(3)
    async with box.client() as client:
        for number in range(200):
            await client.set(f"ballast:{number}", "x" * 100)
        await client.execute_command("SAVE")
    box.kill()
    slow = ("--save", "3600 1", "--key-load-delay", "10000", "--loading-process-events-interval-bytes", "1024")
    starting = asyncio.create_task(asyncio.to_thread(box.start, *slow))  # the snapshot is read for two seconds or more
    hold, refused = await until_sold_again(shop, 2)
    await starting
    assert len(refused) > 5
    rows = await shop.services.common.pool.fetch("SELECT unit FROM order_units WHERE order_id = $1", order["order_id"])
    assert not {row["unit"] for row in rows} & {item["unit"] for item in hold["items"]}
    assert (await audited(shop))["sold"] == 3
