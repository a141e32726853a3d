"""Ticket types in the ledger. A type's number is its byte in the inventory and is never given twice in an event.

Price steps have such numbers too. ``step_numbers`` are all that a type was ever given for its steps: units may still be
counted under one whose step is gone.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from engine.domain.catalogue.pricing.price_steps import PriceStep, numbered
from engine.domain.catalogue.ticket_types import NewTicketType, TicketTypeChange, TicketTypeRow
from engine.stores.database import Connection, Database, Record, assignments, columns_of

_COLUMNS = ", ".join(TicketTypeRow.__struct_fields__)
_MORE_NUMBERS = """
UPDATE ticket_types SET step_numbers = ARRAY(SELECT DISTINCT unnest(step_numbers || $2::smallint[]) ORDER BY 1)
 WHERE id = $1
"""


def _type(row: Record) -> TicketTypeRow:
    values = dict(row)
    values["categories"] = tuple(values["categories"])
    values["price_steps"] = msgspec.convert(values["price_steps"], tuple[PriceStep, ...])
    return TicketTypeRow(**values)


async def of_event(db: Database, event_id: str) -> list[TicketTypeRow]:
    """All types of an event in the order they are shown."""
    rows = await db.fetch(f"SELECT {_COLUMNS} FROM ticket_types WHERE event_id = $1 ORDER BY sort, number", event_id)
    return [_type(row) for row in rows]


async def get(db: Database, ticket_type_id: str) -> TicketTypeRow | None:
    row = await db.fetchrow(f"SELECT {_COLUMNS} FROM ticket_types WHERE id = $1", ticket_type_id)
    return _type(row) if row is not None else None


async def next_numbers(db: Connection, event_id: str, count: int) -> list[int]:
    """Take the event's next numbers; the caller holds the event's lock."""
    made: int = await db.fetchval(
        "UPDATE events SET ticket_types_made = ticket_types_made + $2 WHERE id = $1 RETURNING ticket_types_made",
        event_id,
        count,
    )
    return list(range(made - count, made))


async def add(db: Connection, ticket_type_id: str, event_id: str, given: NewTicketType) -> TicketTypeRow:
    """Keep a type under numbers of its own; the caller holds the event's lock."""
    numbers = await next_numbers(db, event_id, 1 + len(given.price_steps))
    return await insert(db, ticket_type_id, event_id, numbers, given)


async def insert(
    db: Database, ticket_type_id: str, event_id: str, numbers: Sequence[int], given: NewTicketType
) -> TicketTypeRow:
    """Keep a type: the first of ``numbers`` is its own, the others are those of its price steps."""
    columns = columns_of(given)
    columns["price_steps"] = msgspec.to_builtins(numbered(given.price_steps, (), numbers[1:]))
    marks = ", ".join(f"${index + 5}" for index in range(len(columns)))
    row = await db.fetchrow(
        f"INSERT INTO ticket_types (id, event_id, number, step_numbers, {', '.join(columns)})"
        f" VALUES ($1, $2, $3, $4, {marks})"
        f" RETURNING {_COLUMNS}",
        ticket_type_id,
        event_id,
        numbers[0],
        list(numbers[1:]),
        *columns.values(),
    )
    assert row is not None
    return _type(row)


async def change(
    db: Database, ticket_type_id: str, given: TicketTypeChange, steps: tuple[PriceStep, ...] | None = None
) -> TicketTypeRow:
    """Change what is given and move the version; the caller holds the event's lock. ``steps``: if given too."""
    columns = columns_of(given)
    if steps is not None:
        columns["price_steps"] = msgspec.to_builtins(steps)
        numbers = [step.number for step in steps]
        await db.execute(_MORE_NUMBERS, ticket_type_id, numbers)
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
