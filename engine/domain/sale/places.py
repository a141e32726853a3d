"""The place of a ticket in words: on paper, in mails, on pages."""

from __future__ import annotations

from typing import Final

from engine.foundation.speech.tongue import say

SEAT_PARTS: Final = 3  # section, row, seat


def place(section: str, seat: str | None) -> str:
    """``Stalls, row F, seat 12`` with spaces that keep a number next to its word; the section if one stands."""
    if seat is None:
        return section
    parts = seat.split("/")
    if len(parts) != SEAT_PARTS:
        return " / ".join(parts)
    return say("%(section)s, row\u00a0%(row)s, seat\u00a0%(seat)s", section=parts[0], row=parts[1], seat=parts[2])
