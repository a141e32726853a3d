"""The public listing: published events in an order, filtered. Keyset pages, so inserts never shift what follows."""

from __future__ import annotations

from typing import Any, Final

from engine.domain.catalogue.event_cards import CardVenue, EventCard
from engine.domain.catalogue.event_search import Found, ListingFilter, Position
from engine.domain.catalogue.events import EventOnSale, EventOrganization
from engine.stores.catalogue.event_conditions import METRES, asked_of, conditions, first_of_series
from engine.stores.catalogue.media import images
from engine.stores.database import Database, Record

METRES_OF_A_KM: Final = 1000
_OWN = (
    "id", "slug", "organization_id", "venue_id", "title", "summary", "category", "starts_at", "ends_at",
    "timezone", "currency", "status", "price_from_cents", "price_to_cents", "version", "published_at", "series_id",
)  # fmt: skip
_VENUE = ("name", "address", "city", "region", "country", "lat", "lng", "timezone")
_ON_SALE = ("prequeue_opens_at", "opens_at", "closes_at", "room_enabled")
# The wide rows are read of what is shown alone: which these are is found first, in the narrow rows of listed_events.
_CARDS = f"""
WITH found AS ({{found}})
SELECT {", ".join(f"e.{name}" for name in _OWN)}, e.tags, f.key, f.metres,
       (SELECT count(*) FROM listed_events d WHERE d.series_id = e.series_id AND d.ends_at > now()) AS series_dates,
       {", ".join(f"v.{name} AS venue_{name}" for name in _VENUE)},
       o.name AS organization_name, o.slug AS organization_slug, {", ".join(f"s.{name}" for name in _ON_SALE)},
       {images.COVER_COLUMNS}
  FROM found f
  JOIN events e ON e.id = f.event_id
  JOIN venues v ON v.id = e.venue_id
  JOIN organizations o ON o.id = e.organization_id
  LEFT JOIN on_sales s ON s.event_id = e.id
  LEFT JOIN images i ON i.id = e.cover_image_id
 ORDER BY f.key, e.starts_at, e.id
"""
# What ranks alike to a thousandth is as good: the sooner one is shown first.
_KEYS = {
    "start": "0",
    "relevance": (  # a word that stands whole in a title counts half as much again
        "-round((ts_rank(l.words, {begun}) * 1000 + 500 * (l.title_words @@ {whole})::integer)::numeric)::integer"
    ),
    "distance": "round(({metres})::numeric)::integer",
}


async def published(db: Database, wanted: ListingFilter, after: Position | None, limit: int) -> list[Found]:
    """Up to ``limit`` published events after a position, in the order that was asked for."""
    asked = await asked_of(db, wanted.q)
    if asked is None:
        return []
    query, parts = conditions(wanted, asked)
    metres = METRES
    if wanted.near is not None:
        metres = METRES.format(query.value(wanted.near.lat), query.value(wanted.near.lng))
    key = _KEYS[wanted.order]
    if wanted.order == "relevance":
        key = key.format(
            begun=f"{query.value(asked.begun)}::text::tsquery", whole=f"{query.value(asked.whole)}::text::tsquery"
        )
    key = key.format(metres=metres) if wanted.order == "distance" else key
    where, order = [*parts.values()], "l.starts_at, l.event_id"
    if wanted.once:
        where.append(first_of_series(parts.values()))
    if wanted.order != "start":
        order = f"{key}, {order}"
    if after is not None:
        position = (query.value(after.starts_at), query.value(after.event_id))
        where.append(
            "(l.starts_at, l.event_id) > ({}, {})".format(*position)
            if wanted.order == "start"
            else "({}, l.starts_at, l.event_id) > ({}::integer, {}, {})".format(key, query.value(after.key), *position)
        )
    return await cards(
        db,
        f"SELECT l.event_id, {key} AS key, {metres if wanted.near else 'NULL::float8'} AS metres FROM listed_events l"
        f" WHERE {' AND '.join(where) or 'true'} ORDER BY {order} LIMIT {query.value(limit)}",
        *query.values,
    )


async def cards(db: Database, found: str, *values: Any) -> list[Found]:
    """The cards of what a statement finds: rows of (event_id, key, metres), in the order of key, start and id."""
    rows = await db.fetch(_CARDS.format(found=found), *values)
    return [Found(_card(row), row["key"]) for row in rows]


def _card(row: Record) -> EventCard:
    on_sale = None
    if row["opens_at"] is not None:
        on_sale = EventOnSale(**{name: row[name] for name in _ON_SALE})
    metres = row["metres"]
    return EventCard(
        **{name: row[name] for name in _OWN},
        series_dates=row["series_dates"],
        tags=tuple(row["tags"]),
        cover=images.picture_of(row),
        venue=CardVenue(id=row["venue_id"], **{name: row[f"venue_{name}"] for name in _VENUE}),
        organization=EventOrganization(
            id=row["organization_id"], name=row["organization_name"], slug=row["organization_slug"]
        ),
        on_sale=on_sale,
        distance_km=None if metres is None else round(metres / METRES_OF_A_KM, 1),
    )
