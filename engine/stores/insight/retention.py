"""Forgetting what was kept long enough. Each rule walks its rows once, by their key, from the last one it visited.

No index is kept for it: an index over what is still to be forgotten would cost every order. A step ends before the
first row that is not due.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from msgspec import Struct

from engine.domain.insight.personal_data import ERASED_HOST
from engine.domain.insight.retention import Rule, Visited
from engine.stores.database import Connection, Record

_BEGIN = "INSERT INTO retention_marks (rule, mark) VALUES ($1, '') ON CONFLICT DO NOTHING"
_MARK = "SELECT mark FROM retention_marks WHERE rule = $1 FOR UPDATE"
_MOVE = "UPDATE retention_marks SET mark = $2, moved_at = now() WHERE rule = $1"
# $1 the last row visited, $2 how many, $3 how many days.
_NETWORK = """
WITH next AS (
    SELECT id, created_at < now() - make_interval(days => $3) AS due FROM orders WHERE id > $1 ORDER BY id LIMIT $2
), due AS (
    SELECT id FROM next
     WHERE id < (SELECT min(id) FROM next WHERE NOT due) OR NOT EXISTS (SELECT 1 FROM next WHERE NOT due)
), cleared AS (
    UPDATE orders SET ip_address = NULL, user_agent = NULL
     WHERE id = ANY(ARRAY(SELECT id FROM due)) AND (ip_address IS NOT NULL OR user_agent IS NOT NULL) RETURNING id
)
SELECT (SELECT max(id) FROM due) AS mark, (SELECT count(*) FROM due)::int AS visited,
       (SELECT count(*) FROM cleared)::int AS removed
"""
_SCAN_PLACE = """
WITH next AS (
    SELECT id, received_at < now() - make_interval(days => $3) AS due FROM scans WHERE id > $1 ORDER BY id LIMIT $2
), due AS (
    SELECT id FROM next
     WHERE id < (SELECT min(id) FROM next WHERE NOT due) OR NOT EXISTS (SELECT 1 FROM next WHERE NOT due)
), cleared AS (
    UPDATE scans SET facts = nullif(facts - 'location', '{}')
     WHERE id = ANY(ARRAY(SELECT id FROM due)) AND facts ? 'location' RETURNING id
)
SELECT (SELECT max(id) FROM due)::text AS mark, (SELECT count(*) FROM due)::int AS visited,
       (SELECT count(*) FROM cleared)::int AS removed
"""
# Events by their end: the one after ($1, $2) that is over since $3 days.
_NEXT_EVENT = """
SELECT id, ends_at FROM events
 WHERE ends_at < now() - make_interval(days => $3) AND (ends_at, id) > ($1::timestamptz, $2::text)
 ORDER BY ends_at, id LIMIT 1
"""
# Guests of an event whose orders follow $2, and whether they bought for an event that is not over since $3 days.
_GUESTS = """
SELECT o.id, lower(o.buyer_email) AS address, EXISTS (
           SELECT 1 FROM (SELECT b.event_id, b.user_id FROM orders b
                           WHERE lower(b.buyer_email) = lower(o.buyer_email) OFFSET 0) later
             JOIN events e ON e.id = later.event_id
            WHERE later.user_id IS NULL AND e.ends_at >= now() - make_interval(days => $3)) AS comes_again
  FROM orders o
 WHERE o.event_id = $1 AND o.id > $2 AND o.user_id IS NULL AND o.buyer_email NOT LIKE $4
 ORDER BY o.id LIMIT $5
"""
EVER: Final = datetime.fromisoformat("0001-01-01T00:00:00+00:00")


class GuestMark(Struct, frozen=True):
    """How far the guests' rule has come: the event, and the last of its orders."""

    ends_at: datetime = EVER
    event_id: str = ""
    order_id: str = ""


async def mark(db: Connection, rule: Rule) -> str:
    """The last row that the rule visited, "" if none; nobody else moves it until the transaction ends."""
    await db.execute(_BEGIN, rule)
    found: str = await db.fetchval(_MARK, rule)
    return found


async def move(db: Connection, rule: Rule, to: str) -> None:
    """Remember the last row visited."""
    await db.execute(_MOVE, rule, to)


async def forget_network(db: Connection, days: int, rows_max: int) -> Visited:
    """Take addresses and browsers from orders that are older."""
    row = await db.fetchrow(_NETWORK, await mark(db, "network"), rows_max, days)
    return await _moved(db, "network", row)


async def forget_scan_places(db: Connection, days: int, rows_max: int) -> Visited:
    """Take the place of the scanner from scans that are older."""
    row = await db.fetchrow(_SCAN_PLACE, int(await mark(db, "scan_place") or 0), rows_max, days)
    return await _moved(db, "scan_place", row)


async def next_event(db: Connection, after: GuestMark, days: int) -> GuestMark | None:
    """The next event that is over for so long; None if there is none yet."""
    row = await db.fetchrow(_NEXT_EVENT, after.ends_at, after.event_id, days)
    return None if row is None else GuestMark(row["ends_at"], row["id"])


async def guests(db: Connection, at: GuestMark, days: int, rows_max: int) -> list[Record]:
    """Rows of (id, address, comes_again): orders of the event without an account, after the mark."""
    return await db.fetch(_GUESTS, at.event_id, at.order_id, days, f"%@{ERASED_HOST}", rows_max)


async def _moved(db: Connection, rule: Rule, row: Record | None) -> Visited:
    assert row is not None, "an aggregate has a row"
    if row["visited"]:
        await move(db, rule, row["mark"])
    return Visited(visited=row["visited"], removed=row["removed"])
