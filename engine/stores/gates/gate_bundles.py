"""What a gate takes along when it may lose the network: an event's live tickets, and the feed of later changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from engine.stores.database import Database

_FINGERPRINT: Final = """
SELECT (SELECT count(*) FROM tickets WHERE event_id = $1) AS tickets,
       (SELECT coalesce(max(id), '') FROM tickets WHERE event_id = $1) AS newest,
       (SELECT coalesce(max(seq), 0) FROM ticket_changes WHERE event_id = $1) AS cursor_seq,
       (SELECT version FROM events WHERE id = $1) AS event_version
"""

_LIVE: Final = """
SELECT t.unit, t.version, t.ticket_type_id, t.holder_name, coalesce(t.seat, t.section) AS place, t.section,
       t.code_not_before_s, t.code_expires_s
  FROM tickets t JOIN orders o ON o.id = t.order_id
 WHERE t.event_id = $1 AND t.status IN ('valid', 'used') AND o.status IN ('paid', 'partially_refunded', 'disputed')
"""

_CHANGES: Final = """
SELECT seq, unit, min_version, reason FROM ticket_changes WHERE event_id = $1 AND seq > $2 ORDER BY seq LIMIT $3
"""


# The page of the log is read by its key, then the newest ticket of each unit in it.
_ENTRIES: Final = """
WITH page AS (
    SELECT id, unit FROM scans WHERE event_id = $1 AND id > $2 AND result IN ('admit', 'exit_ok') AND unit IS NOT NULL
     ORDER BY id LIMIT $3
)
SELECT p.last, p.lines, t.*
  FROM (SELECT max(id) AS last, count(*) AS lines FROM page) p
  LEFT JOIN (SELECT DISTINCT unit FROM page) u ON true
  LEFT JOIN LATERAL (SELECT t.unit, t.inside, t.entries, t.entries_on, t.entries_today, t.last_entry_at,
               t.last_entry_gate
        FROM tickets t WHERE t.event_id = $1 AND t.unit = u.unit ORDER BY t.version DESC LIMIT 1) t ON true
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
    section: str
    code_not_before_s: int  # as its code was issued, Unix time
    code_expires_s: int


@dataclass(frozen=True, slots=True)
class EnteredTicket:
    """What happened to a ticket at the gates."""

    unit: int
    inside: bool
    entries: int
    entries_on: date | None
    entries_today: int
    last_entry_at: datetime | None
    last_entry_gate: str | None


@dataclass(frozen=True, slots=True)
class LogPage:
    """``last`` is the number of its last line; ``full``: there may be more."""

    last: int
    full: bool


async def fingerprint(db: Database, event_id: str) -> Fingerprint:
    row = await db.fetchrow(_FINGERPRINT, event_id)
    assert row is not None
    return Fingerprint(**dict(row))


async def live_tickets(db: Database, event_id: str) -> list[BundleTicket]:
    return [BundleTicket(**dict(row)) for row in await db.fetch(_LIVE, event_id)]


async def changes(db: Database, event_id: str, since: int, limit: int) -> list[dict[str, Any]]:
    """The feed after ``since``, in the order of their numbers, which is the order in which they became true."""
    return [dict(row) for row in await db.fetch(_CHANGES, event_id, since, limit)]


async def entries(db: Database, event_id: str, since: int, limit: int) -> tuple[LogPage | None, list[EnteredTicket]]:
    """Tickets whose entries or exits are lines of the scan log after ``since``; None if there is no such line."""
    rows = [dict(row) for row in await db.fetch(_ENTRIES, event_id, since, limit)]
    pages = {(row.pop("last"), row.pop("lines")) for row in rows}
    last, lines = next(iter(pages), (None, 0))
    tickets = [EnteredTicket(**row) for row in rows if row["unit"] is not None]
    return (LogPage(last, lines == limit) if last is not None else None), tickets
