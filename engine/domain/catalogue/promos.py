"""Promo codes: percent or fixed, within a window, at most ``max_uses`` times.

A use is reserved with the hold in one atomic step and given back when hold or order ends unpaid; this module only says
what a code is and whether it may be used at a moment. Who asks about a code is answered in the catalogue's refusals;
who holds with one, in the sale's (promo_invalid, promo_exhausted). The contract has both.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType

from engine.domain.catalogue.errors import PromoExpired, PromoUsedUp
from engine.domain.catalogue.pricing.bulk_codes import CODES_MAX, PREFIX_CHARS_MAX
from engine.domain.catalogue.ticket_types import TicketType
from engine.domain.errors import PromoInvalid
from engine.domain.fields import Faults, Id, Moment, fault, is_moment
from engine.foundation.errors import Invalid
from engine.foundation.world.currencies import AMOUNT_MAX, find, money

CODE_CHARS_MAX = 40
PERCENT_MAX_BP = 10_000
FIXED_CENTS_MAX = 2_147_483_647  # a column of 32 bits; the event's currency bounds it further
USES_MAX = 1_000_000
QUANTITY_MAX, PER_BUYER_MAX, TYPES_MAX, EVENTS_MAX = 50, 1_000, 100, 50
PROMOS_MAX = 255  # a code's counter in Redis is named by one byte

Code = Annotated[str, Meta(min_length=1, max_length=CODE_CHARS_MAX, pattern=r"^[A-Za-z0-9][A-Za-z0-9_\-]*$(?!\n)")]
Uses = Annotated[int, Meta(ge=1, le=USES_MAX)]
Value = Annotated[int, Meta(ge=0, le=FIXED_CENTS_MAX)]
LeastCents = Annotated[int, Meta(ge=1, le=AMOUNT_MAX)]
LeastTickets = Annotated[int, Meta(ge=1, le=QUANTITY_MAX)]
PerBuyer = Annotated[int, Meta(ge=1, le=PER_BUYER_MAX)]
TicketTypeIds = Annotated[list[Id], Meta(max_length=TYPES_MAX)]
EventIds = Annotated[list[Id], Meta(min_length=1, max_length=EVENTS_MAX)]

Kind = Literal["percent", "fixed"]
Status = Literal["active", "disabled"]
State = Literal["active", "disabled", "scheduled", "expired", "used_up"]
Standing = Literal["usable", "off", "early", "over"]
Moments = TypeVar("Moments", datetime, int)


def standing(moment: Moments, *, active: bool, begin: Moments | None, end: Moments | None) -> Standing:
    """What a code is worth at this moment: switched off, not valid yet, no longer (from ``end`` on), or usable."""
    if not active:
        return "off"
    if begin is not None and moment < begin:
        return "early"
    return "over" if end is not None and moment >= end else "usable"


class NewPromo(Struct, kw_only=True):
    """``value`` is in basis points (percent) or cents off all its tickets together (fixed); 0 if it only unlocks.

    It is for ``ticket_type_ids`` (for all without any), from ``min_quantity`` of these and ``min_amount_cents`` for
    them on; ``unlocks`` are hidden types that it shows. ``event_ids``: the same code at these events too, each
    counting its own uses. ``count`` makes this many codes that begin with ``code``, each good for ``max_uses`` orders
    (1 without), instead of the code itself.
    """

    code: Code
    kind: Kind
    value: Value
    max_uses: Uses | None = None
    valid_from: Moment | None = None
    valid_until: Moment | None = None
    min_amount_cents: LeastCents | None = None
    min_quantity: LeastTickets | None = None
    ticket_type_ids: TicketTypeIds = []
    unlocks: TicketTypeIds = []
    per_buyer_max: PerBuyer | None = None
    event_ids: EventIds | UnsetType = UNSET
    count: Annotated[int, Meta(ge=1, le=CODES_MAX)] | None = None


class NewPromoOfEvent(NewPromo, kw_only=True):
    event_id: Id


class PromoChange(Struct, kw_only=True):
    """The code itself stays: people have it in their hands."""

    kind: Kind | UnsetType = UNSET
    value: Value | UnsetType = UNSET
    max_uses: Uses | UnsetType | None = UNSET
    valid_from: Moment | UnsetType | None = UNSET
    valid_until: Moment | UnsetType | None = UNSET
    min_amount_cents: LeastCents | UnsetType | None = UNSET
    min_quantity: LeastTickets | UnsetType | None = UNSET
    ticket_type_ids: TicketTypeIds | UnsetType = UNSET
    unlocks: TicketTypeIds | UnsetType = UNSET
    per_buyer_max: PerBuyer | UnsetType | None = UNSET
    status: Status | UnsetType = UNSET


class PromoCode(Struct, frozen=True, kw_only=True):
    """As its organizer sees it; ``used_count`` counts orders paid or being paid for, ``state`` says what it is now."""

    id: str
    event_id: str
    code: str
    kind: Kind
    value: int
    max_uses: int | None
    valid_from: datetime | None
    valid_until: datetime | None
    min_amount_cents: int | None = None
    min_quantity: int | None = None
    ticket_type_ids: tuple[str, ...] = ()
    unlocks: tuple[str, ...] = ()
    per_buyer_max: int | None = None
    count: int | None = None
    status: Status
    state: State = "active"
    used_count: int
    discount_given_cents: int
    version: int
    created_at: datetime
    updated_at: datetime

    def state_at(self, moment: datetime) -> State:
        """What the code is at this moment."""
        match standing(moment, active=self.status == "active", begin=self.valid_from, end=self.valid_until):
            case "off":
                return "disabled"
            case "early":
                return "scheduled"
            case "over":
                return "expired"
        return "used_up" if self._is_used_up else "active"

    @property
    def _is_used_up(self) -> bool:
        """Whether nothing of it is left; of many codes, of none of them."""
        most = (self.max_uses or 1) * self.count if self.count is not None else self.max_uses
        return most is not None and self.used_count >= most

    def check(self, moment: datetime) -> None:
        """PromoInvalid, PromoExpired or PromoUsedUp if the code may not be used at this moment."""
        match standing(moment, active=self.status == "active", begin=self.valid_from, end=self.valid_until):
            case "off":
                raise PromoInvalid
            case "early":
                raise PromoExpired("This promo code is not valid yet")
            case "over":
                raise PromoExpired("This promo code has expired")
        if self._is_used_up:
            raise PromoUsedUp


class PromoQuestion(Struct, kw_only=True):
    code: Annotated[str, Meta(min_length=1, max_length=CODE_CHARS_MAX)]


class PromoQuestionOfEvent(PromoQuestion, kw_only=True):
    event_id: Id


class PromoUse(Struct, frozen=True, kw_only=True):
    """An order that carries the code, paid or being paid for."""

    order_id: str
    order_number: str
    status: str
    discount_cents: int
    created_at: datetime


class PromoAnswer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a code that may be used now takes off, from how much on, and the hidden types that it shows."""

    code: str
    kind: Kind
    value: int
    valid_until: datetime | None
    min_amount_cents: int | None = None
    min_quantity: int | None = None
    ticket_type_ids: tuple[str, ...] = ()
    unlocks: tuple[TicketType, ...] = ()


def check_terms(given: NewPromo | PromoChange, code: str, before: PromoCode | None = None) -> None:
    """The rules between fields; ``before`` fills in what a change leaves out. Invalid with all that is broken.

    ``code`` is the currency that a fixed value is in.
    """
    found: Faults = []
    kind, value, begin, end = (_term(name, given, before) for name in ("kind", "value", "valid_from", "valid_until"))
    if not value and not _term("unlocks", given, before):
        found.append(fault("/value", "out_of_range", "A code takes something off, or unlocks ticket types"))
    if kind == "percent" and value > PERCENT_MAX_BP:
        found.append(fault("/value", "out_of_range", f"At most {PERCENT_MAX_BP} basis points"))
    if kind == "fixed":
        found += _amount_faults(value, code)
    found += [
        fault(f"/{name}", "out_of_range", "This date is out of range")
        for name, moment in (("valid_from", begin), ("valid_until", end))
        if moment is not None and not is_moment(moment)
    ]
    if isinstance(given, NewPromo) and given.count is not None and len(given.code) > PREFIX_CHARS_MAX:
        said = f"At most {PREFIX_CHARS_MAX} signs if many codes begin with it"
        found.append(fault("/code", "too_long", said))
    if begin is not None and end is not None and end <= begin:
        found.append(fault("/valid_until", "out_of_order", "It ends after it begins"))
    if found:
        raise Invalid(errors=found)


def check_types(given: NewPromo | PromoChange, hidden: Mapping[str, bool]) -> None:
    """The types it names are the event's own, those it unlocks hidden. ``hidden`` says of each type whether it is."""
    found: Faults = []
    for name in ("ticket_type_ids", "unlocks"):
        ids = getattr(given, name)
        for place, kind in enumerate(ids if isinstance(ids, list) else ()):
            if kind not in hidden:
                said = "The event has no such ticket type"
                found.append(fault(f"/{name}/{place}", "unknown_ticket_type", said))
            elif name == "unlocks" and not hidden[kind]:
                found.append(fault(f"/{name}/{place}", "not_hidden", "Everybody sees this type"))
    if isinstance(given, NewPromo) and isinstance(given.event_ids, list) and (given.ticket_type_ids or given.unlocks):
        found.append(fault("/event_ids", "one_of", "Ticket types belong to one event: make this code for it alone"))
    if found:
        raise Invalid(errors=found)


def _term(name: str, given: NewPromo | PromoChange, before: PromoCode | None) -> Any:
    value = getattr(given, name)
    return getattr(before, name) if value is UNSET else value


def _amount_faults(cents: int, code: str) -> Faults:
    currency = find(code)
    if currency.chargeable and cents > currency.greatest:
        return [fault("/value", "out_of_range", f"At most {money(currency.greatest, code)}")]
    if cents % currency.step:
        said = f"Amounts in {code} are multiples of {money(currency.step, code)}"
        return [fault("/value", "amount_between_steps", said)]
    return []
