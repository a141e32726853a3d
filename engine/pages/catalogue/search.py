"""What a visitor types above the list of events, read kindly: what cannot be understood is left out, not refused."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final
from urllib.parse import urlencode

from engine.domain.catalogue.event_search import ListingFilter
from engine.domain.catalogue.events import Event
from engine.foundation.ids import is_id

WORDS_CHARS_MAX: Final = 100
CURSOR_CHARS_MAX: Final = 120
PRICE_MAX: Final = Decimal(1_000_000)
CENTS: Final = 100


@dataclass(frozen=True, slots=True)
class Search:
    """The form as typed, so that it can be shown again."""

    q: str = ""
    city: str = ""
    category: str = ""
    from_day: str = ""
    to_day: str = ""
    price_max: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Search:
        def text(name: str) -> str:
            return "".join(c for c in query.get(name, "") if c.isprintable()).strip()[:WORDS_CHARS_MAX]

        return cls(text("q"), text("city"), text("category"), text("from"), text("to"), text("price_max"))

    @property
    def narrowed(self) -> bool:
        return self != Search()

    def filter(self) -> ListingFilter:
        """The same for the services. A day is a day in UTC; prices are all-in, in the event's own currency."""
        from_day, to_day, price = _day(self.from_day), _day(self.to_day), _cents(self.price_max)
        return ListingFilter(
            q=self.q or None,
            city=self.city or None,
            category=self.category or None,
            starts_from=max(from_day, datetime.now(UTC)) if from_day else None,
            starts_to=to_day + timedelta(days=1) if to_day else None,
            price_max_cents=price,
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
            "cursor": cursor,
        }
        return "/?" + urlencode({name: value for name, value in typed.items() if value})


def cursor_after(event: Event) -> str:
    """The place in the list just after an event."""
    return base64.urlsafe_b64encode(f"{event.starts_at.isoformat()}|{event.id}".encode()).decode().rstrip("=")


def place_of(cursor: str) -> tuple[datetime, str] | None:
    """(starts_at, id) behind a cursor; None, which is the beginning, where it is none of ours."""
    try:
        raw = base64.urlsafe_b64decode(cursor[:CURSOR_CHARS_MAX] + "=" * (-len(cursor) % 4)).decode()
        starts_at, _, event_id = raw.partition("|")
        moment = datetime.fromisoformat(starts_at)
    except (ValueError, binascii.Error, UnicodeDecodeError):
        return None
    return (moment, event_id) if is_id("evt", event_id) and moment.tzinfo is not None else None


def _day(text: str) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        return None


def _cents(text: str) -> int | None:
    try:
        amount = Decimal(text.replace(",", ".").strip("$€£ "))
    except InvalidOperation:
        return None
    return int(amount * CENTS) if amount.is_finite() and 0 <= amount <= PRICE_MAX else None
