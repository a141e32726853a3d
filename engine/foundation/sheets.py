"""Tables for spreadsheets: the one writer of CSV. No spreadsheet runs a cell of it as a formula.

A file begins with a byte-order mark, by which spreadsheets know UTF-8. Rows are RFC 4180. A text that a spreadsheet
would run is defused with apostrophes, one before the whole and one before each sign: it runs what begins with a sign,
also a full-width one, also behind blanks and what nobody sees; and where a list is parted by semicolons or tabs, a cell
may begin in the middle of ours. Every other text stays as it is.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from engine.foundation.clock import rfc3339
from engine.foundation.folding import INVISIBLE

MARK: Final = "\ufeff".encode()
_SIGNS: Final = frozenset("=+-@\N{MINUS SIGN}")
_APOSTROPHE: Final = "'"
# The beginning of a cell wherever a list may be parted, what is passed over, and the first sign that counts.
_PARTS: Final = ",;|\t\r\n\v\f\x85\u2028\u2029\uff0c\uff1b\uff5c"
_BEGINNING: Final = re.compile(rf"(^|[{_PARTS}])(?=(?:(?![{_PARTS}])\s|\"|{INVISIBLE})*(\S))")
_BREAKS: Final = ("\t", "\r", "\n")


def begun(columns: Sequence[str]) -> bytes:
    """A table's beginning: the byte-order mark and the names of the columns."""
    return MARK + rows([columns])


def rows(table: Iterable[Sequence[Any]]) -> bytes:
    """Rows of it; times as RFC 3339, nothing as an empty cell."""
    out = io.StringIO()
    csv.writer(out).writerows([_cell(value) for value in row] for row in table)
    return out.getvalue().encode()


def defused(text: str) -> str:
    """The text as a cell that no spreadsheet runs; the text itself if none would."""
    safe = _BEGINNING.sub(_calm, text)
    if safe == text and not text.startswith(_BREAKS):
        return text
    return safe if safe.startswith(_APOSTROPHE) else _APOSTROPHE + safe


def _calm(found: re.Match[str]) -> str:
    before, first = found.groups()
    return before + _APOSTROPHE if unicodedata.normalize("NFKC", first)[0] in _SIGNS else before


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, str):
        return defused(value)
    return "" if value is None else value
