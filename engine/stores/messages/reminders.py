"""Reminders of events: which are due, and for which orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from engine.domain.errands import RemindHolders
from engine.domain.messages.reminders import WISHES
from engine.domain.order_states import SOLD
from engine.foundation.clock import from_ms
from engine.stores import outbox
from engine.stores.database import Connection, Database

EVENTS_MAX: Final = 2_000
ADMITTING: Final = ("valid", "transfer_pending")  # statuses of a ticket that somebody will come with

_STARTING: Final = """
SELECT e.id, e.timezone, e.starts_at,
       ARRAY(SELECT r.kind FROM event_reminders r
              WHERE r.event_id = e.id AND r.starts_at_ms = round(extract(epoch FROM e.starts_at) * 1000)) AS ordered
  FROM events e JOIN organizations o ON o.id = e.organization_id
 WHERE e.status = 'published' AND e.reminders AND e.hidden_at IS NULL AND o.status = 'active'
   AND e.starts_at > now() AND e.starts_at <= now() + make_interval(hours => 28)
 ORDER BY e.starts_at LIMIT $1
"""
_ORDER: Final = """
INSERT INTO event_reminders (event_id, kind, starts_at_ms) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING true
"""
# The cursor moves only once from each place: an errand that is done again orders no second reminder.
_MOVE_ON: Final = """
UPDATE event_reminders SET told_to = $5
 WHERE event_id = $1 AND kind = $2 AND starts_at_ms = $3 AND told_to = $4 RETURNING true
"""
_PAGE: Final = """
SELECT o.id FROM orders o
 WHERE o.event_id = $1 AND o.id > $2 AND o.status = ANY($3::text[]) AND o.paid_at < $4 AND o.buyer_email LIKE '%@%'
   AND EXISTS (SELECT 1 FROM tickets t WHERE t.order_id = o.id AND t.status = ANY($5::text[]))
 ORDER BY o.id LIMIT $6
"""
_ORDER_MAILS: Final = """
WITH page AS (
    SELECT o.id FROM orders o WHERE o.id = ANY($1::text[])
)
INSERT INTO outbox (topic, key, payload, available_at, lane)
SELECT 'mail.reminder', p.id,
       jsonb_build_object('order_id', p.id, 'kind', $2::text, 'starts_at_ms', $3::bigint), now(), 1 FROM page p
"""
_ORDER_TEXTS: Final = """
WITH wished AS (
    SELECT o.id, w.channel FROM orders o JOIN users u ON u.id = o.user_id AND u.disabled_at IS NULL
      JOIN unnest($4::text[], $5::text[]) AS w(name, channel) ON u.preferences->w.name = 'true'::jsonb
     WHERE o.id = ANY($1::text[]) AND u.phone IS NOT NULL AND w.channel = ANY($6::text[])
)
INSERT INTO outbox (topic, key, payload, available_at, lane)
SELECT 'text.reminder', w.id,
       jsonb_build_object('order_id', w.id, 'kind', $2::text, 'starts_at_ms', $3::bigint, 'channel', w.channel),
       now(), 1
  FROM wished w
"""


@dataclass(frozen=True, slots=True)
class Starting:
    """An event that starts within a day; ``ordered`` are the kinds of reminders that left for this start."""

    id: str
    timezone: str
    starts_at: datetime
    ordered: frozenset[str]


async def starting(db: Database) -> list[Starting]:
    """The published events whose first reminder may be due, the next first."""
    rows = await db.fetch(_STARTING, EVENTS_MAX)
    return [Starting(row["id"], row["timezone"], row["starts_at"], frozenset(row["ordered"])) for row in rows]


async def order(db: Connection, errand: RemindHolders) -> bool:
    """Leave word that an event's holders are to be reminded, once for each start."""
    if await db.fetchval(_ORDER, errand.event_id, errand.kind, errand.starts_at_ms) is None:
        return False
    await outbox.add(db, errand.event_id, errand)
    return True


async def order_page(
    db: Connection, errand: RemindHolders, limit: int, pause_s: float, channels: tuple[str, ...]
) -> None:
    """Order the messages of one page of orders, and the errand for the next, once."""
    rows = await db.fetch(
        _PAGE, errand.event_id, errand.after, sorted(SOLD), from_ms(errand.due_ms), list(ADMITTING), limit
    )
    ids = [row["id"] for row in rows]
    if not ids:
        return
    moved = await db.fetchval(_MOVE_ON, errand.event_id, errand.kind, errand.starts_at_ms, errand.after, ids[-1])
    if moved is None:
        return
    await db.execute(_ORDER_MAILS, ids, errand.kind, errand.starts_at_ms)
    if channels:
        names, ways = list(WISHES), list(WISHES.values())
        await db.execute(_ORDER_TEXTS, ids, errand.kind, errand.starts_at_ms, names, ways, list(channels))
    if len(ids) == limit:
        following = RemindHolders(errand.event_id, errand.kind, errand.starts_at_ms, errand.due_ms, ids[-1])
        await outbox.add(db, errand.event_id, following, delay_s=pause_s)


async def phone_of(db: Database, order_id: str) -> str | None:
    """The telephone of the person who bought; None if they have no account or gave none."""
    asked = "SELECT u.phone FROM orders o JOIN users u ON u.id = o.user_id WHERE o.id = $1 AND u.disabled_at IS NULL"
    found: str | None = await db.fetchval(asked, order_id)
    return found
