"""Postgres fails over in the middle of selling: its primary is killed, the standby takes over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from engine.foundation.postgres import primary_of
from engine.settings import Settings
from tests import factories as make
from tests.faults.conftest import audited
from tests.faults.postgres_box import PostgresPair
from tests.shop import Answer, Shop

HEALTHY_WITHIN_S = 10.0
BUYERS = 6
BEFORE_S, AWAY_S, AFTER_S = 2.0, 1.5, 2.0


@pytest.fixture(scope="module")
def pair(store_folder: Path) -> Iterator[PostgresPair]:
    folder = store_folder / "pair"
    folder.mkdir()
    pair = PostgresPair(folder)
    pair.start()
    yield pair
    pair.stop()


@pytest.fixture
def settings(settings: Settings, pair: PostgresPair) -> Settings:
    return settings.model_copy(update={"database_url": pair.url})


async def test_after_a_failover_the_shop_is_healthy_within_seconds_and_no_order_is_lost_or_doubled(
    shop: Shop, pair: PostgresPair
):
    await shop.open_event(make.general("Floor", 2_000))
    seen: set[int] = set()
    ready: list[int] = []
    bought: list[Answer] = []
    over = asyncio.Event()

    async def buyer() -> None:
        """Each step is repeated with its key until it is done, as the pages do it."""
        while not over.is_set():
            hold = await shop.hold(1)
            seen.add(hold.status)
            key = shop.key()
            while hold.status == 201:
                order = await shop.order(hold, key)
                seen.add(order.status)
                if order.status == 201:
                    bought.append(order)
                    if (await shop.pay(order))[0] != 200:
                        raise AssertionError("the provider did not take the money")
                    break
                if over.is_set() or order.status not in {503, 409}:
                    break
                await asyncio.sleep(0.1)
            await asyncio.sleep(0.01)

    async def watch() -> None:
        while not over.is_set():
            async with shop.http.get(shop.url + "/readyz") as answer:
                ready.append(answer.status)
            await asyncio.sleep(0.1)

    tasks = [asyncio.create_task(buyer()) for _ in range(BUYERS)]
    tasks.append(asyncio.create_task(watch()))
    await asyncio.sleep(BEFORE_S)
    assert bought, "nothing was sold before"
    pair.kill_primary()
    await asyncio.sleep(AWAY_S)
    await pair.promote()
    promoted, before = time.monotonic(), len(bought)
    while ready[-1] != 200 or len(bought) == before:
        await asyncio.sleep(0.05)
        assert time.monotonic() - promoted < HEALTHY_WITHIN_S, (ready[-5:], len(bought) - before)
    await asyncio.sleep(AFTER_S)
    over.set()
    await asyncio.gather(*tasks)

    assert 503 in ready, "readiness saw nothing of it"
    assert seen <= {201, 503, 409}, seen
    pool = shop.services.common.pool
    await pool.execute("UPDATE webhook_events SET available_at = now() WHERE status IN ('received', 'parked')")
    await pool.execute("UPDATE orders SET reconcile_at = now() WHERE status IN ('pending', 'processing')")
    await shop.work("payment_reconciler", "webhook_retry", rounds=2)
    for order in bought:
        assert (await shop.until(order, "paid"))["status"] == "paid"
    assert await pool.fetchval("SELECT count(*) FROM orders WHERE status = 'paid'") == len(bought)
    report = await audited(shop)
    assert report["sold"] == len(bought)


async def test_migrations_go_to_the_host_that_takes_writes(pair: PostgresPair, shop: Shop):
    """After the failover of the test before: dbmate knows one host only."""
    alone = await primary_of(pair.url)
    assert "target_session_attrs" not in alone
    connection = await asyncpg.connect(alone)
    try:
        assert not await connection.fetchval("SELECT pg_is_in_recovery()")
    finally:
        await connection.close()
