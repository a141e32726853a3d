"""Line charts as SVG in one page without scripts: enough to look at a simulation."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 760, 260, 70, 30, 16
COLOURS = ("#3326c9", "#cf5200", "#008a6e")
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;background:#f6f2e9;"
    "color:#16133a}svg{background:#fffdf8;border-radius:12px;width:100%;height:auto}td,th{padding:.2rem 1rem .2rem 0;"
    "text-align:left;font-variant-numeric:tabular-nums}h2{margin-top:2rem}"
)


@dataclass(frozen=True, slots=True)
class Chart:
    """Named series of one value a step."""

    title: str
    series: Mapping[str, Sequence[float]]


def page(title: str, figures: Mapping[str, object], charts: Sequence[Chart], *, points_max: int) -> str:
    """The figures as a table, the charts below."""
    rows = "".join(f"<tr><th>{html.escape(name)}<td>{html.escape(str(value))}" for name, value in figures.items())
    drawn = "".join(f"<h2>{html.escape(chart.title)}</h2>{svg(chart, points_max)}" for chart in charts)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{_STYLE}</style><h1>{html.escape(title)}</h1><table>{rows}</table>{drawn}</html>\n"
    )


def svg(chart: Chart, points_max: int) -> str:
    """One chart; long series are thinned to the largest value of each stretch."""
    thinned = {name: _thin(values, points_max) for name, values in chart.series.items()}
    top = max((max(values, default=0) for values in thinned.values()), default=0) or 1
    lines, legend = [], []
    for place, (name, values) in enumerate(thinned.items()):
        colour = COLOURS[place % len(COLOURS)]
        step = (WIDTH - LEFT - 10) / max(1, len(values) - 1)
        points = " ".join(f"{LEFT + i * step:.1f},{_y(value / top):.1f}" for i, value in enumerate(values))
        lines.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{points}"/>')
        x = LEFT + 10 + place * 220
        legend.append(f'<text x="{x}" y="{TOP + 6}" fill="{colour}" font-size="13">{html.escape(name)}</text>')
    ticks = "".join(
        f'<line x1="{LEFT}" x2="{WIDTH - 10}" y1="{_y(share):.1f}" y2="{_y(share):.1f}" stroke="#d9d1c0"/>'
        f'<text x="{LEFT - 8}" y="{_y(share) + 4:.1f}" text-anchor="end" font-size="12">{top * share:,.0f}</text>'
        for share in (0, 0.25, 0.5, 0.75, 1)
    )
    steps = max((len(values) for values in chart.series.values()), default=0)
    end = f'<text x="{WIDTH - 10}" y="{HEIGHT - 8}" text-anchor="end" font-size="12">{steps:,}</text>'
    inside = "".join([ticks, *lines, *legend, end])
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{html.escape(chart.title)}">{inside}</svg>'


def _y(share: float) -> float:
    return HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP - 10)


def _thin(values: Sequence[float], points_max: int) -> list[float]:
    stretch = max(1, -(-len(values) // points_max))
    return [max(values[at : at + stretch]) for at in range(0, len(values), stretch)]
