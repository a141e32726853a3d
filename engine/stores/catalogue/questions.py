"""The questions of an event in the ledger: one column, retired ones among them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from engine.domain.catalogue.questions import EventQuestions, NamedTickets, Question
from engine.stores.database import Database


def every(value: Any) -> tuple[Question, ...]:
    """The questions of the column, retired ones too."""
    return msgspec.convert(value, tuple[Question, ...])


def live(value: Any) -> tuple[Question, ...]:
    """Those of them that are asked."""
    return tuple(question for question in every(value) if not question.retired)


async def get(db: Database, event_id: str) -> EventQuestions | None:
    """What the event asks and asked; None if there is no such event."""
    row = await db.fetchrow("SELECT named_tickets, questions, version FROM events WHERE id = $1", event_id)
    if row is None:
        return None
    return EventQuestions(named_tickets=row["named_tickets"], questions=every(row["questions"]), version=row["version"])


async def put(db: Database, event_id: str, questions: Sequence[Question], named: NamedTickets) -> None:
    """Keep them in place of all that were, and move the event's version."""
    await db.execute(
        "UPDATE events SET questions = $2, named_tickets = $3, version = version + 1, updated_at = now() WHERE id = $1",
        event_id,
        msgspec.to_builtins(questions),
        named,
    )
