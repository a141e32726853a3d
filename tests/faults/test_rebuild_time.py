"""A hundred thousand sold tickets are on the map again within half a minute."""

from __future__ import annotations

import time

import pytest

from engine.domain.sale.inventory import SOLD
from engine.stores import keys
from tests import factories as make
from tests.shop import Shop

TICKETS, PER_ORDER = 100_000, 4
REBUILT_WITHIN_S = 30.0
SEEDED_WITHIN_S = 600.0  # on a slow machine

_ORDERS = """
INSERT INTO orders (id, order_number, event_id, hold_id, status, buyer_name, buyer_email, currency, amount_cents, price,
                    payment_intent_id, expires_at, reconcile_at, paid_at)
SELECT 'ord_' || n, 'N' || n, $1, 'hld_' || n, 'paid', 'Ada', 'ada@example.test', 'CAD', 1000 * $3::int, '{}',
       'pi_' || n, now(), now(), now()
  FROM generate_series(0, $2::int / $3::int - 1) AS n
"""
_UNITS = """
INSERT INTO order_units (order_id, line, event_id, unit, ticket_type_id, section, face_cents, total_cents)
SELECT 'ord_' || unit / $3::int, unit % $3::int, $1, unit, $4, 'S', 1000, 1000
  FROM generate_series(0, $2::int - 1) AS unit
"""
_TICKETS = """
INSERT INTO tickets (id, event_id, order_id, line, unit, ticket_type_id, section, holder_name, holder_email)
SELECT 'tkt_' || unit, event_id, order_id, line, unit, ticket_type_id, section, 'Ada', 'ada@example.test'
  FROM order_units WHERE event_id = $1
"""


@pytest.mark.slow
async def test_a_hundred_thousand_sold_tickets_are_on_the_map_again_in_time(shop: Shop, capsys: pytest.CaptureFixture):
    sections = [make.seated(f"S{n}", 20, 50, category="S", y0=n * 30.0) for n in range(TICKETS // 1000 + 1)]
    await shop.open_event(*sections, types=[{"categories": ["S"], "max_per_order": 10}])
    pool = shop.services.common.pool
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL statement_timeout = 0")  # nobody sells a hundred thousand in one statement
        await connection.execute(_ORDERS, shop.event_id, TICKETS, PER_ORDER, timeout=SEEDED_WITHIN_S)
        await connection.execute(_UNITS, shop.event_id, TICKETS, PER_ORDER, shop.types[0], timeout=SEEDED_WITHIN_S)
        await connection.execute(_TICKETS, shop.event_id, timeout=SEEDED_WITHIN_S)
    await pool.execute("ANALYZE")
    await shop.services.common.redis.flushall()
    began = time.monotonic()
    assert await shop.services.sale.inventory.rebuild(shop.event_id)
    seconds = time.monotonic() - began
    with capsys.disabled():
        print(f"\n{TICKETS:,} sold tickets rebuilt in {seconds:.1f} s")
    assert seconds < REBUILT_WITHIN_S
    unit_map = await shop.services.common.redis.get(keys.unit_map(shop.event_id))
    assert unit_map.count(SOLD) == TICKETS
    hold = await shop.hold(4)
    assert hold.status == 201
    assert all(item["unit"] >= TICKETS for item in hold["items"])
    (report,) = await shop.services.insight.audit.check(shop.event_id)
    assert report["ok"], report["problems"]
    assert report["sold"] == TICKETS
