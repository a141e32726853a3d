"""The activity log as a table for spreadsheets, page by page."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final

import msgspec

from engine.domain.insight.activity import ActivityLine
from engine.foundation import sheets

PAGE: Final = 1_000
PAGES_MAX: Final = 100
COLUMNS: Final = (
    "created_at", "summary", "action", "actor_kind", "actor_name", "through_name", "target", "event_title", "currency",
)  # fmt: skip

# The lines below a number, at most so many.
Reads = Callable[[int | None, int], Awaitable[list[ActivityLine]]]


async def of(read: Reads) -> AsyncGenerator[bytes, None]:
    """Every line as CSV, newest first, up to PAGE * PAGES_MAX of them; the last column has its facts as JSON."""
    before: int | None = None
    for number in range(PAGES_MAX):
        found = await read(before, PAGE + 1)
        page = found[:PAGE]
        table = sheets.rows(
            [*(getattr(line, name) for name in COLUMNS), msgspec.json.encode(line.facts).decode()] for line in page
        )
        yield sheets.begun((*COLUMNS, "facts")) + table if number == 0 else table
        if len(found) <= PAGE:
            return
        before = page[-1].id
