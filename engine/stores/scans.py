"""Scans in the ledger: what a verdict is judged from, and the one statement that moves tickets and logs attempts.

Tickets move by compare-and-set on what the verdict was judged from; attempts on a ticket that moved meanwhile are not
logged, and the caller judges them again. So an entry is given once whatever Redis has lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import orjson

from engine.domain.attempts import Attempt
from engine.domain.scans import Outcome
from engine.domain.tickets import Ticket
from engine.stores.database import Database, Record

_TICKET_COLUMNS: Final = """
t.id, t.event_id, t.order_id, t.unit, t.version, t.status, t.ticket_type_id, t.section, t.seat, t.holder_name,
t.checked_in_at, t.checked_in_gate, t.checked_in_device, t.inside, t.entries, t.entries_on, t.entries_today,
t.last_entry_at, t.last_entry_gate"""

_NEWEST: Final = f"""
SELECT o.status AS order_status, t.*
  FROM unnest($1::text[], $2::int[]) AS g(event_id, unit)
 CROSS JOIN LATERAL (SELECT {_TICKET_COLUMNS} FROM tickets t
        WHERE t.event_id = g.event_id AND t.unit = g.unit ORDER BY t.version DESC LIMIT 1) t
  JOIN orders o ON o.id = t.order_id
"""

_REVOKED: Final = """
SELECT c.event_id, c.unit, max(c.seq) AS seq
  FROM ticket_changes c JOIN unnest($1::text[], $2::int[]) AS g(event_id, unit) USING (event_id, unit)
 GROUP BY c.event_id, c.unit
"""

_REPLAYS: Final = """
SELECT s.device_id, s.nonce, s.verdict
  FROM scans s JOIN unnest($1::text[], $2::text[]) AS g(device_id, nonce) USING (device_id, nonce)
"""

_SETTLE: Final = """
WITH moved AS (
    UPDATE tickets t
       SET inside = m.inside, entries = m.entries, entries_on = m.entries_on, entries_today = m.entries_today,
           last_entry_at = m.last_entry_at, last_entry_gate = m.last_entry_gate, checked_in_at = m.checked_in_at,
           checked_in_gate = m.checked_in_gate, checked_in_device = m.checked_in_device
      FROM unnest($1::text[], $2::int[], $3::text[], $4::int[], $5::bool[], $6::timestamptz[], $7::bool[], $8::int[],
                  $9::date[], $10::int[], $11::timestamptz[], $12::text[], $13::timestamptz[], $14::text[], $15::text[])
        AS m(id, seen_version, seen_status, seen_entries, seen_inside, seen_last_at, inside, entries, entries_on,
             entries_today, last_entry_at, last_entry_gate, checked_in_at, checked_in_gate, checked_in_device)
     WHERE t.id = m.id AND t.version = m.seen_version AND t.status = m.seen_status AND t.entries = m.seen_entries
       AND t.inside = m.seen_inside AND t.last_entry_at IS NOT DISTINCT FROM m.seen_last_at
    RETURNING t.id
), logged AS (
    INSERT INTO scans (event_id, ticket_id, unit, device_id, gate, nonce, direction, result, reason, verdict,
                       scanned_at, counted_at, received_at, clock_offset_ms, online, manual, facts, correlation_id)
    SELECT g.event_id, g.ticket_id, g.unit, g.device_id, g.gate, g.nonce, g.direction, g.result, g.reason,
           g.verdict::jsonb, g.scanned_at, g.counted_at, g.received_at, g.clock_offset_ms, g.online, g.manual,
           g.facts::jsonb, g.correlation_id
      FROM unnest($16::text[], $17::text[], $18::int[], $19::text[], $20::text[], $21::text[], $22::text[], $23::text[],
                  $24::text[], $25::text[], $26::timestamptz[], $27::timestamptz[], $28::timestamptz[], $29::int[],
                  $30::bool[], $31::bool[], $32::text[], $33::text[], $34::text[])
        AS g(event_id, ticket_id, unit, device_id, gate, nonce, direction, result, reason, verdict, scanned_at,
             counted_at, received_at, clock_offset_ms, online, manual, facts, correlation_id, moves)
     WHERE g.moves IS NULL OR g.moves IN (SELECT id FROM moved)
)
SELECT id FROM moved
"""

_CHECKED_IN: Final = f"""
SELECT o.status AS order_status, {_TICKET_COLUMNS} FROM tickets t JOIN orders o ON o.id = t.order_id
"""

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


async def given_before(db: Database, nonces: Sequence[tuple[str, str]]) -> dict[tuple[str, str], dict[str, Any]]:
    """The verdicts already given to these (device, nonce) pairs."""
    rows = await db.fetch(_REPLAYS, [device for device, _ in nonces], [nonce for _, nonce in nonces])
    return {(row["device_id"], row["nonce"]): row["verdict"] for row in rows}


async def settle(db: Database, moves: Sequence[Move], settled: Sequence[Settled]) -> set[str]:
    """Move tickets and log attempts in one durable statement; the ids of the tickets that did move.

    ``moves`` are (ticket as judged from, ticket as it becomes); each of ``settled`` is (attempt, outcome, answer, id of
    the ticket whose move it depends on, or None).
    """
    before, after = [seen for seen, _ in moves], [becomes for _, becomes in moves]
    attempts = [attempt for attempt, _, _, _ in settled]
    outcomes = [outcome for _, outcome, _, _ in settled]
    rows = await db.fetch(
        _SETTLE,
        [t.id for t in before],
        [t.version for t in before],
        [t.status for t in before],
        [t.entries for t in before],
        [t.inside for t in before],
        [t.last_entry_at for t in before],
        [t.inside for t in after],
        [t.entries for t in after],
        [t.entries_on for t in after],
        [t.entries_today for t in after],
        [t.last_entry_at for t in after],
        [t.last_entry_gate for t in after],
        [t.checked_in_at for t in after],
        [t.checked_in_gate for t in after],
        [t.checked_in_device for t in after],
        [a.scanner.event_id for a in attempts],
        [o.ticket.id if o.ticket is not None else None for o in outcomes],
        [a.unit for a in attempts],
        [a.scanner.device_id for a in attempts],
        [a.shown_gate for a in attempts],
        [a.nonce for a in attempts],
        [a.direction for a in attempts],
        [o.result.value for o in outcomes],
        [o.reason.value for o in outcomes],
        [orjson.dumps(answer).decode() for _, _, answer, _ in settled],
        [a.scanned_at for a in attempts],
        [a.counted_at for a in attempts],
        [a.received_at for a in attempts],
        [a.offset_ms for a in attempts],
        [not a.offline for a in attempts],
        [a.manual for a in attempts],
        [orjson.dumps(a.facts).decode() if a.facts is not None else None for a in attempts],
        [a.correlation_id for a in attempts],
        [moves_id for _, _, _, moves_id in settled],
    )
    return {row["id"] for row in rows}


async def entered(db: Database, event_id: str) -> list[Ticket]:
    """Every ticket of an event that was let in at least once and is the newest of its unit."""
    rows = await db.fetch(
        _CHECKED_IN
        + " WHERE t.event_id = $1 AND t.entries > 0 AND NOT EXISTS (SELECT 1 FROM tickets newer"
        + " WHERE newer.event_id = t.event_id AND newer.unit = t.unit AND newer.version > t.version)",
        event_id,
    )
    return [ticket_of(row) for row in rows]
