"""The names in a seating chart: kept in one spelling, and none that a visitor takes for another.

A name is printed on a ticket and looked for on a wall. Names of sections are compared in the whole chart, of rows in
their section, of seats in their row; categories with all others of the chart.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from engine.domain.fields import Faults, fault
from engine.foundation.folding import label_kept, label_seen

FAULTS_TOLD_MAX = 100
LISTS = ("aisle_after", "accessible")  # of a row: they name seats of it
NAMES_KEPT = 4096  # a house repeats "1" to "50" in every row

_kept = lru_cache(NAMES_KEPT)(label_kept)
_seen = lru_cache(NAMES_KEPT)(label_seen)


def fold(chart: object) -> bool:
    """Fold every name of a decoded chart in place, whatever else it holds; whether anything changed."""
    changed = False
    for thing in _things(chart):
        for key in ("name", "category"):
            given = thing.get(key)
            if isinstance(given, str) and (kept := _kept(given)) != given:
                thing[key], changed = kept, True
        for key in LISTS:
            named = thing.get(key)
            if isinstance(named, list):
                kept_names = [_kept(name) if isinstance(name, str) else name for name in named]
                if kept_names != named:
                    thing[key], changed = kept_names, True
    return changed


def look_alikes(chart: Any) -> Faults:
    """A fault for each name that looks like an earlier one of its kind. The chart is well-formed.

    The first FAULTS_TOLD_MAX of them. A category may be named any number of times, in one spelling.
    """
    found: Faults = []
    sections, categories = _Seen("section"), _Seen("category")
    for s, section in enumerate(chart["sections"]):
        at = f"/sections/{s}"
        found += sections.look(section["name"], f"{at}/name")
        found += categories.look(section.get("category") or section["name"], f"{at}/category")
        rows = _Seen("row")
        for r, row in enumerate(section.get("rows") or ()):
            found += rows.look(row["name"], f"{at}/rows/{r}/name")
            seats = _Seen("seat")
            for n, seat in enumerate(row.get("seats") or ()):
                found += seats.look(seat["name"], f"{at}/rows/{r}/seats/{n}/name")
                if seat.get("category"):
                    found += categories.look(seat["category"], f"{at}/rows/{r}/seats/{n}/category")
        if len(found) >= FAULTS_TOLD_MAX:
            break
    return found[:FAULTS_TOLD_MAX]


class _Seen:
    """Names by what is seen of them."""

    def __init__(self, noun: str) -> None:
        self._noun = noun
        self._first: dict[str, str] = {}

    def look(self, name: str, pointer: str) -> Faults:
        """A fault if another name looks the same. The same name twice is not its business."""
        first = self._first.setdefault(_seen(name), name)
        if first == name:
            return []
        return [fault(pointer, "look_alike", f'a visitor takes it for the {self._noun} "{first}"')]


def _things(chart: object) -> Iterator[dict[str, Any]]:
    """Every object of a chart that has a name."""
    for section in _objects(chart, "sections"):
        yield section
        for row in _objects(section, "rows"):
            yield row
            yield from _objects(row, "seats")


def _objects(thing: object, key: str) -> Iterator[dict[str, Any]]:
    listed = thing.get(key) if isinstance(thing, dict) else None
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, dict):
            yield each
