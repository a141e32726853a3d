"""A seating chart as an SVG picture: a dot a seat in its category's colour, a box for each standing section.

Dots are drawn as round line caps ("M x y h0"), a dozen bytes a seat. Very large houses are drawn row by row instead.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import orjson
from markupsafe import Markup

import hotpath_rs
from admin import formats

COLOURS: Final = 8
SEATS_DRAWN_MAX: Final = 30_000
MARGIN: Final = 1.5
BOX_RATIO: Final = 0.14  # height of a standing section, of the picture's width
CHAR_WIDTH: Final = 0.64  # of a label's font size
EMPTY_WIDTH: Final = 40.0  # of a house without seats


@dataclass(frozen=True, slots=True)
class Picture:
    """``legend`` is (category, places, colour number) in the order of the chart."""

    svg: Markup
    legend: tuple[tuple[str, int, int], ...]
    units: int
    accessible: int


def draw(chart: bytes) -> Picture:
    """The picture of a valid chart. hotpath_rs.ChartError for another."""
    seat_map = hotpath_rs.SeatMap.parse(chart)
    document = orjson.loads(seat_map.geometry_json())
    base = seat_map.base_map()
    counts = Counter(seat_map.category_map())
    return Picture(
        svg=_svg(document, seat_map.units),
        legend=tuple((name, counts[index], index % COLOURS) for index, name in enumerate(document["categories"])),
        units=seat_map.units,
        accessible=sum(state & 1 for state in base),
    )


def _svg(document: dict[str, Any], units: int) -> Markup:
    seated = [section for section in document["sections"] if section.get("rows")]
    standing = [section for section in document["sections"] if not section.get("rows")]
    places = [_place(row, seat) for section in seated for row in section["rows"] for seat in row["seats"]]
    focal, stage = document["focal_point"], document.get("stage")
    drawn = [section["area"] for section in standing if "area" in section] + ([stage] if stage else [])
    left, right, top, bottom = _bounds([*places, (focal["x"], focal["y"]), *_corners(drawn)])
    width = max(right - left, EMPTY_WIDTH if not places and not drawn else 0.0)
    unit = width / 60
    margin = max(MARGIN, unit * 1.5)
    shapes = [_shape(stage, "house-stage")] if stage else []
    shapes += [_shape(row["table"], "house-table") for section in seated for row in section["rows"] if "table" in row]
    shapes += [_section(section, document["categories"], as_rows=units > SEATS_DRAWN_MAX) for section in seated]
    shapes += [_label(section, unit) for section in seated]
    box = width * BOX_RATIO
    for section in standing:
        if "area" in section:
            shapes.append(_floor(section, document["categories"], width))
            continue
        shapes.append(_box(section, document["categories"], left, bottom + margin, width, box))
        bottom += box + margin
    shapes.append(Markup('<circle class="focal" cx="{}" cy="{}" r="{:.2f}"/>').format(focal["x"], focal["y"], unit))
    return Markup(
        '<svg class="house" viewBox="{:.2f} {:.2f} {:.2f} {:.2f}" role="img" aria-label="Seating chart, {} places">'
        "{}</svg>"
    ).format(left - margin, top - margin, width + 2 * margin, bottom - top + 2 * margin, units, Markup("").join(shapes))


def _place(row: dict[str, Any], seat: dict[str, Any]) -> tuple[float, float]:
    return seat["x"], seat.get("y", row["y"])


def _corners(shapes: Iterable[dict[str, Any]]) -> Iterable[tuple[float, float]]:
    """Points that a shape does not reach beyond, however it is turned."""
    for shape in shapes:
        wide, high = shape["width"] / 2, shape["height"] / 2
        if shape.get("turn"):
            wide = high = math.hypot(wide, high)
        yield shape["x"] - wide, shape["y"] - high
        yield shape["x"] + wide, shape["y"] + high


def _shape(shape: dict[str, Any], kind: str) -> Markup:
    x, y, wide, high = shape["x"], shape["y"], shape["width"], shape["height"]
    turn = Markup(' transform="rotate({} {} {})"').format(shape["turn"], x, y) if shape.get("turn") else ""
    if shape.get("round"):
        return Markup('<ellipse class="{}" cx="{}" cy="{}" rx="{}" ry="{}"{}/>').format(
            kind, x, y, wide / 2, high / 2, turn
        )
    return Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"{}/>').format(
        kind, x - wide / 2, y - high / 2, wide, high, turn
    )


def _floor(section: dict[str, Any], categories: list[str], width: float) -> Markup:
    area = section["area"]
    text = f"{section['name']}: {formats.counted(section['units'], 'place')}"
    size = min(width / 30, area["width"] / (CHAR_WIDTH * len(text)))
    return Markup('{}<text class="house-label" x="{}" y="{}" font-size="{:.2f}">{}</text>').format(
        _shape(area, f"floor floor-{categories.index(section['category']) % COLOURS}"), area["x"], area["y"], size, text
    )


def _bounds(places: Iterable[tuple[float, float]]) -> tuple[float, float, float, float]:
    across, down = zip(*places, strict=True)
    return min(across), max(across), min(down), max(down)


def _section(section: dict[str, Any], categories: list[str], *, as_rows: bool) -> Markup:
    dots: dict[int, list[str]] = {}
    rings: list[str] = []
    for row in section["rows"]:
        seats = row["seats"]
        if as_rows:
            line = f"M{seats[0]['x']:g} {row['y']:g}H{seats[-1]['x']:g}"
            if any("y" in seat for seat in seats):
                line = "M" + "L".join(f"{x:g} {y:g}" for x, y in (_place(row, seat) for seat in seats))
            dots.setdefault(seats[0]["category"], []).append(line)
            continue
        for seat in seats:
            x, y = _place(row, seat)
            dots.setdefault(seat["category"], []).append(f"M{x:g} {y:g}h0")
            if seat.get("accessible"):
                rings.append(f"M{x:g} {y:g}h0")
    paths = [
        Markup('<path class="seats seat-{}" d="{}"><title>{}: {}</title></path>').format(
            category % COLOURS, "".join(parts), section["name"], categories[category]
        )
        for category, parts in dots.items()
    ]
    if rings:
        paths.append(Markup('<path class="accessible" d="{}"/>').format("".join(rings)))
    return Markup("").join(paths)


def _label(section: dict[str, Any], unit: float) -> Markup:
    first, last = section["rows"][0], section["rows"][-1]
    places = [_place(row, seat) for row in (first, last) for seat in row["seats"]]
    across, down = zip(*places, strict=True)
    middle = (min(across) + max(across)) / 2
    size = min(unit * 2, (max(across) - min(across) + 1) / (CHAR_WIDTH * len(section["name"])))
    return Markup('<text class="house-label" x="{:.2f}" y="{:.2f}" font-size="{:.2f}">{}</text>').format(
        middle, (min(down) + max(down)) / 2, size, section["name"]
    )


def _box(
    section: dict[str, Any], categories: list[str], left: float, top: float, width: float, height: float
) -> Markup:
    colour = categories.index(section["category"]) % COLOURS
    return Markup(
        '<rect class="floor floor-{}" x="{:.2f}" y="{:.2f}" width="{:.2f}" height="{:.2f}" rx="{:.2f}"/>'
        '<text class="house-label" x="{:.2f}" y="{:.2f}" font-size="{:.2f}">{}: {} places</text>'
    ).format(
        colour, left, top, width, height, height / 8,
        left + width / 2, top + height / 2, width / 30, section["name"], section["units"],
    )  # fmt: skip
