"""An event as lists show it: what its card says, and nothing that only its own page needs."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from engine.domain.catalogue.events import EventOnSale, EventOrganization
from engine.domain.catalogue.media.images import Picture


class CardVenue(Struct, frozen=True, kw_only=True):
    id: str
    name: str
    address: str
    city: str
    region: str
    country: str
    lat: float | None
    lng: float | None
    timezone: str


class EventCard(Struct, frozen=True, kw_only=True):
    """Prices from..to are all-in: what the buyer pays for one ticket. Texts of any length stay with the event.

    ``distance_km`` is from where it was looked for, if that was said. ``series_dates``: how many dates of its series
    are to come, 0 if it is in none.
    """

    id: str
    slug: str
    organization_id: str
    venue_id: str
    title: str
    summary: str
    category: str
    tags: tuple[str, ...]
    cover: Picture | None
    starts_at: datetime
    ends_at: datetime
    timezone: str
    currency: str
    status: str
    price_from_cents: int | None
    price_to_cents: int | None
    version: int
    series_id: str | None = None
    series_dates: int = 0
    published_at: datetime | None
    venue: CardVenue
    organization: EventOrganization
    on_sale: EventOnSale | None
    distance_km: float | None = None
    kind: Literal["event"] = "event"
