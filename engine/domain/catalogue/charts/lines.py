"""Seats of a row as another program gives them: put into the order in which they stand, aisles at the gaps."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median_low
from typing import Any, Final

from msgspec import Struct

AISLE_TIMES: Final = 1.6  # of the usual distance: neighbours of a chart keep the same, and an aisle is a seat wide
DIGITS: Final = 3
FOCAL_ABOVE: Final = 4.0  # pitches above the first row, if nobody says where the stage is
NAME_CHARS_MAX: Final = 64


class Place(Struct):
    """One seat. ``aisle`` says that an aisle follows it."""

    name: str
    x: float
    y: float
    category: str = ""
    accessible: bool = False
    companion: bool = False
    obstructed: bool = False
    aisle: bool = False


def pitch(rows: Iterable[Sequence[Place]]) -> float:
    """The usual distance of neighbours; 1 without any."""
    apart = [d for row in rows for one, two in _pairs(in_line(row)) if (d := math.dist(one, two)) > 0]
    return median_low(apart) if apart else 1.0


def in_line(row: Sequence[Place]) -> list[Place]:
    """Along the longer of the row's two extents."""
    wide, high = _extent([seat.x for seat in row]), _extent([seat.y for seat in row])
    return sorted(row, key=lambda seat: (seat.x, seat.y) if wide >= high else (seat.y, seat.x))


def with_aisles(row: Sequence[Place], usual: float) -> list[Place]:
    """In line, and an aisle wherever more than the usual distance lies between two."""
    placed = in_line(row)
    for seat, (one, two) in zip(placed, _pairs(placed), strict=False):
        seat.aisle = math.dist(one, two) > usual * AISLE_TIMES
    return placed


def row_of(name: str, seats: Sequence[Place], category: str) -> dict[str, Any]:
    """A row of a chart. A seat's own y is said if the row is not straight, its category if it is not the section's."""
    straight = len({seat.y for seat in seats}) == 1
    row: dict[str, Any] = {"name": name, "y": seats[0].y, "seats": [_seat(seat, straight, category) for seat in seats]}
    aisles = [seat.name for seat in seats[:-1] if seat.aisle]
    return row | ({"aisle_after": aisles} if aisles else {})


def unlike(name: str, taken: Iterable[str]) -> str:
    """The name, or the name with the first number that nobody has."""
    known, numbered, n = set(taken), name, 2
    while numbered in known:
        numbered, n = f"{name[: NAME_CHARS_MAX - 6]} {n}", n + 1
    return numbered


def name_of(text: str, otherwise: str) -> str:
    """A name that a chart can have: a slash parts section, row and seat."""
    return text.replace("/", "-").strip()[:NAME_CHARS_MAX] or otherwise


def commonest(categories: Iterable[str]) -> str:
    """The category that most have; the first of those."""
    counts: dict[str, int] = {}
    for category in categories:
        counts[category] = counts.get(category, 0) + 1
    return max(counts, key=lambda category: counts[category]) if counts else ""


def focal_point(seats: Iterable[Place]) -> dict[str, float]:
    """In the middle, above the first row."""
    places = [(seat.x, seat.y) for seat in seats]
    if not places:
        return {"x": 0.0, "y": 0.0}
    across, down = zip(*places, strict=True)
    return {"x": round((min(across) + max(across)) / 2, DIGITS), "y": round(min(down) - FOCAL_ABOVE, DIGITS)}


def _seat(seat: Place, straight: bool, category: str) -> dict[str, Any]:
    given: dict[str, Any] = {"name": seat.name, "x": seat.x}
    if not straight:
        given["y"] = seat.y
    if seat.category and seat.category != category:
        given["category"] = seat.category
    return given | {flag: True for flag in ("accessible", "companion", "obstructed") if getattr(seat, flag)}


def _pairs(seats: Sequence[Place]) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    return [((one.x, one.y), (two.x, two.y)) for one, two in pairwise(seats)]


def _extent(values: Sequence[float]) -> float:
    return max(values) - min(values)
