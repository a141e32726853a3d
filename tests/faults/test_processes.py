"""Processes that are killed, and what they leave: errands that somebody else does, a map that is read again."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from pathlib import Path

import aiohttp
import pytest

from tests import factories as make
from tests.faults.conftest import audited, until_sold_again
from tests.invariants.herd import engine_processes, until_ready
from tests.shop import Shop

WORKERS = 3
KILLS = 4
BUYERS = 8


def _workers(pid: int) -> list[int]:
    """The keeper's engine processes; its guardian is a child too, and no worker."""
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [child for child in children if b"serve" in Path(f"/proc/{child}/cmdline").read_bytes()]


@pytest.mark.slow
async def test_engine_processes_killed_in_the_middle_leave_a_clean_ledger(shop: Shop):
    await shop.open_event(make.seated("Floor", 200, 50), types=[{"categories": ["Floor"]}])
    with engine_processes(shop.services.common.settings, WORKERS) as (url, keeper):
        await until_ready(url)
        shop.url = url
        await shop.switch(webhook_url=url + "/v1/webhooks/stripe", webhook_secret="whsec_test_onsale")
        over, paid, killed = asyncio.Event(), [], set[int]()

        async def buyer(number: int) -> None:
            rng = random.Random(number)
            while not over.is_set():
                try:
                    hold = await shop.hold(rng.choice([1, 2, 3]))
                    if hold.status == 201 and rng.random() < 0.8:
                        order = await shop.order(hold)
                        if order.status == 201 and (await shop.pay(order))[0] == 200:
                            paid.append(order)
                except aiohttp.ClientError:
                    await asyncio.sleep(0.05)

        buyers = [asyncio.create_task(buyer(number)) for number in range(BUYERS)]
        for _ in range(KILLS):
            await asyncio.sleep(1.0)
            victim = random.choice(_workers(keeper.pid))
            os.kill(victim, signal.SIGKILL)
            killed.add(victim)
        await asyncio.sleep(1.0)
        over.set()
        await asyncio.gather(*buyers)
        assert killed.isdisjoint(_workers(keeper.pid)), "the kills hit nothing"
        await until_ready(url)  # all of them may be starting again at once on a busy machine
        await until_sold_again(shop)
        await shop.services.common.pool.execute("UPDATE orders SET reconcile_at = now() WHERE status = 'pending'")
        await shop.work("payment_reconciler", "webhook_retry", rounds=3)
        for order in paid:
            assert (await shop.until(order, "paid"))["status"] == "paid"
        report = await audited(shop)
        assert report["sold"] >= len(paid)


async def test_a_map_that_drifted_from_the_ledger_is_read_anew(shop: Shop):
    await shop.open_event(make.general("Floor", 20))
    await shop.paid(4)
    held, _ = await until_sold_again(shop, 2)
    event = shop.event_id.encode()
    await shop.settled_errands()
    redis = shop.services.common.redis
    await redis.setrange(b"inv:{%s}:map" % event, 0, b"\x40")  # somebody's errand was lost
    await redis.hincrby(b"inv:{%s}:pulse" % event, "sold", -1)
    await redis.hincrby(b"inv:{%s}:pulse" % event, "free", 1)
    assert await shop.services.sale.inventory.drift(shop.event_id) == (0, -1)
    await _watch(shop)
    assert await shop.services.sale.inventory.drift(shop.event_id) == (0, 0)
    report = await audited(shop)
    assert (report["sold"], report["on_hold"]) == (4, 2)
    answer = await shop.ask("GET", f"/v1/holds/{held['id']}", X_Order_Token=held["hold_token"])
    assert answer.status == 200


async def _watch(shop: Shop) -> None:
    """As the worker does it, one job object over several rounds."""
    from engine.jobs.redis_rebuild import LOOKS, RedisRebuild

    job = RedisRebuild(shop.services.sale.inventory)
    for _ in range(LOOKS):
        await job.step()
