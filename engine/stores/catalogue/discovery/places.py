"""Cities and organizers that have a page of their own, and every address that a search engine may visit."""

from __future__ import annotations

from typing import Final

from engine.domain.catalogue.discovery import City, Organizer, Visited
from engine.stores.catalogue.media import images
from engine.stores.database import Database

_CITY = "SELECT slug, name FROM listed_cities WHERE slug = place_slug($1) AND slug <> ''"
_ORGANIZER = f"""
SELECT o.id, o.slug, o.name, o.accent, {images.LOGO_COLUMNS} FROM organizations o
  LEFT JOIN images l ON l.organization_id = o.id AND l.event_id IS NULL
 WHERE o.slug = $1 AND EXISTS (SELECT 1 FROM events e WHERE e.organization_id = o.id AND e.status <> 'draft')
"""
_EVENTS = """
SELECT e.slug AS name, e.updated_at AS changed_at FROM listed_events l JOIN events e ON e.id = l.event_id
 ORDER BY l.event_id OFFSET $1 LIMIT $2
"""
_COUNT = "SELECT count(*) FROM listed_events"
_CITIES = """
SELECT DISTINCT city_slug AS name FROM listed_events WHERE ends_at > now() AND city_slug <> '' ORDER BY 1 LIMIT $1
"""
_VENUES = """
SELECT v.slug AS name FROM venues v
 WHERE EXISTS (SELECT 1 FROM listed_events l WHERE l.venue_id = v.id AND l.ends_at > now()) ORDER BY 1 LIMIT $1
"""
_ORGANIZERS = """
SELECT o.slug AS name FROM organizations o
 WHERE EXISTS (SELECT 1 FROM listed_events l WHERE l.organization_id = o.id AND l.ends_at > now()) ORDER BY 1 LIMIT $1
"""
PLACES_OF_A_KIND_MAX: Final = 15_000  # three kinds stay below what one sitemap may hold


async def city(db: Database, slug: str) -> City | None:
    """A city by any spelling of its name."""
    row = await db.fetchrow(_CITY, slug)
    return City(slug=row["slug"], name=row["name"]) if row is not None else None


async def organizer(db: Database, slug: str) -> Organizer | None:
    """An organization that ever published something."""
    row = await db.fetchrow(_ORGANIZER, slug)
    if row is None:
        return None
    return Organizer(
        id=row["id"], slug=row["slug"], name=row["name"], accent=row["accent"], logo=images.picture_of(row, "logo_")
    )


async def events_count(db: Database) -> int:
    found: int = await db.fetchval(_COUNT)
    return found


async def event_pages(db: Database, begin: int, limit: int) -> list[Visited]:
    return [Visited(**dict(row)) for row in await db.fetch(_EVENTS, begin, limit)]


async def place_pages(db: Database) -> dict[str, list[Visited]]:
    """The pages of cities, venues and organizers at which something is to come."""
    rows = {
        "cities": await db.fetch(_CITIES, PLACES_OF_A_KIND_MAX),
        "venues": await db.fetch(_VENUES, PLACES_OF_A_KIND_MAX),
        "organizers": await db.fetch(_ORGANIZERS, PLACES_OF_A_KIND_MAX),
    }
    return {kind: [Visited(**dict(row)) for row in found] for kind, found in rows.items()}
