"""The public listing: published events by start, filtered. Keyset pages, so inserts never shift what follows."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from engine.domain.catalogue.event_search import ListingFilter
from engine.domain.catalogue.events import Event
from engine.foundation.world.categories import spellings
from engine.foundation.world.currencies import CURRENCIES
from engine.stores.catalogue.events import SELECT, of_row
from engine.stores.database import Database

HUNDRED = 100
EARTH_RADIUS_KM = 6371.0
SEARCH_WORDS_MAX = 10
_WORD = re.compile(r"\w+")
_SEARCHED = (
    "(e.search || to_tsvector('simple', folded(v.name || ' ' || v.city || ' ' || array_to_string(e.tags, ' '))))"
)
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
    words = _WORD.findall(wanted.q or "")[:SEARCH_WORDS_MAX]
    if wanted.q is not None and not words:
        return []
    query = _Query("e.status = 'published'")
    begins = " & ".join(f"'{word}':*" for word in words)
    query.where(f"{_SEARCHED} @@ to_tsquery('simple', folded({{}}))", begins or None)
    query.where("folded(v.city) = folded({})", wanted.city)
    query.where("trim(folded(e.category)) = ANY ({}::text[])", spellings(wanted.category) if wanted.category else None)
    query.where("e.currency = {}", wanted.currency)
    query.where("e.venue_id = {}", wanted.venue_id)
    query.where("e.starts_at >= {}", wanted.starts_from)
    query.where("e.starts_at < {}", wanted.starts_to)
    query.where("e.price_to_cents >= {}", wanted.price_min_cents)
    query.where("e.price_from_cents <= {}", wanted.price_max_cents)
    query.where(f"e.price_to_cents >= {{}}::numeric * {_UNIT}", wanted.price_min)
    query.where(f"e.price_from_cents <= {{}}::numeric * {_UNIT}", wanted.price_max)
    if wanted.starts_from is None:
        query.where("e.ends_at > now()")
    if wanted.near is not None:
        query.where(_WITHIN, wanted.near.lat, wanted.near.lng, wanted.near.radius_km)
    if after is not None:
        query.where("(e.starts_at, e.id) > ({}, {})", *after)
    rows = await db.fetch(
        f"{SELECT} WHERE {query.text()} ORDER BY e.starts_at, e.id LIMIT {query.value(limit)}", *query.values
    )
    return [of_row(row) for row in rows]


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
