"""Rows for tests: a published event in Postgres, loaded into Redis, without walking the whole catalogue API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import orjson

import hotpath_rs
from engine.foundation.ids import new_id

NEXT_YEAR = datetime.now(UTC).year + 1  # of what must lie ahead whenever the tests are run


def row(name: str, count: int, y: float, **more: Any) -> dict[str, Any]:
    return {"name": name, "y": y, "first": 1, "count": count, "x0": -(count - 1) / 2, "pitch": 1.0, **more}


def seated(name: str, rows: int, count: int, *, category: str | None = None, y0: float = 0.0) -> dict[str, Any]:
    section: dict[str, Any] = {
        "name": name,
        "kind": "seated",
        "rows": [row(str(r + 1), count, y0 + r * 1.25) for r in range(rows)],
    }
    return section | ({"category": category} if category else {})


def general(name: str, capacity: int, *, category: str | None = None) -> dict[str, Any]:
    return {"name": name, "kind": "general", "capacity": capacity} | ({"category": category} if category else {})


def chart(*sections: dict[str, Any]) -> dict[str, Any]:
    return {"focal_point": {"x": 0.0, "y": -2.0}, "sections": list(sections)}


async def organization(pool: asyncpg.Pool) -> str:
    organization_id = new_id("org")
    await pool.execute(
        "INSERT INTO organizations (id, name, slug) VALUES ($1, 'House', $2)", organization_id, organization_id.lower()
    )
    return organization_id


async def event(
    pool: asyncpg.Pool,
    seating: dict[str, Any],
    types: list[dict[str, Any]],
    *,
    organization_id: str | None = None,
    **columns: Any,
) -> tuple[str, list[str]]:
    """(event id, ticket type ids) of a published event that is on sale."""
    organization_id = organization_id or await organization(pool)
    raw = orjson.dumps(seating)
    seat_map = hotpath_rs.SeatMap.parse(raw)
    venue_id, event_id = new_id("ven"), new_id("evt")
    now = datetime.now(UTC)
    await pool.execute(
        "INSERT INTO venues (id, organization_id, name, timezone, chart, chart_etag) VALUES ($1,$2,'Hall','UTC',$3,$4)",
        venue_id,
        organization_id,
        raw,
        seat_map.etag,
    )
    values = {
        "id": event_id,
        "slug": event_id.lower(),
        "organization_id": organization_id,
        "venue_id": venue_id,
        "title": "Night",
        "starts_at": now + timedelta(days=1),
        "ends_at": now + timedelta(days=1, hours=3),
        "timezone": "UTC",
        "currency": "CAD",
        "status": "published",
        "chart": raw,
        "chart_etag": seat_map.etag,
        "units": seat_map.units,
        "published_at": now,
        **columns,
    }
    names = ", ".join(values)
    places = ", ".join(f"${i + 1}" for i in range(len(values)))
    await pool.execute(f"INSERT INTO events ({names}) VALUES ({places})", *values.values())
    await pool.execute(
        """INSERT INTO on_sales (event_id, organization_id, opens_at, live) VALUES ($1, $2, $3, true)""",
        event_id,
        organization_id,
        now - timedelta(minutes=1),
    )
    ids = []
    for number, kind in enumerate(types):
        ids.append(new_id("tt"))
        values = {
            "id": ids[-1],
            "event_id": event_id,
            "number": number,
            "name": f"Type {number}",
            "price_cents": 1000,
            **kind,
        }
        names = ", ".join(values)
        places = ", ".join(f"${i + 1}" for i in range(len(values)))
        await pool.execute(f"INSERT INTO ticket_types ({names}) VALUES ({places})", *values.values())
    return event_id, ids


async def allotment(pool: asyncpg.Pool, event_id: str, seats: list[str]) -> None:
    """These seats set apart for nobody yet, as the event's first allotment; before the event is loaded."""
    await pool.execute(
        "INSERT INTO allotments (id, event_id, number, name, units) VALUES ($1, $2, 1, 'Set apart', $3)",
        new_id("alt"),
        event_id,
        await _units(pool, event_id, seats),
    )


async def taken(pool: asyncpg.Pool, event_id: str, type_id: str, seats: list[str]) -> None:
    """These seats sold to somebody else in one paid order; before the event is loaded."""
    order_id = new_id("ord")
    await pool.execute(
        "INSERT INTO orders (id, order_number, event_id, hold_id, status, buyer_name, buyer_email, currency,"
        " amount_cents, price, expires_at, reconcile_at)"
        " VALUES ($1, $1, $2, $3, 'paid', 'Ada', 'ada@example.test', 'CAD', 0, '{}', now(), now())",
        order_id,
        event_id,
        new_id("hld"),
    )
    await pool.executemany(
        "INSERT INTO order_units (order_id, line, event_id, unit, ticket_type_id, section, seat, face_cents,"
        " total_cents) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0)",
        [
            (order_id, line, event_id, unit, type_id, seat.partition("/")[0], seat)
            for line, (seat, unit) in enumerate(zip(seats, await _units(pool, event_id, seats), strict=True))
        ],
    )


async def _units(pool: asyncpg.Pool, event_id: str, seats: list[str]) -> list[int]:
    seat_map = hotpath_rs.SeatMap.parse(await pool.fetchval("SELECT chart FROM events WHERE id = $1", event_id))
    return [seat_map.unit(seat) for seat in seats]
