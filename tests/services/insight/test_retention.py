"""What was kept long enough goes: once, by its key, and nothing that is younger."""

from __future__ import annotations

import itertools
from typing import Any

import asyncpg

from engine.services.insight import retention
from tests.shop import Shop

OLD, YOUNG = 91, 89
_numbers = itertools.count(1)


async def order(pool: asyncpg.Pool, event_id: str, days: int, *, email: str = "ada@example.test") -> str:
    """A guest's order of that many days ago; ids rise, so the oldest is written first."""
    order_id = f"ord_{next(_numbers):026d}"
    await pool.execute(
        "INSERT INTO orders (id, order_number, event_id, hold_id, status, buyer_name, buyer_email, currency,"
        " amount_cents, price, expires_at, reconcile_at, ip_address, user_agent, created_at)"
        " VALUES ($1, $1, $2, $1, 'paid', 'Ada', $4, 'CAD', 0, '{}', now(), now(), '192.0.2.1', 'Firefox',"
        " now() - make_interval(days => $3))",
        order_id, event_id, days, email,
    )  # fmt: skip
    return order_id


async def scan(pool: asyncpg.Pool, event_id: str, days: int, facts: dict[str, Any]) -> None:
    await pool.execute(
        "INSERT INTO scans (event_id, device_id, result, reason, scanned_at, counted_at, received_at, facts)"
        " VALUES ($1, 'dev_1', 'reject', 'unreadable', now(), now(), now() - make_interval(days => $2), $3)",
        event_id, days, facts,
    )  # fmt: skip


async def run(shop: Shop) -> None:
    """Until nothing is due."""
    for _ in range(20):
        if not await shop.services.insight.retention.step():
            return
    raise AssertionError("it never rests")


async def test_networks_browsers_and_scanners_places_go_when_their_time_is_over(shop: Shop, monkeypatch):
    await shop.open_event()
    pool, seen = shop.services.common.pool, []
    for days in (OLD, OLD, YOUNG):
        await order(pool, shop.event_id, days)
    place = {"location": {"lat": 49.0, "lng": -123.0}}
    for days, facts in ((31, place), (31, {**place, "scanner_id": "north"}), (29, place)):
        await scan(pool, shop.event_id, days, facts)
    monkeypatch.setattr(retention, "ROWS_PER_STEP", 2)
    monkeypatch.setattr(retention._log, "info", lambda *_said, **facts: seen.append((facts["rule"], facts["removed"])))
    await run(shop)
    rows = await pool.fetch("SELECT host(ip_address) AS ip, user_agent FROM orders ORDER BY id")
    assert [tuple(row) for row in rows] == [(None, None), (None, None), ("192.0.2.1", "Firefox")]
    facts = [row["facts"] for row in await pool.fetch("SELECT facts FROM scans ORDER BY id")]
    assert facts == [None, {"scanner_id": "north"}, place]
    assert sorted(seen) == [("network", 2), ("scan_place", 2)]
    await pool.execute("UPDATE orders SET created_at = now() - interval '1 year'")
    await run(shop)
    assert await pool.fetchval("SELECT count(ip_address) FROM orders") == 0


async def test_guests_are_forgotten_three_years_after_the_last_event_they_bought_for(shop: Shop):
    pool, events = shop.services.common.pool, []
    for _ in range(2):
        await shop.open_event()
        events.append(shop.event_id)
    old, new = events
    await pool.execute("UPDATE events SET starts_at = now() - interval '1100 days', ends_at = now() - interval"
                       " '1099 days' WHERE id = $1", old)  # fmt: skip
    await order(pool, old, 1100, email="gone@example.test")
    await order(pool, old, 1100, email="again@example.test")
    await order(pool, new, 1, email="again@example.test")
    mine = await order(pool, old, 1100, email="account@example.test")
    await pool.execute("INSERT INTO users (id, email, name, password_hash) VALUES ('usr_1', 'x@y.test', 'X', 'x')")
    await pool.execute("UPDATE orders SET user_id = 'usr_1' WHERE id = $1", mine)
    await pool.execute(
        "INSERT INTO consents (address, purpose, wording, source) VALUES ('gone@example.test', 'platform_marketing',"
        " 'account-1/en', 'account'), ('again@example.test', 'platform_marketing', 'account-1/en', 'account')"
    )
    await run(shop)
    names = [row[0] for row in await pool.fetch("SELECT DISTINCT buyer_email FROM orders ORDER BY 1")]
    assert [name for name in names if not name.endswith("@erased.invalid")] == [
        "account@example.test", "again@example.test",
    ]  # fmt: skip
    assert len(names) == 3
    assert await pool.fetchval("SELECT count(*) FROM consents") == 2  # given on our pages: until they are withdrawn
