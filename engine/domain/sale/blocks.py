"""Blocks: places of a published event that are kept from sale, whatever allotment they are in."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from engine.domain.fields import Line
from engine.domain.sale.allotments import SEATS_MAX, Seats

REASON_CHARS_MIN = 1

Reason = Annotated[Line, Meta(min_length=REASON_CHARS_MIN)]


class UnitsNamed(Struct, kw_only=True):
    """Either named ``seats``, or a ``section`` and a ``quantity``: its last places that are free, or blocked."""

    seats: Seats | None = None
    section: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    quantity: Annotated[int, Meta(ge=1, le=SEATS_MAX)] | None = None


class UnitsBlock(UnitsNamed, kw_only=True):
    """Places to keep from sale, and why."""

    reason: Reason


class UnitsUnblock(UnitsNamed, kw_only=True):
    """Places to sell again."""

    reason: Line = ""


class UnitsBlocked(Struct, frozen=True, kw_only=True):
    """``units`` were changed by this call, ``seats`` names those with names; ``blocked`` are kept from sale in all."""

    event_id: str
    units: int
    seats: tuple[str, ...]
    blocked: int


class Block(Struct, frozen=True, kw_only=True):
    """A place that is kept from sale. ``seat`` is None if places of its section have no names."""

    unit: int
    section: str
    seat: str | None
    reason: str
    created_at: datetime
