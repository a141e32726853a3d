"""Allotments in the ledger: which units are set apart, and for whom."""

from __future__ import annotations

from collections.abc import Sequence

from engine.domain.sale.allotments import AllotmentChange, NewAllotment
from engine.stores.database import Connection, Database, Record, assignments, columns_of

_COLUMNS = "id, event_id, number, name, units, open_to, version, created_at, updated_at"


async def of_event(db: Database, event_id: str) -> list[Record]:
    return await db.fetch(f"SELECT {_COLUMNS} FROM allotments WHERE event_id = $1 ORDER BY number", event_id)


async def get(db: Database, allotment_id: str) -> Record | None:
    return await db.fetchrow(f"SELECT {_COLUMNS} FROM allotments WHERE id = $1", allotment_id)


async def taken_units(db: Database, event_id: str) -> set[int]:
    """Every unit that some allotment of the event has."""
    rows = await db.fetch("SELECT units FROM allotments WHERE event_id = $1", event_id)
    return {unit for row in rows for unit in row["units"]}


async def free_number(db: Connection, event_id: str, numbers_max: int) -> int | None:
    """The lowest lot of the map that no allotment uses, 1..numbers_max; None if all are used."""
    found: int | None = await db.fetchval(
        "SELECT min(n) FROM generate_series(1, $2::int) AS n"
        " WHERE NOT EXISTS (SELECT 1 FROM allotments WHERE event_id = $1 AND number = n)",
        event_id,
        numbers_max,
    )
    return found


async def insert(
    db: Database, allotment_id: str, event_id: str, number: int, units: Sequence[int], given: NewAllotment
) -> Record:
    row = await db.fetchrow(
        "INSERT INTO allotments (id, event_id, number, name, units, open_to) VALUES ($1, $2, $3, $4, $5, $6)"
        f" RETURNING {_COLUMNS}",
        allotment_id,
        event_id,
        number,
        given.name,
        list(units),
        given.open_to,
    )
    assert row is not None
    return row


async def change(db: Database, allotment_id: str, version: int, given: AllotmentChange) -> Record | None:
    """Change what is given if the version still is this one; None if it is not."""
    columns = columns_of(given)
    sets = "".join(f"{part}, " for part in [assignments(columns, 3)] if part)
    return await db.fetchrow(
        f"UPDATE allotments SET {sets}version = version + 1, updated_at = now() WHERE id = $1 AND version = $2"
        f" RETURNING {_COLUMNS}",
        allotment_id,
        version,
        *columns.values(),
    )


async def delete(db: Database, allotment_id: str) -> None:
    await db.execute("DELETE FROM allotments WHERE id = $1", allotment_id)
