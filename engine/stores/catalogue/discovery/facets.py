"""What a search can be narrowed by, counted in one reading of the events that it finds."""

from __future__ import annotations

from calendar import monthrange
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from operator import itemgetter
from typing import Any, Final, TypeAlias

from engine.domain.catalogue.discovery import Facet, Facets, MonthFacet, PriceFacet
from engine.domain.catalogue.event_search import ListingFilter
from engine.foundation.world import accessibility
from engine.foundation.world.categories import title as category_title
from engine.foundation.world.price_bands import bounds
from engine.stores.catalogue.event_conditions import asked_of, conditions
from engine.stores.database import Database, Record

CITIES_MAX: Final = 50
MONTHS_MAX: Final = 24
GROUPS_MAX: Final = 20_000
_NOTHING: Final = Facets(total=0, city=(), category=(), month=(), price=(), accessibility=())
_COLUMNS: Final = {
    "city": ("city_slug",),
    "category": ("category",),
    "month": ("month",),
    "price": ("currency", "band_from", "band_to"),
    "accessibility": ("accessible_seats", "access_described"),
}
_TOTAL: Final = "total"
# Which facet a row of the grouping sets is of: the bit of the one that it is grouped by is missing.
_FIRSTS: Final = [columns[0] for columns in _COLUMNS.values()]
_ALL_BITS: Final = 2 ** len(_FIRSTS) - 1
_PARTS: Final = {_ALL_BITS: _TOTAL} | {
    _ALL_BITS - 2 ** (len(_FIRSTS) - 1 - place): about for place, about in enumerate(_COLUMNS)
}
_SETS: Final = ", ".join(f"({', '.join(columns)})" for columns in [(), *_COLUMNS.values()])
_EVERY: Final = ", ".join(column for columns in _COLUMNS.values() for column in columns)
_AT_ONCE = f"""
SELECT grouping({", ".join(_FIRSTS)}) AS part, {_EVERY}, count(*) AS count FROM listed_events l WHERE {{where}}
 GROUP BY GROUPING SETS ({_SETS}) LIMIT {GROUPS_MAX}
"""
_ONE = f"""
SELECT {{columns}}, count(*) AS count FROM listed_events l WHERE {{where}} GROUP BY {{columns}} LIMIT {GROUPS_MAX}
"""
_CITY_NAMES = "SELECT slug, name FROM listed_cities WHERE slug = ANY ($1::text[])"

Groups: TypeAlias = "dict[str, list[Record]]"


async def of_listing(db: Database, wanted: ListingFilter) -> Facets:
    """The facets of what this filter finds. A facet that it narrows by is counted as if it did not."""
    asked = await asked_of(db, wanted.q)
    if asked is None:
        return _NOTHING
    query, parts = conditions(wanted, asked)
    groups: Groups = {about: [] for about in (_TOTAL, *_COLUMNS)}
    for row in await db.fetch(_AT_ONCE.format(where=_where(parts)), *query.values):
        groups[_PARTS[row["part"]]].append(row)
    for about, columns in _COLUMNS.items():
        if about in parts:
            without: dict[str, Any] = dict.fromkeys(_FIELDS[about])
            query, others = conditions(replace(wanted, **without), asked)
            sql = _ONE.format(columns=", ".join(columns), where=_where(others))
            groups[about] = await db.fetch(sql, *query.values)
    return Facets(
        total=groups[_TOTAL][0]["count"],
        city=await _cities(db, groups["city"]),
        category=tuple(
            Facet(value=row["category"], title=category_title(row["category"]), count=row["count"])
            for row in sorted(groups["category"], key=lambda row: (-row["count"], row["category"]))
        ),
        month=tuple(_month(row["month"], row["count"]) for row in sorted(groups["month"], key=itemgetter("month")))[
            :MONTHS_MAX
        ],
        price=_prices(groups["price"]),
        accessibility=tuple(_accesses(groups["accessibility"])),
    )


# What of a filter narrows by each facet.
_FIELDS: Final = {
    "city": ("city",),
    "category": ("category",),
    "month": ("starts_from", "starts_to", "day_from", "day_to"),
    "price": ("price_min", "price_max", "price_min_cents", "price_max_cents"),
    "accessibility": ("access",),
}


def _where(parts: dict[str, str]) -> str:
    return " AND ".join(parts.values()) or "true"


async def _cities(db: Database, rows: list[Record]) -> tuple[Facet, ...]:
    """The largest, under the name that each is written by."""
    named = [row for row in rows if row["city_slug"]]
    largest = sorted(named, key=lambda row: (-row["count"], row["city_slug"]))[:CITIES_MAX]
    slugs = [row["city_slug"] for row in largest]
    names = {row["slug"]: row["name"] for row in await db.fetch(_CITY_NAMES, slugs)}
    return tuple(
        Facet(value=row["city_slug"], title=names.get(row["city_slug"], row["city_slug"]), count=row["count"])
        for row in largest
    )


def _accesses(rows: list[Record]) -> Iterator[Facet]:
    for value, column in (("seats", "accessible_seats"), ("described", "access_described")):
        count = sum(row["count"] for row in rows if row[column])
        if count:
            yield Facet(value=value, title=accessibility.KINDS[value], count=count)


def _prices(rows: list[Record]) -> tuple[PriceFacet, ...]:
    """Each event counts in every band from that of its least price to that of its greatest."""
    counts: Counter[tuple[str, int]] = Counter()
    for row in rows:
        if row["band_from"] is not None and row["band_to"] is not None:
            for band in range(row["band_from"], row["band_to"] + 1):
                counts[row["currency"], band] += row["count"]
    return tuple(
        PriceFacet(currency=currency, price_min=least, price_max=greatest, count=counts[currency, band])
        for currency, band in sorted(counts)
        for least, greatest in [bounds(band)]
    )


def _month(first: date, count: int) -> MonthFacet:
    last = first.replace(day=monthrange(first.year, first.month)[1])
    return MonthFacet(value=f"{first:%Y-%m}", from_=first, to=last, count=count)
