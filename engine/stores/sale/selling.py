"""One read of everything selling an event needs, and of what the ledger says its units are."""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg

from engine.domain.order_states import OPEN

Row = asyncpg.Record

# A row's xmin is the transaction that wrote it last: it changes with every write, no matter whose.
_MARK = """
concat_ws(' ', e.xmin, s.xmin, o.status,
          (SELECT string_agg(xmin::text, ',' ORDER BY id) FROM ticket_types WHERE event_id = e.id), '/',
          (SELECT string_agg(xmin::text, ',' ORDER BY id) FROM allotments WHERE event_id = e.id), '/',
          (SELECT string_agg(xmin::text, ',' ORDER BY id) FROM promo_codes WHERE event_id = e.id))
"""
_FROM = """
  FROM events e
  JOIN organizations o ON o.id = e.organization_id
  LEFT JOIN on_sales s ON s.event_id = e.id
 WHERE e.id = $1 AND e.chart IS NOT NULL
"""
_EVENT = f"""
SELECT {_MARK} AS mark,
       CASE WHEN e.status = 'published' AND (o.status <> 'active' OR e.hidden_at IS NOT NULL) THEN 'suspended'
            ELSE e.status END AS status,
       e.id, e.slug, e.organization_id, e.title, e.currency, e.hold_ttl_s, e.orphan_policy, e.taxes, e.fee,
       e.max_tickets_per_buyer, e.starts_at, e.ends_at, e.timezone, e.chart, e.chart_etag, e.version,
       e.named_tickets, e.questions, e.discount_rules, e.tax_mode,
       s.opens_at, s.closes_at, s.room_enabled, s.account
  {_FROM}
"""
_TYPES = """
SELECT id, number, name, price_cents, categories, capacity, max_per_order, sales_start_at, sales_end_at, visibility,
       taxable, sort, price_steps, step_numbers
  FROM ticket_types WHERE event_id = $1 ORDER BY sort, number
"""
_ALLOTMENTS = "SELECT number, name, units, open_to FROM allotments WHERE event_id = $1 ORDER BY number"
_PROMOS = """
SELECT id, code, kind, value, max_uses, valid_from, valid_until, status, min_amount_cents, min_quantity,
       ticket_type_ids, unlocks, per_buyer_max, count,
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
_BLOCKED = "SELECT unit FROM blocked_units WHERE event_id = $1"
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
_OWNED_BY_TYPE = """
SELECT ticket_type_id, count(*) AS units FROM order_units WHERE event_id = $1 AND live GROUP BY ticket_type_id
"""
_PROMO_USES = """
SELECT promo_code_id AS id, count(*) AS uses FROM orders
 WHERE event_id = $1 AND promo_code_id IS NOT NULL AND status NOT IN ('expired', 'cancelled') GROUP BY 1
"""
_SLIP_USES = """
SELECT count(*) FROM orders WHERE promo_code_id = $1 AND promo_slip = $2 AND status NOT IN ('expired', 'cancelled')
"""
_SUSPENDED = """
(SELECT id FROM organizations WHERE status <> 'active' ORDER BY id LIMIT $1)
UNION ALL (SELECT id FROM events WHERE hidden_at IS NOT NULL ORDER BY id DESC LIMIT $1)
"""
# A lease's units count as long as its token verifies, bought ones too; a person's and a block's while unpaid, and a
# block's for good if they cost nothing.
_COUNTED = """
SELECT o.counted_for, o.status IN ('pending', 'processing') AS unpaid, o.amount_cents = 0 AS free,
       count(*)::int AS units
  FROM orders o JOIN order_units u ON u.order_id = o.id
 WHERE o.event_id = $1 AND o.counted_for IS NOT NULL AND o.status NOT IN ('expired', 'cancelled')
   AND (o.status IN ('pending', 'processing') OR o.amount_cents = 0
        OR o.created_at > now() - make_interval(secs => $2))
 GROUP BY 1, 2, 3
"""
_SELLING = "SELECT id FROM events WHERE status = 'published' AND chart IS NOT NULL ORDER BY id LIMIT $1"


@dataclass(frozen=True, slots=True)
class Offer:
    """All that is sold of an event, as of one moment; ``mark`` is another after any change to it."""

    mark: str
    event: Row
    ticket_types: list[Row]
    allotments: list[Row]
    promo_codes: list[Row]


class SellingStore:
    """Reads for the selling snapshot and the rebuild. Writes nothing."""

    def __init__(self, pool: asyncpg.Pool[Row]) -> None:
        self._pool = pool

    async def mark(self, event_id: str) -> str | None:
        """The mark of the event's offer as it is now, or None if it was never published."""
        mark: str | None = await self._pool.fetchval(f"SELECT {_MARK} {_FROM}", event_id)
        return mark

    async def offer(self, event_id: str) -> Offer | None:
        """The offer, or None if the event was never published."""
        async with (
            self._pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            event = await connection.fetchrow(_EVENT, event_id)
            if event is None:
                return None
            return Offer(
                mark=event["mark"],
                event=event,
                ticket_types=await connection.fetch(_TYPES, event_id),
                allotments=await connection.fetch(_ALLOTMENTS, event_id),
                promo_codes=await connection.fetch(_PROMOS, event_id),
            )

    async def owned(self, event_id: str) -> tuple[list[Row], list[Row]]:
        """(every unit the ledger says has an owner, promo uses)."""
        return await self._pool.fetch(_OWNED, event_id), await self._pool.fetch(_PROMO_USES, event_id)

    async def blocked(self, event_id: str) -> list[int]:
        """The units that are kept from sale."""
        return [row["unit"] for row in await self._pool.fetch(_BLOCKED, event_id)]

    async def counted(self, event_id: str, kept_s: int) -> list[tuple[bytes, bool, bool, int]]:
        """(for whom, whether unpaid, whether free, units) of the orders that count.

        Those are the open ones, those that cost nothing, and those of this many seconds.
        """
        rows = await self._pool.fetch(_COUNTED, event_id, kept_s)
        return [(row["counted_for"], row["unpaid"], row["free"], row["units"]) for row in rows]

    async def ended_leases(self, event_id: str, kept_s: int) -> list[bytes]:
        """Admissions whose orders ended within this many seconds; their tokens may still verify.

        Anybody who cancels keeps theirs, to choose again.
        """
        return [row["lease_id"] for row in await self._pool.fetch(_ENDED_LEASES, event_id, kept_s, list(OPEN))]

    async def slip_uses(self, promo_id: str, slip: int) -> int:
        """How many orders used this one of many codes, paid or being paid for."""
        found: int = await self._pool.fetchval(_SLIP_USES, promo_id, slip)
        return found

    async def owned_counts(self, event_id: str) -> tuple[int, int]:
        """(units being paid for, units sold) by the ledger."""
        row = await self._pool.fetchrow(_OWNED_COUNTS, event_id)
        assert row is not None
        return row["ordered"], row["sold"]

    async def owned_by_type(self, event_id: str) -> dict[str, int]:
        """Units being paid for and units sold, by the type they were ordered as."""
        return {row["ticket_type_id"]: row["units"] for row in await self._pool.fetch(_OWNED_BY_TYPE, event_id)}

    async def suspended(self, limit: int) -> frozenset[str]:
        """Ids of the organizations that may not sell, and of events that the platform took down."""
        return frozenset(row["id"] for row in await self._pool.fetch(_SUSPENDED, limit))

    async def selling(self, limit: int) -> list[str]:
        """Ids of published events."""
        return [row["id"] for row in await self._pool.fetch(_SELLING, limit)]
