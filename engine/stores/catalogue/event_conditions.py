"""What a search asks of ``listed_events``, as conditions by what they are about: lists and counts ask the same."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from engine.domain.catalogue.event_search import Access, ListingFilter
from engine.foundation.world.categories import spellings
from engine.foundation.world.currencies import CURRENCIES
from engine.stores.database import Database

HUNDRED: Final = 100
EARTH_RADIUS_M: Final = 6_371_000
ABOUT_FACETS: Final = ("city", "category", "month", "price", "accessibility")
# Minor units of one whole in the event's currency, for those that have not a hundred.
_ODD = " ".join(f"WHEN '{c.code}' THEN {c.unit}" for c in CURRENCIES.values() if c.unit != HUNDRED)
UNIT: Final = f"(CASE l.currency {_ODD} ELSE {HUNDRED} END)"
METRES: Final = (  # haversine; values are latitude, longitude
    f"{2 * EARTH_RADIUS_M} * asin(least(1, sqrt(power(sin(radians(l.lat - {{0}}::float8) / 2), 2)"
    " + cos(radians({0}::float8)) * cos(radians(l.lat)) * power(sin(radians(l.lng - {1}::float8) / 2), 2))))"
)
_ACCESS: Final[dict[Access, str]] = {"seats": "l.accessible_seats", "described": "l.access_described"}
_LISTED: Final = re.compile(r"\bl\.")
_ASKED = "SELECT matched::text AS found, begun::text, whole::text FROM search_listing($1)"


class Asked(NamedTuple):
    """The words of a search: what is found by them, and what a find is ranked by."""

    found: str | None
    begun: str | None
    whole: str | None


NOTHING_ASKED: Final = Asked(None, None, None)


async def asked_of(db: Database, q: str | None) -> Asked | None:
    """The words that somebody typed; None if there is no word in it, which finds nothing."""
    if q is None:
        return NOTHING_ASKED
    row = await db.fetchrow(_ASKED, q)
    return Asked(*row) if row is not None and row["found"] is not None else None


def first_of_series(parts: Iterable[str]) -> str:
    """The condition that no earlier date of the same series meets these conditions too: a series is found once.

    Asked of dates of a series alone, with the same parameters.
    """
    same = " AND ".join(
        [
            "o.series_id = l.series_id",
            "(o.starts_at, o.event_id) < (l.starts_at, l.event_id)",
            *(_LISTED.sub("o.", part) for part in parts),
        ]
    )
    return f"(l.series_id IS NULL OR NOT EXISTS (SELECT 1 FROM listed_events o WHERE {same}))"


@dataclass(slots=True)
class Query:
    """Parameters of a statement as they are gathered."""

    values: list[Any] = field(default_factory=list)

    def value(self, value: Any) -> str:
        self.values.append(value)
        return f"${len(self.values)}"


def conditions(wanted: ListingFilter, asked: Asked) -> tuple[Query, dict[str, str]]:
    """The parameters, and the conditions that there are, by facet; under ``listing`` what belongs to none."""
    query = Query()
    parts: dict[str, list[str]] = {name: [] for name in ("listing", *ABOUT_FACETS)}

    def where(about: str, condition: str, *values: Any) -> None:
        """A condition whose first value is None is not asked."""
        if values[0] is not None:
            parts[about].append(condition.format(*[query.value(value) for value in values]))

    where("listing", "l.words @@ {}::text::tsquery", asked.found)
    where("listing", "l.currency = {}", wanted.currency)
    where("listing", "l.venue_id = {}", wanted.venue_id)
    where("listing", "l.organization_id = {}", wanted.organization_id)
    where("listing", "l.series_id = {}", wanted.series_id)
    if not wanted.over_too:
        parts["listing"].append("l.ends_at > now()")
    if (near := wanted.near) is not None:
        metres = METRES.format(query.value(near.lat), query.value(near.lng))
        where("listing", metres + " <= {}::float8", near.radius_km * 1000)
    where("city", "l.city_slug = place_slug({})", wanted.city)
    spelled = spellings(wanted.category) if wanted.category else None
    where("category", "l.category = ANY ({}::text[])", spelled)
    if wanted.access is not None:
        parts["accessibility"].append(_ACCESS[wanted.access])
    where("month", "l.starts_at >= {}", wanted.starts_from)
    where("month", "l.starts_at < {}", wanted.starts_to)
    where("month", "l.day >= {}::date", wanted.day_from)
    where("month", "l.day <= {}::date", wanted.day_to)
    where("price", "l.price_to_cents >= {}", wanted.price_min_cents)
    where("price", "l.price_from_cents <= {}", wanted.price_max_cents)
    where("price", f"l.price_to_cents >= {{}}::numeric * {UNIT}", wanted.price_min)
    where("price", f"l.price_from_cents <= {{}}::numeric * {UNIT}", wanted.price_max)
    return query, {about: " AND ".join(found) for about, found in parts.items() if found}
