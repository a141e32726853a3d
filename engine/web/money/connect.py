"""Payouts over HTTP: an organization's own account at the provider, what it has and what it paid out."""

from __future__ import annotations

from typing import Annotated, Final

from aiohttp import web
from msgspec import Meta, Struct

from engine.domain import errors as refusals
from engine.domain.accounts.errors import OrganizationUnknown
from engine.domain.fields import Id
from engine.domain.money.connect import Balance, Connection, ConnectStatus, NewConnection, Payout, ReturnUrl
from engine.foundation import bodies, errors, http
from engine.foundation.lists import Page
from engine.services.appkeys import CONNECT
from engine.web.auth import person
from engine.web.forms import form
from engine.web.route import Route

PAYOUTS_MAX: Final = 100  # a page, as the provider gives them
UNSHARED: Final = {"Cache-Control": "no-store"}


class PayoutQuery(Struct, frozen=True, kw_only=True):
    """``cursor`` is the last payout seen."""

    limit: Annotated[int, Meta(ge=1, le=PAYOUTS_MAX)] = 20
    cursor: Annotated[str, Meta(max_length=64, pattern=r"^po_\w+$")] | None = None


class DocumentedConnection(Struct, kw_only=True):
    """The organization in the requirement documents' spelling or in ours."""

    organizerId: Id | None = None
    organization_id: Id | None = None
    return_url: ReturnUrl | None = None


async def connect(request: web.Request) -> web.Response:
    """The provider's page on which the organization's account is opened, or completed."""
    given = await form(request, NewConnection, absent=b"{}")
    return await _begun(request, request.match_info["organization_id"], given)


async def connect_organizer(request: web.Request) -> web.Response:
    """The same for the organization that the body names."""
    given = await form(request, DocumentedConnection)
    organization_id = given.organizerId or given.organization_id
    if organization_id is None:
        raise errors.Invalid.at("/organizerId", "missing", "Required")
    return await _begun(request, organization_id, NewConnection(return_url=given.return_url))


async def _begun(request: web.Request, organization_id: str, given: NewConnection) -> web.Response:
    made = await request.config_dict[CONNECT].begin(person(request), organization_id, given)
    return http.json(made, headers=UNSHARED)


async def read_connect(request: web.Request) -> web.Response:
    """Whether it may be paid, and what the provider still wants to know."""
    found = await request.config_dict[CONNECT].status(person(request), request.match_info["organization_id"])
    return http.json(found, headers=UNSHARED)


async def list_payouts(request: web.Request) -> web.Response:
    """What was paid out, newest first."""
    query = bodies.query(request, PayoutQuery)
    rows, more = await request.config_dict[CONNECT].payouts(
        person(request), request.match_info["organization_id"], limit=query.limit, after=query.cursor
    )
    page = Page(data=rows, next_cursor=rows[-1].id if more and rows else None, has_more=more)
    return http.json(page, headers=UNSHARED)


async def read_balance(request: web.Request) -> web.Response:
    """What the account has: to be paid out, and on its way to it."""
    found = await request.config_dict[CONNECT].balance(person(request), request.match_info["organization_id"])
    return http.json(found, headers=UNSHARED)


_AT: Final = "/v1/organizations/{organization_id}"
_NO: Final = (
    errors.Forbidden,
    OrganizationUnknown,
    refusals.ProviderUnavailable,
    refusals.PaymentRefused,
)

ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        _AT + "/connect",
        connect,
        "organizer",
        "operate",
        needs="payouts.write",
        takes=NewConnection,
        gives=Connection,
        repeats="always",
    ).refuses(*_NO),
    Route(
        "POST",
        "/v1/organizers/connect",
        connect_organizer,
        "organizer",
        "operate",
        needs="payouts.write",
        takes=DocumentedConnection,
        gives=Connection,
        repeats="always",
    ).refuses(*_NO),
    Route(
        "GET", _AT + "/connect", read_connect, "organizer", "operate", needs="payouts.read", gives=ConnectStatus
    ).refuses(errors.Forbidden, OrganizationUnknown),
    Route(
        "GET",
        _AT + "/payouts",
        list_payouts,
        "organizer",
        "operate",
        needs="payouts.read",
        gives=Page[Payout],
        query=PayoutQuery,
    ).refuses(errors.Malformed, refusals.NotConnected, *_NO),
    Route("GET", _AT + "/balance", read_balance, "organizer", "operate", needs="payouts.read", gives=Balance).refuses(
        refusals.NotConnected, *_NO
    ),
)
