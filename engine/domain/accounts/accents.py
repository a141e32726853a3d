"""The colour of an organization on its pages: which ones are taken, and the variants that are derived from one.

A colour is ``#rrggbb``. One that is taken stands out from white and from the dark surface (3:1, WCAG 2.2 AA for what is
no text); whatever is text is derived from it so that it reaches 4.5:1 on every ground it may stand on.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Final

from msgspec import Meta

from engine.foundation.errors import Invalid

_COLOUR: Final = r"^#[0-9a-fA-F]{6}$(?!\n)"
Accent = Annotated[str, Meta(pattern=_COLOUR)]

EDGE_MIN: Final = 3.0
TEXT_MIN: Final = 4.5
WHITE: Final = "#ffffff"
BLACK: Final = "#000000"
DARK: Final = "#1c1846"
# What text stands on, as engine/pages/static/tokens.css has it; a test holds the two together.
LIGHT_GROUNDS: Final = ("#f6f2e9", "#fffdf8", "#ece6d8", "#e5e3fb")
DARK_GROUNDS: Final = ("#0e0c26", "#181538", "#221e4a", "#16133a", "#262155", "#1c1846", "#2a2560")
STEPS: Final = 128  # from one colour to white or black
VERSION_CHARS: Final = 12
PALETTES_MAX: Final = 1024


@dataclass(frozen=True, slots=True)
class Palette:
    """``fill`` is the colour itself; ``on_light`` and ``on_dark`` are it as text, and as an edge, on either ground."""

    fill: str
    on_fill: str
    on_light: str
    on_dark: str


def checked(text: str) -> str:
    """The colour as it is kept. Invalid for one that would not be seen; the refusal has the nearest that would."""
    colour = text.lower()
    if is_taken(colour):
        return colour
    near = nearest(colour)
    message = (
        f"This colour has too little contrast on {'white' if contrast(colour, WHITE) < EDGE_MIN else 'dark'} pages:"
        f" the nearest that can be read on both is {near}"
    )
    fault = {"pointer": "/accent", "code": "accent_contrast", "message": message}
    raise Invalid(message, errors=[fault], suggestion=near)


def is_colour(text: str) -> bool:
    """Whether a colour is written so."""
    return re.match(_COLOUR, text) is not None


def is_taken(colour: str) -> bool:
    """Whether it stands out from white and from the dark surface."""
    return contrast(colour, WHITE) >= EDGE_MIN and contrast(colour, DARK) >= EDGE_MIN


def nearest(colour: str) -> str:
    """The colour of the same hue that is taken and least unlike it; itself if it is taken."""
    towards = BLACK if contrast(colour, WHITE) < EDGE_MIN else WHITE
    return next(step for step in _steps(colour, towards) if is_taken(step))


@lru_cache(maxsize=PALETTES_MAX)
def palette(colour: str) -> Palette:
    """What pages are coloured with."""
    return Palette(
        fill=colour,
        on_fill=WHITE if contrast(colour, WHITE) >= TEXT_MIN else BLACK,
        on_light=_readable(colour, LIGHT_GROUNDS, BLACK),
        on_dark=_readable(colour, DARK_GROUNDS, WHITE),
    )


@lru_cache(maxsize=PALETTES_MAX)
def style_sheet(colour: str) -> str:
    """The design tokens that change, as CSS."""
    own = palette(colour)
    light = {"link": own.on_light, "focus": own.on_light, "accent-edge": own.on_light}
    dark = {"link": own.on_dark, "focus": own.on_dark, "accent-edge": own.on_dark}
    always = {"accent": own.fill, "on-accent": own.on_fill, "accent-on-night": own.on_dark}
    return (
        f":root {{ {_declared(always | light)} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ {_declared(dark)} }} }}\n"
    )


@lru_cache(maxsize=PALETTES_MAX)
def version(colour: str) -> str:
    """A hash over the style sheet, for its address: what stands there never changes."""
    return hashlib.sha256(style_sheet(colour).encode()).hexdigest()[:VERSION_CHARS]


def contrast(one: str, other: str) -> float:
    """Contrast ratio by WCAG 2.2, 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _readable(colour: str, grounds: Sequence[str], towards: str) -> str:
    return next(step for step in _steps(colour, towards) if all(contrast(step, on) >= TEXT_MIN for on in grounds))


def _steps(colour: str, towards: str) -> list[str]:
    here, there = _parts(colour), _parts(towards)
    return [
        "#" + "".join(f"{round(a + (b - a) * step / STEPS):02x}" for a, b in zip(here, there, strict=True))
        for step in range(STEPS + 1)
    ]


def _luminance(colour: str) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - the formula of sRGB
        for part in (value / 255 for value in _parts(colour))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _declared(tokens: dict[str, str]) -> str:
    return " ".join(f"--{name}: {value};" for name, value in tokens.items())
