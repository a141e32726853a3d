"""Webhook endpoints of an organization over HTTP: made, changed, given another secret, watched, sent to again."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from engine.domain.accounts.errors import OrganizationUnknown, TooManyOfThem
from engine.domain.messages.webhooks import (
    NewWebhookEndpoint,
    Replay,
    Replayed,
    WebhookAttempt,
    WebhookEndpoint,
    WebhookEndpointChange,
    WebhookEndpointMade,
    WebhookEndpointOff,
    WebhookEndpointUnknown,
    WebhookMessageUnknown,
    WebhookSecret,
)
from engine.foundation import bodies, http, lists
from engine.foundation.errors import Forbidden, Malformed
from engine.foundation.lists import Page, PageQuery, id_cursor
from engine.services.appkeys import WEBHOOK_ENDPOINTS
from engine.web.auth import person
from engine.web.forms import form, versioned
from engine.web.route import VERSIONED, Route


async def make_endpoint(request: web.Request) -> web.Response:
    """Add an address that messages are sent to. Its secret stands in this answer and nowhere else."""
    actor = person(request)
    given = await form(request, NewWebhookEndpoint)
    made = await request.config_dict[WEBHOOK_ENDPOINTS].make(actor, request.match_info["organization_id"], given)
    return http.json(made, status=201, headers={"Cache-Control": "no-store"})


async def list_endpoints(request: web.Request) -> web.Response:
    """The endpoints of an organization, whether each works and what waits for it."""
    actor, query = person(request), bodies.query(request, PageQuery)
    after = id_cursor(query.cursor, "whe") or ""
    endpoints, organization_id = request.config_dict[WEBHOOK_ENDPOINTS], request.match_info["organization_id"]
    rows = await endpoints.of_organization(actor, organization_id, after, query.limit + 1)
    return http.json(lists.page(rows, query.limit, lambda row: row.id))


async def read_endpoint(request: web.Request) -> web.Response:
    """One endpoint."""
    endpoint = await request.config_dict[WEBHOOK_ENDPOINTS].get(person(request), *_named(request))
    return versioned(request, endpoint, endpoint.version)


async def change_endpoint(request: web.Request) -> web.Response:
    """Change where messages go and which, or switch it off and on."""
    actor, expected = person(request), http.version_expected(request)
    given = await form(request, WebhookEndpointChange)
    endpoint = await request.config_dict[WEBHOOK_ENDPOINTS].change(actor, *_named(request), expected, given)
    return versioned(request, endpoint, endpoint.version)


async def delete_endpoint(request: web.Request) -> web.Response:
    """Send nothing there any more, and forget what was sent."""
    actor, expected = person(request), http.version_expected(request)
    await request.config_dict[WEBHOOK_ENDPOINTS].delete(actor, *_named(request), expected)
    return web.Response(status=204)


async def rotate_secret(request: web.Request) -> web.Response:
    """Another secret, shown this once; the one before signs too for a day."""
    secret = await request.config_dict[WEBHOOK_ENDPOINTS].rotate(person(request), *_named(request))
    return http.json(secret, headers={"Cache-Control": "no-store"})


async def list_attempts(request: web.Request) -> web.Response:
    """What was tried, newest first: which message, what was answered, how long it took."""
    actor, query = person(request), bodies.query(request, PageQuery)
    before = id_cursor(query.cursor, "wha")
    rows = await request.config_dict[WEBHOOK_ENDPOINTS].attempts(actor, *_named(request), before, query.limit + 1)
    return http.json(lists.page(rows, query.limit, lambda row: row.id), headers={"Cache-Control": "no-store"})


async def replay(request: web.Request) -> web.Response:
    """Send messages again, delivered or not: one, or all since a moment."""
    actor = person(request)
    given = await form(request, Replay)
    replayed = await request.config_dict[WEBHOOK_ENDPOINTS].replay(actor, *_named(request), given)
    return http.json(replayed)


def _named(request: web.Request) -> tuple[str, str]:
    return request.match_info["organization_id"], request.match_info["endpoint_id"]


_ALL: Final = "/v1/organizations/{organization_id}/webhook-endpoints"
_ONE: Final = f"{_ALL}/{{endpoint_id}}"
_NO: Final = (Forbidden, OrganizationUnknown)
_NO_SUCH: Final = (*_NO, WebhookEndpointUnknown)
ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        _ALL,
        make_endpoint,
        "organizer",
        "operate",
        needs="keys.write",
        takes=NewWebhookEndpoint,
        gives=WebhookEndpointMade,
        status=201,
        repeats="always",
    ).refuses(*_NO, TooManyOfThem),
    Route(
        "GET",
        _ALL,
        list_endpoints,
        "organizer",
        "operate",
        needs="keys.read",
        gives=Page[WebhookEndpoint],
        query=PageQuery,
    ).refuses(*_NO, Malformed),
    Route("GET", _ONE, read_endpoint, "organizer", "operate", needs="keys.read", gives=WebhookEndpoint).refuses(
        *_NO_SUCH
    ),
    Route(
        "PATCH",
        _ONE,
        change_endpoint,
        "organizer",
        "operate",
        needs="keys.write",
        takes=WebhookEndpointChange,
        gives=WebhookEndpoint,
    ).refuses(*_NO_SUCH, *VERSIONED),
    Route("DELETE", _ONE, delete_endpoint, "organizer", "operate", needs="keys.write", status=204).refuses(
        *_NO_SUCH, *VERSIONED
    ),
    Route(
        "POST",
        f"{_ONE}/rotate-secret",
        rotate_secret,
        "organizer",
        "operate",
        needs="keys.write",
        gives=WebhookSecret,
        repeats="always",
    ).refuses(*_NO_SUCH),
    Route(
        "GET",
        f"{_ONE}/attempts",
        list_attempts,
        "organizer",
        "operate",
        needs="keys.read",
        gives=Page[WebhookAttempt],
        query=PageQuery,
    ).refuses(*_NO_SUCH, Malformed),
    Route(
        "POST",
        f"{_ONE}/replay",
        replay,
        "organizer",
        "operate",
        needs="keys.write",
        takes=Replay,
        gives=Replayed,
        repeats="always",
    ).refuses(*_NO_SUCH, WebhookEndpointOff, WebhookMessageUnknown),
)
