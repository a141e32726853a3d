"""The names in a seating chart: kept in one spelling, each seen, none a link, none that a visitor takes for another.

A name is printed on a ticket and looked for on a wall. Names of sections are compared in the whole chart, of rows in
their section, of seats in their row; categories with all others of the chart.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from engine.domain.fields import LINKED, UNSEEN, Faults, fault
from engine.foundation.folding import is_name, label_kept, label_seen
from engine.foundation.web_addresses import reads_as_link

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
    firsts: dict[tuple[str, str, str], str] = {}
    for noun, within, name, pointer in _names(chart):
        first = firsts.setdefault((noun, within, _seen(name)), name)
        if first != name:
            found.append(fault(pointer, "look_alike", f'a visitor takes it for the {noun} "{first}"'))
            if len(found) >= FAULTS_TOLD_MAX:
                break
    return found


def unfit(chart: Any) -> Faults:
    """A fault for each name that nobody could see, and for each that a mail reader makes a link of.

    The first FAULTS_TOLD_MAX of them. Mails say which seat it is. The chart is well-formed.
    """
    found: Faults = []
    for _, _, name, pointer in _names(chart):
        if (broken := _broken(name)) is not None:
            found.append(fault(pointer, *broken))
            if len(found) >= FAULTS_TOLD_MAX:
                break
    return found


@lru_cache(NAMES_KEPT)
def _broken(name: str) -> tuple[str, str] | None:
    if not is_name(name):
        return "invalid_value", UNSEEN
    return ("invalid_name", LINKED) if reads_as_link(name) else None


def _names(chart: Any) -> Iterator[tuple[str, str, str, str]]:
    """(what it names, where it is compared, the name, its pointer) of every name."""
    for s, section in enumerate(chart["sections"]):
        at = f"/sections/{s}"
        yield "section", "", section["name"], f"{at}/name"
        yield "category", "", section.get("category") or section["name"], f"{at}/category"
        for r, row in enumerate(section.get("rows") or ()):
            of_row = f"{at}/rows/{r}"
            yield "row", at, row["name"], f"{of_row}/name"
            for n, seat in enumerate(row.get("seats") or ()):
                yield "seat", of_row, seat["name"], f"{of_row}/seats/{n}/name"
                if seat.get("category"):
                    yield "category", "", seat["category"], f"{of_row}/seats/{n}/category"


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
