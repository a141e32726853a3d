"""Promo codes: percent or fixed, within a window, at most ``max_uses`` times.

A use is reserved with the hold in one atomic step and given back when hold or order ends unpaid; this module only says
what a code is and whether it may be used at a moment.

PromoUnknown 422 promo_unknown · PromoExpired 409 promo_expired · PromoUsedUp 409 promo_used_up
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from engine.domain.fields import Faults, Moment, fault, is_moment
from engine.domain.prices import Discount
from engine.foundation.errors import Conflict, Invalid
from engine.foundation.world.currencies import find, money

CODE_CHARS_MAX = 40
PERCENT_MAX_BP = 10_000
FIXED_CENTS_MAX = 2_147_483_647  # a column of 32 bits; the event's currency bounds it further
USES_MAX = 1_000_000
PROMOS_MAX = 255  # a code's counter in Redis is named by one byte

Code = Annotated[str, Meta(min_length=1, max_length=CODE_CHARS_MAX, pattern=r"^[A-Za-z0-9][A-Za-z0-9_\-]*$(?!\n)")]
Uses = Annotated[int, Meta(ge=1, le=USES_MAX)]


class PromoUnknown(Invalid):
    """Also said of a disabled code: a stranger must not learn which codes exist."""

    code, title = "promo_unknown", "This promo code does not exist"


class PromoExpired(Conflict):
    code, title = "promo_expired", "This promo code cannot be used now"


class PromoUsedUp(Conflict):
    code, title = "promo_used_up", "This promo code has been used as often as it may"


@dataclass(frozen=True, slots=True)
class Promo:
    """``value`` is in basis points (percent) or cents (fixed); ``max_uses`` None means no limit."""

    id: str
    event_id: str
    code: str
    kind: Literal["percent", "fixed"]
    value: int
    max_uses: int | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    status: Literal["active", "disabled"] = "active"

    def discount(self) -> Discount:
        return Discount(self.kind, self.value)

    def check(self, moment: datetime) -> None:
        """PromoUnknown or PromoExpired where the code may not be used at this moment."""
        if self.status != "active":
            raise PromoUnknown
        if self.valid_from is not None and moment < self.valid_from:
            raise PromoExpired("This promo code is not valid yet")
        if self.valid_until is not None and moment >= self.valid_until:
            raise PromoExpired("This promo code has expired")


def normal(code: str) -> str:
    """The one spelling of a code as the ledger keeps it: trimmed, upper case."""
    return code.strip().upper()


class NewPromo(Struct, kw_only=True):
    """``value`` is in basis points (percent) or cents off the whole order (fixed)."""

    code: Code
    kind: Literal["percent", "fixed"]
    value: Annotated[int, Meta(ge=1, le=FIXED_CENTS_MAX)]
    max_uses: Uses | None = None
    valid_from: Moment | None = None
    valid_until: Moment | None = None


class PromoChange(Struct, kw_only=True):
    """The code itself stays: people have it in their hands."""

    kind: Literal["percent", "fixed"] | UnsetType = UNSET
    value: Annotated[int, Meta(ge=1, le=FIXED_CENTS_MAX)] | UnsetType = UNSET
    max_uses: Uses | UnsetType | None = UNSET
    valid_from: Moment | UnsetType | None = UNSET
    valid_until: Moment | UnsetType | None = UNSET
    status: Literal["active", "disabled"] | UnsetType = UNSET


class PromoCode(Struct, frozen=True, kw_only=True):
    """As its organizer sees it; ``used_count`` counts orders paid or being paid for."""

    id: str
    event_id: str
    code: str
    kind: Literal["percent", "fixed"]
    value: int
    max_uses: int | None
    valid_from: datetime | None
    valid_until: datetime | None
    status: Literal["active", "disabled"]
    used_count: int
    discount_given_cents: int
    version: int
    created_at: datetime
    updated_at: datetime


class PromoQuestion(Struct, kw_only=True):
    code: Annotated[str, Meta(min_length=1, max_length=CODE_CHARS_MAX)]


class PromoAnswer(Struct, frozen=True, kw_only=True):
    """What a code that may be used now takes off."""

    code: str
    kind: Literal["percent", "fixed"]
    value: int
    valid_until: datetime | None


def check_terms(given: NewPromo | PromoChange, code: str, before: PromoCode | None = None) -> None:
    """The rules between fields; ``before`` fills in what a change leaves out. Invalid with all that is broken.

    ``code`` is the currency that a fixed value is in.
    """
    found: Faults = []
    kind = before.kind if before is not None and given.kind is UNSET else given.kind
    value = before.value if before is not None and given.value is UNSET else given.value
    if kind == "percent" and isinstance(value, int) and value > PERCENT_MAX_BP:
        found.append(fault("/value", "out_of_range", f"At most {PERCENT_MAX_BP} basis points"))
    if kind == "fixed" and isinstance(value, int):
        found += _amount_faults(value, code)
    for name in ("valid_from", "valid_until"):
        moment = getattr(given, name)
        if isinstance(moment, datetime) and not is_moment(moment):
            found.append(fault(f"/{name}", "out_of_range", "This date is out of range"))
    start = before.valid_from if before is not None and given.valid_from is UNSET else given.valid_from
    end = before.valid_until if before is not None and given.valid_until is UNSET else given.valid_until
    if isinstance(start, datetime) and isinstance(end, datetime) and end <= start:
        found.append(fault("/valid_until", "out_of_order", "It ends after it begins"))
    if found:
        raise Invalid(errors=found)


def _amount_faults(cents: int, code: str) -> Faults:
    currency = find(code)
    if currency.chargeable and cents > currency.greatest:
        return [fault("/value", "out_of_range", f"At most {money(currency.greatest, code)}")]
    if cents % currency.step:
        said = f"Amounts in {code} are multiples of {money(currency.step, code)}"
        return [fault("/value", "amount_between_steps", said)]
    return []
