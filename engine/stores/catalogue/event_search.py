"""The public listing: published events by start, filtered. Keyset pages, so inserts never shift what follows."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from engine.domain.catalogue.event_cards import CardVenue, EventCard
from engine.domain.catalogue.event_search import ListingFilter
from engine.domain.catalogue.events import EventOnSale, EventOrganization
from engine.foundation.clock import rfc3339
from engine.foundation.local_time import ZONES, day_start
from engine.foundation.world.categories import spellings
from engine.foundation.world.currencies import CURRENCIES
from engine.stores.catalogue.media import images
from engine.stores.database import Database, Record

HUNDRED = 100
EARTH_RADIUS_KM = 6371.0
DAYS_REMEMBERED_MAX = 128  # six hundred zones: 3 ms to work out, 200 ms the first time
_OWN = (
    "id", "slug", "organization_id", "venue_id", "title", "summary", "category", "starts_at", "ends_at",
    "timezone", "currency", "status", "price_from_cents", "price_to_cents", "version", "published_at",
)  # fmt: skip
_VENUE = ("name", "address", "city", "region", "country", "lat", "lng", "timezone")
_ON_SALE = ("prequeue_opens_at", "opens_at", "closes_at", "room_enabled")
_SELECT = f"""
SELECT {", ".join(f"e.{name}" for name in _OWN)}, e.tags,
       {", ".join(f"v.{name} AS venue_{name}" for name in _VENUE)},
       o.name AS organization_name, o.slug AS organization_slug, {", ".join(f"s.{name}" for name in _ON_SALE)},
       {images.COVER_COLUMNS}
  FROM events e
  JOIN venues v ON v.id = e.venue_id
  JOIN organizations o ON o.id = e.organization_id
  LEFT JOIN on_sales s ON s.event_id = e.id
  LEFT JOIN images i ON i.id = e.cover_image_id
"""
# All words in event and venue together, which no index can tell; but one of them stands in one of both.
_FOUND = """(e.search || v.search) @@ search_query({0}) AND e.id IN (
    SELECT f.id FROM events f WHERE f.search @@ search_any({0})
    UNION ALL SELECT f.id FROM events f JOIN venues w ON w.id = f.venue_id WHERE w.search @@ search_any({0}))"""
# Minor units of one whole in the event's currency, for those that have not a hundred.
_ODD = " ".join(f"WHEN '{c.code}' THEN {c.unit}" for c in CURRENCIES.values() if c.unit != HUNDRED)
_UNIT = f"(CASE e.currency {_ODD} ELSE {HUNDRED} END)"
_WITHIN = (  # haversine; values are latitude, longitude, kilometres
    f"{2 * EARTH_RADIUS_KM} * asin(least(1, sqrt(power(sin(radians(v.lat - {{0}}::float8) / 2), 2)"
    " + cos(radians({0}::float8)) * cos(radians(v.lat)) * power(sin(radians(v.lng - {1}::float8) / 2), 2))))"
    " <= {2}::float8"
)


async def published(
    db: Database, wanted: ListingFilter, after: tuple[datetime, str] | None, limit: int
) -> list[EventCard]:
    """Up to ``limit`` published events after a position (starts_at, id)."""
    query = _Query("e.status = 'published'")
    query.where(_FOUND, wanted.q)
    query.where("search_folded(v.city) = search_folded({})", wanted.city)
    query.where("trim(folded(e.category)) = ANY ({}::text[])", spellings(wanted.category) if wanted.category else None)
    query.where("e.currency = {}", wanted.currency)
    query.where("e.venue_id = {}", wanted.venue_id)
    query.where("e.starts_at >= {}", wanted.starts_from)
    query.where("e.starts_at < {}", wanted.starts_to)
    query.where("e.price_to_cents >= {}", wanted.price_min_cents)
    query.where("e.price_from_cents <= {}", wanted.price_max_cents)
    query.where(f"e.price_to_cents >= {{}}::numeric * {_UNIT}", wanted.price_min)
    query.where(f"e.price_from_cents <= {{}}::numeric * {_UNIT}", wanted.price_max)
    if wanted.day_from is not None:
        begins_at = await asyncio.to_thread(_beginnings, wanted.day_from)
        query.where("e.starts_at >= {}", begins_at.first)
        query.where("e.starts_at >= ({}::jsonb ->> e.timezone)::timestamptz", begins_at.by_zone)
    if wanted.day_to is not None:
        over_at = await asyncio.to_thread(_beginnings, wanted.day_to + timedelta(days=1))
        query.where("e.starts_at < {}", over_at.last)
        query.where("e.starts_at < ({}::jsonb ->> e.timezone)::timestamptz", over_at.by_zone)
    if not wanted.over_too:
        query.where("e.ends_at > now()")
    if wanted.near is not None:
        query.where(_WITHIN, wanted.near.lat, wanted.near.lng, wanted.near.radius_km)
    if after is not None:
        query.where("(e.starts_at, e.id) > ({}, {})", *after)
    rows = await db.fetch(
        f"{_SELECT} WHERE {query.text()} ORDER BY e.starts_at, e.id LIMIT {query.value(limit)}", *query.values
    )
    return [_card(row) for row in rows]


def _card(row: Record) -> EventCard:
    on_sale = None
    if row["opens_at"] is not None:
        on_sale = EventOnSale(**{name: row[name] for name in _ON_SALE})
    return EventCard(
        **{name: row[name] for name in _OWN},
        tags=tuple(row["tags"]),
        cover=images.picture_of(row),
        venue=CardVenue(id=row["venue_id"], **{name: row[f"venue_{name}"] for name in _VENUE}),
        organization=EventOrganization(
            id=row["organization_id"], name=row["organization_name"], slug=row["organization_slug"]
        ),
        on_sale=on_sale,
    )


class _Beginnings(NamedTuple):
    """When a day of the calendar begins: by zone, and on the whole Earth first and last, which an index can search."""

    by_zone: dict[str, str]
    first: datetime
    last: datetime


@lru_cache(maxsize=DAYS_REMEMBERED_MAX)
def _beginnings(day: date) -> _Beginnings:
    starts = {zone: day_start(day, zone) for zone in ZONES}
    return _Beginnings({zone: rfc3339(at) for zone, at in starts.items()}, min(starts.values()), max(starts.values()))


class _Query:
    """Conditions and their parameters as they are gathered. A condition whose first value is None is not asked."""

    def __init__(self, condition: str) -> None:
        self.values: list[Any] = []
        self._conditions = [condition]

    def value(self, value: Any) -> str:
        self.values.append(value)
        return f"${len(self.values)}"

    def where(self, condition: str, *values: Any) -> None:
        if not values or values[0] is not None:
            self._conditions.append(condition.format(*[self.value(value) for value in values]))

    def text(self) -> str:
        return " AND ".join(self._conditions)
