"""What a rehearsal does to its own shop's stores: tickets sold long ago, a Redis that forgets all in the surge.

Only ever a shop that the rehearsal started itself; the addresses come from its ready line.
"""

from __future__ import annotations

import asyncio
import threading
import time

import asyncpg
import redis

from loadtest import limits
from loadtest.shop import Obj, ShopRefused

SOLD_SECTION = "Sold before"
PER_ORDER = 4

_ORDERS = """
INSERT INTO orders (id, order_number, event_id, hold_id, status, buyer_name, buyer_email, currency, amount_cents, price,
                    payment_intent_id, expires_at, reconcile_at, paid_at)
SELECT 'ord_before_' || n, 'B' || n, $1, 'hld_before_' || n, 'paid', 'Early Fan', 'early@example.test', 'CAD',
       $4::int * least($3::int, $2::int - n * $3::int), '{}', 'pi_before_' || n, now(), now(), now()
  FROM generate_series(0, ($2::int - 1) / $3::int) AS n
"""
_SOLD = """
INSERT INTO order_units (order_id, line, event_id, unit, ticket_type_id, section, face_cents, total_cents)
SELECT 'ord_before_' || n / $4::int, n % $4::int, $1, $5::int + n, $3, $6, $7, $7
  FROM generate_series(0, $2::int - 1) AS n
"""
_TICKETS = """
INSERT INTO tickets (id, event_id, order_id, line, unit, ticket_type_id, section, holder_name, holder_email)
SELECT 'tkt_before_' || unit, event_id, order_id, line, unit, ticket_type_id, section, 'Early Fan', 'early@example.test'
  FROM order_units WHERE event_id = $1 AND section = $2
"""


def sell_before(ready: Obj, event_id: str, ticket_type_id: str, tickets: int, *, first_unit: int, cents: int) -> None:
    """Paid orders in the ledger for the units from ``first_unit`` on; Redis is emptied so that it learns of them."""

    async def write() -> None:
        ledger = await asyncpg.connect(ready["postgres"])
        try:
            async with ledger.transaction():
                await ledger.execute(_ORDERS, event_id, tickets, PER_ORDER, cents)
                await ledger.execute(
                    _SOLD, event_id, tickets, ticket_type_id, PER_ORDER, first_unit, SOLD_SECTION, cents
                )
                await ledger.execute(_TICKETS, event_id, SOLD_SECTION)
            await ledger.execute("ANALYZE")
        finally:
            await ledger.close()

    asyncio.run(write())
    forget_everything(ready["redis"])
    _until_on_the_map(ready["redis"], event_id, tickets)


def forget_everything(redis_url: str) -> None:
    """FLUSHALL."""
    with redis.Redis.from_url(redis_url) as store:
        store.flushall()


def forget_later(redis_url: str, at_s: float) -> threading.Timer:
    """FLUSHALL at that epoch second, in the middle of the surge."""
    timer = threading.Timer(max(0.0, at_s - time.time()), forget_everything, (redis_url,))
    timer.daemon = True
    timer.start()
    return timer


def _until_on_the_map(redis_url: str, event_id: str, tickets: int) -> None:
    deadline = time.monotonic() + limits.REBUILD_MAX_S
    with redis.Redis.from_url(redis_url) as store:
        while time.monotonic() < deadline:
            sold = store.hget(f"inv:{{{event_id}}}:pulse", "sold")
            if sold is not None and int(sold) >= tickets:
                return
            time.sleep(0.2)
    raise ShopRefused(f"the tickets sold before are not on the map within {limits.REBUILD_MAX_S:.0f} s")
