"""An engine killed at any await between an order and its tickets: the buyer repeats, and has both or neither."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from engine.foundation import embedded
from tests.faults.conftest import audited
from tests.invariants.herd import environment_of, until_ready
from tests.shop import Answer, Shop
from tests.stripe_events import intent_of

BORDERS_MIN = 40  # fewer would mean that they are not counted any more
SAMPLE = 4
WAIT_S, DEAD_WITHIN_S = 15.0, 4.0
DIED_SHARE = 0.7
TICKETS = 2


@pytest.mark.slow
@pytest.mark.timeout(3_600 if "KILL_EVERY" in os.environ else 300)
async def test_an_engine_killed_on_the_way_of_an_order_leaves_tickets_and_money_or_neither(shop: Shop, tmp_path: Path):
    """Some awaits, from the first on; all of them with KILL_EVERY=1 (``make kills``)."""
    await shop.open_event()
    borders = await _counted(shop, tmp_path)
    assert borders >= BORDERS_MIN
    step = int(os.environ.get("KILL_EVERY", "0")) or -(-borders // SAMPLE)
    numbers = range(1, borders + 1, step)
    killed = 0
    for sold, number in enumerate(numbers, 2):
        killed += await _killed(shop, number, tmp_path)
        report = await audited(shop)
        assert report["sold"] == TICKETS * sold, f"killed at {number} of {borders}"
    assert killed >= len(numbers) * DIED_SHARE  # what waits together has a border less


async def _counted(shop: Shop, folder: Path) -> int:
    """How many borders there are on the way of an order that nobody kills."""
    async with _engine(shop, 0, folder) as (url, _):
        order = await _ordered_at(shop, url, await shop.hold(TICKETS), "whole")
        assert order is not None
        assert (await shop.pay(order))[0] == 200
        assert (await shop.until(order, "paid"))["status"] == "paid"
        await asyncio.sleep(1.0)
    return int((folder / "count").read_text())


async def _killed(shop: Shop, number: int, folder: Path) -> bool:
    """One buyer's order, whose engine dies at this border; another engine goes on with what it left.

    Returns whether it died: the last borders are not always reached.
    """
    hold = await shop.hold(TICKETS)
    assert hold.status == 201, hold.body
    async with _engine(shop, number, folder) as (url, process):
        order = await _ordered_at(shop, url, hold, f"key-{number}")
        if order is not None:
            assert (await shop.pay(order))[0] == 200
        with contextlib.suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(process.wait, DEAD_WITHIN_S)
        died = process.poll() == -signal.SIGKILL
    pool = shop.services.common.pool
    await pool.execute("UPDATE idempotency_keys SET locked_until = now()")  # a minute later
    await shop.switch(webhook_url=shop.url + "/v1/webhooks/stripe")
    repeated = await shop.order(hold, key=f"key-{number}")
    assert repeated.status == 201, repeated.body
    if order is None:
        assert (await shop.pay(repeated))[0] == 200
    else:
        assert repeated["order_id"] == order["order_id"]
    await pool.execute("UPDATE orders SET reconcile_at = now() WHERE status IN ('pending', 'processing')")
    await pool.execute("UPDATE webhook_events SET available_at = now() WHERE status IN ('received', 'parked')")
    await shop.work("payment_reconciler", "webhook_retry", rounds=2)
    assert (await shop.until(repeated, "paid"))["status"] == "paid"
    assert [ticket["status"] for ticket in await shop.tickets(repeated)] == ["valid"] * TICKETS
    assert await pool.fetchval("SELECT count(*) FROM orders WHERE hold_id = $1", hold["id"]) == 1
    if repeated.body.get("client_secret"):
        assert (order is None) or intent_of(repeated) == intent_of(order)
    return died


async def _ordered_at(shop: Shop, url: str, hold: Answer, key: str) -> Answer | None:
    """The order as this engine answers; None if it did not live to."""
    ours, shop.url = shop.url, url
    try:
        return await shop.order(hold, key=key)
    except aiohttp.ClientError:
        return None
    finally:
        shop.url = ours


@contextlib.asynccontextmanager
async def _engine(shop: Shop, at: int, folder: Path) -> AsyncIterator[tuple[str, subprocess.Popen[bytes]]]:
    """An engine over the shop's stores that dies at this border, and hears of the provider's events."""
    port = embedded.free_port()
    mortal = {"MORTAL_AT": str(at), "MORTAL_COUNT": str(folder / "count")}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.mortal_engine", "--port", str(port)],
        env=os.environ | environment_of(shop.services.common.settings) | mortal,
        stdin=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        await until_ready(url, answers=1)
        await shop.switch(webhook_url=url + "/v1/webhooks/stripe", webhook_secret="whsec_test_onsale")
        yield url, process
    finally:
        if process.poll() is None:
            process.terminate()
            await asyncio.to_thread(process.wait, WAIT_S)
