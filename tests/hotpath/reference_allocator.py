"""The allocation rule, written a second time: slow, from the design's sentences, sharing nothing with the Rust.

It answers steps 1 to 3 exactly and says of step 4 only what every answer must satisfy. Distances are exact fractions.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, pairwise
from typing import Any

FIRST_FREE = 0x40


@dataclass(frozen=True)
class Seat:
    """One unit of a seated section."""

    unit: int
    section: int
    row: int
    stretch: int
    x: Fraction
    y: Fraction
    category: str


@dataclass(frozen=True)
class Answer:
    """What a party of one ask gets; no units if step 4 leaves a choice."""

    step: int
    units: tuple[int, ...] | None


class House:
    """A chart of seated sections, unrolled."""

    def __init__(self, chart: dict[str, Any]) -> None:
        self.focal = (Fraction(str(chart["focal_point"]["x"])), Fraction(str(chart["focal_point"]["y"])))
        self.seats: list[Seat] = []
        row_number = stretch = 0
        for section_number, section in enumerate(chart["sections"]):
            for row in section["rows"]:
                row_number += 1
                stretch += 1
                for seat in row["seats"]:
                    self.seats.append(
                        Seat(
                            unit=len(self.seats),
                            section=section_number,
                            row=row_number,
                            stretch=stretch,
                            x=Fraction(str(seat["x"])),
                            y=Fraction(str(seat.get("y", row["y"]))),
                            category=seat.get("category", section.get("category", section["name"])),
                        )
                    )
                    if seat["name"] in row.get("aisle_after", []):
                        stretch += 1


class Sight:
    """A house and its map, as one buyer sees them."""

    def __init__(self, house: House, state: bytes, categories: set[str], open_allotments: set[int]) -> None:
        self.house = house
        self.free: set[int] = set()
        self.eligible: set[int] = set()
        for seat in house.seats:
            lot = state[seat.unit] - FIRST_FREE
            if lot < 0 or (lot >> 1 and lot >> 1 not in open_allotments):
                continue
            self.free.add(seat.unit)
            if not lot & 1 and seat.category in categories:
                self.eligible.add(seat.unit)
        self.sold_out_below = sum(house.seats[unit].category in categories for unit in self.free)

    def runs(self, members: set[int]) -> list[list[Seat]]:
        """Maximal runs of touching seats among `members`."""
        found: list[list[Seat]] = []
        for seat in self.house.seats:
            if seat.unit not in members:
                continue
            last = found[-1][-1] if found else None
            if last is not None and last.unit + 1 == seat.unit and last.stretch == seat.stretch:
                found[-1].append(seat)
            else:
                found.append([seat])
        return found

    def orphans(self, taken: set[int]) -> int:
        """Runs of exactly one free seat that were not of length one before."""
        before = {run[0].unit for run in self.runs(self.free) if len(run) == 1}
        after = {run[0].unit for run in self.runs(self.free - taken) if len(run) == 1}
        return len(after - before)

    def distance(self, group: list[Seat]) -> Fraction:
        """Square of the centroid's distance to the focal point."""
        x = sum((seat.x for seat in group), Fraction(0)) / len(group)
        y = sum((seat.y for seat in group), Fraction(0)) / len(group)
        return (x - self.house.focal[0]) ** 2 + (y - self.house.focal[1]) ** 2

    def windows(self, quantity: int) -> list[list[Seat]]:
        """Every run of `quantity` eligible seats that touch."""
        return [
            block[start : start + quantity]
            for block in self.runs(self.eligible)
            for start in range(len(block) - quantity + 1)
        ]


def allocate(sight: Sight, quantity: int, policy: str, *, split: bool) -> Answer | str:
    """Walk the ladder for one party; a word is a refusal."""
    blocks = sight.windows(quantity)
    if blocks:
        return _one_block(sight, blocks, policy)
    if split:
        pieces = _two_pieces(sight, quantity, policy)
        if pieces is not None:
            return pieces
        if len(sight.eligible) >= quantity:
            return Answer(4, None)
    return "sold_out" if sight.sold_out_below < quantity else "best_available_not_found"


def _one_block(sight: Sight, blocks: list[list[Seat]], policy: str) -> Answer:
    def key(block: list[Seat]) -> tuple[Any, ...]:
        orphaned = sight.orphans(_units(block)) > 0
        distance = sight.distance(block)
        by_policy: dict[str, tuple[Any, ...]] = {
            "strict": (orphaned, distance),
            "lenient": (distance, orphaned),
            "off": (distance,),
        }
        return (*by_policy[policy], block[0].unit)

    best = min(blocks, key=key)
    step = 1 if policy == "off" or not sight.orphans(_units(best)) else 2
    return Answer(step, tuple(seat.unit for seat in best))


def _two_pieces(sight: Sight, quantity: int, policy: str) -> Answer | None:
    pieces = [window for size in range(2, quantity - 1) for window in sight.windows(size)]
    pairs = [
        (first, second)
        for first, second in combinations(sorted(pieces, key=lambda piece: piece[0].unit), 2)
        if len(first) + len(second) == quantity
        and first[0].section == second[0].section
        and not _units(first) & _units(second)
    ]
    if not pairs:
        return None

    def key(pair: tuple[list[Seat], list[Seat]]) -> tuple[Any, ...]:
        first, second = pair
        low, high = max(_left(first), _left(second)), min(_right(first), _right(second))
        return (
            abs(first[0].row - second[0].row) != 1,
            0 if policy == "off" else sight.orphans(_units(first) | _units(second)),
            abs(len(first) - len(second)),
            low - high,
            sight.distance(first + second),
            first[0].unit,
            second[0].unit,
        )

    first, second = min(pairs, key=key)
    return Answer(3, tuple(seat.unit for seat in first + second))


def assert_step_four(sight: Sight, quantity: int, units: list[int]) -> None:
    """Any pieces, but in one section if one has room, and in as few pieces there as possible."""
    assert set(units) <= sight.eligible
    assert len(set(units)) == len(units) == quantity
    supply: dict[int, int] = {}
    for unit in sight.eligible:
        section = sight.house.seats[unit].section
        supply[section] = supply.get(section, 0) + 1
    used = {sight.house.seats[unit].section for unit in units}
    most = sorted(supply.values(), reverse=True)
    fewest = next(count for count in range(1, len(most) + 1) if sum(most[:count]) >= quantity)
    assert len(used) == fewest
    if fewest == 1:
        assert _pieces(sight, units) == min(
            _fewest_pieces(sight, section, quantity) for section in supply if supply[section] >= quantity
        )


def _fewest_pieces(sight: Sight, section: int, quantity: int) -> int:
    lengths = sorted((len(run) for run in sight.runs(sight.eligible) if run[0].section == section), reverse=True)
    return next(count for count in range(1, len(lengths) + 1) if sum(lengths[:count]) >= quantity)


def _pieces(sight: Sight, units: list[int]) -> int:
    seats = [sight.house.seats[unit] for unit in sorted(units)]
    breaks = (one.unit + 1 != other.unit or one.stretch != other.stretch for one, other in pairwise(seats))
    return 1 + sum(breaks)


def _units(seats: list[Seat]) -> set[int]:
    return {seat.unit for seat in seats}


def _left(piece: list[Seat]) -> Fraction:
    return min(seat.x for seat in piece)


def _right(piece: list[Seat]) -> Fraction:
    return max(seat.x for seat in piece)
