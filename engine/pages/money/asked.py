"""The fields of the checkout for what an event asks, and what was typed into them.

A field is called ``a-<question>`` for the order; ``n-<ticket>`` is the name on a ticket, and ``a-<ticket>-<question>``
asks of one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from engine.domain.catalogue.questions import Asking, Question
from engine.domain.fields import NAME_CHARS_MAX
from engine.domain.money.answers import NOTHING_TOLD, VALUE_CHARS_MAX, GivenAnswer, GivenAttendee, Told
from engine.foundation.speech.tongue import later

COUNT_FIELD: Final = "tickets"  # how many tickets the form has fields for
COUNT_CHARS_MAX: Final = 4
TICKED: Final = "yes"
TOO_LONG: Final = later("This is too long")
REST: Final = "asked"  # the name of faults that belong to no field


@dataclass(frozen=True, slots=True)
class Field:
    """One question as the page shows it."""

    name: str
    question: Question
    value: str

    @property
    def ticked(self) -> bool:
        return self.value == TICKED


@dataclass(frozen=True, slots=True)
class TicketFields:
    """What is asked of one ticket; ``name`` is the field of its name, "" if none is asked for."""

    name: str
    value: str
    fields: list[Field]


def order_fields(asking: Asking, form: Mapping[str, str]) -> list[Field]:
    """What is asked of the order."""
    return _fields(asking.of_order, "a", form)


def ticket_fields(asking: Asking, form: Mapping[str, str], units: int) -> list[TicketFields]:
    """What is asked of each ticket; nothing if only the order is asked."""
    if not asking.asks_attendees:
        return []
    return [
        TicketFields(
            f"n-{line}" if asking.named != "off" else "",
            form.get(f"n-{line}", "")[:NAME_CHARS_MAX],
            _fields(asking.of_attendee, f"a-{line}", form),
        )
        for line in range(units)
    ]


def told_of(asking: Asking | None, form: Mapping[str, str]) -> Told:
    """What the form tells of what is asked; fields that are not asked for are passed over."""
    if asking is None:
        return NOTHING_TOLD
    text = form.get(COUNT_FIELD, "")
    units = int(text) if text.isascii() and text.isdecimal() and len(text) < COUNT_CHARS_MAX else 0
    return Told(
        _answers(asking.of_order, "a", form),
        tuple(
            GivenAttendee(
                name=form.get(f"n-{line}", "")[:NAME_CHARS_MAX] or None if asking.named != "off" else None,
                answers=_answers(asking.of_attendee, f"a-{line}", form),
            )
            for line in range(units if asking.asks_attendees else 0)
        ),
    )


def faults_by_field(errors: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """What is wrong, by the field that it stands in; ``REST`` for what is wrong with all of them."""
    found: dict[str, str] = {}
    for error in errors:
        parts = error["pointer"].strip("/").split("/")
        of_ticket = parts[0] == "attendees" and len(parts) > 1
        if "question_id" in error:
            name = f"a-{parts[1]}-{error['question_id']}" if of_ticket else f"a-{error['question_id']}"
        else:
            name = f"n-{parts[1]}" if of_ticket and parts[-1] == "name" else REST
        found.setdefault(name, TOO_LONG if error["code"] == "too_long" else error["message"])
    return found


def _fields(questions: Sequence[Question], prefix: str, form: Mapping[str, str]) -> list[Field]:
    return [
        Field(f"{prefix}-{question.id}", question, form.get(f"{prefix}-{question.id}", "")[:VALUE_CHARS_MAX])
        for question in questions
    ]


def _answers(questions: Sequence[Question], prefix: str, form: Mapping[str, str]) -> tuple[GivenAnswer, ...]:
    return tuple(
        GivenAnswer(field.question.id, field.ticked if field.question.kind == "checkbox" else field.value)
        for field in _fields(questions, prefix, form)
    )
