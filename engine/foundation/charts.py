"""Small pictures of numbers as inline SVG: bars of parts, columns over time, lines of the last minutes.

Colours come from the style sheet through classes, so they follow the reader's scheme and need no inline style. Each
picture names itself for those who cannot see it; the numbers always stand next to it as text too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

BAR_WIDTH: Final = 1000
PART_WIDTH_MIN: Final = 4  # a single sold seat among 20,000 is still seen
COLUMNS_WIDTH, COLUMNS_HEIGHT = 600, 120
COLUMN_GAP: Final = 0.2
LINE_WIDTH, LINE_HEIGHT = 240, 48
LINE_POINTS: Final = 60  # two minutes at one sample every two seconds


def bar(parts: Sequence[tuple[str, int]], total: int) -> Markup:
    """``parts`` as (class, count) side by side; what is left of ``total`` stays empty. Label it from outside."""
    shapes, x = [], 0.0
    for name, count in parts:
        if count <= 0 or total <= 0:
            continue
        width = min(max(BAR_WIDTH * count / total, PART_WIDTH_MIN), BAR_WIDTH - x)
        shapes.append(Markup('<rect class="part part-{}" x="{}" y="0" width="{}" height="10"/>').format(
            name, round(x, 1), round(width, 1)
        ))  # fmt: skip
        x += width
    return Markup(
        '<svg class="bar" viewBox="0 0 {} 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        '<rect class="part part-rest" x="0" y="0" width="{}" height="10"/>{}</svg>'
    ).format(BAR_WIDTH, BAR_WIDTH, Markup("").join(shapes))


def columns(values: Sequence[tuple[str, int]], label: str) -> Markup:
    """One column a (name, value), each with its name as a tooltip."""
    most = max([value for _, value in values], default=0)
    step = COLUMNS_WIDTH / max(1, len(values))
    shapes = []
    for index, (name, value) in enumerate(values):
        height = 0 if most == 0 else max(COLUMNS_HEIGHT * value / most, 2 if value else 0)
        shapes.append(Markup(
            '<g><title>{}: {}</title><rect class="column" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/></g>'
        ).format(name, value, index * step, COLUMNS_HEIGHT - height, step * (1 - COLUMN_GAP), height))  # fmt: skip
    return Markup(
        '<svg class="columns" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}'
        '<line class="ground" x1="0" x2="{}" y1="{}" y2="{}"/></svg>'
    ).format(
        COLUMNS_WIDTH, COLUMNS_HEIGHT, label, Markup("").join(shapes), COLUMNS_WIDTH, COLUMNS_HEIGHT, COLUMNS_HEIGHT
    )


def line(values: Sequence[float], label: str) -> Markup:
    """A line over the last LINE_POINTS values, newest at the right; what is not known yet is 0."""
    points = [0.0] * (LINE_POINTS - len(values)) + list(values)[-LINE_POINTS:]
    most = max(points) or 1.0
    step = LINE_WIDTH / (len(points) - 1)
    heights = [LINE_HEIGHT - 2 - (LINE_HEIGHT - 6) * value / most for value in points]
    places = [f"{index * step:.1f} {height:.1f}" for index, height in enumerate(heights)]
    path = "M" + "L".join(places)
    return Markup(
        '<svg class="line" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<path class="line-area" d="{}L{} {}L0 {}Z"/><path class="line-stroke" d="{}"/></svg>'
    ).format(LINE_WIDTH, LINE_HEIGHT, label, path, LINE_WIDTH, LINE_HEIGHT, LINE_HEIGHT, path)
