"""Promo codes: percent or fixed, within a window, at most ``max_uses`` times.

A use is reserved with the hold in one atomic step and given back when hold or order ends unpaid; this module only says
what a code is and whether it may be used at a moment. Who asks about a code is answered in the catalogue's refusals;
who holds with one, in the sale's (promo_invalid, promo_exhausted). The contract has both.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType

from engine.domain.catalogue.errors import PromoExpired, PromoUsedUp
from engine.domain.errors import PromoInvalid
from engine.domain.fields import Faults, Id, Moment, fault, is_moment
from engine.foundation.errors import Invalid
from engine.foundation.world.currencies import find, money

CODE_CHARS_MAX = 40
PERCENT_MAX_BP = 10_000
FIXED_CENTS_MAX = 2_147_483_647  # a column of 32 bits; the event's currency bounds it further
USES_MAX = 1_000_000
PROMOS_MAX = 255  # a code's counter in Redis is named by one byte

Code = Annotated[str, Meta(min_length=1, max_length=CODE_CHARS_MAX, pattern=r"^[A-Za-z0-9][A-Za-z0-9_\-]*$(?!\n)")]
Uses = Annotated[int, Meta(ge=1, le=USES_MAX)]


Kind = Literal["percent", "fixed"]
Status = Literal["active", "disabled"]
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
    """``value`` is in basis points (percent) or cents off the whole order (fixed)."""

    code: Code
    kind: Kind
    value: Annotated[int, Meta(ge=1, le=FIXED_CENTS_MAX)]
    max_uses: Uses | None = None
    valid_from: Moment | None = None
    valid_until: Moment | None = None


class NewPromoOfEvent(NewPromo, kw_only=True):
    event_id: Id


class PromoChange(Struct, kw_only=True):
    """The code itself stays: people have it in their hands."""

    kind: Kind | UnsetType = UNSET
    value: Annotated[int, Meta(ge=1, le=FIXED_CENTS_MAX)] | UnsetType = UNSET
    max_uses: Uses | UnsetType | None = UNSET
    valid_from: Moment | UnsetType | None = UNSET
    valid_until: Moment | UnsetType | None = UNSET
    status: Status | UnsetType = UNSET


class PromoCode(Struct, frozen=True, kw_only=True):
    """As its organizer sees it; ``used_count`` counts orders paid or being paid for."""

    id: str
    event_id: str
    code: str
    kind: Kind
    value: int
    max_uses: int | None
    valid_from: datetime | None
    valid_until: datetime | None
    status: Status
    used_count: int
    discount_given_cents: int
    version: int
    created_at: datetime
    updated_at: datetime

    def check(self, moment: datetime) -> None:
        """PromoInvalid, PromoExpired or PromoUsedUp if the code may not be used at this moment."""
        match standing(moment, active=self.status == "active", begin=self.valid_from, end=self.valid_until):
            case "off":
                raise PromoInvalid
            case "early":
                raise PromoExpired("This promo code is not valid yet")
            case "over":
                raise PromoExpired("This promo code has expired")
        if self.max_uses is not None and self.used_count >= self.max_uses:
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


class PromoAnswer(Struct, frozen=True, kw_only=True):
    """What a code that may be used now takes off."""

    code: str
    kind: Kind
    value: int
    valid_until: datetime | None


def check_terms(given: NewPromo | PromoChange, code: str, before: PromoCode | None = None) -> None:
    """The rules between fields; ``before`` fills in what a change leaves out. Invalid with all that is broken.

    ``code`` is the currency that a fixed value is in.
    """
    found: Faults = []
    kind, value, begin, end = (_term(name, given, before) for name in ("kind", "value", "valid_from", "valid_until"))
    if kind == "percent" and value > PERCENT_MAX_BP:
        found.append(fault("/value", "out_of_range", f"At most {PERCENT_MAX_BP} basis points"))
    if kind == "fixed":
        found += _amount_faults(value, code)
    found += [
        fault(f"/{name}", "out_of_range", "This date is out of range")
        for name, moment in (("valid_from", begin), ("valid_until", end))
        if moment is not None and not is_moment(moment)
    ]
    if begin is not None and end is not None and end <= begin:
        found.append(fault("/valid_until", "out_of_order", "It ends after it begins"))
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
