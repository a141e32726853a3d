"""Cash drawers in the ledger. What should lie in one follows from the payments and refunds that went through it."""

from __future__ import annotations

from typing import Any

from engine.domain.money.box_office.drawers import LISTED_MAX, Drawer, expected_cents
from engine.stores.database import Connection, Database

# Cash that somebody gave back while their drawer was open came out of it.
_SELECT = """
SELECT d.id, d.event_id, d.opened_by, u.name AS opened_by_name, d.opened_at, d.closed_at, d.float_cents,
       d.counted_cents,
       coalesce(d.cash_cents, taken.cents) AS cash_cents, coalesce(d.returned_cents, returned.cents) AS returned_cents,
       taken.sales
  FROM cash_drawers d
  LEFT JOIN users u ON u.id = d.opened_by
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(c.amount_cents), 0)::bigint AS cents, count(*) AS sales
         FROM counter_payments c WHERE c.drawer_id = d.id) AS taken
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(back.cents), 0)::bigint AS cents
         FROM counter_payments c
        CROSS JOIN LATERAL (
              SELECT sum(r.amount_cents) AS cents FROM refunds r
               WHERE r.order_id = c.order_id AND r.created_by = d.opened_by AND r.status = 'succeeded'
                 AND r.created_at >= d.opened_at AND r.created_at < coalesce(d.closed_at, 'infinity')) AS back
        WHERE c.event_id = d.event_id AND c.kind = 'cash') AS returned
"""
_OPEN = """
INSERT INTO cash_drawers (id, event_id, opened_by, float_cents) VALUES ($1, $2, $3, $4)
ON CONFLICT (event_id, opened_by) WHERE closed_at IS NULL DO NOTHING RETURNING id
"""
_LOCK = """
SELECT id FROM cash_drawers WHERE event_id = $1 AND opened_by = $2 AND closed_at IS NULL FOR UPDATE
"""
_CLOSE = """
UPDATE cash_drawers SET closed_at = now(), cash_cents = $2, returned_cents = $3, counted_cents = $4 WHERE id = $1
"""


async def open_new(db: Database, drawer_id: str, event_id: str, by: str, float_cents: int) -> bool:
    """Open a drawer; False if this person has one open for the event."""
    return await db.fetchval(_OPEN, drawer_id, event_id, by, float_cents) is not None


async def open_of(db: Database, event_id: str, by: str) -> Drawer | None:
    """The drawer that this person has open for the event."""
    row = await db.fetchrow(
        _SELECT + " WHERE d.event_id = $1 AND d.opened_by = $2 AND d.closed_at IS NULL", event_id, by
    )
    return None if row is None else _drawer(dict(row))


async def lock_open(db: Connection, event_id: str, by: str) -> Drawer | None:
    """The same, and no sale goes into it until the transaction ends: sales hold a lock of their own on it."""
    if await db.fetchval(_LOCK, event_id, by) is None:
        return None
    return await open_of(db, event_id, by)


async def close(db: Connection, drawer: Drawer, counted_cents: int) -> Drawer:
    """Close a locked drawer with what was counted, and what the ledger says at this moment."""
    await db.execute(_CLOSE, drawer.id, drawer.cash_cents, drawer.returned_cents, counted_cents)
    row = await db.fetchrow(_SELECT + " WHERE d.id = $1", drawer.id)
    assert row is not None
    return _drawer(dict(row))


async def of_event(db: Database, event_id: str) -> list[Drawer]:
    """An event's drawers, newest first, at most LISTED_MAX."""
    rows = await db.fetch(_SELECT + " WHERE d.event_id = $1 ORDER BY d.id DESC LIMIT $2", event_id, LISTED_MAX)
    return [_drawer(dict(row)) for row in rows]


def _drawer(columns: dict[str, Any]) -> Drawer:
    expected = expected_cents(columns["float_cents"], columns["cash_cents"], columns["returned_cents"])
    counted = columns["counted_cents"]
    difference = None if counted is None else counted - expected
    return Drawer(**columns, expected_cents=expected, difference_cents=difference)
