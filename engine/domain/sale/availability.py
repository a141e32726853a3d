"""What is free of an event: counts per ticket type, and the state of each unit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from msgspec import Meta, Struct

from engine.domain.catalogue.pricing.steps_shown import PriceStepShown
from engine.domain.sale.holds import CODE_CHARS_MAX

FEW_PERCENT = 15

Level = Literal["none", "few", "plenty"]


class AvailabilityRow(Struct, frozen=True, omit_defaults=True):
    """A ticket type. What is exact is for its organizer.

    ``held`` and ``sold`` (with what is being paid for) are this type's own, ``taken_of_type`` is their sum: types may
    share places, and what is free of those is told for each of them.
    """

    id: str
    name: str
    free: int
    level: Level
    held: int | None = None
    sold: int | None = None
    taken_of_type: int | None = None
    price_step: PriceStepShown | None = None


class AvailabilityDocument(Struct, frozen=True):
    event_id: str
    version: int
    ticket_types: tuple[AvailabilityRow, ...]


class SeatStatusDocument(Struct, frozen=True, omit_defaults=True):
    """``taken`` is a base64 bitmap (bit i of byte i/8, least significant first) or deltas ([unit, 0 or 1]).

    Deltas are also under ``changes`` and hold for anybody who knows ``since`` or a later version; a bitmap has neither.
    """

    version: int
    taken: str | list[list[int]]
    units: int | None = None
    changes: list[list[int]] | None = None
    since: int | None = None


class CodeShown(Struct, frozen=True):
    """A code as it was typed."""

    promo_code: Annotated[str, Meta(min_length=1, max_length=CODE_CHARS_MAX)]


class SetApartDocument(Struct, frozen=True):
    """What a code opens of the places set apart: the free ones now, as [first unit, how many]."""

    version: int
    units: list[tuple[int, int]]


def runs_of(units: Iterable[int]) -> list[tuple[int, int]]:
    """Rising units as (first, how many) of each run of neighbours."""
    runs: list[tuple[int, int]] = []
    for unit in units:
        if runs and unit == runs[-1][0] + runs[-1][1]:
            runs[-1] = runs[-1][0], runs[-1][1] + 1
        else:
            runs.append((unit, 1))
    return runs


def level(free: int, total: int) -> Level:
    """How much is left, for those who are not told the number."""
    if free <= 0:
        return "none"
    return "few" if free * 100 <= total * FEW_PERCENT else "plenty"
