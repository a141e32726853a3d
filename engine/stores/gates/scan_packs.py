"""Uploads in the ledger: what a chunk is judged from, its tickets and its packed row, and the way from there to scans.

Columns and records cross as one text or one value each: they are written and read in Rust (hotpath_rs/src/gates). A
packed row that is unpacked stays for as long as its upload's answer may be asked for again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from engine.stores.database import Connection, Database

_LOCK_DEVICE: Final = "SELECT pg_advisory_xact_lock(hashtext('scan_packs.device'), hashtext($1))"
_LOCK_EVENT: Final = "SELECT pg_advisory_xact_lock(hashtext('scan_packs.event'), hashtext($1))"
_TRY_EVENT: Final = "SELECT pg_try_advisory_xact_lock(hashtext('scan_packs.event'), hashtext($1))"

_GIVEN: Final = """
SELECT string_agg(record_send(g), ''::bytea)
  FROM (SELECT s.nonce, s.result, s.verdict::text AS verdict
          FROM unnest($2::text::text[]) AS n(nonce)
         CROSS JOIN LATERAL (SELECT * FROM scans s WHERE s.device_id = $1 AND s.nonce = n.nonce LIMIT 1) s) g
"""

# In the order of the index that has them, which is so all that is read.
_LOGGED: Final = """
SELECT CASE WHEN count(*) <= $2 THEN coalesce(string_agg(textsend(nonce), '\\x00'::bytea), ''::bytea) END
  FROM (SELECT nonce FROM scans WHERE device_id = $1 AND nonce IS NOT NULL ORDER BY nonce LIMIT $2::integer + 1) few
"""

# A table that is rewritten as a whole (VACUUM FULL, CLUSTER) has its rows in other places.
_HOME: Final = "pg_relation_filenode('tickets') || '/' || pg_relation_filenode('orders')"

# A row with its writer in its place is the row that was read: any change has another writer, and another place.
_STILL: Final = f"""
SELECT (SELECT count(*) FROM unnest($1::text::tid[], $2::text::xid[]) AS m(place, writer)
          JOIN tickets t ON t.ctid = m.place AND t.xmin = m.writer) AS tickets,
       (SELECT count(*) FROM unnest($3::text::tid[], $4::text::xid[]) AS m(place, writer)
          JOIN orders o ON o.ctid = m.place AND o.xmin = m.writer) AS orders,
       {_HOME} AS home
"""

# The columns are read in this order by hotpath_rs/src/gates/records.rs.
_TICKETS: Final = f"""
SELECT string_agg(record_send(g), ''::bytea) AS records, {_HOME} AS home
  FROM (SELECT t.place, t.writer, t.unit, t.version, t.status, o.status AS order_status, t.id, t.ticket_type_id,
               t.section, t.seat, t.holder_name, t.checked_in_at, t.checked_in_gate, t.checked_in_device, t.inside,
               t.entries, t.entries_on, t.entries_today, t.last_entry_at, t.last_entry_gate,
               CASE WHEN $3 OR o.status = 'refunded'
                      OR t.status IN ('transfer_pending', 'blocked', 'refunded', 'cancelled')
                    THEN (SELECT max(c.seq) FROM ticket_changes c WHERE c.event_id = $1 AND c.unit = t.unit)
               END AS revoked_seq, o.place AS order_place, o.writer AS order_writer
          FROM unnest($2::text::integer[]) AS n(unit)
         CROSS JOIN LATERAL (SELECT t.ctid AS place, t.xmin AS writer, t.* FROM tickets t
                WHERE t.event_id = $1 AND t.unit = n.unit ORDER BY t.version DESC LIMIT 1) t
         CROSS JOIN LATERAL (SELECT o.ctid AS place, o.xmin AS writer, o.status
                 FROM orders o WHERE o.id = t.order_id LIMIT 1) o) g
"""

# A row that anybody wrote since has another writer, and another place: it does not move. Both were read in the same
# transaction, which keeps the table from being rewritten in between.
_MOVE: Final = """
WITH moved AS (
UPDATE tickets t
   SET inside = m.inside, entries = m.entries, entries_on = date '1970-01-01' + m.entries_on,
       entries_today = m.entries_today, last_entry_at = 'epoch'::timestamptz + m.last_us * interval '1 microsecond',
       last_entry_gate = ($12::text::text[])[m.last_gate],
       checked_in_at = 'epoch'::timestamptz + m.first_us * interval '1 microsecond',
       checked_in_gate = ($12::text::text[])[m.first_gate], checked_in_device = ($12::text::text[])[m.first_device]
  FROM unnest($1::text::tid[], $2::text::xid[], $3::text::boolean[], $4::text::integer[], $5::text::integer[],
              $6::text::integer[], $7::text::bigint[], $8::text::integer[], $9::text::bigint[],
              $10::text::integer[], $11::text::integer[])
    AS m(place, writer, inside, entries, entries_on, entries_today, last_us, last_gate, first_us, first_gate,
         first_device)
 WHERE t.ctid = m.place AND t.xmin = m.writer
RETURNING t.order_id)
SELECT order_id, count(*) AS tickets FROM moved GROUP BY order_id
"""

# As most uploads ask: first entries of one moment. Nine values instead of nine columns spare 3 us a ticket.
_MOVE_ALIKE: Final = """
WITH moved AS (
UPDATE tickets t
   SET inside = ($3::text::boolean[])[1], entries = ($4::text::integer[])[1],
       entries_on = date '1970-01-01' + ($5::text::integer[])[1], entries_today = ($6::text::integer[])[1],
       last_entry_at = 'epoch'::timestamptz + ($7::text::bigint[])[1] * interval '1 microsecond',
       last_entry_gate = ($12::text::text[])[($8::text::integer[])[1]],
       checked_in_at = 'epoch'::timestamptz + ($9::text::bigint[])[1] * interval '1 microsecond',
       checked_in_gate = ($12::text::text[])[($10::text::integer[])[1]],
       checked_in_device = ($12::text::text[])[($11::text::integer[])[1]]
  FROM unnest($1::text::tid[], $2::text::xid[]) AS m(place, writer)
 WHERE t.ctid = m.place AND t.xmin = m.writer
RETURNING t.order_id)
SELECT order_id, count(*) AS tickets FROM moved GROUP BY order_id
"""

_KEEP: Final = """
INSERT INTO scan_packs (event_id, device_id, received_at, correlation_id, facts, lines, body)
VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id
"""

_OF_DEVICE: Final = "SELECT id FROM scan_packs WHERE device_id = $1 AND unpacked_at IS NULL ORDER BY id"
_WAITING: Final = "SELECT id, device_id, body FROM scan_packs WHERE id = ANY($1::bigint[]) AND unpacked_at IS NULL"
_KEPT: Final = "SELECT id, body FROM scan_packs WHERE id = ANY($1::bigint[])"
_NEWEST: Final = "SELECT max(id) FROM scan_packs WHERE event_id = $1 AND unpacked_at IS NULL"
_EVENTS: Final = """
SELECT DISTINCT event_id
  FROM (SELECT event_id FROM scan_packs WHERE unpacked_at IS NULL ORDER BY id LIMIT 1000) oldest
 LIMIT $1
"""
_OLDEST: Final = """
SELECT id, device_id, received_at, correlation_id, facts, lines, unpacked, body
  FROM scan_packs WHERE event_id = $1 AND unpacked_at IS NULL ORDER BY id LIMIT 1
"""

# A nonce that a single scan of the same moment took is not given twice: the later line stays in the log without it.
_UNPACK: Final = """
INSERT INTO scans (event_id, ticket_id, unit, device_id, gate, nonce, direction, result, reason, verdict,
                   scanned_at, counted_at, received_at, clock_offset_ms, online, facts, correlation_id)
SELECT $1, g.ticket_id, g.unit, $2, g.gate,
       CASE WHEN (SELECT s.id FROM scans s WHERE s.device_id = $2 AND s.nonce = g.nonce LIMIT 1) IS NULL
            THEN g.nonce END,
       g.direction, g.result, g.reason, g.verdict,
       'epoch'::timestamptz + g.scanned_us * interval '1 microsecond',
       'epoch'::timestamptz + g.counted_us * interval '1 microsecond', $3, g.clock_offset_ms, g.online, $4, $5
  FROM json_to_recordset($6::text::json)
    AS g(line int, ticket_id text, unit int, gate text, nonce text, direction text, result text, reason text,
         verdict jsonb, scanned_us bigint, counted_us bigint, clock_offset_ms int, online bool)
 ORDER BY g.line
"""
_UNPACKED: Final = "UPDATE scan_packs SET unpacked = $2 WHERE id = $1"
_DONE: Final = "UPDATE scan_packs SET unpacked = lines, unpacked_at = now() WHERE id = $1"
_SWEEP: Final = """
DELETE FROM scan_packs
 WHERE id = ANY(ARRAY(SELECT id FROM scan_packs WHERE unpacked_at < now() - make_interval(hours => $1)
                       ORDER BY unpacked_at LIMIT $2))
"""


Asked = tuple[list[str], int, list[str], int]  # see ScanBatch.asked


@dataclass(frozen=True, slots=True)
class PackedRow:
    """A chunk of an upload that is not a row a scan yet."""

    id: int
    device_id: str
    received_at: datetime
    correlation_id: str
    facts: dict[str, Any] | None
    lines: int
    unpacked: int
    body: bytes


async def lock_device(db: Connection, device_id: str) -> None:
    """Until the caller's transaction ends, no other upload of this device is judged."""
    await db.execute(_LOCK_DEVICE, device_id)


async def logged(db: Connection, device_id: str, most: int) -> bytes | None:
    """All nonces of a device that the log has, with zero bytes between them; None if they are more than this many."""
    found: bytes | None = await db.fetchval(_LOGGED, device_id, most)
    return found


async def given(db: Connection, device_id: str, nonces: str) -> bytes | None:
    """Records of nonce, result and answer of those of a column of nonces that the log has; None if it has none."""
    found: bytes | None = await db.fetchval(_GIVEN, device_id, nonces)
    return found


async def tickets(db: Connection, event_id: str, units: str, *, cancelled: bool) -> tuple[bytes, str]:
    """A record for the newest ticket of each of a column of units that ever had one, and where such rows are kept."""
    row = await db.fetchrow(_TICKETS, event_id, units, cancelled)
    assert row is not None, "an aggregate has a row"
    return row["records"] or b"", row["home"]


async def still(db: Connection, asked: Asked, home: str) -> bool:
    """Whether nobody wrote these rows since they were read, when ``home`` was where the ledger keeps its rows."""
    tickets, ticket_count, orders, order_count = asked
    row = await db.fetchrow(_STILL, *tickets, *orders)
    return row is not None and tuple(row) == (ticket_count, order_count, home)


async def move(db: Connection, columns: Sequence[str], names: str, *, alike: bool) -> dict[str, int]:
    """Move tickets that are as they were read; how many that were of each order."""
    rows = await db.fetch(_MOVE_ALIKE if alike else _MOVE, *columns, names)
    return {row["order_id"]: row["tickets"] for row in rows}


async def keep(
    db: Connection,
    event_id: str,
    device_id: str,
    received_at: datetime,
    correlation_id: str,
    facts: dict[str, Any] | None,
    lines: int,
    body: bytes,
) -> int:
    """Log a chunk as one packed row; its number."""
    number: int = await db.fetchval(_KEEP, event_id, device_id, received_at, correlation_id, facts, lines, body)
    return number


async def of_device(db: Database, device_id: str) -> list[int]:
    """The packed rows of a device that are not unpacked."""
    return [row["id"] for row in await db.fetch(_OF_DEVICE, device_id)]


async def bodies(db: Database, ids: Sequence[int]) -> list[tuple[int, str, bytes]]:
    """(id, device, body) of those of these packed rows that are not unpacked."""
    return [(row["id"], row["device_id"], row["body"]) for row in await db.fetch(_WAITING, list(ids))]


async def kept(db: Database, ids: Sequence[int]) -> dict[int, bytes]:
    """The bodies of these packed rows by id, unpacked or not."""
    return {row["id"]: row["body"] for row in await db.fetch(_KEPT, list(ids))}


async def newest(db: Database, event_id: str) -> int | None:
    """The newest packed row of an event that is not unpacked."""
    found: int | None = await db.fetchval(_NEWEST, event_id)
    return found


async def events(db: Database, limit: int) -> list[str]:
    """Events with packed rows that are not unpacked."""
    return [row["event_id"] for row in await db.fetch(_EVENTS, limit)]


async def lock_event(db: Connection, event_id: str, *, wait: bool) -> bool:
    """Until the caller's transaction ends, nobody else unpacks this event; False (no wait): somebody does already."""
    if wait:
        await db.execute(_LOCK_EVENT, event_id)
        return True
    return bool(await db.fetchval(_TRY_EVENT, event_id))


async def oldest(db: Connection, event_id: str) -> PackedRow | None:
    """The packed row to unpack next: an event's in their order, so that the log has its lines in theirs."""
    row = await db.fetchrow(_OLDEST, event_id)
    return PackedRow(**dict(row)) if row is not None else None


async def unpack(db: Connection, event_id: str, packed: PackedRow, rows: str, upto: int) -> None:
    """Make scans of the lines up to, and without, ``upto``; ``rows`` are those that were none yet."""
    await db.execute(_UNPACK, event_id, packed.device_id, packed.received_at, packed.facts, packed.correlation_id, rows)
    if upto < packed.lines:
        await db.execute(_UNPACKED, packed.id, upto)
    else:
        await db.execute(_DONE, packed.id)


async def sweep(db: Database, hours: int, limit: int) -> int:
    """Forget packed rows that were unpacked this long ago; how many went."""
    tag = await db.execute(_SWEEP, hours, limit)
    return int(tag.rpartition(" ")[2])
