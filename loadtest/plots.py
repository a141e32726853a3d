"""Plots as inline SVG, coloured by the page's own style so that they follow light, dark and print."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape

from loadtest.verdict import StepFigures

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 880, 62, 16, 18, 44
DOTS_MAX = 2_500
TICKS = 5


def surge(per_second: dict[str, list[int]], marks: Sequence[tuple[float, str]] = ()) -> str:
    """Offered reservations as bars; what became of them each second as lines over them; what was done to the shop."""
    names = list(per_second)
    seconds = max((len(counts) for counts in per_second.values()), default=1)
    ticks = _ticks(max((max(counts, default=0) for counts in per_second.values()), default=1))
    height = 300
    x, y = _linear(0, seconds, LEFT, WIDTH - RIGHT), _linear(0, ticks[-1], height - BOTTOM, TOP)
    parts = [_frame(height, [(y(tick), f"{tick:g}") for tick in ticks])]
    parts += [_below(x(second), height, f"{second}") for second in range(0, seconds + 1, max(1, seconds // 12))]
    bar = max(1.0, x(1) - x(0) - 2)
    offered = per_second[names[0]]
    parts += [
        f'<rect class="bar" x="{x(second) + 1:.1f}" y="{y(count):.1f}" width="{bar:.1f}" '
        f'height="{y(0) - y(count):.1f}"><title>second {second}: {count} {escape(names[0])}</title></rect>'
        for second, count in enumerate(offered)
        if count
    ]
    for series, name in enumerate(names[1:], start=1):
        points = " ".join(f"{x(second + 0.5):.1f},{y(count):.1f}" for second, count in enumerate(per_second[name]))
        parts.append(f'<polyline class="line s{series}" points="{points}"/>')
    parts += _marks(marks, x, height)
    parts.append(_axis_name(height, "seconds of the profile"))
    return _svg(height, parts, f"{', '.join(names)} per second") + _legend(names)


def ranges(steps: Sequence[StepFigures]) -> str:
    """One row per step on a logarithmic axis: from p50 to the maximum, p95 and p99 marked."""
    row, height = 30, TOP + BOTTOM + 30 * max(1, len(steps))
    low, high = 0.1, max([10.0, *(figures.max_ms for figures in steps)])
    left = 90
    x = _log(low, high, left, WIDTH - RIGHT)
    decades = range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)
    parts = []
    for decade in decades:
        at = x(10**decade)
        parts.append(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{height - BOTTOM}"/>')
        parts.append(_below(at, height, _duration(decade)))
    for index, figures in enumerate(steps):
        y = TOP + row * (index + 0.5)
        p50, p95, p99, most = (
            x(max(low, value)) for value in (figures.p50_ms, figures.p95_ms, figures.p99_ms, figures.max_ms)
        )
        parts += [
            f'<text class="name" x="{left - 12}" y="{y + 5:.1f}">{escape(figures.step)}</text>',
            f'<line class="whisker" x1="{p50:.1f}" x2="{most:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>',
            f'<rect class="bar" x="{p50:.1f}" width="{max(1.0, p95 - p50):.1f}" y="{y - 7:.1f}" height="14" rx="3"/>',
            f'<circle class="dot s1" cx="{p99:.1f}" cy="{y:.1f}" r="5"/>',
            f'<line class="tick" x1="{most:.1f}" x2="{most:.1f}" y1="{y - 6:.1f}" y2="{y + 6:.1f}"/>',
            f'<rect class="over" x="{left}" width="{WIDTH - RIGHT - left}" y="{y - row / 2:.1f}" height="{row}">',
            f"<title>{escape(figures.step)}: p50 {figures.p50_ms}, p95 {figures.p95_ms}, ",
            f"p99 {figures.p99_ms}, slowest {figures.max_ms} ms</title></rect>",
        ]
    return _svg(height, parts, "latency per step") + _legend(["p50 to p95", "p99", "to the slowest"], "ranges")


def shares(amounts: Sequence[tuple[str, float]], unit: str, what: str) -> str:
    """One bar per name on one scale from 0, its amount behind it."""
    row, left, right = 26, 120, 90
    height = 2 * TOP + row * max(1, len(amounts))
    x = _linear(0, max([1e-9, *(amount for _, amount in amounts)]), left, WIDTH - right)
    parts = []
    for index, (name, amount) in enumerate(amounts):
        y = TOP + row * (index + 0.5)
        parts += [
            f'<text class="name" x="{left - 12}" y="{y + 5:.1f}">{escape(name)}</text>',
            f'<rect class="bar" x="{left}" y="{y - 8:.1f}" width="{max(1.0, x(amount) - left):.1f}" height="16"/>',
            f'<text x="{x(amount) + 8:.1f}" y="{y + 5:.1f}">{amount:,.2f} {escape(unit)}</text>',
        ]
    return _svg(height, parts, what)


def scatter(points: Sequence[tuple[float, float]], what: str, marks: Sequence[tuple[float, str]] = ()) -> str:
    """Each request as a dot: when it was due, how long it took (logarithmic). At most `DOTS_MAX`, evenly thinned."""
    if not points:
        return ""
    every = math.ceil(len(points) / DOTS_MAX)
    # The slowest are what one looks for: they are drawn whatever the thinning drops.
    slowest = sorted(points, key=lambda point: -point[1])[:50]
    drawn = [*points[::every], *slowest]
    height = 260
    times = [max(0.05, took) for _, took in points]
    seconds, low, high = max(1.0, *(at for at, _ in points)), min(1.0, *times), max(10.0, *times)
    x, y = _linear(0, seconds, LEFT, WIDTH - RIGHT), _log(low, high, height - BOTTOM, TOP)
    decades = range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)
    parts = [_frame(height, [(y(10**decade), _duration(decade)) for decade in decades])]
    step = max(1, round(seconds / 12))
    parts += [_below(x(second), height, f"{second}") for second in range(0, math.floor(seconds) + 1, step)]
    parts += [f'<circle class="dust" cx="{x(at):.1f}" cy="{y(max(low, took)):.1f}" r="2"/>' for at, took in drawn]
    parts += _marks(marks, x, height)
    parts.append(_axis_name(height, "seconds of the profile"))
    return _svg(height, parts, what)


def _svg(height: float, parts: list[str], label: str) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{escape(label)}" '
        f'preserveAspectRatio="xMidYMid meet">{"".join(parts)}</svg>'
    )


def _frame(height: float, ticks: list[tuple[float, str]]) -> str:
    lines = "".join(
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
        f'<text class="name" x="{LEFT - 8}" y="{at + 4:.1f}">{text}</text>'
        for at, text in ticks
    )
    base = height - BOTTOM
    return f'{lines}<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{base}" y2="{base}"/>'


def _marks(marks: Sequence[tuple[float, str]], x: Callable[[float], float], height: float) -> list[str]:
    """What was done to the shop, and when: a line across and its name at the top."""
    return [
        f'<line class="mark" x1="{x(at):.1f}" x2="{x(at):.1f}" y1="{TOP - 4}" y2="{height - BOTTOM}"/>'
        f'<text class="marked" x="{x(at) + 6:.1f}" y="{TOP + 8}">{escape(name)}</text>'
        for at, name in marks
    ]


def _axis_name(height: float, text: str) -> str:
    return f'<text class="under" x="{(LEFT + WIDTH - RIGHT) / 2:.1f}" y="{height - 6:.1f}">{escape(text)}</text>'


def _duration(decade: int) -> str:
    return f"{10.0**decade:g} ms" if decade < 3 else f"{10.0 ** (decade - 3):g} s"  # noqa: PLR2004 - 1,000 ms


def _below(at: float, height: float, text: str) -> str:
    return f'<text class="under" x="{at:.1f}" y="{height - BOTTOM + 20:.1f}">{text}</text>'


def _legend(names: list[str], of: str = "lines") -> str:
    items = "".join(f'<li class="k{index}">{escape(name)}</li>' for index, name in enumerate(names))
    return f'<ul class="legend {of}">{items}</ul>'


def _linear(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    span = (high - low) or 1.0
    return lambda value: start + (value - low) / span * (end - start)


def _log(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    place = _linear(math.log10(low), math.log10(high), start, end)
    return lambda value: place(math.log10(value))


def _ticks(most: float) -> list[float]:
    """About `TICKS` even steps of 1, 2, 2.5 or 5 times a power of ten, from 0 to the first that is not below `most`."""
    raw = max(most, 1.0) / TICKS
    base = 10.0 ** math.floor(math.log10(raw))
    step = max(1.0, next(base * part for part in (1, 2, 2.5, 5, 10) if base * part >= raw))
    return [step * part for part in range(math.ceil(max(most, 1.0) / step) + 1)]
