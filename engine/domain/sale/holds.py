"""A hold: units set aside for one buyer until a time. What may be asked, and what it looks like once it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec

from engine.domain.prices import Price

ITEMS_MAX = 20
QUANTITY_MAX = 50
SEAT_CHARS_MAX = 200
CODE_CHARS_MAX = 64

_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
_Seat = Annotated[str, msgspec.Meta(min_length=1, max_length=SEAT_CHARS_MAX)]


class HoldItem(msgspec.Struct, frozen=True):
    """``quantity`` tickets of one type: the best available, in ``section`` if given, or exactly ``seats``.

    They may be split unless ``split`` is false; what is left out may also be null.
    """

    ticket_type_id: _Id
    quantity: Annotated[int, msgspec.Meta(ge=1, le=QUANTITY_MAX)]
    seats: Annotated[tuple[_Seat, ...], msgspec.Meta(max_length=QUANTITY_MAX)] | None = None
    accessible: Annotated[int, msgspec.Meta(ge=0, le=QUANTITY_MAX)] | None = None
    section: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] | None = None
    split: bool | None = None


class HoldRequest(msgspec.Struct, frozen=True):
    event_id: _Id
    items: Annotated[tuple[HoldItem, ...], msgspec.Meta(min_length=1, max_length=ITEMS_MAX)]
    promo_code: Annotated[str, msgspec.Meta(min_length=1, max_length=CODE_CHARS_MAX)] | None = None


class GrowRequest(msgspec.Struct, frozen=True):
    items: Annotated[tuple[HoldItem, ...], msgspec.Meta(min_length=1, max_length=ITEMS_MAX)]


class SwapRequest(msgspec.Struct, frozen=True):
    seats: Annotated[tuple[_Seat, ...], msgspec.Meta(min_length=1, max_length=QUANTITY_MAX)]


class HoldLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One unit of a hold, as the contract's ``items`` list it; ``price_step`` names the step it is held at."""

    ticket_type_id: str
    unit: int
    seat: str | None
    section: str
    price_cents: int
    price_step: str | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold as it stands. ``state`` is held, ordering, ordered or ended; times are Redis's.

    ``held_cents`` is the total the buyer was shown; ``price`` is what it comes to under the event's present terms.
    ``counted_for`` are the bytes of those for whom its units count, b"" if for nobody.
    """

    id: str
    event_id: str
    state: str
    placed_at_ms: int
    expires_at_ms: int
    lines: tuple[HoldLine, ...]
    price: Price
    held_cents: int
    step: int
    adjacent: bool
    rows_used: int
    orphans_created: int
    lease_id: bytes | None
    counted_for: bytes
    promo_code: str | None
    promo_id: str | None
