"""Blocked units: in the ledger, which knows why, and in the map, which keeps them from sale."""

from __future__ import annotations

from collections.abc import Sequence

from engine.foundation.connections import HotRedis
from engine.stores import keys
from engine.stores.database import Connection, Database, Record
from engine.stores.sale.hold_records import pack_units
from engine.stores.sale.holds import SCRIPTS, Fenced

_BLOCK = """
INSERT INTO blocked_units (event_id, unit, reason, blocked_by)
SELECT $1, unit, $3, $4 FROM unnest($2::integer[]) AS unit
"""


async def lock(db: Connection, event_id: str) -> None:
    """Nobody else changes the event's blocks until the transaction ends; orders are not kept waiting."""
    await db.execute("SELECT pg_advisory_xact_lock(hashtext('blocked_units'), hashtext($1))", event_id)


async def of_event(db: Database, event_id: str) -> list[Record]:
    """Every blocked unit of an event, in order."""
    return await db.fetch(
        "SELECT unit, reason, created_at FROM blocked_units WHERE event_id = $1 ORDER BY unit", event_id
    )


async def blocked_units(db: Database, event_id: str) -> set[int]:
    """The numbers of the units that are blocked."""
    return {row["unit"] for row in await db.fetch("SELECT unit FROM blocked_units WHERE event_id = $1", event_id)}


async def block(db: Database, event_id: str, units: Sequence[int], reason: str, by: str) -> None:
    """Note that these are blocked, none of which may be yet. The caller has the event's blocks locked."""
    await db.execute(_BLOCK, event_id, list(units), reason, by)


async def unblock(db: Database, event_id: str, units: Sequence[int]) -> None:
    """Forget that they were."""
    await db.execute("DELETE FROM blocked_units WHERE event_id = $1 AND unit = ANY($2::integer[])", event_id, units)


async def in_map(hot: HotRedis, event_id: str, epoch: bytes, units: Sequence[int], *, blocked: bool) -> list[int]:
    """Block these units, or put them on sale again; those that somebody has, and then nothing changed. Fenced."""
    verb = "block" if blocked else "unblock"
    reply = await hot.run(SCRIPTS["units_block"], [keys.epoch(event_id)], [epoch, verb, pack_units(units)])
    if reply[0] == b"fenced":
        raise Fenced(event_id)
    return [int(unit) for unit in reply[1:]] if reply[0] == b"taken" else []
