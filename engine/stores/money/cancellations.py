"""What the ledger must do when an event is cancelled, a page of orders at a time."""

from __future__ import annotations

from engine.stores import outbox
from engine.stores.database import Database
from engine.stores.outbox import AT_ONCE_DELAY_S, OutboxRow

_MAKE_DUE = """
UPDATE orders SET expires_at = least(expires_at, now()), reconcile_at = now()
 WHERE event_id = $1 AND status IN ('pending', 'processing')
"""
_CANCEL_FREE = """
WITH page AS (
    SELECT id FROM orders
     WHERE event_id = $1 AND status IN ('paid', 'partially_refunded', 'disputed') AND amount_cents = 0
     ORDER BY id LIMIT $2 FOR UPDATE
), ended AS (
    UPDATE orders o SET status = 'cancelled', closing_note = $3, closed_at = now() FROM page p WHERE o.id = p.id
    RETURNING o.id, o.event_id
), freed AS (
    UPDATE order_units u SET live = false FROM ended e WHERE u.order_id = e.id AND u.live
    RETURNING u.order_id, u.unit, u.ticket_type_id
), turned AS (
    UPDATE tickets t SET status = 'cancelled' FROM ended e
     WHERE t.order_id = e.id AND t.status NOT IN ('refunded', 'cancelled') RETURNING t.order_id, t.unit
)
INSERT INTO outbox (topic, key, payload, available_at)
SELECT 'tickets.changed', e.id, jsonb_build_object('event_id', e.event_id, 'units',
           (SELECT coalesce(jsonb_agg(t.unit), '[]') FROM turned t WHERE t.order_id = e.id)),
       now() + make_interval(secs => $4) FROM ended e
UNION ALL
SELECT 'inventory.free', e.id, jsonb_build_object('event_id', e.event_id, 'op_id', e.id,
           'units', (SELECT jsonb_agg(f.unit ORDER BY f.unit) FROM freed f WHERE f.order_id = e.id),
           'types', (SELECT jsonb_agg(f.ticket_type_id ORDER BY f.unit) FROM freed f WHERE f.order_id = e.id)),
       now() + make_interval(secs => $4) FROM ended e WHERE EXISTS (SELECT FROM freed f WHERE f.order_id = e.id)
RETURNING id, topic, key, payload
"""
_UNRETURNED = """
SELECT o.id FROM orders o
 WHERE o.event_id = $1 AND o.status IN ('paid', 'partially_refunded', 'disputed') AND o.amount_cents >
       (SELECT coalesce(sum(r.amount_cents), 0) FROM refunds r WHERE r.order_id = o.id AND r.status <> 'failed')
       + (SELECT coalesce(sum(d.claimed_cents), 0) FROM disputes d
           WHERE d.order_id = o.id AND d.standing IN ('open', 'lost'))
 ORDER BY o.id LIMIT $2
"""


async def make_due(db: Database, event_id: str) -> None:
    """Open orders of the event reach their deadline now."""
    await db.execute(_MAKE_DUE, event_id)


async def cancel_free(db: Database, event_id: str, limit: int, note: str) -> list[OutboxRow]:
    """Cancel a page of orders that cost nothing, with tickets and units; their errands, none if none is left."""
    return outbox.written(await db.fetch(_CANCEL_FREE, event_id, limit, note, AT_ONCE_DELAY_S))


async def unreturned(db: Database, event_id: str, limit: int) -> list[str]:
    """Paid orders of the event with cents that no refund and no dispute has claimed."""
    return [row["id"] for row in await db.fetch(_UNRETURNED, event_id, limit)]
