"""Published events straight in the ledger, as many and as odd as a test wants."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from engine.foundation.ids import new_id
from tests import factories

DAY_ONE = datetime(factories.NEXT_YEAR, 6, 1, 20, tzinfo=UTC)


@pytest.fixture
async def make(pool: asyncpg.Pool) -> Callable[..., Awaitable[str]]:
    """``await make(title=..., venue={...}, organizer=..., day=...)``: a published event. Venues of one name are one."""
    organizers: dict[str, str] = {}
    venues: dict[tuple[Any, ...], str] = {}

    async def run(
        *, day: float = 0, venue: dict[str, Any] | None = None, organizer: str = "House", **columns: Any
    ) -> str:
        if organizer not in organizers:
            organizers[organizer] = await factories.organization(pool)
            await pool.execute("UPDATE organizations SET name = $2 WHERE id = $1", organizers[organizer], organizer)
        place = {"name": "Hall", "city": "Vancouver", "lat": 49.2827, "lng": -123.1207, "accessibility": ""}
        given = (organizers[organizer], *(place | (venue or {})).values())
        if given not in venues:
            venues[given] = new_id("ven")
            await pool.execute(
                "INSERT INTO venues (id, organization_id, name, city, lat, lng, accessibility, timezone)"
                " VALUES ($1,$2,$3,$4,$5,$6,$7,'UTC')",
                venues[given],
                *given,
            )
        event_id, starts_at = new_id("evt"), DAY_ONE + timedelta(days=day)
        values = {
            "id": event_id,
            "slug": event_id.lower(),
            "organization_id": organizers[organizer],
            "venue_id": venues[given],
            "title": "Night",
            "timezone": "UTC",
            "currency": "CAD",
            "status": "published",
            "starts_at": starts_at,
            "ends_at": starts_at + timedelta(hours=2),
            **columns,
        }
        marks = ", ".join(f"${index + 1}" for index in range(len(values)))
        await pool.execute(f"INSERT INTO events ({', '.join(values)}) VALUES ({marks})", *values.values())
        return event_id

    return run
