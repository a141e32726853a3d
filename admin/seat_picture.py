"""A seating chart as an SVG picture: a dot a seat in its category's colour, a box for each standing section.

Dots are drawn as round line caps ("M x y h0"), a dozen bytes a seat. Very large houses are drawn row by row instead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import orjson
from markupsafe import Markup

import hotpath_rs

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
    places = [(seat["x"], row["y"]) for section in seated for row in section["rows"] for seat in row["seats"]]
    focal = document["focal_point"]
    left, right, top, bottom = _bounds([*places, (focal["x"], focal["y"])])
    width = max(right - left, EMPTY_WIDTH if not places else 0.0)
    unit = width / 60
    margin = max(MARGIN, unit * 1.5)
    shapes = [_section(section, document["categories"], as_rows=units > SEATS_DRAWN_MAX) for section in seated]
    shapes += [_label(section, unit) for section in seated]
    box = width * BOX_RATIO
    for section in standing:
        shapes.append(_box(section, document["categories"], left, bottom + margin, width, box))
        bottom += box + margin
    shapes.append(Markup('<circle class="focal" cx="{}" cy="{}" r="{:.2f}"/>').format(focal["x"], focal["y"], unit))
    return Markup(
        '<svg class="house" viewBox="{:.2f} {:.2f} {:.2f} {:.2f}" role="img" aria-label="Seating chart, {} places">'
        "{}</svg>"
    ).format(left - margin, top - margin, width + 2 * margin, bottom - top + 2 * margin, units, Markup("").join(shapes))


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
            dots.setdefault(seats[0]["category"], []).append(line)
            continue
        for seat in seats:
            dots.setdefault(seat["category"], []).append(f"M{seat['x']:g} {row['y']:g}h0")
            if seat.get("accessible"):
                rings.append(f"M{seat['x']:g} {row['y']:g}h0")
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
    across = [seat["x"] for row in (first, last) for seat in row["seats"]]
    middle = (min(across) + max(across)) / 2
    size = min(unit * 2, (max(across) - min(across) + 1) / (CHAR_WIDTH * len(section["name"])))
    return Markup('<text class="house-label" x="{:.2f}" y="{:.2f}" font-size="{:.2f}">{}</text>').format(
        middle, (first["y"] + last["y"]) / 2, size, section["name"]
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
