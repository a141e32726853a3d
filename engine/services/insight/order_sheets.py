"""An event's orders and its door list as tables for spreadsheets, with what buyers answered.

Page by page: a large house needs no more memory than a small one.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from typing import Final

from engine.domain.catalogue.questions import Per, Question
from engine.domain.money.answers import Answer
from engine.foundation import sheets
from engine.foundation.bearer import Person
from engine.services.money.orders import Orders
from engine.stores.catalogue import questions
from engine.stores.database import Pool
from engine.stores.insight import order_sheets as store

PAGE: Final = 1_000
PAGES_MAX: Final = 500
COLUMNS: Final = (
    "order_number", "status", "buyer_name", "buyer_email", "quantity", "currency", "amount_cents", "refunded_cents",
    "charged_back_cents", "created_at", "paid_at",
)  # fmt: skip
DOOR_COLUMNS: Final = (
    "section", "seat", "ticket_type", "attendee_name", "attendee_email", "status", "checked_in_at", "order_number",
    "buyer_name", "buyer_email", "ticket_id",
)  # fmt: skip
BEGIN: Final = -1  # before the first unit


class OrderSheets:
    """Writes them for those who may read the event's orders."""

    def __init__(self, *, pool: Pool, orders: Orders) -> None:
        self._pool = pool
        self._orders = orders

    async def of_event(self, person: Person, event_id: str) -> AsyncGenerator[bytes, None]:
        """Every order as CSV, newest first. NotFound, Forbidden: before the first piece, or never."""
        before: str | None = None
        asked: list[Question] = []
        for number in range(PAGES_MAX):
            found = await self._orders.of_event(person, event_id, search=None, status=None, before=before, limit=PAGE)
            if number == 0:
                asked = await self._asked(event_id, "order")
                yield sheets.begun([*COLUMNS, *_labels(asked)])
            page = found[:PAGE]
            told = await store.answers(self._pool, [row.id for row in page]) if asked else {}
            yield sheets.rows(
                [*(getattr(row, name) for name in COLUMNS), *_cells(asked, told.get(row.id, ()))] for row in page
            )
            if len(found) <= PAGE:
                return
            before = page[-1].id

    async def door_list(self, person: Person, event_id: str) -> AsyncGenerator[bytes, None]:
        """Every ticket that somebody has as CSV, by place. NotFound, Forbidden: before the first piece, or never."""
        await self._orders.of_event(person, event_id, search=None, status=None, before=None, limit=0)
        of_attendee, of_order = await self._asked(event_id, "attendee"), await self._asked(event_id, "order")
        yield sheets.begun([*DOOR_COLUMNS, *_labels(of_attendee), *_labels(of_order)])
        after = BEGIN
        for _ in range(PAGES_MAX):
            page = await store.coming(self._pool, event_id, after, PAGE)
            yield sheets.rows(
                [
                    *(getattr(row, name) for name in DOOR_COLUMNS),
                    *_cells(of_attendee, row.told.answers if row.told else ()),
                    *_cells(of_order, row.answers),
                ]
                for row in page
            )
            if len(page) < PAGE:
                return
            after = page[-1].unit

    async def _asked(self, event_id: str, per: Per) -> list[Question]:
        """What is asked and was asked of it."""
        found = await questions.get(self._pool, event_id)
        return [question for question in found.questions if question.per == per] if found else []


def _labels(asked: Iterable[Question]) -> list[str]:
    return [question.label for question in asked]


def _cells(asked: Iterable[Question], told: Iterable[Answer]) -> list[str]:
    texts = {answer.question_id: answer.text for answer in told}
    return [texts.get(question.id, "") for question in asked]
