"""Venues and their seating charts in the ledger. A chart is kept as it was given, with what was read from it."""

from __future__ import annotations

from engine.domain.catalogue.venues import ChartFacts, NewVenue, Venue, VenueChange
from engine.stores.database import Database, Record, assignments, columns_of, count

_COLUMNS = """id, organization_id, slug, name, address, city, region, country, lat, lng, timezone, accessibility,
chart_units AS units, chart_categories AS categories, chart_etag, version, created_at, updated_at"""


def _venue(row: Record) -> Venue:
    values = dict(row)
    categories = values.pop("categories")
    return Venue(**values, categories=tuple(categories) if categories is not None else None)


async def insert(db: Database, venue_id: str, given: NewVenue) -> Venue:
    columns = columns_of(given)
    names = ", ".join(columns)
    marks = ", ".join(f"${index + 2}" for index in range(len(columns)))
    row = await db.fetchrow(
        f"INSERT INTO venues (id, {names}) VALUES ($1, {marks}) RETURNING {_COLUMNS}", venue_id, *columns.values()
    )
    assert row is not None
    return _venue(row)


async def get(db: Database, venue_id: str) -> Venue | None:
    row = await db.fetchrow(f"SELECT {_COLUMNS} FROM venues WHERE id = $1", venue_id)
    return _venue(row) if row is not None else None


async def by_slug(db: Database, slug: str) -> Venue | None:
    row = await db.fetchrow(f"SELECT {_COLUMNS} FROM venues WHERE slug = $1", slug)
    return _venue(row) if row is not None else None


async def of_organization(db: Database, organization_id: str, after: str, limit: int) -> list[Venue]:
    """An organization's venues by id."""
    rows = await db.fetch(
        f"SELECT {_COLUMNS} FROM venues WHERE organization_id = $1 AND id > $2 ORDER BY id LIMIT $3",
        organization_id,
        after,
        limit,
    )
    return [_venue(row) for row in rows]


async def change(db: Database, venue_id: str, version: int, given: VenueChange) -> Venue | None:
    """Change what is given if the version still is this one; None if it is not."""
    columns = columns_of(given)
    sets = "".join(f"{part}, " for part in [assignments(columns, 3)] if part)
    row = await db.fetchrow(
        f"UPDATE venues SET {sets}version = version + 1, updated_at = now() WHERE id = $1 AND version = $2"
        f" RETURNING {_COLUMNS}",
        venue_id,
        version,
        *columns.values(),
    )
    return _venue(row) if row is not None else None


async def delete(db: Database, venue_id: str, version: int) -> bool:
    return count(await db.execute("DELETE FROM venues WHERE id = $1 AND version = $2", venue_id, version)) == 1


async def put_chart(db: Database, venue_id: str, chart: bytes, facts: ChartFacts) -> None:
    """Keep a chart; the venue's version moves only if the chart differs."""
    await db.execute(
        "UPDATE venues SET chart = $2, chart_etag = $3, chart_units = $4, chart_categories = $5,"
        " version = version + 1, updated_at = now() WHERE id = $1 AND chart_etag IS DISTINCT FROM $3",
        venue_id,
        chart,
        facts.etag,
        facts.units,
        list(facts.categories),
    )


async def chart(db: Database, venue_id: str) -> tuple[bytes, str] | None:
    """A venue's chart as given, and its etag."""
    row = await db.fetchrow("SELECT chart, chart_etag FROM venues WHERE id = $1 AND chart IS NOT NULL", venue_id)
    return (row["chart"], row["chart_etag"]) if row is not None else None


async def is_used(db: Database, venue_id: str) -> bool:
    """Whether any event takes place here."""
    found: bool = await db.fetchval("SELECT EXISTS (SELECT 1 FROM events WHERE venue_id = $1)", venue_id)
    return found


async def is_public(db: Database, venue_id: str) -> bool:
    """Whether a published event shows this venue to everybody."""
    found: bool = await db.fetchval(
        "SELECT EXISTS (SELECT 1 FROM events WHERE venue_id = $1 AND status <> 'draft')", venue_id
    )
    return found
