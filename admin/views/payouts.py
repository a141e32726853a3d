"""An organization's own account at the payment provider: how it stands, what it has, what was paid out."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from admin import reach
from admin.visit import Visit, address
from engine.domain.errors import NotConnected
from engine.domain.money.connect import NewConnection
from engine.foundation.errors import Conflict, Unavailable

PAYOUTS_SHOWN = 50


async def show(visit: Visit) -> web.Response:
    """Says so if the provider is away."""
    organization = await reach.organization(visit, "payouts.read")
    connect, person = visit.services.money.connect, visit.person
    account = await connect.status(person, organization.id)
    context: dict[str, Any] = {"balance": None, "payouts": [], "more": False, "away": False}
    try:
        context["balance"] = await connect.balance(person, organization.id)
        rows, more = await connect.payouts(person, organization.id, limit=PAYOUTS_SHOWN, after=None)
        context |= {"payouts": rows, "more": more}
    except NotConnected:
        pass
    except (Conflict, Unavailable):
        context["away"] = True
    return await visit.page(
        "payouts/show.html",
        organization=organization,
        account=account,
        may_connect=await visit.may(organization.id, "payouts.write"),
        **context,
    )


async def connect(visit: Visit) -> web.Response:
    """The way to the provider's page."""
    organization = await reach.organization(visit, "payouts.write")
    try:
        made = await visit.services.money.connect.begin(visit.person, organization.id, NewConnection())
    except (Conflict, Unavailable) as refusal:
        return await visit.go(address("o", organization.id, "payouts"), str(refusal.detail), tone="bad")
    # A form may lead nowhere but here (form-action 'self'): the last step is a link.
    return await visit.page("payouts/go.html", organization=organization, url=made.url)
