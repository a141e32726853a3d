"""Scans in the ledger: what a verdict is judged from, and the one statement that moves tickets and logs attempts.

Tickets move by compare-and-set on what the verdict was judged from; attempts on a ticket that moved meanwhile are not
logged, and the caller judges them again. So an entry is given once whatever Redis has lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import asyncpg
import orjson

from engine.domain.gates.attempts import Attempt
from engine.domain.gates.scans import Outcome
from engine.domain.tickets.tickets import Ticket
from engine.stores.database import Database, Record

_TICKET_COLUMNS: Final = """
t.id, t.event_id, t.order_id, t.unit, t.version, t.status, t.ticket_type_id, t.section, t.seat, t.holder_name,
t.checked_in_at, t.checked_in_gate, t.checked_in_device, t.inside, t.entries, t.entries_on, t.entries_today,
t.last_entry_at, t.last_entry_gate"""

_NEWEST: Final = f"""
SELECT (SELECT o.status FROM orders o WHERE o.id = t.order_id) AS order_status, t.*
  FROM unnest((SELECT $1::text[]), $2::int[]) AS g(event_id, unit)
 CROSS JOIN LATERAL (SELECT {_TICKET_COLUMNS} FROM tickets t
        WHERE t.event_id = g.event_id AND t.unit = g.unit ORDER BY t.version DESC LIMIT 1) t
"""

_REVOKED: Final = """
SELECT g.event_id, g.unit, c.seq
  FROM unnest((SELECT $1::text[]), $2::int[]) AS g(event_id, unit)
 CROSS JOIN LATERAL (SELECT max(c.seq) AS seq FROM ticket_changes c
        WHERE c.event_id = g.event_id AND c.unit = g.unit HAVING count(*) > 0) c
"""

# Lines without a verdict name what the devices uploaded and is not a row a scan yet.
_REPLAYS: Final = """
SELECT s.device_id, s.nonce, s.verdict, NULL::bigint AS pack_id
  FROM unnest((SELECT $1::text[]), $2::text[]) AS g(device_id, nonce)
 CROSS JOIN LATERAL (SELECT * FROM scans s WHERE s.device_id = g.device_id AND s.nonce = g.nonce LIMIT 1) s
 UNION ALL
SELECT p.device_id, NULL, NULL, p.id FROM scan_packs p
 WHERE p.device_id = ANY((SELECT $1::text[])::text[]) AND p.unpacked_at IS NULL
"""

# The rows travel as two JSON texts: encoding 34 arrays of values cost 20 us a scan, this costs 4.
_SETTLE: Final = """
WITH moved AS (
    UPDATE tickets t
       SET inside = m.inside, entries = m.entries, entries_on = m.entries_on, entries_today = m.entries_today,
           last_entry_at = m.last_entry_at, last_entry_gate = m.last_entry_gate, checked_in_at = m.checked_in_at,
           checked_in_gate = m.checked_in_gate, checked_in_device = m.checked_in_device
      FROM json_to_recordset($1::text::json)
        AS m(id text, seen_version int, seen_status text, seen_entries int, seen_inside bool, seen_last_at timestamptz,
             inside bool, entries int, entries_on date, entries_today int, last_entry_at timestamptz,
             last_entry_gate text, checked_in_at timestamptz, checked_in_gate text, checked_in_device text)
     WHERE t.id = ANY((SELECT $3::text[])::text[]) AND t.id = m.id AND t.version = m.seen_version
       AND t.status = m.seen_status AND t.entries = m.seen_entries AND t.inside = m.seen_inside
       AND t.last_entry_at IS NOT DISTINCT FROM m.seen_last_at
    RETURNING t.id
), logged AS (
    INSERT INTO scans (event_id, ticket_id, unit, device_id, gate, nonce, direction, result, reason, verdict,
                       scanned_at, counted_at, received_at, clock_offset_ms, online, manual, facts, correlation_id)
    SELECT g.event_id, g.ticket_id, g.unit, g.device_id, g.gate, g.nonce, g.direction, g.result, g.reason, g.verdict,
           g.scanned_at, g.counted_at, g.received_at, g.clock_offset_ms, g.online, g.manual, g.facts, g.correlation_id
      FROM json_to_recordset($2::text::json)
        AS g(event_id text, ticket_id text, unit int, device_id text, gate text, nonce text, direction text,
             result text, reason text, verdict jsonb, scanned_at timestamptz, counted_at timestamptz,
             received_at timestamptz, clock_offset_ms int, online bool, manual bool, facts jsonb, correlation_id text,
             moves text)
     WHERE g.moves IS NULL OR g.moves IN (SELECT id FROM moved)
)
SELECT id FROM moved
"""

_CHECKED_IN: Final = f"""
SELECT o.status AS order_status, {_TICKET_COLUMNS} FROM tickets t JOIN orders o ON o.id = t.order_id
"""

# Somebody wrote the same rows at this moment: judge again.
WRITTEN_MEANWHILE: Final = (
    asyncpg.UniqueViolationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
)

Settled = tuple[Attempt, Outcome, dict[str, Any], str | None]
Move = tuple[Ticket, Ticket]


def ticket_of(row: Record) -> Ticket:
    """A row of the columns above."""
    return Ticket(**dict(row))


async def newest(db: Database, units: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Ticket]:
    """The newest ticket of each (event, unit) that ever had one."""
    rows = await db.fetch(_NEWEST, [event_id for event_id, _ in units], [unit for _, unit in units])
    return {(row["event_id"], row["unit"]): ticket_of(row) for row in rows}


async def newest_revocations(db: Database, units: Sequence[tuple[str, int]]) -> dict[tuple[str, int], int]:
    """The number of the last change in each unit's standing."""
    rows = await db.fetch(_REVOKED, [event_id for event_id, _ in units], [unit for _, unit in units])
    return {(row["event_id"], row["unit"]): row["seq"] for row in rows}


async def given_before(
    db: Database, nonces: Sequence[tuple[str, str]]
) -> tuple[dict[tuple[str, str], dict[str, Any]], list[int]]:
    """The verdicts already given to these (device, nonce) pairs; the packed rows in which there may be others."""
    rows = await db.fetch(_REPLAYS, [device for device, _ in nonces], [nonce for _, nonce in nonces])
    given = {(row["device_id"], row["nonce"]): row["verdict"] for row in rows if row["pack_id"] is None}
    return given, [row["pack_id"] for row in rows if row["pack_id"] is not None]


async def settle(db: Database, moves: Sequence[Move], settled: Sequence[Settled]) -> set[str]:
    """Move tickets and log attempts in one durable statement; the ids of the tickets that did move.

    ``moves`` are (ticket as judged from, ticket as it becomes); each of ``settled`` is (attempt, outcome, answer, id of
    the ticket whose move it depends on, or None).
    """
    rows = await db.fetch(
        _SETTLE,
        orjson.dumps([_move(seen, becomes) for seen, becomes in moves]).decode(),
        orjson.dumps([_logged(*one) for one in settled]).decode(),
        [seen.id for seen, _ in moves],
    )
    return {row["id"] for row in rows}


def _move(seen: Ticket, becomes: Ticket) -> dict[str, Any]:
    return {
        "id": seen.id,
        "seen_version": seen.version,
        "seen_status": seen.status,
        "seen_entries": seen.entries,
        "seen_inside": seen.inside,
        "seen_last_at": seen.last_entry_at,
        "inside": becomes.inside,
        "entries": becomes.entries,
        "entries_on": becomes.entries_on,
        "entries_today": becomes.entries_today,
        "last_entry_at": becomes.last_entry_at,
        "last_entry_gate": becomes.last_entry_gate,
        "checked_in_at": becomes.checked_in_at,
        "checked_in_gate": becomes.checked_in_gate,
        "checked_in_device": becomes.checked_in_device,
    }


def _logged(attempt: Attempt, outcome: Outcome, answer: dict[str, Any], moves: str | None) -> dict[str, Any]:
    return {
        "event_id": attempt.scanner.event_id,
        "ticket_id": outcome.ticket.id if outcome.ticket is not None else None,
        "unit": attempt.unit,
        "device_id": attempt.scanner.device_id,
        "gate": attempt.shown_gate,
        "nonce": attempt.nonce,
        "direction": attempt.direction,
        "result": outcome.result,
        "reason": outcome.reason,
        "verdict": answer,
        "scanned_at": attempt.scanned_at,
        "counted_at": attempt.counted_at,
        "received_at": attempt.received_at,
        "clock_offset_ms": attempt.offset_ms,
        "online": not attempt.offline,
        "manual": attempt.manual,
        "facts": attempt.facts,
        "correlation_id": attempt.correlation_id,
        "moves": moves,
    }


async def entered(db: Database, event_id: str) -> list[Ticket]:
    """Every ticket of an event that was let in at least once and is the newest of its unit."""
    rows = await db.fetch(
        _CHECKED_IN
        + " WHERE t.event_id = $1 AND t.entries > 0 AND NOT EXISTS (SELECT 1 FROM tickets newer"
        + " WHERE newer.event_id = t.event_id AND newer.unit = t.unit AND newer.version > t.version)",
        event_id,
    )
    return [ticket_of(row) for row in rows]
