"""A mail that is ready to travel."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Letter:
    """``content``: the whole message, its head too, lines ended with CRLF. Addresses stand alone, without a name."""

    sender: str
    recipient: str
    content: bytes
