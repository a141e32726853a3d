"""Names that begin as somebody types: of events, cities and venues. What is over is not suggested."""

from __future__ import annotations

from typing import Final

from engine.domain.catalogue.discovery import FoundVenue, Suggestion
from engine.stores.database import Database

EVENTS_LOOKED_AT_MAX: Final = 60  # best first; a show of many nights is one suggestion
PLACES_MAX: Final = 3  # cities, and venues, in one answer
_SUGGESTED = """
WITH asked AS MATERIALIZED (SELECT matched, begun, whole FROM search_listing($1)),
near AS MATERIALIZED (
    SELECT l.event_id, l.title, l.starts_at,
           (l.title_words @@ a.whole)::integer AS rank
      FROM asked a JOIN listed_events l ON l.title_words @@ a.matched AND l.ends_at > now()
     ORDER BY rank DESC, l.starts_at, l.event_id LIMIT $3),
events_named AS (
    SELECT n.event_id, n.title, n.starts_at, n.rank FROM near n
     WHERE NOT EXISTS (SELECT 1 FROM near sooner WHERE sooner.title = n.title AND sooner.rank = n.rank
                          AND (sooner.starts_at, sooner.event_id) < (n.starts_at, n.event_id))
     ORDER BY n.rank DESC, n.starts_at, n.event_id LIMIT $2),
cities_named AS (
    SELECT c.slug, c.name, ts_rank(c.words, a.begun) AS rank FROM asked a JOIN listed_cities c ON c.words @@ a.matched
     WHERE EXISTS (SELECT 1 FROM listed_events l WHERE l.city_slug = c.slug AND l.ends_at > now())
     ORDER BY rank DESC, c.name LIMIT $4),
venues_named AS (
    SELECT v.venue_id, v.name, ts_rank(v.words, a.begun) AS rank
      FROM asked a JOIN listed_venues v ON v.words @@ a.matched
     WHERE EXISTS (SELECT 1 FROM listed_events l WHERE l.venue_id = v.venue_id AND l.ends_at > now())
     ORDER BY rank DESC, v.name, v.venue_id LIMIT $4)
SELECT 'event' AS kind, n.event_id AS id, n.title, e.slug, 0 AS part,
       row_number() OVER (ORDER BY n.rank DESC, n.starts_at) AS place
  FROM events_named n JOIN events e ON e.id = n.event_id
UNION ALL SELECT 'city', NULL, name, slug, 1, row_number() OVER (ORDER BY rank DESC, name) FROM cities_named
UNION ALL SELECT 'venue', n.venue_id, n.name, v.slug, 2, row_number() OVER (ORDER BY n.rank DESC, n.name)
  FROM venues_named n JOIN venues v ON v.id = n.venue_id
 ORDER BY part, place
"""
_UNDERSTOOD = """
SELECT nullif(meant, array_to_string((search_parted($1))[1:10], ' ')) FROM search_listing($1)
 WHERE search_parted($1) <> '{}'
"""
_VENUES = """
WITH asked AS MATERIALIZED (SELECT matched FROM search_listing($1))
SELECT v.id, v.slug, v.name AS title, v.address, v.city, k.city_slug, v.region, v.country, v.lat, v.lng,
       (SELECT count(*) FROM listed_events l WHERE l.venue_id = v.id AND l.ends_at > now()) AS events
  FROM listed_venues k JOIN venues v ON v.id = k.venue_id
 WHERE ($1::text IS NULL OR k.words @@ (SELECT matched FROM asked))
   AND ($2::text IS NULL OR k.city_slug = place_slug($2))
   AND ($3::text IS NULL OR (k.name, k.venue_id) > ($3, $4))
   AND EXISTS (SELECT 1 FROM listed_events l WHERE l.venue_id = k.venue_id AND l.ends_at > now())
 ORDER BY k.name, k.venue_id LIMIT $5
"""


async def suggested(db: Database, typed: str, limit: int) -> tuple[Suggestion, ...]:
    """At most ``limit`` names: events, then cities, then venues; half are kept for places if there are any."""
    rows = await db.fetch(_SUGGESTED, typed, limit, EVENTS_LOOKED_AT_MAX, PLACES_MAX)
    named = [Suggestion(kind=row["kind"], id=row["id"], title=row["title"], slug=row["slug"]) for row in rows]
    places = [one for one in named if one.kind != "event"][: limit // 2]
    events = [one for one in named if one.kind == "event"][: limit - len(places)]
    return (*events, *places)


async def venues(
    db: Database, q: str | None, city: str | None, after: tuple[str, str] | None, limit: int
) -> list[FoundVenue]:
    """Venues at which something is to come, by name, after a position (name, id)."""
    rows = await db.fetch(_VENUES, q, city, *(after or (None, None)), limit)
    return [FoundVenue(**dict(row)) for row in rows]


async def understood(db: Database, q: str) -> str | None:
    """As what words were read that nothing begins with; None if they were taken as they are."""
    found: str | None = await db.fetchval(_UNDERSTOOD, q)
    return found
