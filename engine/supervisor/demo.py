"""The demo on-sale: a theatre of 2,400 seats and a floor of 500, made through the same HTTP API that organizers use."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, time, timedelta
from typing import Any

import aiohttp

from engine.foundation import local_time
from engine.foundation.clock import now, rfc3339

PREQUEUE_S = 60
TIMEZONE = "America/Vancouver"
SHOW_IN_DAYS = 30
SHOW_STARTS = time(20)
ROW_PITCH = 1.25
CALL_TIMEOUT_S = 30


async def create_demo(facts: dict[str, Any]) -> dict[str, Any]:
    """Everything an organizer would click together; answers {event_id, event_slug}. RuntimeError if a call fails."""
    async with aiohttp.ClientSession(facts["engine"], timeout=aiohttp.ClientTimeout(total=CALL_TIMEOUT_S)) as client:
        login = {"email": facts["admin_email"], "password": facts["admin_password"]}
        token = (await _call(client, "POST", "/v1/auth/login", login))["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        house = await _call(client, "POST", "/v1/organizations", {"name": "Lantern House", "slug": "lantern-house"})
        venue = await _call(
            client,
            "POST",
            "/v1/venues",
            {
                "organization_id": house["id"],
                "name": "Lantern Theatre",
                "address": "868 Granville Street",
                "city": "Vancouver",
                "region": "BC",
                "country": "CA",
                "lat": 49.2808,
                "lng": -123.1210,
                "timezone": TIMEZONE,
            },
        )
        await _call(client, "PUT", f"/v1/venues/{venue['id']}/seating-chart", theatre())
        starts_at = _evening()
        event = await _call(
            client,
            "POST",
            "/v1/events",
            {
                "organization_id": house["id"],
                "venue_id": venue["id"],
                "title": "The Paper Lanterns: one night only",
                "summary": (
                    "Two hours of brass, strings and 400 lanterns. The floor dances, the balcony sees everything."
                ),
                "description": (
                    "The Paper Lanterns come home for a single evening. Doors open an hour before the first song. "
                    "The floor is standing; every seat has a clear view of the stage."
                ),
                "category": "concert",
                "tags": ["live", "brass", "one-night"],
                "starts_at": rfc3339(int(starts_at.timestamp() * 1000)),
                "ends_at": rfc3339(int((starts_at + timedelta(hours=3)).timestamp() * 1000)),
                "timezone": TIMEZONE,
                "currency": "CAD",
                "hold_ttl_s": 600,
                "taxes": [{"name": "GST", "rate_bp": 500}, {"name": "PST", "rate_bp": 700}],
                "fee": {"rate_bp": 600, "fixed_cents": 100, "paid_by": "buyer"},
                "max_tickets_per_buyer": 8,
            },
        )
        await _show_picture(client, event["id"])
        for kind in _ticket_types():
            await _call(client, "POST", f"/v1/events/{event['id']}/ticket-types", kind)
        now = datetime.now(UTC)
        await _call(
            client,
            "PUT",
            f"/v1/events/{event['id']}/on-sale",
            {
                "prequeue_opens_at": _text(now),
                "opens_at": _text(now + timedelta(seconds=PREQUEUE_S)),
                "room": {
                    "enabled": True,
                    "capacity": 2000,
                    "rate_per_min": 6000,
                    "claim_ttl_s": 120,
                    "session_ttl_s": 900,
                    "identity": "none",
                    "challenge": "none",
                },
            },
        )
        await _call(client, "POST", f"/v1/events/{event['id']}/publish", {})
        return {"event_id": event["id"], "event_slug": event["slug"]}


def theatre() -> dict[str, Any]:
    """Six seated sections in three price categories with aisles and accessible seats, and a standing floor."""
    return {
        "focal_point": {"x": 0.0, "y": -6.0},
        "sections": [
            {"name": "Floor", "kind": "general", "category": "Floor", "capacity": 500},
            _block(
                "Orchestra Centre",
                x=0.0,
                y=0.0,
                rows=20,
                seats=28,
                front=8,
                aisles=(14,),
                accessible={20: (1, 2, 27, 28)},
            ),
            _block("Orchestra Left", x=-25.0, y=0.0, rows=20, seats=18, front=0, accessible={20: (17, 18)}),
            _block("Orchestra Right", x=25.0, y=0.0, rows=20, seats=18, front=0, accessible={20: (1, 2)}),
            _block(
                "Mezzanine",
                x=0.0,
                y=30.0,
                rows=14,
                seats=40,
                front=0,
                aisles=(10, 20, 30),
                accessible={1: (1, 2, 39, 40)},
            ),
            _block("Balcony Left", x=-34.0, y=34.0, rows=14, seats=20, category="Balcony"),
            _block("Balcony Right", x=34.0, y=34.0, rows=14, seats=20, category="Balcony"),
        ],
    }


def _block(
    name: str,
    *,
    x: float,
    y: float,
    rows: int,
    seats: int,
    front: int = 0,
    category: str = "Standard",
    aisles: tuple[int, ...] = (),
    accessible: dict[int, tuple[int, ...]] | None = None,
) -> dict[str, Any]:
    """A section around ``x``; its first ``front`` rows are Premium."""
    accessible = accessible or {}
    return {
        "name": name,
        "kind": "seated",
        "category": category,
        "rows": [
            {
                "name": _letter(number),
                "y": y + (number - 1) * ROW_PITCH,
                "seats": [
                    {
                        "name": str(seat),
                        "x": round(x + (seat - (seats + 1) / 2) + sum(1.2 for aisle in aisles if seat > aisle), 2)
                        - round(0.6 * len(aisles), 2),
                        **({"category": "Premium"} if number <= front else {}),
                        **({"accessible": True} if seat in accessible.get(number, ()) else {}),
                    }
                    for seat in range(1, seats + 1)
                ],
                "aisle_after": [str(aisle) for aisle in aisles],
            }
            for number in range(1, rows + 1)
        ],
    }


def _letter(number: int) -> str:
    return chr(ord("A") + number - 1)


def _ticket_types() -> list[dict[str, Any]]:
    return [
        {"name": "Premium", "price_cents": 12900, "categories": ["Premium"], "max_per_order": 8},
        {"name": "Standard", "price_cents": 8900, "categories": ["Standard"], "max_per_order": 8},
        {
            "name": "Standard, under 19",
            "price_cents": 5900,
            "categories": ["Standard"],
            "max_per_order": 8,
            "capacity": 400,
        },
        {"name": "Balcony", "price_cents": 4900, "categories": ["Balcony"], "max_per_order": 8},
        {"name": "Floor, standing", "price_cents": 3900, "categories": ["Floor"], "max_per_order": 8},
    ]


def _evening() -> datetime:
    """Eight in the evening at the theatre, SHOW_IN_DAYS from now."""
    day = local_time.local_day(now(), TIMEZONE) + timedelta(days=SHOW_IN_DAYS)
    return local_time.instant(datetime.combine(day, SHOW_STARTS), TIMEZONE)


def _text(moment: datetime) -> str:
    return rfc3339(int(moment.timestamp() * 1000))


async def _show_picture(client: aiohttp.ClientSession, event_id: str) -> None:
    from engine.supervisor import demo_picture  # noqa: PLC0415 - the library that draws it is no part of the supervisor

    form = aiohttp.FormData({"alt": demo_picture.ALT, "focal_y": "0.4"})
    picture = await asyncio.to_thread(demo_picture.drawn)
    form.add_field("file", picture, filename="lanterns.jpg", content_type="image/jpeg")
    await _call(client, "POST", f"/v1/events/{event_id}/images", data=form)


async def _call(
    client: aiohttp.ClientSession,
    method: str,
    path: str,
    body: dict[str, Any] | None = None,
    *,
    data: aiohttp.FormData | None = None,
) -> dict[str, Any]:
    async with client.request(method, path, json=body, data=data) as answer:
        document: dict[str, Any] = await answer.json(content_type=None)
        if answer.status >= 300:  # noqa: PLR2004 - refused
            raise RuntimeError(f"The demo could not be made: {method} {path} answered {answer.status}: {document}")
        return document
