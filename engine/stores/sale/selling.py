"""One read of everything selling an event needs, and of what the ledger says its units are."""

from __future__ import annotations

import asyncpg

from engine.domain.order_states import OPEN

Row = asyncpg.Record

_EVENT = """
SELECT e.id, e.slug, e.organization_id, e.title, e.status, e.currency, e.hold_ttl_s, e.orphan_policy, e.taxes, e.fee,
       e.max_tickets_per_buyer, e.starts_at, e.ends_at, e.timezone, e.chart, e.chart_etag, e.version,
       s.prequeue_opens_at, s.opens_at, s.closes_at, s.room_enabled, s.room
  FROM events e LEFT JOIN on_sales s ON s.event_id = e.id
 WHERE e.id = $1 AND e.chart IS NOT NULL
"""
_TYPES = """
SELECT id, number, name, price_cents, categories, capacity, max_per_order, sales_start_at, sales_end_at, visibility,
       taxable, sort
  FROM ticket_types WHERE event_id = $1 ORDER BY sort, number
"""
_ALLOTMENTS = "SELECT number, name, units, open_to FROM allotments WHERE event_id = $1 ORDER BY number"
_PROMOS = """
SELECT id, code, kind, value, max_uses, valid_from, valid_until, status,
       row_number() OVER (ORDER BY created_at, id) AS number
  FROM promo_codes WHERE event_id = $1 ORDER BY created_at, id LIMIT 255
"""
_OWNED = """
SELECT u.unit, t.number, o.status IN ('pending', 'processing') AS unpaid
  FROM order_units u
  JOIN orders o ON o.id = u.order_id
  JOIN ticket_types t ON t.id = u.ticket_type_id
 WHERE u.event_id = $1 AND u.live
"""
_ENDED_LEASES = """
SELECT DISTINCT lease_id
  FROM orders
 WHERE event_id = $1 AND lease_id IS NOT NULL AND created_at > now() - make_interval(secs => $2)
   AND status <> 'cancelled' AND NOT status = ANY ($3::text[])
"""
_OWNED_COUNTS = """
SELECT count(*) FILTER (WHERE o.status IN ('pending', 'processing')) AS ordered,
       count(*) FILTER (WHERE o.status NOT IN ('pending', 'processing')) AS sold
  FROM order_units u JOIN orders o ON o.id = u.order_id WHERE u.event_id = $1 AND u.live
"""
_PROMO_USES = """
SELECT promo_code_id AS id, count(*) AS uses FROM orders
 WHERE event_id = $1 AND promo_code_id IS NOT NULL AND status NOT IN ('expired', 'cancelled') GROUP BY 1
"""
_SELLING = "SELECT id FROM events WHERE status = 'published' AND chart IS NOT NULL ORDER BY id LIMIT $1"


class SellingStore:
    """Reads for the selling snapshot and the rebuild. Writes nothing."""

    def __init__(self, pool: asyncpg.Pool[Row]) -> None:
        self._pool = pool

    async def event(self, event_id: str) -> tuple[Row, list[Row], list[Row], list[Row]] | None:
        """(event, ticket types, allotments, promo codes) as of one moment, or None where it was never published."""
        async with (
            self._pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            event = await connection.fetchrow(_EVENT, event_id)
            if event is None:
                return None
            return (
                event,
                await connection.fetch(_TYPES, event_id),
                await connection.fetch(_ALLOTMENTS, event_id),
                await connection.fetch(_PROMOS, event_id),
            )

    async def owned(self, event_id: str) -> tuple[list[Row], list[Row]]:
        """(every unit the ledger says has an owner, promo uses)."""
        return await self._pool.fetch(_OWNED, event_id), await self._pool.fetch(_PROMO_USES, event_id)

    async def ended_leases(self, event_id: str, kept_s: int) -> list[bytes]:
        """Admissions whose orders ended within so many seconds; their tokens may still verify.

        Whoever cancels keeps theirs, to choose again.
        """
        return [row["lease_id"] for row in await self._pool.fetch(_ENDED_LEASES, event_id, kept_s, list(OPEN))]

    async def owned_counts(self, event_id: str) -> tuple[int, int]:
        """(units being paid for, units sold) by the ledger."""
        row = await self._pool.fetchrow(_OWNED_COUNTS, event_id)
        assert row is not None
        return row["ordered"], row["sold"]

    async def selling(self, limit: int) -> list[str]:
        """Ids of published events."""
        return [row["id"] for row in await self._pool.fetch(_SELLING, limit)]
