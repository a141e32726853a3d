"""What happened, read off the logs that the ledger writes anyway, and the messages that are made of it.

Three logs are read in this order, each only as far as the one before is read to its end: the activity log, the gates'
feed of tickets, the scans. Their numbers are given before they are committed, so a line may appear below others that
were read: each part is read once more when no transaction from before is left. A message's cause makes it one.

One worker reads at a time: it has the feeds' rows locked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from engine.domain.messages.webhook_kinds import OF_CHANGES, OF_DEEDS
from engine.stores.database import Connection, Database, Record

LINES_MAX: Final = 500  # of one log, read at once
FENCE_AGE_S: Final = 10  # a number may be taken a moment before its transaction has one

_SUBSCRIBED = """
SELECT w.organization_id, array_agg(DISTINCT k.kind) AS kinds
  FROM webhook_endpoints w CROSS JOIN LATERAL unnest(w.events) AS k(kind) GROUP BY w.organization_id
"""
_LOCK = """
SELECT feed, seen, sure, fence, fence_xid, fenced_at <= now() - make_interval(secs => $1) AS fence_aged
  FROM webhook_feeds ORDER BY feed FOR UPDATE SKIP LOCKED
"""
_NOW_OF = """
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS oldest_xid,
       pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next_xid, ({newest}) AS newest
"""
_NEWEST: Final = {
    "deeds": _NOW_OF.format(newest="SELECT coalesce(max(id), 0) FROM audit_log"),
    "tickets": _NOW_OF.format(newest="SELECT coalesce(max(seq), 0) FROM ticket_changes"),
    "scans": _NOW_OF.format(newest="SELECT coalesce(max(id), 0) FROM scans"),
}
_DEEDS: Final = """
SELECT a.id AS number, a.action AS word, coalesce(a.facts->>'dispute_id', '') AS subject, a.created_at AS happened_at,
       CASE WHEN a.action LIKE 'ticket.%' THEN a.facts->>'ticket_id' ELSE a.target END AS object_id, e.organization_id
  FROM audit_log a
 CROSS JOIN LATERAL (
       SELECT o.event_id FROM orders o WHERE o.id = a.target AND a.target LIKE 'ord\\_%'
       UNION ALL SELECT a.target WHERE a.target LIKE 'evt\\_%' LIMIT 1) x
  JOIN events e ON e.id = x.event_id
 WHERE a.id > $1 AND a.id <= $2 AND a.action = ANY($3::text[]) AND e.organization_id = ANY($4::text[])
   AND (e.status <> 'draft' OR a.target LIKE 'ord\\_%')
 ORDER BY a.id
"""
# The ticket that the unit had then: it may be sold again by now.
_CHANGES = """
SELECT c.seq AS number, c.reason AS word, t.id AS object_id, '' AS subject, c.created_at AS happened_at,
       e.organization_id
  FROM ticket_changes c
  JOIN events e ON e.id = c.event_id
 CROSS JOIN LATERAL (
       SELECT t.id FROM tickets t WHERE t.event_id = c.event_id AND t.unit = c.unit
        ORDER BY (t.created_at <= c.created_at) DESC, t.version DESC LIMIT 1) t
 WHERE c.seq > $1 AND c.seq <= $2 AND c.reason = ANY($3::text[]) AND e.organization_id = ANY($4::text[])
 ORDER BY c.seq
"""
_SCANS = """
SELECT s.id AS number, 'admit' AS word, s.ticket_id AS object_id, s.id::text AS subject, s.received_at AS happened_at,
       e.organization_id
  FROM scans s JOIN events e ON e.id = s.event_id
 WHERE s.id > $1 AND s.id <= $2 AND s.result = ANY($3::text[]) AND s.direction = 'entry' AND s.ticket_id IS NOT NULL
   AND e.organization_id = ANY($4::text[])
 ORDER BY s.id
"""
_LINES: Final = {"deeds": _DEEDS, "tickets": _CHANGES, "scans": _SCANS}
_WORDS: Final[Mapping[str, list[str]]] = {"deeds": [*OF_DEEDS], "tickets": [*OF_CHANGES], "scans": ["admit"]}
FEEDS: Final = tuple(_LINES)
_MOVE = """
UPDATE webhook_feeds SET seen = $2, sure = $3, fence = $4, fence_xid = $5,
       fenced_at = CASE WHEN $6 THEN now() ELSE fenced_at END
 WHERE feed = $1
"""
_KNOWN = "SELECT cause FROM webhook_messages WHERE cause = ANY($1::text[])"
_COUNT = """
INSERT INTO webhook_sequences (organization_id, object_id, last)
SELECT * FROM unnest($1::text[], $2::text[], $3::int[])
ON CONFLICT (organization_id, object_id) DO UPDATE SET last = webhook_sequences.last + excluded.last
RETURNING organization_id, object_id, last
"""
_ADD = """
INSERT INTO webhook_messages (id, organization_id, kind, object_id, subject, sequence, cause, body, happened_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[], $7::text[], $8::text[],
                     $9::timestamptz[])
"""
_DELIVER = """
INSERT INTO webhook_deliveries (endpoint_id, message_id, object_id, sequence)
SELECT w.id, m.id, m.object_id, m.sequence
  FROM webhook_messages m
  JOIN webhook_endpoints w ON w.organization_id = m.organization_id AND w.enabled AND m.kind = ANY(w.events)
 WHERE m.id = ANY($1::text[])
"""
_CHECK_INS = """
SELECT s.id::text AS id, s.ticket_id, t.order_id, s.event_id, t.ticket_type_id, t.unit, t.section, t.seat,
       t.holder_name AS attendee, s.gate, s.device_id, s.counted_at AS checked_in_at, s.received_at, s.online, s.manual
  FROM (SELECT * FROM scans WHERE id = ANY($1::bigint[]) OFFSET 0) s
 CROSS JOIN LATERAL (SELECT * FROM tickets WHERE id = s.ticket_id OFFSET 0) t
"""
_TICKETS = "SELECT order_id FROM tickets WHERE id = ANY($1::text[])"
# Messages go with what was sent of them; a number that an object had is not given again.
_FORGET = """
DELETE FROM webhook_messages WHERE id = ANY(ARRAY(
    SELECT id FROM webhook_messages WHERE created_at < now() - make_interval(days => $1) ORDER BY created_at LIMIT $2))
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a log. ``word`` says what happened in the log's own words."""

    feed: str
    number: int
    word: str
    object_id: str
    subject: str
    happened_at: datetime
    organization_id: str


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message as it is written. ``sequence`` is of its object."""

    id: str
    organization_id: str
    kind: str
    object_id: str
    subject: str
    sequence: int
    cause: str
    body: str
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """How far a log was read."""

    feed: str
    seen: int
    sure: int
    fence: int
    fence_xid: int
    fence_aged: bool


async def subscribed(db: Database) -> dict[str, frozenset[str]]:
    """The organizations that have endpoints, and the kinds that these are to hear, switched on or not."""
    return {row["organization_id"]: frozenset(row["kinds"]) for row in await db.fetch(_SUBSCRIBED)}


async def lock(db: Connection) -> dict[str, Place]:
    """How far each log was read, for this transaction alone; empty if another worker reads them."""
    rows = await db.fetch(_LOCK, FENCE_AGE_S)
    return {row["feed"]: Place(**dict(row)) for row in rows}


async def read(db: Connection, place: Place, organization_ids: Sequence[str]) -> tuple[list[Line], bool]:
    """Lines of one log about these organizations, those from before the fence first, and whether its end is reached.

    The place moves on in the same transaction.
    """
    state = await db.fetchrow(f"{_NEWEST.get(place.feed)}")
    assert state is not None
    lines: list[Line] = []
    sure, fence, fence_xid, fenced = place.sure, place.fence, place.fence_xid, False
    if sure < fence and place.fence_aged and state["oldest_xid"] >= fence_xid:
        upto = min(fence, sure + LINES_MAX)
        lines += await _lines(db, place.feed, sure, upto, organization_ids)
        sure = upto
    seen = min(max(state["newest"], place.seen), place.seen + LINES_MAX)
    if seen > place.seen:
        lines += await _lines(db, place.feed, place.seen, seen, organization_ids)
    if sure >= fence and seen > sure:
        fence, fence_xid, fenced = seen, state["next_xid"], True
    if (seen, sure, fence) != (place.seen, place.sure, place.fence):
        await db.execute(_MOVE, place.feed, seen, sure, fence, fence_xid, fenced)
    return lines, seen >= state["newest"]


async def known(db: Connection, causes: Sequence[str]) -> frozenset[str]:
    """Those of these causes that led to a message already."""
    return frozenset(row["cause"] for row in await db.fetch(_KNOWN, list(causes)))


async def count(db: Connection, objects: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    """Take this many numbers for each (organization, object); the last of each."""
    keys = sorted(objects)
    rows = await db.fetch(_COUNT, [key[0] for key in keys], [key[1] for key in keys], [objects[key] for key in keys])
    return {(row["organization_id"], row["object_id"]): row["last"] for row in rows}


async def add(db: Connection, messages: Sequence[NewMessage]) -> None:
    """Write messages, and for each the endpoints that it goes to."""
    await db.execute(
        _ADD,
        [one.id for one in messages],
        [one.organization_id for one in messages],
        [one.kind for one in messages],
        [one.object_id for one in messages],
        [one.subject for one in messages],
        [one.sequence for one in messages],
        [one.cause for one in messages],
        [one.body for one in messages],
        [one.happened_at for one in messages],
    )
    await db.execute(_DELIVER, [one.id for one in messages])


async def check_ins(db: Database, numbers: Sequence[int]) -> list[Record]:
    """Scans by number with their tickets: the fields of CheckIn."""
    return list(await db.fetch(_CHECK_INS, list(numbers)))


async def orders_of_tickets(db: Database, ticket_ids: Sequence[str]) -> list[str]:
    """The orders that these tickets belong to."""
    return [row["order_id"] for row in await db.fetch(_TICKETS, list(ticket_ids))]


async def forget(db: Database, days: int, limit: int) -> int:
    """Take away messages older than this, with their deliveries and attempts; how many."""
    return len(await db.fetch(_FORGET, days, limit))


async def _lines(db: Connection, feed: str, after: int, upto: int, organization_ids: Sequence[str]) -> list[Line]:
    rows = await db.fetch(f"{_LINES.get(feed)}", after, upto, _WORDS[feed], list(organization_ids))
    return [Line(feed=feed, **dict(row)) for row in rows]
