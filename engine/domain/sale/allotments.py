"""Allotments: units set apart for a channel; closed to everybody not named in ``open_to``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from msgspec import UNSET, Meta, Struct, UnsetType

from engine.domain.fields import Name, Short, fault
from engine.foundation.errors import Invalid
from engine.foundation.folding import code_folded

ALLOTMENTS_MAX = 95  # the inventory map has a lot for each
SEATS_MAX = 20_000
OPEN_TO_MAX = 100
# Channels of the staff alone, as codes fold: a buyer who types one of them has typed no code.
BOX_OFFICE: Final = frozenset({"BOXOFFICE", "BOX_OFFICE"})
COMPS: Final = frozenset({"COMP", "COMPS"})
STAFFS: Final = BOX_OFFICE | COMPS

Seats = Annotated[list[Annotated[str, Meta(min_length=1, max_length=200)]], Meta(min_length=1, max_length=SEATS_MAX)]
OpenTo = Annotated[list[Short], Meta(max_length=OPEN_TO_MAX)]


class NewAllotment(Struct, kw_only=True):
    """Either named ``seats``, or a ``section`` and a ``quantity`` of its last free places.

    ``open_to`` names channels and presale codes; ``box office`` and ``comps`` are the staff's own, and no codes.
    """

    name: Name
    seats: Seats | None = None
    section: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    quantity: Annotated[int, Meta(ge=1, le=SEATS_MAX)] | None = None
    open_to: OpenTo = []


class AllotmentChange(Struct, kw_only=True):
    """Its units stay; releasing them is deleting it."""

    name: Name | UnsetType = UNSET
    open_to: OpenTo | UnsetType = UNSET


def check_codes(given: NewAllotment | AllotmentChange) -> None:
    """Invalid at each name or code that nobody could type: it has no letter or digit."""
    codes = given.open_to if isinstance(given.open_to, list) else []
    found = [
        fault(f"/open_to/{at}", "empty", "A code has letters or digits")
        for at, code in enumerate(codes)
        if not code_folded(code)
    ]
    if found:
        raise Invalid(errors=found)


class Allotment(Struct, frozen=True, kw_only=True):
    """``units`` counts its places; ``seats`` names those that have a name."""

    id: str
    event_id: str
    number: int
    name: str
    units: int
    seats: tuple[str, ...]
    open_to: tuple[str, ...]
    version: int
    created_at: datetime
    updated_at: datetime
