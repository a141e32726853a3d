"""What a gate takes along when it may lose the network: an event's live tickets, and the feed of later changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from engine.stores.database import Database

_FINGERPRINT: Final = """
SELECT (SELECT count(*) FROM tickets WHERE event_id = $1) AS tickets,
       (SELECT coalesce(max(id), '') FROM tickets WHERE event_id = $1) AS newest,
       (SELECT coalesce(max(seq), 0) FROM ticket_changes WHERE event_id = $1) AS cursor_seq,
       (SELECT version FROM events WHERE id = $1) AS event_version
"""

_LIVE: Final = """
SELECT t.unit, t.version, t.ticket_type_id, t.holder_name, coalesce(t.seat, t.section) AS place,
       coalesce(o.paid_at, o.created_at) AS paid_at
  FROM tickets t JOIN orders o ON o.id = t.order_id
 WHERE t.event_id = $1 AND t.status IN ('valid', 'used') AND o.status IN ('paid', 'partially_refunded')
"""

_CHANGES: Final = """
SELECT seq, unit, min_version, reason FROM ticket_changes WHERE event_id = $1 AND seq > $2 ORDER BY seq LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a bundle's content depends on. ``cursor_seq``: the changes it already contains."""

    tickets: int
    newest: str
    cursor_seq: int
    event_version: int


@dataclass(frozen=True, slots=True)
class BundleTicket:
    """One live ticket as a bundle needs it."""

    unit: int
    version: int
    ticket_type_id: str
    holder_name: str
    place: str
    paid_at: datetime


async def fingerprint(db: Database, event_id: str) -> Fingerprint:
    row = await db.fetchrow(_FINGERPRINT, event_id)
    assert row is not None
    return Fingerprint(**dict(row))


async def live_tickets(db: Database, event_id: str) -> list[BundleTicket]:
    return [BundleTicket(**dict(row)) for row in await db.fetch(_LIVE, event_id)]


async def changes(db: Database, event_id: str, since: int, limit: int) -> list[dict[str, Any]]:
    """The feed after ``since``, in the order of their numbers, which is the order in which they became true."""
    return [dict(row) for row in await db.fetch(_CHANGES, event_id, since, limit)]
