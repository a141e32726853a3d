"""What a search can be narrowed by, counted in one reading of the events that it finds."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import Final

from engine.domain.catalogue.discovery import Facet, Facets, MonthFacet, PriceFacet
from engine.domain.catalogue.event_search import ListingFilter
from engine.domain.catalogue.price_bands import BEGINNINGS, bounds
from engine.foundation.world import accessibility
from engine.foundation.world.categories import title as category_title
from engine.foundation.world.currencies import CURRENCIES
from engine.stores.catalogue.discovery.conditions import ABOUT_FACETS, UNIT, asked_of, conditions
from engine.stores.database import Database, Record

CITIES_MAX: Final = 50
MONTHS_MAX: Final = 24
BANDS_MAX: Final = 60
_NOTHING: Final = Facets(total=0, city=(), category=(), month=(), price=(), accessibility=())
# Each facet counts what all the others leave, so that what was chosen may be changed for its neighbour.
_OTHERS: Final = {
    about: " AND ".join(f"in_{other}" for other in ABOUT_FACETS if other != about) for about in ABOUT_FACETS
}
_ALL: Final = " AND ".join(f"in_{about}" for about in ABOUT_FACETS)
_COUNTED = """
WITH counted AS MATERIALIZED (
    SELECT l.city_slug, l.city, l.category, date_trunc('month', l.day)::date AS month, l.currency, l.access,
           width_bucket((l.price_from_cents / {unit}::numeric)::float8, {beginnings}::float8[]) AS band_from,
           width_bucket((l.price_to_cents / {unit}::numeric)::float8, {beginnings}::float8[]) AS band_to,
           {judged}
      FROM listed_events l WHERE {listing})
SELECT 'total' AS facet, '' AS value, '' AS title, NULL::date AS month, NULL::integer AS band, count(*) AS count
  FROM counted WHERE {all}
UNION ALL (SELECT 'city', city_slug, min(city), NULL, NULL, count(*) FROM counted
            WHERE {others[city]} AND city_slug <> ''
            GROUP BY city_slug ORDER BY count(*) DESC, city_slug LIMIT {cities})
UNION ALL (SELECT 'category', category, '', NULL, NULL, count(*) FROM counted
            WHERE {others[category]} GROUP BY category ORDER BY count(*) DESC, category)
UNION ALL (SELECT 'month', '', '', month, NULL, count(*) FROM counted
            WHERE {others[month]} GROUP BY month ORDER BY month LIMIT {months})
UNION ALL (SELECT 'price', currency, '', NULL, band, count(*) FROM counted, generate_series(band_from, band_to) AS band
            WHERE {others[price]} GROUP BY currency, band ORDER BY currency, band LIMIT {bands})
UNION ALL (SELECT 'accessibility', mark, '', NULL, NULL, count(*) FROM counted, unnest(access) AS mark
            WHERE {others[accessibility]} GROUP BY mark ORDER BY mark DESC)
"""


async def of_listing(db: Database, wanted: ListingFilter) -> Facets:
    """The facets of what this filter finds."""
    asked = await asked_of(db, wanted.q)
    if asked is None:
        return _NOTHING
    query, parts = conditions(wanted, asked)
    sql = _COUNTED.format(
        unit=UNIT,
        beginnings=query.value([*BEGINNINGS]),
        judged=", ".join(f"coalesce({parts[about]}, false) AS in_{about}" for about in ABOUT_FACETS),
        listing=parts["listing"],
        all=_ALL,
        others=_OTHERS,
        cities=CITIES_MAX,
        months=MONTHS_MAX,
        bands=BANDS_MAX,
    )
    rows = await db.fetch(sql, *query.values)

    def of(facet: str) -> list[Record]:
        return [row for row in rows if row["facet"] == facet]

    return Facets(
        total=of("total")[0]["count"],
        city=tuple(Facet(value=row["value"], title=row["title"], count=row["count"]) for row in of("city")),
        category=tuple(
            Facet(value=row["value"], title=category_title(row["value"]), count=row["count"]) for row in of("category")
        ),
        month=tuple(_month(row["month"], row["count"]) for row in of("month")),
        price=tuple(_price(row["value"], row["band"], row["count"]) for row in of("price")),
        accessibility=tuple(
            Facet(value=row["value"], title=accessibility.KINDS[row["value"]], count=row["count"])
            for row in of("accessibility")
        ),
    )


def _month(first: date, count: int) -> MonthFacet:
    last = first.replace(day=monthrange(first.year, first.month)[1])
    return MonthFacet(value=f"{first:%Y-%m}", from_=first, to=last, count=count)


def _price(currency: str, band: int, count: int) -> PriceFacet:
    known = CURRENCIES.get(currency)
    least, greatest = bounds(band, known.unit if known is not None else 100)
    return PriceFacet(currency=currency, price_min=least, price_max=greatest, count=count)
