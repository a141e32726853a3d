"""The catalogue's routes over real stores, and the steps every test of it begins with."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient

from engine.domain.accounts.mailed_links import Link
from engine.foundation.ids import new_id
from engine.services.accounts.mailed_links import issue

PASSWORD = "correct horse battery"
_numbers = itertools.count(1)

CHART = {
    "focal_point": {"x": 0, "y": -5},
    "sections": [
        {
            "name": "Stalls",
            "kind": "seated",
            "rows": [
                {"name": name, "y": y, "first": 1, "count": 10, "x0": -4.5, "pitch": 1.0}
                for y, name in enumerate("ABCD")
            ],
        },
        {"name": "Floor", "kind": "general", "capacity": 60},
    ],
}


def at(days: float = 0, *, hours: float = 0) -> str:
    return (datetime.now(UTC) + timedelta(days=days, hours=hours)).isoformat()


@dataclass
class Someone:
    """A signed-in person speaking JSON."""

    client: TestClient[web.Request, web.Application]
    token: str | None = None
    email: str = ""
    session: dict[str, Any] = field(default_factory=dict)

    async def ask(self, method: str, path: str, body: Any = None, **more: Any) -> ClientResponse:
        headers = {**({"Authorization": f"Bearer {self.token}"} if self.token else {}), **more.pop("headers", {})}
        if body is not None:
            more["json"] = body
        return await self.client.request(method, path, headers=headers, **more)

    async def ok(self, method: str, path: str, body: Any = None, status: int | None = None, **more: Any) -> Any:
        """The answer's JSON; fails unless it is the status expected (any 2xx without one)."""
        response = await self.ask(method, path, body, **more)
        text = await response.text()
        assert response.status == status if status else response.status < 300, (response.status, text)
        return await response.json() if text else None

    async def refused(self, code: str, method: str, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
        """The problem document; fails unless it carries this code."""
        response = await self.ask(method, path, body, **more)
        document = await response.json()
        assert document.get("code") == code, document
        assert response.content_type == "application/problem+json"
        assert document["status"] == response.status
        return dict(document)

    async def etag(self, path: str) -> str:
        return (await self.ask("GET", path)).headers["ETag"]

    async def organization(self, **more: Any) -> str:
        made = await self.ok("POST", "/v1/organizations", {"name": f"Hall {next(_numbers)}", **more}, 201)
        return str(made["id"])

    async def venue(self, organization_id: str, chart: Any = CHART, **more: Any) -> str:
        given = {"organization_id": organization_id, "name": "Opera", "city": "Vancouver", "country": "CA",
                 "lat": 49.28, "lng": -123.12, "timezone": "America/Vancouver", **more}  # fmt: skip
        venue = await self.ok("POST", "/v1/venues", given, 201)
        if chart is not None:
            await self.ok("PUT", f"/v1/venues/{venue['id']}/seating-chart", chart)
        return str(venue["id"])

    async def event(self, organization_id: str, venue_id: str, **more: Any) -> dict[str, Any]:
        given = {"organization_id": organization_id, "venue_id": venue_id, "title": f"Night {next(_numbers)}",
                 "starts_at": at(30), "ends_at": at(30, hours=3), "currency": "CAD", **more}  # fmt: skip
        return dict(await self.ok("POST", "/v1/events", given, 201))

    async def ticket_type(self, event_id: str, **more: Any) -> dict[str, Any]:
        given = {"name": "Regular", "price_cents": 4500, "categories": ["Stalls"], **more}
        return dict(await self.ok("POST", f"/v1/events/{event_id}/ticket-types", given, 201))

    async def published(self, **more: Any) -> dict[str, Any]:
        """A published event of a new organization of this person."""
        organization_id = await self.organization()
        event = await self.event(organization_id, await self.venue(organization_id), **more)
        await self.ticket_type(event["id"])
        await self.ok("PUT", f"/v1/events/{event['id']}/on-sale", {"opens_at": at(-1)})
        return dict(await self.ok("POST", f"/v1/events/{event['id']}/publish"))


async def mailed_token(pool: asyncpg.Pool, purpose: str, **subject: str) -> str:
    """A token as the worker mails it, for ``user_id`` or ``invitation_id``."""
    link = {"user_id": None, "invitation_id": None, **subject}
    table, name = ("invitations", "invitation_id") if purpose == "invitation" else ("users", "user_id")
    email = await pool.fetchval(f"SELECT email FROM {table} WHERE id = $1", link[name])
    return await issue(pool, Link(purpose=purpose, email=email, **link))


async def join(pool: asyncpg.Pool, owner: Someone, organization_id: str, member: Someone, role: str) -> str:
    """Invite somebody, who proves their address and accepts; their id."""
    await pool.execute("UPDATE users SET email_verified_at = now() WHERE email = $1", member.email)
    path = f"/v1/organizations/{organization_id}/members"
    invited = await owner.ok("POST", path, {"email": member.email, "role": role}, 201)
    token = await mailed_token(pool, "invitation", invitation_id=invited["invitation_id"])
    return str((await member.ok("POST", "/v1/invitations/accept", {"token": token}, 200))["user_id"])


async def order(
    pool: asyncpg.Pool, event_id: str, *, unit: int = 0, status: str = "paid", promo: str | None = None
) -> str:
    """One order of one unit, as the ledger keeps it."""
    order_id, hold_id = new_id("ord"), new_id("hld")
    await pool.execute(
        "INSERT INTO orders (id, order_number, event_id, hold_id, status, buyer_name, buyer_email, currency,"
        " amount_cents, price, expires_at, reconcile_at, promo_code_id)"
        " VALUES ($1, $1, $2, $3, $4, 'A', 'a@b.test', 'CAD', 4500, '{\"discount_cents\": 500}', now(), now(), $5)",
        order_id, event_id, hold_id, status, promo,
    )  # fmt: skip
    await pool.execute(
        "INSERT INTO order_units (order_id, line, event_id, unit, ticket_type_id, section, face_cents, total_cents,"
        " live) SELECT $1, 0, $2, $3, id, 'Stalls', 4500, 4500, $4 FROM ticket_types WHERE event_id = $2 LIMIT 1",
        order_id, event_id, unit, status == "paid",
    )  # fmt: skip
    return order_id
