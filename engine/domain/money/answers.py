"""What a buyer tells at the checkout: answers of the order, and who comes with each of its tickets.

An answer is kept with the words of its question, as it was asked then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from engine.domain.catalogue.questions import QUESTIONS_MAX, Asking, Question
from engine.domain.fields import NAME_CHARS_MAX, NO_NUL
from engine.domain.money.buyers import LINKED, checked_address, name_fault
from engine.domain.sale.holds import ITEMS_MAX, QUANTITY_MAX
from engine.foundation.errors import Invalid
from engine.foundation.folding import is_name, name_kept
from engine.foundation.speech.tongue import later

ATTENDEES_MAX: Final = ITEMS_MAX * QUANTITY_MAX
TOLD_CHARS_MAX: Final = 20_000  # of all that is told of an order
VALUE_CHARS_MAX: Final = 1_000  # that is looked at of an answer; its question allows fewer
NOT_ANSWERED: Final = later("Please answer this")
NOT_TICKED: Final = later("Please tick this")
NOT_NAMED: Final = later("Please tell us who comes with this ticket")

_Value = Annotated[str, Meta(max_length=VALUE_CHARS_MAX, pattern=NO_NUL)]


class GivenAnswer(Struct, frozen=True):
    """``value`` is text, one of the choices, or whether the box is ticked."""

    question_id: Annotated[str, Meta(min_length=1, max_length=64)]
    value: bool | _Value


GivenAnswers = Annotated[tuple[GivenAnswer, ...], Meta(max_length=QUESTIONS_MAX)]


class GivenAttendee(Struct, frozen=True):
    """Who comes with one ticket of the order."""

    name: Annotated[str, Meta(max_length=NAME_CHARS_MAX, pattern=NO_NUL)] | None = None
    email: Annotated[str, Meta(max_length=NAME_CHARS_MAX, pattern=NO_NUL)] | None = None
    answers: GivenAnswers = ()


GivenAttendees = Annotated[tuple[GivenAttendee, ...], Meta(max_length=ATTENDEES_MAX)]


class Told(Struct, frozen=True):
    """What came with a request to order; ``attendees`` stand in the order of the hold's units."""

    answers: tuple[GivenAnswer, ...] = ()
    attendees: tuple[GivenAttendee, ...] = ()


class Answer(Struct, frozen=True):
    """An answer as it is kept: ``label`` is the question as it was asked."""

    question_id: str
    label: str
    value: bool | str

    @property
    def text(self) -> str:
        """As people read it."""
        if isinstance(self.value, bool):
            return "yes" if self.value else "no"
        return self.value


class Attendee(Struct, frozen=True):
    """Who comes with a ticket, as the buyer told."""

    name: str | None = None
    email: str | None = None
    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of it: for each ticket its attendee, None if nothing was told of one."""

    answers: tuple[Answer, ...] = ()
    attendees: tuple[Attendee | None, ...] = ()


NOTHING_TOLD: Final = Told()
NOTHING_KEPT: Final = Kept()


def answers_of(value: Any) -> tuple[Answer, ...]:
    """Answers from the ledger's column; none if it is null."""
    return () if value is None else msgspec.convert(value, tuple[Answer, ...])


def attendee_of(value: Any) -> Attendee | None:
    """An attendee from the ledger's column."""
    return None if value is None else msgspec.convert(value, Attendee)


def checked(asking: Asking | None, told: Told, units: int) -> Kept:
    """What is kept of what was told with an order of this many units. Invalid with all that is broken.

    Each fault has a pointer; that of a question has its ``question_id`` as well.
    """
    faults: list[dict[str, str]] = []
    named = asking.named if asking is not None else "off"
    of_order, of_attendee = (asking.of_order, asking.of_attendee) if asking is not None else ((), ())
    answers = _answered(of_order, told.answers, "", faults)
    if len(told.attendees) > units:
        faults.append(_fault("/attendees", "too_many", f"There are {units} tickets in this order"))
    attendees = []
    for line in range(units if of_attendee or named != "off" or told.attendees else 0):
        given = told.attendees[line] if line < len(told.attendees) else GivenAttendee()
        at = f"/attendees/{line}"
        name, email = _named(named, given, at, faults)
        told_of = _answered(of_attendee, given.answers, at, faults)
        attendees.append(Attendee(name, email, told_of) if name or email or told_of else None)
    if not faults and _chars(answers, attendees) > TOLD_CHARS_MAX:
        text = f"All answers together have at most {TOLD_CHARS_MAX} characters"
        faults.append(_fault("/attendees", "too_long", text))
    if faults:
        raise Invalid(errors=faults)
    return Kept(answers, tuple(attendees) if any(attendees) else ())


def _named(named: str, given: GivenAttendee, at: str, faults: list[dict[str, str]]) -> tuple[str | None, str | None]:
    """(name, address) of an attendee as they are kept."""
    name, email = name_kept(given.name or ""), (given.email or "").strip()
    if named == "off":
        if name or email:
            faults.append(_fault(f"{at}/name", "not_asked", "Tickets of this event bear no names of their own"))
        return None, None
    if not name:
        if named == "required" or email:
            faults.append(_fault(f"{at}/name", "required", NOT_NAMED))
    else:
        wrong = name_fault(name)
        if wrong is not None:
            faults.append(_fault(f"{at}/name", "invalid_name", LINKED if wrong == LINKED else NOT_NAMED))
    if not email:
        return name or None, None
    try:
        return name or None, checked_address(email, f"{at}/email")
    except Invalid as refusal:
        faults += refusal.errors
        return name or None, None


def _answered(
    questions: Sequence[Question], given: Sequence[GivenAnswer], at: str, faults: list[dict[str, str]]
) -> tuple[Answer, ...]:
    """The answers in the order of their questions, those left empty left out."""
    by_id = {question.id: question for question in questions}
    found: dict[str, Answer] = {}
    told = set()
    for index, answer in enumerate(given):
        pointer = f"{at}/answers/{index}"
        question = by_id.get(answer.question_id)
        if question is None:
            faults.append(_fault(f"{pointer}/question_id", "unknown_question", "This is not asked here"))
            continue
        if question.id in told:
            faults.append(_fault(f"{pointer}/question_id", "duplicate", "This is answered twice", question.id))
            continue
        told.add(question.id)
        try:
            value = _value(question, answer.value)
        except ValueError as error:
            code, message = error.args
            faults.append(_fault(f"{pointer}/value", code, message, question.id))
            continue
        if value not in (None, ""):
            assert value is not None
            found[question.id] = Answer(question.id, question.label, value)
        elif question.required:
            faults.append(_fault(f"{pointer}/value", "required", _missing(question), question.id))
    faults += [
        _fault(f"{at}/answers", "required", f"{question.label}: {_missing(question)}", question.id)
        for question in questions
        if question.required and question.id not in told
    ]
    return tuple(found[question.id] for question in questions if question.id in found)


def _missing(question: Question) -> str:
    return NOT_TICKED if question.kind == "checkbox" else NOT_ANSWERED


def _value(question: Question, value: bool | str) -> bool | str | None:
    """The value as it is kept, None or "" if it is no answer. ValueError with (code, message)."""
    if question.kind == "checkbox":
        if not isinstance(value, bool):
            raise ValueError("wrong_kind", "Say true or false")
        return value if value or not question.required else None
    if not isinstance(value, str):
        raise ValueError("wrong_kind", "Answer with text")  # noqa: TRY004 - as its neighbours
    text = name_kept(value)
    if question.kind == "choice":
        if text and text not in question.choices:
            raise ValueError("unknown_choice", later("Choose one of those offered"))
        return text
    if text and not is_name(text):
        raise ValueError("invalid_value", later("Nobody could read this"))
    if question.chars_max is not None and len(text) > question.chars_max:
        raise ValueError("too_long", f"At most {question.chars_max} characters")
    return text


def _chars(answers: Iterable[Answer], attendees: Iterable[Attendee | None]) -> int:
    every = [*answers, *(answer for attendee in attendees if attendee for answer in attendee.answers)]
    names = sum(len(attendee.name or "") + len(attendee.email or "") for attendee in attendees if attendee)
    return names + sum(len(answer.text) + len(answer.label) for answer in every)


def _fault(pointer: str, code: str, message: str, question_id: str = "") -> dict[str, str]:
    found = {"pointer": pointer, "code": code, "message": message}
    return found | {"question_id": question_id} if question_id else found
