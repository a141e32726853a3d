"""Who a mail goes to: one recipient, whatever stands in the name.

The library parses a header it is given and folds it again: with a long name full of commas, or one that looks encoded
itself, more than one recipient comes out. So the header is written here, byte by byte, and left alone.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Final

QUOTED_CHARS_MAX: Final = 60  # with the header's name and the quotes below the 78 of RFC 5322, 2.1.1
WORD_BYTES_MAX: Final = 45  # 60 characters in base64: an encoded word has at most 75 (RFC 2047, 2)
# Nothing that means something in a header; one word is no encoded one.
_PLAIN: Final = re.compile(rf"[A-Za-z0-9 .'_-]{{1,{QUOTED_CHARS_MAX}}}\Z")


@dataclass(frozen=True, slots=True)
class To:
    """The header's value, its lines parted by line feeds, and the address alone."""

    value: str
    address: str


def to(name: str, address: str) -> To:
    """A header for one name, which becomes one line, and one folded address."""
    shown = " ".join(name.split())
    if not shown:
        return To(f"<{address}>", address)
    if _PLAIN.match(shown):
        return To(f'"{shown}"\n <{address}>', address)
    return To(f"{encoded(shown)}\n <{address}>", address)


def encoded(text: str, *, first_bytes_max: int = WORD_BYTES_MAX) -> str:
    """Encoded words, a line each; ``first_bytes_max`` of the text at most in the first, next to a longer name."""
    parts = _parts(text, first_bytes_max)
    return "\n ".join([f"=?utf-8?b?{base64.b64encode(part).decode()}?=" for part in parts])


def _parts(text: str, first_bytes_max: int) -> list[bytes]:
    """UTF-8 in pieces that end between letters."""
    parts, room = [b""], first_bytes_max
    for letter in text:
        raw = letter.encode()
        if len(parts[-1]) + len(raw) > room:
            parts.append(b"")
            room = WORD_BYTES_MAX
        parts[-1] += raw
    return parts
