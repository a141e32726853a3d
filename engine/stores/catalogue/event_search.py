"""The public listing: published events by start, filtered. Keyset pages, so inserts never shift what follows."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from engine.domain.catalogue.event_search import ListingFilter
from engine.domain.catalogue.events import Event
from engine.foundation.clock import rfc3339
from engine.foundation.local_time import ZONES, day_start
from engine.foundation.world.categories import spellings
from engine.foundation.world.currencies import CURRENCIES
from engine.stores.catalogue.events import SELECT, of_row
from engine.stores.database import Database

HUNDRED = 100
EARTH_RADIUS_KM = 6371.0
DAYS_REMEMBERED_MAX = 128  # six hundred zones: 3 ms to work out, 200 ms the first time
_SEARCHED = "(e.search || v.search || array_to_tsvector(search_words(array_to_string(e.tags, ' '))))"
# Minor units of one whole in the event's currency, for those that have not a hundred.
_ODD = " ".join(f"WHEN '{c.code}' THEN {c.unit}" for c in CURRENCIES.values() if c.unit != HUNDRED)
_UNIT = f"(CASE e.currency {_ODD} ELSE {HUNDRED} END)"
_WITHIN = (  # haversine; values are latitude, longitude, kilometres
    f"{2 * EARTH_RADIUS_KM} * asin(least(1, sqrt(power(sin(radians(v.lat - {{0}}::float8) / 2), 2)"
    " + cos(radians({0}::float8)) * cos(radians(v.lat)) * power(sin(radians(v.lng - {1}::float8) / 2), 2))))"
    " <= {2}::float8"
)


async def published(db: Database, wanted: ListingFilter, after: tuple[datetime, str] | None, limit: int) -> list[Event]:
    """Up to ``limit`` published events after a position (starts_at, id)."""
    query = _Query("e.status = 'published'")
    query.where(f"{_SEARCHED} @@ search_query({{}})", wanted.q)
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
        f"{SELECT} WHERE {query.text()} ORDER BY e.starts_at, e.id LIMIT {query.value(limit)}", *query.values
    )
    return [of_row(row) for row in rows]


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
