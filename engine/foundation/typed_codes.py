"""Codes that people type: an invitation read off a card, a presale's word. How one is spelled does not matter."""

from __future__ import annotations

import unicodedata


def spelled(code: str) -> str:
    """The code as it is kept and compared: no space around it, capitals, one form of each letter."""
    return unicodedata.normalize("NFKC", code).strip().upper()
