"""Printing: a sheet becomes a PDF once, and is kept until what is printed on it changes.

The press gives the same bytes for the same sheet, in every process: a mail's attachment and a download are one
document, and the sheet's own digest is its mark.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import msgspec

import hotpath_rs
from engine.domain.tickets.sheets import Sheet
from engine.services.tickets.faces import FACES

KEPT_BYTES_MAX: Final = 32 * 1024 * 1024
EDITION: Final = 2  # counts when the press begins to draw the same sheet otherwise
MARK_CHARS: Final = 24


@dataclass(frozen=True, slots=True)
class Document:
    """A sheet that may be printed; ``mark`` is the same for the same document."""

    mark: str
    asked: bytes


class Printer:
    """Prints documents and keeps the newest."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._kept_bytes = 0

    @staticmethod
    def document(sheet: Sheet) -> Document:
        """What will be printed, marked; nothing is drawn yet."""
        asked = msgspec.json.encode(sheet)
        mark = hashlib.sha256(b"%d:" % EDITION + asked).hexdigest()[:MARK_CHARS]
        return Document(mark, asked)

    async def printed(self, document: Document) -> bytes:
        """The PDF. It is drawn off the loop and without the interpreter's lock."""
        known = self._kept.get(document.mark)
        if known is not None:
            self._kept.move_to_end(document.mark)
            return known
        pdf = await asyncio.to_thread(_print, document.asked)
        self._keep(document.mark, pdf)
        return pdf

    async def print_ahead(self, documents: Sequence[Document]) -> None:
        """Print what will be asked for next, in one turn of a thread; a turn each costs a quarter of a document."""
        missing = {document.mark: document.asked for document in documents if document.mark not in self._kept}
        if missing:
            pdfs = await asyncio.to_thread(lambda: [_print(asked) for asked in missing.values()])
            for mark, pdf in zip(missing, pdfs, strict=True):
                self._keep(mark, pdf)

    def _keep(self, mark: str, pdf: bytes) -> None:
        self._kept_bytes += len(pdf) - len(self._kept.pop(mark, b""))
        self._kept[mark] = pdf
        while self._kept_bytes > KEPT_BYTES_MAX:
            _, dropped = self._kept.popitem(last=False)
            self._kept_bytes -= len(dropped)


def _print(asked: bytes) -> bytes:
    return _press().print(asked)


@cache
def _press() -> hotpath_rs.Press:
    """One for the process: what it reads of its fonts is read once."""
    return hotpath_rs.Press(FACES)
