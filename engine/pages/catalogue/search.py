"""What a visitor types above the list of events, read kindly: what cannot be understood is left out, not refused."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final
from urllib.parse import urlencode

from engine.domain.catalogue.event_search import ListingFilter
from engine.domain.catalogue.events import Event
from engine.domain.fields import YEAR_MAX, YEAR_MIN
from engine.foundation.ids import is_id
from engine.foundation.world.categories import canonical
from engine.foundation.world.currencies import AMOUNT_MAX, is_chargeable

WORDS_CHARS_MAX: Final = 100
CURSOR_CHARS_MAX: Final = 120
PRICE_MAX: Final = Decimal(AMOUNT_MAX)
_THOUSANDS: Final = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Search:
    """The form as typed, so that it can be shown again."""

    q: str = ""
    city: str = ""
    category: str = ""
    from_day: str = ""
    to_day: str = ""
    price_max: str = ""
    currency: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Search:
        def text(name: str) -> str:
            return "".join(c for c in query.get(name, "") if c.isprintable()).strip()[:WORDS_CHARS_MAX]

        category, currency = text("category"), text("currency").upper()
        return cls(
            text("q"),
            text("city"),
            canonical(category) or category,
            text("from"),
            text("to"),
            text("price_max"),
            currency if is_chargeable(currency) else "",
        )

    @property
    def narrowed(self) -> bool:
        return self != Search()

    def filter(self) -> ListingFilter:
        """The same for the services. A day is a day at the event; prices are all-in, in the event's own currency."""
        return ListingFilter(
            q=self.q or None,
            city=self.city or None,
            category=self.category or None,
            day_from=_day(self.from_day),
            day_to=_day(self.to_day),
            currency=self.currency or None,
            price_max=_price(self.price_max),
        )

    def url(self, cursor: str) -> str:
        """The address of the next page of this search."""
        typed = {
            "q": self.q,
            "city": self.city,
            "category": self.category,
            "from": self.from_day,
            "to": self.to_day,
            "price_max": self.price_max,
            "currency": self.currency,
            "cursor": cursor,
        }
        return "/?" + urlencode({name: value for name, value in typed.items() if value})


def cursor_after(event: Event) -> str:
    """The place in the list just after an event."""
    return base64.urlsafe_b64encode(f"{event.starts_at.isoformat()}|{event.id}".encode()).decode().rstrip("=")


def place_of(cursor: str) -> tuple[datetime, str] | None:
    """(starts_at, id) behind a cursor; None, which is the beginning, if it is none of ours."""
    try:
        raw = base64.urlsafe_b64decode(cursor[:CURSOR_CHARS_MAX] + "=" * (-len(cursor) % 4)).decode()
        starts_at, _, event_id = raw.partition("|")
        moment = datetime.fromisoformat(starts_at)
    except (ValueError, binascii.Error, UnicodeDecodeError):
        return None
    return (moment, event_id) if is_id("evt", event_id) and moment.tzinfo is not None else None


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if YEAR_MIN <= day.year <= YEAR_MAX else None


def _price(text: str) -> Decimal | None:
    """``1,500,000`` and ``1 500 000`` are one and a half million; ``12,50`` is ``12.50``."""
    text = re.sub(r"\s", "", text).strip("$€£¥")
    text = text.replace(",", "") if _THOUSANDS.fullmatch(text) else text.replace(",", ".")
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and 0 <= amount <= PRICE_MAX else None
