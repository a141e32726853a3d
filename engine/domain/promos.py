"""Promo codes: percent or fixed, within a window, at most ``max_uses`` times.

A use is reserved with the hold in one atomic step and given back when hold or order ends unpaid; this module only says
what a code is and whether it may be used at a moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from engine.domain.money import Discount
from engine.foundation.errors import Conflict, Invalid

CODE_CHARS_MAX = 40
PERCENT_MAX_BP = 10_000


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
