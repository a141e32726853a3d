"""A person at the organizer: signs in, opens pages, sends the forms that the pages hold."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from html import unescape
from typing import Any

from aiohttp import ClientSession, CookieJar
from yarl import URL

from engine.domain.sale.holds import HoldItem, HoldRequest
from engine.foundation.ids import new_id
from engine.services.wiring import Services
from tests.factories import NEXT_YEAR
from tests.takers import taker

PASSWORD = "correct horse battery"
_numbers = itertools.count(1)


@dataclass
class Page:
    status: int
    text: str
    headers: Any
    url: URL

    @property
    def token(self) -> str:
        """The CSRF token of its forms."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.text)
        assert found, self.text[:2000]
        return unescape(found[1])

    @property
    def words(self) -> str:
        """What is read on it."""
        return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", self.text)))


class Organizer:
    """One browser. ``base`` is the app's address."""

    def __init__(self, base: URL) -> None:
        self.base = base
        self.client = ClientSession(cookie_jar=CookieJar(unsafe=True))
        self.email = ""

    async def get(self, path: str, *, follow: bool = True, **headers: str) -> Page:
        async with self.client.get(self.base.join(URL(path)), allow_redirects=follow, headers=headers) as answer:
            text = (await answer.read()).decode(errors="replace")  # tickets come as a PDF
            return Page(answer.status, text, answer.headers, answer.url)

    async def post(
        self, path: str, fields: Any, *, token: str | None = None, follow: bool = True, **headers: str
    ) -> Page:
        """Send a form with this browser's token (that of the account page, or ``token``)."""
        pairs = list(fields.items()) if isinstance(fields, dict) else list(fields)
        token = (await self.get("/account")).token if token is None else token
        async with self.client.post(
            self.base.join(URL(path)), data=[*pairs, ("csrf", token)], allow_redirects=follow, headers=headers
        ) as answer:
            return Page(answer.status, await answer.text(), answer.headers, answer.url)

    async def register(self, name: str = "Some One") -> Organizer:
        """A new person, signed in."""
        self.email = f"organizer{next(_numbers)}@example.test"
        page = await self.get("/register")
        fields = {"name": name, "email": self.email, "password": PASSWORD}
        page = await self.post("/register", fields, token=page.token)
        assert page.status == 200, page.words
        return self

    async def sign_in(self, email: str, password: str = PASSWORD, *, path: str = "/sign-in") -> Page:
        page = await self.get(path)
        return await self.post(path, {"email": email, "password": password}, token=page.token)

    async def organization(self, name: str | None = None) -> str:
        page = await self.post("/organizations", {"name": name or f"House {next(_numbers)}"})
        assert page.status == 200, page.words
        return page.url.path.rpartition("/")[2]

    async def venue(self, organization_id: str, chart: str) -> str:
        page = await self.post(
            f"/o/{organization_id}/venues",
            {"name": "Opera", "city": "Vancouver", "country": "CA", "timezone": "America/Vancouver"},
        )
        assert page.status == 200, page.words
        venue_id = page.url.path.split("/")[2]
        page = await self.post(f"/venues/{venue_id}/chart", {"chart": chart})
        assert "The chart is saved" in page.text, page.words
        return venue_id

    async def event(self, organization_id: str, venue_id: str, **more: str) -> str:
        fields = {
            "title": f"Night {next(_numbers)}",
            "venue_id": venue_id,
            "starts_at": f"{NEXT_YEAR}-03-01T19:30",
            "ends_at": f"{NEXT_YEAR}-03-01T22:00",
            "currency": "CAD",
            "hold_minutes": "10",
            **more,
        }
        page = await self.post(f"/o/{organization_id}/events", fields)
        assert page.status == 200, page.words
        return page.url.path.rpartition("/")[2]

    async def published(self, chart: str) -> tuple[str, str, str]:
        """(organization, venue, event) of an event that sells."""
        organization_id = await self.organization()
        venue_id = await self.venue(organization_id, chart)
        event_id = await self.event(organization_id, venue_id)
        at = f"/events/{event_id}"
        kinds = [("name", "Regular"), ("price", "45.00"), ("categories", "Stalls"), ("taxable", "true")]
        assert (await self.post(at + "/ticket-types", kinds)).status == 200
        assert (await self.post(at + "/on-sale", {"opens_at": "2026-01-01T10:00"})).status == 200
        page = await self.post(at + "/publish", {})
        assert "is public now" in page.text, page.words
        return organization_id, venue_id, event_id


async def platform_admin(services: Services, email: str = "root@example.test") -> str:
    """Make a platform admin; their address."""
    from engine.services.accounts.people import create_admin

    await create_admin(services.common.pool, email, PASSWORD, "Root")
    return email


async def invitation_link(services: Services, email: str) -> str:
    """The path and token of the link that an invited address is mailed."""
    invitation_id = await services.common.pool.fetchval("SELECT id FROM invitations WHERE email = $1", email)
    found = await services.accounts.invitations.issue(invitation_id)
    assert found is not None
    return f"/invitations/accept?token={found[0].token}"


async def prove(services: Services, email: str) -> None:
    """The person opened the link that proves their address."""
    await services.common.pool.execute("UPDATE users SET email_verified_at = now() WHERE email = $1", email)


async def join(services: Services, owner: Organizer, organization_id: str, member: Organizer, role: str) -> None:
    """Invite somebody, who proves their address, opens the link and accepts."""
    page = await owner.post(f"/o/{organization_id}/members", {"email": member.email, "role": role})
    assert f"{member.email} is invited by mail" in page.words
    await prove(services, member.email)
    link = await invitation_link(services, member.email)
    page = await member.post("/invitations/accept", {"token": link.partition("token=")[2]})
    assert "You work for" in page.words, page.words


async def hold(services: Services, event_id: str, quantity: int) -> Any:
    """Set tickets of an event's first type aside, as a buyer would."""
    kind = await services.common.pool.fetchval("SELECT id FROM ticket_types WHERE event_id = $1", event_id)
    request = HoldRequest(event_id, (HoldItem(ticket_type_id=kind, quantity=quantity),))
    return await services.sale.holds.place(
        request, admission=None, principal="test", key=new_id("key"), body=b"{}", taker=taker()
    )
