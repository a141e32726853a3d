"""What an organizer asks at the checkout: of the order or of each of its attendees, and whether tickets bear names.

Questions have ids that stay when they are worded otherwise or moved. Once an event was published a question is never
deleted: it is retired, so that its answers can still be read. A retired one may be asked again under its id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from engine.domain.fields import ONE_LINE, SHORT_CHARS_MAX, SOME_LINE, Faults, Line, Name, fault
from engine.foundation import folding
from engine.foundation.errors import Invalid
from engine.foundation.ids import new_id

QUESTIONS_MAX: Final = 20  # asked at a time
KEPT_MAX: Final = 100  # of an event, retired ones too
CHOICES_MAX: Final = 30
ANSWER_CHARS_MAX: Final = 500  # of a text
ANSWER_CHARS_DEFAULT: Final = 200

Kind = Literal["text", "choice", "checkbox"]
Per = Literal["order", "attendee"]
NamedTickets = Literal["off", "optional", "required"]
_Choice = Annotated[str, Meta(min_length=1, max_length=SHORT_CHARS_MAX, pattern=SOME_LINE)]


class Question(Struct, frozen=True, kw_only=True):
    """One question. ``id`` "" is a new one; ``choices`` are a choice's alone, ``chars_max`` is a text's alone.

    A checkbox that is required must be ticked.
    """

    id: Annotated[str, Meta(max_length=40, pattern=ONE_LINE)] = ""
    label: Name
    help: Line = ""
    kind: Kind = "text"
    per: Per = "order"
    required: bool = False
    choices: Annotated[tuple[_Choice, ...], Meta(max_length=CHOICES_MAX)] = ()
    chars_max: Annotated[int, Meta(ge=1, le=ANSWER_CHARS_MAX)] | None = None
    retired: bool = False


Questions = Annotated[list[Question], Meta(max_length=QUESTIONS_MAX)]


class QuestionsChange(Struct, kw_only=True):
    """All that is asked from now on, in this order; what is left out is asked no longer."""

    questions: Questions
    named_tickets: NamedTickets | UnsetType = UNSET


class EventQuestions(Struct, frozen=True, kw_only=True):
    """What an event asks, in order, and below it what it asked once."""

    named_tickets: NamedTickets
    questions: tuple[Question, ...]
    version: int


@dataclass(frozen=True, slots=True)
class Asking:
    """What buyers of an event are asked at this moment."""

    named: NamedTickets
    of_order: tuple[Question, ...]
    of_attendee: tuple[Question, ...]

    @property
    def asks_attendees(self) -> bool:
        """Whether each ticket has fields of its own."""
        return self.named != "off" or bool(self.of_attendee)

    @classmethod
    def of(cls, named: NamedTickets, questions: Sequence[Question]) -> Asking | None:
        """None if nothing is asked, as of most events."""
        live = [question for question in questions if not question.retired]
        if named == "off" and not live:
            return None
        return cls(
            named,
            tuple(question for question in live if question.per == "order"),
            tuple(question for question in live if question.per == "attendee"),
        )


def kept(given: Sequence[Question], before: Sequence[Question] = (), *, published: bool = False) -> list[Question]:
    """The questions as they are kept: those given, then those retired. Invalid with all that is broken.

    ``before`` is what is kept now; ``published``: people may have answered it.
    """
    known = {question.id: question for question in before}
    found: Faults = []
    asked: list[Question] = []
    for index, typed in enumerate(given):
        at = f"/questions/{index}"
        choices = tuple(folding.name_kept(choice) for choice in typed.choices)
        question = replace(typed, label=folding.name_kept(typed.label), choices=choices, retired=False)
        if not folding.is_name(question.label):
            found.append(fault(f"{at}/label", "invalid_value", "Nobody could read this question"))
        was = known.get(question.id)
        if question.id and was is None:
            found.append(fault(f"{at}/id", "unknown_question", "The event has no such question"))
        elif was is not None and published and (was.kind, was.per) != (question.kind, question.per):
            text = "It may have been answered: leave it out, and ask another one"
            found.append(fault(f"{at}/kind", "kind_fixed", text))
        found += _choice_faults(question, at)
        question_id = question.id or new_id("qst")
        if any(question_id == other.id for other in asked):
            found.append(fault(f"{at}/id", "duplicate", "This question is there twice"))
        chars_max = (question.chars_max or ANSWER_CHARS_DEFAULT) if question.kind == "text" else None
        asked.append(replace(question, id=question_id, chars_max=chars_max))
    ids = {question.id for question in asked}
    retired = [replace(question, retired=True) for question in before if question.id not in ids] if published else []
    if len(asked) + len(retired) > KEPT_MAX:
        text = f"At most {KEPT_MAX} questions are kept of an event, retired ones too: word one otherwise instead"
        found.append(fault("/questions", "limit_reached", text))
    if found:
        raise Invalid(errors=found)
    return asked + retired


def for_sibling(
    given: QuestionsChange, before: Sequence[Question], theirs: Sequence[Question], *, published: bool
) -> QuestionsChange:
    """The same questions for another event of a series, which knows them under ids of its own.

    A question of the edited event is theirs if it is asked of the same people in the same words, which were compared as
    they stood ``before``; one that they do not know is new to them. ``published``: theirs may have been answered, so
    one that is answered otherwise from now on is another question.
    """
    known = {question.id: question for question in before}
    free = {_told_by(question): question for question in sorted(theirs, key=lambda each: not each.retired)}
    questions: list[Question] = []
    for question in given.questions:
        was = known.get(question.id)
        same = free.pop(_told_by(was), None) if was is not None else None
        stays = same is not None and (not published or (same.kind, same.per) == (question.kind, question.per))
        questions.append(replace(question, id=same.id if same is not None and stays else ""))
    return replace(given, questions=questions)


def _told_by(question: Question) -> tuple[str, str, str]:
    """What tells one question of an event from its others."""
    return question.label.casefold(), question.kind, question.per


def _choice_faults(question: Question, at: str) -> Faults:
    if question.kind != "choice":
        return [fault(f"{at}/choices", "not_a_choice", "Only a choice has choices")] if question.choices else []
    if len(question.choices) < 2:  # noqa: PLR2004 - one is no choice
        return [fault(f"{at}/choices", "too_few", "A choice has at least two")]
    if not all(folding.is_name(choice) for choice in question.choices):
        return [fault(f"{at}/choices", "invalid_value", "Nobody could read this choice")]
    if len({choice.casefold() for choice in question.choices}) != len(question.choices):
        return [fault(f"{at}/choices", "duplicate", "Each of the choices is another one")]
    return []
