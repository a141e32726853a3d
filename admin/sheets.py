"""Tables for spreadsheets: CSV whose cells no spreadsheet runs as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from engine.foundation.clock import rfc3339

FORMULA_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r")


def rows(table: Iterable[Sequence[Any]]) -> bytes:
    """The rows as CSV; times as RFC 3339, text that a spreadsheet would run defused with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows([_cell(value) for value in row] for row in table)
    return out.getvalue().encode()


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, str) and value.startswith(FORMULA_BEGINNINGS):
        return "'" + value
    return "" if value is None else value
