"""Series in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from engine.domain.catalogue.events import Event
from engine.stores.catalogue.events import SELECT, of_row
from engine.stores.database import Database


class SeriesRow(NamedTuple):
    id: str
    organization_id: str
    rrule: str


async def insert(db: Database, series_id: str, organization_id: str, rrule: str) -> None:
    await db.execute(
        "INSERT INTO series (id, organization_id, rrule) VALUES ($1, $2, $3)", series_id, organization_id, rrule
    )


async def join(db: Database, series_id: str, event_ids: Sequence[str]) -> None:
    """These events are the series'."""
    await db.execute("UPDATE events SET series_id = $1 WHERE id = ANY($2::text[])", series_id, list(event_ids))


async def get(db: Database, series_id: str) -> SeriesRow | None:
    row = await db.fetchrow("SELECT id, organization_id, rrule FROM series WHERE id = $1", series_id)
    return SeriesRow(**dict(row)) if row is not None else None


async def events_of(db: Database, series_id: str, limit: int) -> list[Event]:
    """Its events by their start."""
    rows = await db.fetch(SELECT + "WHERE e.series_id = $1 ORDER BY e.starts_at, e.id LIMIT $2", series_id, limit)
    return [of_row(row) for row in rows]


async def lock(db: Database, series_id: str, since: datetime | None) -> list[Event]:
    """Its events that may still change, from one start on, kept from changing; locked in the order of their ids."""
    rows = await db.fetch(
        SELECT + "WHERE e.series_id = $1 AND ($2::timestamptz IS NULL OR e.starts_at >= $2) AND e.archived_at IS NULL"
        " AND e.status IN ('draft', 'published') ORDER BY e.id FOR UPDATE OF e",
        series_id,
        since,
    )
    return [of_row(row) for row in rows]
