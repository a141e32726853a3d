"""Who is in: counts over tickets and scans, the alarms among them, and the pairs of offline scans that collided."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from engine.stores.database import Database

ALERT_DUPLICATES_MIN: Final = 3
ALERTS_MAX: Final = 20
ALERT_WINDOW_S: Final = 600

_BY_TYPE: Final = """
SELECT t.ticket_type_id, tt.name, count(*) AS issued, count(t.checked_in_at) AS checked_in,
       count(*) FILTER (WHERE t.inside AND ($2::timestamptz IS NULL OR t.last_entry_at >= $2)) AS inside
  FROM tickets t JOIN ticket_types tt ON tt.id = t.ticket_type_id
 WHERE t.event_id = $1 AND t.status NOT IN ('refunded', 'cancelled')
 GROUP BY t.ticket_type_id, tt.name ORDER BY tt.name
"""

_BY_GATE: Final = """
SELECT gate, count(*) AS attempts,
       count(*) FILTER (WHERE result = 'admit') AS entries, count(*) FILTER (WHERE result = 'exit_ok') AS exits,
       count(*) FILTER (WHERE result = 'duplicate') AS duplicates, count(*) FILTER (WHERE result = 'reject') AS rejects,
       count(*) FILTER (WHERE reason IN ('duplicate_offline_conflict', 'offline_earlier')
                          AND ($2::timestamptz IS NULL OR counted_at >= $2)) AS conflicts,
       max(received_at) AS last_scan_at
  FROM scans WHERE event_id = $1 GROUP BY gate ORDER BY gate
"""

_ALERTS: Final = """
SELECT s.ticket_id, t.holder_name AS attendee, coalesce(t.seat, t.section) AS seat, count(*) AS duplicates,
       max(s.received_at) AS last_at, array_agg(DISTINCT s.gate) AS gates
  FROM scans s JOIN tickets t ON t.id = s.ticket_id
 WHERE s.event_id = $1 AND s.result = 'duplicate' AND s.received_at > now() - make_interval(secs => $2)
 GROUP BY s.ticket_id, t.holder_name, t.seat, t.section HAVING count(*) >= $3
 ORDER BY count(*) DESC, s.ticket_id LIMIT $4
"""

_CONFLICTS: Final = """
SELECT s.id, s.ticket_id, s.unit, t.holder_name AS attendee, coalesce(t.seat, t.section) AS seat,
       s.gate, s.device_id, s.scanned_at, s.counted_at, s.received_at, s.clock_offset_ms, s.result, s.reason,
       p.id AS other_id, p.gate AS other_gate, p.device_id AS other_device_id, p.scanned_at AS other_scanned_at,
       p.counted_at AS other_counted_at, p.received_at AS other_received_at,
       p.clock_offset_ms AS other_clock_offset_ms, p.result AS other_result, p.reason AS other_reason
  FROM scans s JOIN tickets t ON t.id = s.ticket_id
 CROSS JOIN LATERAL (
       SELECT p.* FROM scans p
        WHERE p.ticket_id = s.ticket_id AND p.id < s.id AND p.result = 'admit'
        ORDER BY p.counted_at LIMIT 1) p
 WHERE s.event_id = $1 AND s.id > $2 AND s.reason IN ('duplicate_offline_conflict', 'offline_earlier')
 ORDER BY s.id LIMIT $3
"""


_LOG: Final = """
SELECT id, ticket_id, unit, device_id, gate, direction, result, reason, scanned_at, counted_at, received_at,
       clock_offset_ms, online, manual, nonce, facts, correlation_id
  FROM scans WHERE event_id = $1 AND ($2 = 0 OR id < $2) AND ($3::text IS NULL OR ticket_id = $3)
   AND ($4::text IS NULL OR result = $4)
 ORDER BY id DESC LIMIT $5
"""


async def by_type(db: Database, event_id: str, since: datetime | None) -> list[dict[str, Any]]:
    """Issued, checked in and inside of each ticket type; ``since``: the last moment everybody counted as gone."""
    return [dict(row) for row in await db.fetch(_BY_TYPE, event_id, since)]


async def by_gate(db: Database, event_id: str, since: datetime | None) -> list[dict[str, Any]]:
    """What each gate did, and the heads that came in twice on one ticket."""
    return [dict(row) for row in await db.fetch(_BY_GATE, event_id, since)]


async def alerts(db: Database, event_id: str) -> list[dict[str, Any]]:
    """Tickets shown again and again in the last minutes: a copied code is going around."""
    rows = await db.fetch(_ALERTS, event_id, ALERT_WINDOW_S, ALERT_DUPLICATES_MIN, ALERTS_MAX)
    return [dict(row) for row in rows]


async def conflicts(db: Database, event_id: str, after: int, limit: int) -> list[dict[str, Any]]:
    """Pairs of scans that both let a head in, by the number of the later-received one."""
    return [dict(row) for row in await db.fetch(_CONFLICTS, event_id, after, limit)]


async def log(
    db: Database, event_id: str, before: int, ticket_id: str | None, result: str | None, limit: int
) -> list[dict[str, Any]]:
    """Attempts, newest first, before the one with this number (0: from the newest)."""
    return [dict(row) for row in await db.fetch(_LOG, event_id, before, ticket_id, result, limit)]
