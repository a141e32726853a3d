"""The colours keep their contrast: 4.5:1 for text, 3:1 for boundaries and seats (WCAG 2.2 AA), in both schemes."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

import engine.pages

CSS = (Path(engine.pages.__file__).parent / "static" / "tokens.css").read_text()
TEXT, EDGE = 4.5, 3.0
PAIRS = [
    *[(ink, ground, TEXT) for ink in ("ink", "ink-soft") for ground in ("paper", "surface", "surface-sunk")],
    *[("ink", f"{name}-wash", TEXT) for name in ("good", "warn", "bad", "info")],
    *[(name, ground, TEXT) for name in ("good", "warn", "bad") for ground in (f"{name}-wash", "surface")],
    ("link", "paper", TEXT), ("link", "surface", TEXT), ("on-accent", "accent", TEXT),
    ("accent-on-night", "night", TEXT),
    ("on-night", "night", TEXT), ("on-night-soft", "night", TEXT), ("on-night-soft", "night-raised", TEXT),
    ("accent-edge", "paper", EDGE), ("accent-edge", "surface", EDGE), ("line-strong", "surface", EDGE),
    ("line-strong", "paper", EDGE), ("focus", "paper", EDGE), ("focus", "surface", EDGE), ("accent", "night", EDGE),
    *[(f"seat-{number}", "surface", EDGE) for number in range(8)], ("seat-mine", "surface", EDGE),
]  # fmt: skip


def tokens(text: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})\b", text))


LIGHT_CSS, DARK_CSS = CSS.split("@media (prefers-color-scheme: dark)")
SCHEMES = {"light": tokens(LIGHT_CSS), "dark": tokens(LIGHT_CSS) | tokens(DARK_CSS)}


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("front", "ground", "least"), PAIRS)
def test_colours_keep_their_contrast(scheme: str, front: str, ground: str, least: float) -> None:
    colours = SCHEMES[scheme]
    assert contrast(colours[front], colours[ground]) >= least


def deuteranope(colour: str) -> tuple[float, float, float]:
    """A colour as somebody without green cones sees it (Machado 2009, severity 1), in linear light."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return (0.367 * r + 0.861 * g - 0.228 * b, 0.280 * r + 0.673 * g + 0.047 * b, -0.012 * r + 0.043 * g + 0.969 * b)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_first_four_categories_differ_without_green_cones(scheme: str) -> None:
    seen = [deuteranope(SCHEMES[scheme][f"seat-{number}"]) for number in range(4)]
    for one, other in itertools.combinations(seen, 2):
        assert max(abs(a - b) for a, b in zip(one, other, strict=True)) > 0.08
