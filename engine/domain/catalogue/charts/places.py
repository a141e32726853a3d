"""Where the seats of a chart stand: none on another, and those that are listed as neighbours next to each other.

A chart's lists say which seats are neighbours, and its coordinates say it again. If both disagree a party that paid for
seats together sits apart: what cannot be is refused, what may be meant otherwise is told.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import chain
from statistics import median_low
from typing import Any

from msgspec import Struct

from engine.domain.catalogue.venues import ChartWarning
from engine.domain.fields import Faults, fault

FAULTS_TOLD_MAX = 100
SPOT_DIGITS = 6  # of a coordinate, as the seat map keeps them
GAP_TIMES = 2.0  # from here on a gap is one that another seat would fit into
CLEARLY_NEARER = 0.75  # of the distance to a listed neighbour
LOOKED_AT_MAX = 16  # seats to each side of one, in the order of the row's longer axis: a charted row has one or two


class _Spot(Struct):
    name: str
    x: float
    y: float | None = None


class _Row(Struct):
    """Without a ``y`` each of its seats has one; around a ``table`` neighbours are told by the list alone."""

    name: str
    y: float = 0.0
    table: dict[str, Any] | None = None
    seats: list[_Spot] | None = None
    aisle_after: list[str | int] | None = None
    count: int = 0
    x0: float = 0.0
    pitch: float = 0.0

    def spots(self) -> Iterator[tuple[float, float]]:
        """(x, y) of each seat, as exact as the map keeps them."""
        if self.seats:
            yield from (self.place(seat) for seat in self.seats)
            return
        for n in range(self.count):
            yield round(self.x0 + n * self.pitch, SPOT_DIGITS), round(self.y, SPOT_DIGITS)

    def place(self, seat: _Spot) -> tuple[float, float]:
        return round(seat.x, SPOT_DIGITS), round(self.y if seat.y is None else seat.y, SPOT_DIGITS)

    def neighbours(self) -> Iterator[tuple[int, float]]:
        """(place in the list, distance to the seat before) of each listed seat without an aisle before it."""
        seats, after = self.seats or (), {str(name) for name in self.aisle_after or ()}
        for n in range(1, len(seats)):
            if seats[n - 1].name not in after:
                yield n, math.dist(self.place(seats[n - 1]), self.place(seats[n]))

    def turns(self) -> Iterator[int]:
        """Places in the list where a straight row turns back between two aisles."""
        seats = self.seats or ()
        if any(seat.y is not None for seat in seats):
            return  # a table or a curve: neighbours are told by their distance alone
        direction, last = 0.0, 0
        for n, _ in self.neighbours():
            step = seats[n].x - seats[n - 1].x
            direction = direction if n == last + 1 and direction else step
            last = n
            if step * direction < 0:
                yield n

    def strays(self) -> Iterator[tuple[int, int]]:
        """(place in the list, place of its nearest) of each seat of a curve that stands next to one listed elsewhere.

        Clearly nearer than every listed neighbour, that is; seats across an aisle are nobody's neighbours.
        """
        if not self.seats or all(seat.y is None for seat in self.seats):
            return  # a straight row that turns back is refused
        spots = [self.place(seat) for seat in self.seats]
        listed = [math.inf] * len(spots)
        for n, distance in self.neighbours():
            listed[n], listed[n - 1] = min(listed[n], distance), min(listed[n - 1], distance)
        wide, high = (max(part) - min(part) for part in zip(*spots, strict=True))
        axis = 0 if wide >= high else 1
        order = sorted(range(len(spots)), key=lambda n: spots[n][axis])
        for rank, n in enumerate(order):
            if listed[n] == math.inf:
                continue
            near = [m for m in order[max(0, rank - LOOKED_AT_MAX) : rank + LOOKED_AT_MAX + 1] if abs(m - n) > 1]
            nearest = min(near, key=lambda m: math.dist(spots[n], spots[m]), default=None)
            if nearest is not None and math.dist(spots[n], spots[nearest]) < listed[n] * CLEARLY_NEARER:
                yield n, nearest


class _Section(Struct):
    name: str
    rows: list[_Row] | None = None


class Places(Struct):
    """Of a seating chart that is well-formed: where each seat stands in its row."""

    sections: list[_Section]


def misplaced(chart: Places) -> Faults:
    """A fault for each seat on another of its row, row on another of its section, and seat that is no neighbour.

    The first FAULTS_TOLD_MAX of them. Sections may each have an origin of their own.
    """
    found: Faults = []
    for s, section in enumerate(chart.sections):
        for r, row in enumerate(section.rows or ()):
            found += _stacked(row, f"/sections/{s}/rows/{r}")
        found += _under(section.rows or (), f"/sections/{s}/rows")
    return found[:FAULTS_TOLD_MAX]


def doubtful(chart: Places) -> tuple[ChartWarning, ...]:
    """A warning for each gap between neighbours, and for each seat whose next one is listed elsewhere in its row.

    Gaps are measured by what the chart's other neighbours keep between them. The first FAULTS_TOLD_MAX of all. They are
    sold as neighbours all the same, as the list says.
    """
    rows = [
        (f"/sections/{s}/rows/{r}", row)
        for s, section in enumerate(chart.sections)
        for r, row in enumerate(section.rows or ())
        if row.table is None
    ]
    found = chain(_gaps(rows), _strays(rows))
    return tuple(warning for warning, _ in zip(found, range(FAULTS_TOLD_MAX), strict=False))


def _gaps(rows: Sequence[tuple[str, _Row]]) -> Iterator[ChartWarning]:
    apart = [distance for _, row in rows for _, distance in row.neighbours()]
    apart += [abs(row.pitch) for _, row in rows if not row.seats and row.count > 1]
    if not apart:
        return
    most = median_low(apart) * GAP_TIMES
    for at, row in rows:
        for n, distance in row.neighbours():
            if distance >= most:
                yield ChartWarning(f"{at}/seats/{n}/x", "gap", _gap(row, n))


def _strays(rows: Sequence[tuple[str, _Row]]) -> Iterator[ChartWarning]:
    for at, row in rows:
        seats = row.seats or []
        for n, nearest in row.strays():
            message = (
                f'"{seats[n].name}" stands next to "{seats[nearest].name}" and is not listed next to it:'
                f" list the seats as they stand side by side"
            )
            yield ChartWarning(f"{at}/seats/{n}/x", "order", message)


def _gap(row: _Row, n: int) -> str:
    seats = row.seats or []
    return (
        f'"{seats[n - 1].name}" and "{seats[n].name}" are listed as neighbours and stand far apart:'
        f' name "{seats[n - 1].name}" in aisle_after if nobody should sit across the gap'
    )


def _stacked(row: _Row, at: str) -> Faults:
    found: dict[int, dict[str, str]] = {}
    seats, places = row.seats or [], dict[tuple[float, float], str]()
    for n in row.turns():
        message = (
            f'"{seats[n].name}" does not stand next to "{seats[n - 1].name}": list the seats as they stand side by'
            f" side, or name those before an aisle in aisle_after"
        )
        found[n] = fault(f"{at}/seats/{n}/x", "not_beside", message)
    for n, seat in enumerate(seats):
        first = places.setdefault(row.place(seat), seat.name)
        if first != seat.name:
            found[n] = fault(f"{at}/seats/{n}/x", "overlap", f'"{first}" stands at the same place')
    return [found[n] for n in sorted(found)]


def _under(rows: Sequence[_Row], at: str) -> Faults:
    found: Faults = []
    taken: dict[tuple[float, float], int] = {}
    for r, row in enumerate(rows):
        under = {owner for spot in row.spots() if (owner := taken.setdefault(spot, r)) != r}
        if under:
            message = f'seats of row "{rows[min(under)].name}" stand at the same places'
            found.append(fault(f"{at}/{r}/y", "overlap", message))
    return found
