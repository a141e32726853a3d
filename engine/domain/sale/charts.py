"""A parsed seating chart and what is looked up in it per unit; every event that uses the same one shares it."""

from __future__ import annotations

from collections.abc import Iterable

import hotpath_rs
from engine.domain.sale.inventory import free_byte
from engine.foundation.folding import label_kept


class Chart:
    """``seats`` names each unit, None in general admission; ``base`` is the map when nothing is taken or set apart."""

    __slots__ = ("base", "category_of", "labels", "seat_map", "seats", "section_names", "section_of")

    def __init__(self, raw: bytes) -> None:
        self.seat_map = hotpath_rs.SeatMap.parse(raw)
        self.seats = tuple(self.seat_map.seats_bulk())
        self.section_names = tuple(section.name for section in self.seat_map.sections)
        self.section_of = memoryview(self.seat_map.section_map()).cast("H")
        self.category_of = self.seat_map.category_map()
        self.base = self.seat_map.base_map()
        self.labels = hotpath_rs.HoldLabels(self.seat_map)

    def base_with(self, lots: Iterable[tuple[int, Iterable[int]]]) -> bytes:
        """The base with these lots set apart, each a number and its units."""
        base = bytearray(self.base)
        for number, units in lots:
            for unit in units:
                base[unit] = free_byte(number, accessible=bool(self.base[unit] & 1))
        return bytes(base)


def unit_of(seat_map: hotpath_rs.SeatMap, seat: str) -> int | None:
    """The unit of a seat as somebody typed it, ``Section/Row/Seat``; None if the chart has no such seat."""
    for spelling in (seat, "/".join(label_kept(part) for part in seat.split("/"))):
        try:
            return seat_map.unit(spelling)
        except KeyError:
            continue
    return None
