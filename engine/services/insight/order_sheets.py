"""An event's orders as a table for spreadsheets, page by page: a large house needs no more memory than a small one."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Final

from engine.foundation import sheets
from engine.foundation.bearer import Person
from engine.services.money.orders import Orders

PAGE: Final = 1_000
PAGES_MAX: Final = 500
COLUMNS: Final = (
    "order_number", "status", "buyer_name", "buyer_email", "quantity", "currency", "amount_cents", "refunded_cents",
    "charged_back_cents", "created_at", "paid_at",
)  # fmt: skip


async def of_event(orders: Orders, person: Person, event_id: str) -> AsyncGenerator[bytes, None]:
    """Every order as CSV, newest first. NotFound, Forbidden: before the first piece, or never."""
    before: str | None = None
    for number in range(PAGES_MAX):
        found = await orders.of_event(person, event_id, search=None, status=None, before=before, limit=PAGE)
        page = found[:PAGE]
        table = sheets.rows([getattr(row, name) for name in COLUMNS] for row in page)
        yield sheets.begun(COLUMNS) + table if number == 0 else table
        if len(found) <= PAGE:
            return
        before = page[-1].id
