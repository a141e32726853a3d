"""Planned publications, the archive, and what is known to be sold out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from engine.stores.database import Database


async def plan(db: Database, event_id: str, publish_at: datetime | None) -> None:
    """Publish a draft then; None: not by itself. What an earlier plan came to is forgotten."""
    await db.execute(
        "UPDATE events SET publish_at = $2, publish_failed_at = NULL, publish_missing = '{}', version = version + 1,"
        " updated_at = now() WHERE id = $1",
        event_id,
        publish_at,
    )


async def due(db: Database, limit: int) -> list[str]:
    """Drafts whose time has come, the earliest first."""
    rows = await db.fetch("SELECT id FROM events WHERE publish_at <= now() ORDER BY publish_at LIMIT $1", limit)
    return [row["id"] for row in rows]


async def is_due(db: Database, event_id: str) -> bool:
    """Whether its time has come, under its lock: another worker may have been faster, or somebody called it off."""
    found: bool | None = await db.fetchval("SELECT publish_at <= now() FROM events WHERE id = $1", event_id)
    return bool(found)


async def fail(db: Database, event_id: str, missing: Sequence[str]) -> None:
    """It was due and not complete: the plan ends, and its organizer is told what was missing."""
    await db.execute(
        "UPDATE events SET publish_at = NULL, publish_failed_at = now(), publish_missing = $2, version = version + 1,"
        " updated_at = now() WHERE id = $1",
        event_id,
        list(missing),
    )


async def archive(db: Database, event_id: str, *, archived: bool) -> None:
    """Put it away, with its plan; or take it out again."""
    await db.execute(
        "UPDATE events SET archived_at = CASE WHEN $2 THEN now() END, publish_at = NULL, version = version + 1,"
        " updated_at = now() WHERE id = $1",
        event_id,
        archived,
    )


async def note_sold_out(db: Database, event_id: str, *, sold_out: bool) -> None:
    """What the shop shows, kept for lists: no edit of the event, so its version stays."""
    await db.execute("UPDATE events SET sold_out = $2 WHERE id = $1 AND sold_out <> $2", event_id, sold_out)
