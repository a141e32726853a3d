"""Who a mail goes to: one recipient, whatever stands in the name.

The library parses a header it is given and folds it again: with a long name full of commas, or one that looks encoded
itself, more than one recipient comes out. So the header is written here, byte by byte, and left alone.
"""

from __future__ import annotations

import base64
import re
from email.policy import Policy
from typing import Final

NAME: Final = "To"
QUOTED_CHARS_MAX: Final = 60  # with the header's name and the quotes below the 78 of RFC 5322, 2.1.1
WORD_BYTES_MAX: Final = 45  # 60 characters in base64: an encoded word has at most 75 (RFC 2047, 2)
# Nothing that means something in a header; one word is no encoded one.
_PLAIN: Final = re.compile(rf"[A-Za-z0-9 .'_-]{{1,{QUOTED_CHARS_MAX}}}\Z")


class To(str):
    """The header's value. It has the two attributes by which the library knows a header that is written already."""

    __slots__ = ()
    name = NAME

    def fold(self, *, policy: Policy) -> str:
        """The whole header, its lines ended as the policy wants them."""
        return f"{NAME}: {self}\n".replace("\n", policy.linesep)


def to(name: str, address: str) -> To:
    """A header for one name, which becomes one line, and one folded address."""
    shown = " ".join(name.split())
    if not shown:
        return To(f"<{address}>")
    if _PLAIN.match(shown):
        return To(f'"{shown}"\n <{address}>')
    words = "\n ".join(f"=?utf-8?b?{base64.b64encode(part).decode()}?=" for part in _parts(shown))
    return To(f"{words}\n <{address}>")


def _parts(text: str) -> list[bytes]:
    """UTF-8 in pieces that end between letters."""
    parts = [b""]
    for letter in text:
        raw = letter.encode()
        if len(parts[-1]) + len(raw) > WORD_BYTES_MAX:
            parts.append(b"")
        parts[-1] += raw
    return parts
