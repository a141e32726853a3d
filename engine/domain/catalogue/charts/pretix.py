"""A seating plan of pretix (its open ``seating-plan.schema.json``) as a chart of ours.

Zones become sections, rows of one name in a zone one row. Positions are relative there (seat to row, row to zone, zone
to plan) and in pixels: here they are absolute, and neighbours stand 1 apart. A drawn area that says it is the stage
becomes ours; other drawn areas are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct, field

from engine.domain.catalogue.charts import lines
from engine.domain.catalogue.charts.lines import DIGITS, Place

STAGE_WORDS: Final = ("stage", "bühne", "screen", "leinwand", "scène", "escenario", "palco", "podium")


class Point(Struct):
    x: float = 0.0
    y: float = 0.0


class Rectangle(Struct):
    width: float = 0.0
    height: float = 0.0


class Words(Struct):
    text: str = ""


class Area(Struct):
    """``width`` and ``height`` of older plans stand in the area itself; ``text`` is plain there."""

    position: Point = field(default_factory=Point)
    width: float = 0.0
    height: float = 0.0
    rotation: float = 0.0
    rectangle: Rectangle | None = None
    text: str | Words | None = None

    @property
    def words(self) -> str:
        return self.text.text if isinstance(self.text, Words) else self.text or ""

    @property
    def size(self) -> tuple[float, float]:
        return (self.rectangle.width, self.rectangle.height) if self.rectangle else (self.width, self.height)


class Seat(Struct):
    position: Point
    seat_number: str = ""
    category: str = ""


class Row(Struct):
    seats: list[Seat]
    row_number: str = ""
    position: Point = field(default_factory=Point)


class Zone(Struct):
    rows: list[Row]
    name: str = ""
    position: Point = field(default_factory=Point)
    areas: list[Area] = []


class Plan(Struct):
    zones: list[Zone]


def chart(plan: Plan) -> tuple[dict[str, Any], list[str]]:
    """The chart, and what of the plan is not in it."""
    zones = [(zone, _rows(zone)) for zone in plan.zones]
    every = [row for _, rows in zones for row in rows.values()]
    scale = 1 / lines.pitch(every)
    for row in every:
        for seat in row:
            seat.x, seat.y = round(seat.x * scale, DIGITS), round(seat.y * scale, DIGITS)
    sections: list[dict[str, Any]] = []
    for zone, rows in zones:
        if rows:
            name = lines.name_of(zone.name, f"Section {len(sections) + 1}")
            sections.append(_section(lines.unlike(name, (section["name"] for section in sections)), rows))
    made: dict[str, Any] = {"focal_point": lines.focal_point(seat for row in every for seat in row)}
    stage, left_out = _stage(plan, scale)
    if stage is not None:
        made |= {"focal_point": {"x": stage["x"], "y": stage["y"]}, "stage": stage}
    notes = [f"{left_out} drawn area{'s were' if left_out > 1 else ' was'} left out"] if left_out else []
    return made | {"sections": sections}, notes


def _rows(zone: Zone) -> dict[str, list[Place]]:
    """The seats of each row by its name, in the plan's own pixels."""
    rows: dict[str, list[Place]] = {}
    for number, row in enumerate(zone.rows, 1):
        if not row.seats:
            continue
        name = lines.name_of(row.row_number, str(number))
        here = {lines.name_of(seat.seat_number, "") for seat in row.seats}
        if not here.isdisjoint({seat.name for seat in rows.get(name, ())}):
            name = lines.unlike(name, rows)
        x, y = zone.position.x + row.position.x, zone.position.y + row.position.y
        rows.setdefault(name, []).extend(
            Place(
                name=lines.name_of(seat.seat_number, str(n)),
                x=x + seat.position.x,
                y=y + seat.position.y,
                category=lines.name_of(seat.category, ""),
            )
            for n, seat in enumerate(row.seats, 1)
        )
    return rows


def _section(name: str, rows: dict[str, list[Place]]) -> dict[str, Any]:
    category = lines.commonest(seat.category for row in rows.values() for seat in row) or name
    made = [lines.row_of(row, lines.with_aisles(seats, 1.0), category) for row, seats in rows.items()]
    return {"name": name, "kind": "seated", "category": category, "rows": made}


def _stage(plan: Plan, scale: float) -> tuple[dict[str, float] | None, int]:
    """The area that says it is the stage, and how many others there are."""
    areas: Sequence[tuple[Zone, Area]] = [(zone, area) for zone in plan.zones for area in zone.areas]
    found = None
    for zone, area in areas:
        width, height = area.size
        if found is None and width > 0 and height > 0 and any(word in area.words.casefold() for word in STAGE_WORDS):
            middle = zone.position.x + area.position.x + width / 2, zone.position.y + area.position.y + height / 2
            found = {"x": middle[0], "y": middle[1], "width": width, "height": height}
            found = {name: round(value * scale, DIGITS) for name, value in found.items()} | {
                "turn": area.rotation % 360
            }
    return found, len(areas) - (found is not None)
