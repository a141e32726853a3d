"""Ticket types in the ledger. A type's number is its byte in the inventory and is never given twice in an event."""

from __future__ import annotations

from engine.domain.catalogue.ticket_types import NewTicketType, TicketTypeChange, TicketTypeRow
from engine.stores.database import Connection, Database, Record, assignments, columns_of

_COLUMNS = ", ".join(TicketTypeRow.__struct_fields__)


def _type(row: Record) -> TicketTypeRow:
    values = dict(row)
    values["categories"] = tuple(values["categories"])
    return TicketTypeRow(**values)


async def of_event(db: Database, event_id: str) -> list[TicketTypeRow]:
    """All types of an event in the order they are shown."""
    rows = await db.fetch(f"SELECT {_COLUMNS} FROM ticket_types WHERE event_id = $1 ORDER BY sort, number", event_id)
    return [_type(row) for row in rows]


async def get(db: Database, ticket_type_id: str) -> TicketTypeRow | None:
    row = await db.fetchrow(f"SELECT {_COLUMNS} FROM ticket_types WHERE id = $1", ticket_type_id)
    return _type(row) if row is not None else None


async def next_number(db: Connection, event_id: str) -> int:
    """Take the event's next number; the caller holds the event's lock."""
    made: int = await db.fetchval(
        "UPDATE events SET ticket_types_made = ticket_types_made + 1 WHERE id = $1 RETURNING ticket_types_made",
        event_id,
    )
    return made - 1


async def insert(db: Database, ticket_type_id: str, event_id: str, number: int, given: NewTicketType) -> TicketTypeRow:
    columns = columns_of(given)
    marks = ", ".join(f"${index + 4}" for index in range(len(columns)))
    row = await db.fetchrow(
        f"INSERT INTO ticket_types (id, event_id, number, {', '.join(columns)}) VALUES ($1, $2, $3, {marks})"
        f" RETURNING {_COLUMNS}",
        ticket_type_id,
        event_id,
        number,
        *columns.values(),
    )
    assert row is not None
    return _type(row)


async def change(db: Database, ticket_type_id: str, given: TicketTypeChange) -> TicketTypeRow:
    """Change what is given and move the version; the caller holds the event's lock."""
    columns = columns_of(given)
    sets = "".join(f"{part}, " for part in [assignments(columns, 2)] if part)
    row = await db.fetchrow(
        f"UPDATE ticket_types SET {sets}version = version + 1, updated_at = now() WHERE id = $1 RETURNING {_COLUMNS}",
        ticket_type_id,
        *columns.values(),
    )
    assert row is not None
    return _type(row)


async def delete(db: Database, ticket_type_id: str) -> None:
    await db.execute("DELETE FROM ticket_types WHERE id = $1", ticket_type_id)


async def live_sold(db: Database, ticket_type_id: str) -> int:
    """How many of it are sold or being paid for."""
    found: int = await db.fetchval(
        "SELECT count(*) FROM order_units u JOIN ticket_types t ON t.id = u.ticket_type_id"
        " WHERE u.event_id = t.event_id AND u.ticket_type_id = $1 AND u.live",
        ticket_type_id,
    )
    return found
