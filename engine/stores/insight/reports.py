"""What the ledger says about sales, counted for an organizer's pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from engine.stores.database import Database

_BOARD = """
SELECT e.id,
       count(u.unit) FILTER (
           WHERE o.status IN ('paid', 'partially_refunded', 'disputed') AND NOT u.charged_back) AS sold,
       count(u.unit) FILTER (WHERE o.status IN ('pending', 'processing')) AS ordered
  FROM events e
  LEFT JOIN order_units u ON u.event_id = e.id AND u.live
  LEFT JOIN orders o ON o.id = u.order_id
 WHERE e.id = ANY($1::text[])
 GROUP BY e.id
"""
_BY_STATUS = """
SELECT status, count(*) AS orders, coalesce(sum(amount_cents), 0)::bigint AS amount_cents,
       coalesce(sum(refunded_cents), 0)::bigint AS refunded_cents,
       coalesce(sum(charged_back_cents), 0)::bigint AS charged_back_cents
  FROM orders WHERE event_id = $1 GROUP BY status
"""
_BY_TYPE = """
SELECT tt.id, tt.name, count(u.unit) AS sold, coalesce(sum(u.total_cents), 0)::bigint AS total_cents
  FROM ticket_types tt
  LEFT JOIN (order_units u JOIN orders o
               ON o.id = u.order_id AND o.status IN ('paid', 'partially_refunded', 'disputed'))
    ON u.ticket_type_id = tt.id AND u.live AND NOT u.charged_back
 WHERE tt.event_id = $1 GROUP BY tt.id ORDER BY tt.sort, tt.number
"""
# Refunds are taken off, as everywhere; a comp never brought anything.
_AT_COUNTER = """
SELECT c.kind, count(*) AS orders, coalesce(sum(t.tickets), 0)::bigint AS tickets,
       coalesce(sum(c.amount_cents), 0)::bigint AS taken_cents,
       coalesce(sum(o.refunded_cents), 0)::bigint AS returned_cents
  FROM counter_payments c
 CROSS JOIN LATERAL (SELECT o.id, o.refunded_cents FROM orders o WHERE o.id = c.order_id LIMIT 1) AS o
 CROSS JOIN LATERAL (SELECT count(*) AS tickets FROM order_units u WHERE u.order_id = o.id AND u.live) AS t
 WHERE c.event_id = $1 GROUP BY c.kind ORDER BY c.kind
"""
_OVER_TIME = """
SELECT date_bin(make_interval(mins => $2), o.paid_at, timestamptz 'epoch') AS moment, count(u.unit) AS tickets
  FROM orders o JOIN order_units u ON u.order_id = o.id
 WHERE o.event_id = $1 AND o.paid_at >= $3 GROUP BY 1 ORDER BY 1
"""
_DISPUTED = """
SELECT coalesce(sum(claimed_cents), 0)::bigint FROM disputes
 WHERE standing = 'open' AND order_id = ANY(SELECT id FROM orders WHERE event_id = $1 AND status = 'disputed')
"""
_FIRST = "SELECT min(paid_at) FROM orders WHERE event_id = $1"
_SECONDS = """
SELECT (SELECT count(*) FROM orders WHERE event_id = $1 AND created_at >= now() - make_interval(secs => $2)) AS opened,
       (SELECT count(*) FROM orders WHERE event_id = $1 AND paid_at >= now() - make_interval(secs => $2)) AS paid,
       (SELECT count(*) FROM orders WHERE event_id = $1 AND status IN ('pending', 'processing')) AS paying,
       (SELECT count(*) FROM tickets WHERE event_id = $1 AND status NOT IN ('refunded', 'cancelled')) AS tickets,
       (SELECT count(*) FROM orders WHERE event_id = $1 AND status IN ('pending', 'processing')
           AND expires_at < now() - make_interval(secs => $3)) AS stuck
"""


async def board(db: Database, event_ids: list[str]) -> dict[str, dict[str, Any]]:
    """Units sold and being paid for, by event."""
    return {row["id"]: dict(row) for row in await db.fetch(_BOARD, event_ids)}


async def by_status(db: Database, event_id: str) -> list[dict[str, Any]]:
    """Orders and their cents by status."""
    return [dict(row) for row in await db.fetch(_BY_STATUS, event_id)]


async def by_type(db: Database, event_id: str) -> list[dict[str, Any]]:
    """Tickets sold and what they brought, by ticket type in the order shown."""
    return [dict(row) for row in await db.fetch(_BY_TYPE, event_id)]


async def at_counter(db: Database, event_id: str) -> list[dict[str, Any]]:
    """What the box office sold, by how it was paid: orders, tickets that somebody still has, cents."""
    return [dict(row) for row in await db.fetch(_AT_COUNTER, event_id)]


async def disputed_cents(db: Database, event_id: str) -> int:
    """What buyers' banks hold back until they have decided."""
    cents: int = await db.fetchval(_DISPUTED, event_id)
    return cents


async def over_time(db: Database, event_id: str, minutes: int, since: datetime) -> list[tuple[datetime, int]]:
    """Tickets paid since then, by bins of this many minutes; empty ones are left out."""
    rows = await db.fetch(_OVER_TIME, event_id, minutes, since)
    return [(row["moment"], row["tickets"]) for row in rows]


async def first_paid_at(db: Database, event_id: str) -> datetime | None:
    """When the first order was paid."""
    moment: datetime | None = await db.fetchval(_FIRST, event_id)
    return moment


async def last_seconds(db: Database, event_id: str, seconds: int, late_after_s: int) -> dict[str, Any]:
    """Orders opened and paid in the last seconds; being paid, tickets out, and orders that should have ended."""
    row = await db.fetchrow(_SECONDS, event_id, seconds, late_after_s)
    assert row is not None
    return dict(row)
