"""What a visitor types above the list of events, read kindly: what cannot be understood is left out, not refused."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final, cast
from urllib.parse import urlencode

from engine.domain.catalogue.event_search import Access, Found, ListingFilter, Near, Position
from engine.domain.fields import YEAR_MAX, YEAR_MIN
from engine.foundation.world.accessibility import KINDS
from engine.foundation.world.categories import canonical
from engine.foundation.world.currencies import AMOUNT_MAX, is_chargeable

WORDS_CHARS_MAX: Final = 100
CURSOR_CHARS_MAX: Final = 120
LAT_MAX, LNG_MAX, NEAR_KM = 90, 180, 100.0
PRICE_MAX: Final = Decimal(AMOUNT_MAX)
_THOUSANDS: Final = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Search:
    """The form as typed, so that it can be shown again. ``city`` is kept as its slug if a link said it."""

    q: str = ""
    city: str = ""
    category: str = ""
    from_day: str = ""
    to_day: str = ""
    price_min: str = ""
    price_max: str = ""
    currency: str = ""
    accessibility: str = ""
    lat: str = ""
    lng: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Search:
        def text(name: str) -> str:
            return "".join(c for c in query.get(name, "") if c.isprintable()).strip()[:WORDS_CHARS_MAX]

        category, currency, access = text("category"), text("currency").upper(), text("accessibility")
        lat, lng = _degrees(text("lat"), LAT_MAX), _degrees(text("lng"), LNG_MAX)
        return cls(
            q=text("q"),
            city=text("city"),
            category=canonical(category) or category,
            from_day=text("from"),
            to_day=text("to"),
            price_min=text("price_min"),
            price_max=text("price_max"),
            currency=currency if is_chargeable(currency) else "",
            accessibility=access if access in KINDS else "",
            lat=lat if lng else "",
            lng=lng if lat else "",
        )

    @property
    def narrowed(self) -> bool:
        return self != Search()

    @property
    def near(self) -> Near | None:
        """The place to look around, as near as the visitor let us know it."""
        return Near(lat=float(self.lat), lng=float(self.lng), radius_km=NEAR_KM) if self.lat and self.lng else None

    def changed(self, **fields: str) -> Search:
        """The same search but for these fields."""
        return replace(self, **fields)

    def filter(self) -> ListingFilter:
        """The same for the services. A day is a day at the event; prices are all-in, in the event's own currency."""
        return ListingFilter(
            q=self.q or None,
            city=self.city or None,
            category=self.category or None,
            access=cast("Access", self.accessibility) if self.accessibility else None,
            day_from=_day(self.from_day),
            day_to=_day(self.to_day),
            currency=self.currency or None,
            price_min=_price(self.price_min),
            price_max=_price(self.price_max),
            near=self.near,
            once=True,
        )

    def url(self, cursor: str = "") -> str:
        """The address of this search, or of its next page."""
        typed = {
            "q": self.q,
            "city": self.city,
            "category": self.category,
            "from": self.from_day,
            "to": self.to_day,
            "price_min": self.price_min,
            "price_max": self.price_max,
            "currency": self.currency,
            "accessibility": self.accessibility,
            "lat": self.lat,
            "lng": self.lng,
            "cursor": cursor,
        }
        asked = urlencode({name: value for name, value in typed.items() if value})
        return f"/?{asked}" if asked else "/"


def cursor_after(found: Found) -> str:
    """The place in the list just after an event."""
    return base64.urlsafe_b64encode(found.position.text().encode()).decode().rstrip("=")


def place_of(cursor: str) -> Position | None:
    """The position behind a cursor; None, which is the beginning, if it is none of ours."""
    try:
        return Position.read(base64.urlsafe_b64decode(cursor[:CURSOR_CHARS_MAX] + "=" * (-len(cursor) % 4)).decode())
    except (ValueError, binascii.Error, UnicodeDecodeError):
        return None


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


def _degrees(text: str, most: int) -> str:
    """A coordinate to two decimals, about a kilometre: nearer than that nobody need tell. Empty if it is none."""
    try:
        degrees = float(text)
    except ValueError:
        return ""
    return f"{degrees:.2f}" if -most <= degrees <= most else ""
