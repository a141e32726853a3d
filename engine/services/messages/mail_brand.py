"""How a mail looks like its organization: its colour on the one button, its logo above the words."""

from __future__ import annotations

from typing import Final

from engine.domain.accounts.accents import palette

LOGO_WIDTH: Final = 320
_HOUSE: Final = "background:#1b1b3a;color:#ffffff"


def button(accent: str | None) -> str:
    """Ground and ink of the mail's button, as CSS."""
    if accent is None:
        return _HOUSE
    own = palette(accent)
    return f"background:{own.fill};color:{own.on_fill}"
