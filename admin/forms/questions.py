"""What an event asks at the checkout: a row for each question, and an empty one below them for another."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest
from typing import Any, ClassVar, Final

from multidict import MultiDict, MultiMapping
from pydantic import Field

from admin.forms import filled
from admin.forms.filled import Filled, Form
from engine.domain.catalogue.programme.series import Apply
from engine.domain.catalogue.questions import QUESTIONS_MAX, EventQuestions, NamedTickets, Question, QuestionsChange
from engine.foundation import shapes

COLUMNS: Final = ("id", "place", "label", "help", "kind", "per", "required", "choices", "chars_max")
PLACE_LAST: Final = 999


class QuestionsForm(Form):
    LISTS: ClassVar = frozenset(COLUMNS)
    POINTERS: ClassVar = {f"questions/{name}": name for name in COLUMNS}
    LABELS: ClassVar = {
        "label": "Question {}",
        "help": "Help below question {}",
        "kind": "Kind of question {}",
        "choices": "Choices of question {}",
        "chars_max": "Length of question {}",
        "named_tickets": "Names on tickets",
        "apply": "Save it for",
    }

    named_tickets: NamedTickets = "off"
    apply: Apply = "this"
    id: list[str] = Field(default_factory=list)
    place: list[str] = Field(default_factory=list)
    label: list[str] = Field(default_factory=list)
    help: list[str] = Field(default_factory=list)
    kind: list[str] = Field(default_factory=list)
    per: list[str] = Field(default_factory=list)
    required: list[str] = Field(default_factory=list)
    choices: list[str] = Field(default_factory=list)
    chars_max: list[str] = Field(default_factory=list)

    def given(self) -> QuestionsChange:
        rows = zip_longest(*(getattr(self, name) for name in COLUMNS), fillvalue="")
        questions = [_given(dict(zip(COLUMNS, row, strict=True))) for row in rows]
        return shapes.build({"questions": questions, "named_tickets": self.named_tickets}, QuestionsChange)


def read(posted: MultiMapping[str]) -> Filled[QuestionsForm]:
    """The form as it was posted, its rows in their places; those without words are left out."""
    lists = [posted.getall(name, [])[: QUESTIONS_MAX + 1] for name in COLUMNS]
    rows = [row for row in zip_longest(*lists, fillvalue="") if row[COLUMNS.index("label")].strip()]
    rows.sort(key=lambda row: _place(row[COLUMNS.index("place")]))
    plain = [(name, posted[name]) for name in ("named_tickets", "apply") if name in posted]
    fields = [(name, row[index]) for row in rows for index, name in enumerate(COLUMNS)]
    return filled.read(QuestionsForm, MultiDict(plain + fields))


def of(kept: EventQuestions) -> Filled[QuestionsForm]:
    """What is asked now."""
    live = [question for question in kept.questions if not question.retired]
    return filled.fresh(
        QuestionsForm,
        named_tickets=kept.named_tickets,
        id=[question.id for question in live],
        place=[index + 1 for index in range(len(live))],
        label=[question.label for question in live],
        help=[question.help for question in live],
        kind=[question.kind for question in live],
        per=[question.per for question in live],
        required=["yes" if question.required else "no" for question in live],
        choices=["\n".join(question.choices) for question in live],
        chars_max=[question.chars_max or "" for question in live],
    )


def split(questions: Iterable[Question]) -> tuple[list[Question], list[Question]]:
    """(asked of the order, asked of each ticket) of those that are not retired."""
    live = [question for question in questions if not question.retired]
    return [each for each in live if each.per == "order"], [each for each in live if each.per == "attendee"]


def _given(row: dict[str, str]) -> dict[str, Any]:
    chars_max = row["chars_max"].strip()
    return {
        "id": row["id"],
        "label": row["label"],
        "help": row["help"].strip(),
        "kind": row["kind"] or "text",
        "per": row["per"] or "order",
        "required": row["required"] == "yes",
        "choices": [line.strip() for line in row["choices"].splitlines() if line.strip()],
        "chars_max": (int(chars_max) if chars_max.isascii() and chars_max.isdecimal() else chars_max or None)
        if row["kind"] == "text"
        else None,
    }


def _place(text: str) -> int:
    """The place that a row asks for; the last if it asks for none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= len(str(PLACE_LAST)) else PLACE_LAST
