"""Tickets in the ledger, as their owners and gates read them. They are inserted when an order is settled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from engine.domain.errands import TicketsChanged
from engine.domain.tickets.tickets import TicketPage
from engine.foundation.folding import number_folded
from engine.stores import outbox
from engine.stores.database import Database, Record
from engine.stores.outbox import AT_ONCE_DELAY_S, OutboxRow

SEARCH_MAX: Final = 25

PAGE_COLUMNS: Final = """t.id, t.event_id, t.order_id, o.order_number, t.unit, t.version, t.status, t.ticket_type_id,
       tt.name AS ticket_type_name, t.section, t.seat, t.holder_name, t.holder_email, t.checked_in_at,
       t.checked_in_gate, t.created_at, p.total_cents AS price_cents, o.currency, o.user_id,
       coalesce(o.paid_at, o.created_at) AS paid_at, e.organization_id, org.name AS organization_name,
       org.accent AS organization_accent,
       e.title AS event_title, e.slug AS event_slug, e.starts_at, e.ends_at, e.timezone, v.name AS venue_name,
       v.address AS venue_address, v.city AS venue_city, t.code_not_before_s, t.code_expires_s,
       e.status AS event_status, o.link_generation, o.locale, t.handed_on,
       CASE WHEN t.handed_on = 0 THEN p.attendee->>'email' END AS attendee_email"""
# An event and what it leads to are looked up ticket by ticket: joined, a plan may read all organizations and venues.
PAGE_SOURCES: Final = """
  FROM tickets t
  JOIN orders o ON o.id = t.order_id
  JOIN order_units p ON p.order_id = t.order_id AND p.line = t.line
  JOIN ticket_types tt ON tt.id = t.ticket_type_id
  CROSS JOIN LATERAL (SELECT * FROM events WHERE id = t.event_id LIMIT 1) e
  CROSS JOIN LATERAL (SELECT * FROM organizations WHERE id = e.organization_id LIMIT 1) org
  CROSS JOIN LATERAL (SELECT * FROM venues WHERE id = e.venue_id LIMIT 1) v
"""
_READ: Final = f"SELECT {PAGE_COLUMNS} {PAGE_SOURCES}"

# Both tables by the key: the lines of all orders would be walked for those of a few.
_OF_ORDERS: Final = """
 WHERE t.order_id = ANY((SELECT $1::text[])::text[]) AND p.order_id = ANY((SELECT $1::text[])::text[])
 ORDER BY t.order_id, t.line
"""
_FOUND: Final = """
SELECT id FROM tickets WHERE event_id = $1 AND search @@ search_query($2)
UNION ALL SELECT id FROM tickets
 WHERE order_id = ANY(ARRAY(SELECT id FROM orders WHERE event_id = $1 AND starts_with(order_number, $3)))
"""

_TURN: Final = """
UPDATE tickets SET status = $3 WHERE order_id = $1 AND id = ANY($2::text[]) AND status = ANY($4::text[]) RETURNING unit
"""


def _page(row: Record) -> TicketPage:
    return TicketPage(**dict(row))


async def get(db: Database, ticket_id: str) -> TicketPage | None:
    row = await db.fetchrow(_READ + " WHERE t.id = $1", ticket_id)
    return _page(row) if row is not None else None


async def of_order(db: Database, order_id: str) -> list[TicketPage]:
    """An order's tickets, line by line."""
    return [_page(row) for row in await db.fetch(_READ + " WHERE t.order_id = $1 ORDER BY t.line", order_id)]


async def of_orders(db: Database, order_ids: Sequence[str]) -> list[TicketPage]:
    """The tickets of several orders, each order's line by line."""
    rows = await db.fetch(_READ + _OF_ORDERS, list(order_ids))
    return [_page(row) for row in rows]


async def lines_of(db: Database, order_id: str) -> list[dict[str, Any]]:
    """What an order's tickets stand for: id, line, unit, status."""
    rows = await db.fetch("SELECT id, line, unit, status FROM tickets WHERE order_id = $1 ORDER BY line", order_id)
    return [dict(row) for row in rows]


async def turn(db: Database, order_id: str, ticket_ids: Sequence[str], *, to: str, when: Sequence[str]) -> list[int]:
    """Give those of these tickets that have a status of ``when`` another one; the units that turned."""
    rows = await db.fetch(_TURN, order_id, list(ticket_ids), to, list(when))
    return [row["unit"] for row in rows]


async def changed(db: Database, event_id: str, order_id: str, units: Sequence[int]) -> list[OutboxRow]:
    """Leave word for the gates, to be done at once; nothing if there are no units."""
    if not units:
        return []
    errand = TicketsChanged(event_id, tuple(units))
    return [await outbox.add(db, order_id, errand, delay_s=AT_ONCE_DELAY_S)]


async def of_person(db: Database, user_id: str, after: str, limit: int) -> list[TicketPage]:
    """A signed-in person's tickets by id, newest first; ``after`` is the last id seen."""
    rows = await db.fetch(
        _READ + " WHERE o.user_id = $1 AND ($2 = '' OR t.id < $2) ORDER BY t.id DESC LIMIT $3", user_id, after, limit
    )
    return [_page(row) for row in rows]


async def unit_of(db: Database, event_id: str, ticket_id: str) -> tuple[int, int] | None:
    """(unit, version) of an event's ticket."""
    row = await db.fetchrow("SELECT unit, version FROM tickets WHERE id = $1 AND event_id = $2", ticket_id, event_id)
    return (row["unit"], row["version"]) if row is not None else None


async def search(db: Database, event_id: str, text: str) -> list[TicketPage]:
    """An event's tickets by words that begin words of holder or e-mail, or by order number; at most SEARCH_MAX."""
    number = number_folded(text)
    rows = await db.fetch(
        _READ + " WHERE t.id = ANY(ARRAY(" + _FOUND + ")) ORDER BY t.holder_name, t.order_id, t.line LIMIT $4",
        event_id,
        text,
        number,
        SEARCH_MAX,
    )
    return [_page(row) for row in rows]
