"""A hold: units set aside for one buyer until a time. What may be asked, and what it looks like once it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from engine.domain.prices import Price, price_document
from engine.foundation.clock import rfc3339

ITEMS_MAX = 20
QUANTITY_MAX = 50
SEAT_CHARS_MAX = 200
CODE_CHARS_MAX = 64

_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
_Seat = Annotated[str, msgspec.Meta(min_length=1, max_length=SEAT_CHARS_MAX)]


class HoldItem(msgspec.Struct, frozen=True):
    """``quantity`` tickets of one type: the best available, in ``section`` where given, or exactly ``seats``.

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


@dataclass(frozen=True, slots=True)
class HoldLine:
    """One unit of a hold."""

    ticket_type_id: str
    unit: int
    section: str
    seat: str | None
    price_cents: int


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold as it stands. ``state`` is held, ordering, ordered or ended; times are Redis's.

    ``held_cents`` is the total the buyer was shown; ``price`` is what it comes to under the event's present terms.
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
    promo_code: str | None
    promo_id: str | None

    def document(self, hold_token: str, server_now_ms: int) -> dict[str, Any]:
        """The resource of the contract."""
        return {
            "id": self.id,
            "hold_token": hold_token,
            "event_id": self.event_id,
            "status": self.state,
            "expires_at": rfc3339(self.expires_at_ms),
            "expires_at_ms": self.expires_at_ms,
            "server_now_ms": server_now_ms,
            "items": [
                {
                    "ticket_type_id": line.ticket_type_id,
                    "unit": line.unit,
                    "seat": line.seat,
                    "section": line.section,
                    "price_cents": line.price_cents,
                }
                for line in self.lines
            ],
            "allocation": {
                "adjacent": self.adjacent,
                "rows_used": self.rows_used,
                "step": self.step,
                "orphans_created": self.orphans_created,
            },
            "price": price_document(self.price),
            "promo_code": self.promo_code,
        }
