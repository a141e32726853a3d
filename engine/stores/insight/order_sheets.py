"""What spreadsheets of an event say apart from its orders: answers, and who comes through the doors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.domain.money.answers import Answer, Attendee, answers_of, attendee_of
from engine.domain.tickets.tickets import shown_status
from engine.stores.database import Database, Record

_ANSWERS = "SELECT id, answers FROM orders WHERE id = ANY($1::text[]) AND answers IS NOT NULL"
# By place, which is what the index of live tickets is sorted by.
_COMING = """
SELECT t.unit, t.id, t.status, t.section, t.seat, t.holder_name, t.checked_in_at, tt.name AS ticket_type,
       o.order_number, o.buyer_name, o.buyer_email, o.answers, u.attendee
  FROM tickets t
  JOIN orders o ON o.id = t.order_id
  JOIN order_units u ON u.order_id = t.order_id AND u.line = t.line
  JOIN ticket_types tt ON tt.id = t.ticket_type_id
 WHERE t.event_id = $1 AND t.unit > $2 AND t.status NOT IN ('refunded', 'cancelled')
 ORDER BY t.unit LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class Coming:
    """A ticket of the door list with what was told of it and of its order."""

    unit: int
    ticket_id: str
    status: str
    ticket_type: str
    section: str
    seat: str | None
    attendee_name: str
    attendee_email: str
    order_number: str
    buyer_name: str
    buyer_email: str
    checked_in_at: datetime | None
    told: Attendee | None
    answers: tuple[Answer, ...]


async def answers(db: Database, order_ids: list[str]) -> dict[str, tuple[Answer, ...]]:
    """What was answered with these orders, for those that answered anything."""
    return {row["id"]: answers_of(row["answers"]) for row in await db.fetch(_ANSWERS, order_ids)}


async def coming(db: Database, event_id: str, after_unit: int, limit: int) -> list[Coming]:
    """The event's tickets that somebody has, by place; -1 begins."""
    return [_coming(row) for row in await db.fetch(_COMING, event_id, after_unit, limit)]


def _coming(row: Record) -> Coming:
    told = attendee_of(row["attendee"])
    return Coming(
        unit=row["unit"],
        ticket_id=row["id"],
        status=shown_status(row["status"], row["checked_in_at"]),
        ticket_type=row["ticket_type"],
        section=row["section"],
        seat=row["seat"],
        attendee_name=row["holder_name"],
        attendee_email=(told.email if told else None) or row["buyer_email"],
        order_number=row["order_number"],
        buyer_name=row["buyer_name"],
        buyer_email=row["buyer_email"],
        checked_in_at=row["checked_in_at"],
        told=told,
        answers=answers_of(row["answers"]),
    )
