"""Keys of an organization over HTTP."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from engine.domain.accounts.api_keys import ApiKey, ApiKeyMade, KeyToken, NewApiKey
from engine.domain.accounts.errors import ApiKeyUnknown, KeyThrottled, OrganizationUnknown, TooManyOfThem
from engine.foundation import bodies, http, lists
from engine.foundation.errors import Forbidden, Malformed, Unauthenticated
from engine.foundation.lists import Page, PageQuery, id_cursor
from engine.services.appkeys import API_KEYS
from engine.web.auth import key_shown, person
from engine.web.forms import form
from engine.web.route import Route


async def make_key(request: web.Request) -> web.Response:
    """Make a key for a program. The whole key stands in this answer and nowhere else."""
    actor = person(request)
    given = await form(request, NewApiKey)
    made = await request.config_dict[API_KEYS].make(actor, request.match_info["organization_id"], given)
    return http.json(made, status=201, headers={"Cache-Control": "no-store"})


async def list_keys(request: web.Request) -> web.Response:
    """The keys that an organization has, when each was last used, and what each may do."""
    actor, query = person(request), bodies.query(request, PageQuery)
    after = id_cursor(query.cursor, "key") or ""
    keys, organization_id = request.config_dict[API_KEYS], request.match_info["organization_id"]
    rows = await keys.of_organization(actor, organization_id, after, query.limit + 1)
    return http.json(lists.page(rows, query.limit, lambda row: row.id))


async def revoke_key(request: web.Request) -> web.Response:
    """End a key: the next request that shows it is refused."""
    organization_id, key_id = request.match_info["organization_id"], request.match_info["key_id"]
    await request.config_dict[API_KEYS].revoke(person(request), organization_id, key_id)
    return web.Response(status=204)


async def exchange_key(request: web.Request) -> web.Response:
    """Change a key for a token of fifteen minutes that says its organization and scopes.

    It opens what the key opens at that moment: a key that was revoked meanwhile opens nothing by it.
    """
    token = await request.config_dict[API_KEYS].exchange(key_shown(request))
    return http.json(token, headers={"Cache-Control": "no-store"})


_ALL: Final = "/v1/organizations/{organization_id}/api-keys"
_NO: Final = (Forbidden, OrganizationUnknown)
ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        _ALL,
        make_key,
        "organizer",
        "operate",
        needs="keys.write",
        takes=NewApiKey,
        gives=ApiKeyMade,
        status=201,
        repeats="always",
    ).refuses(*_NO, TooManyOfThem),
    Route(
        "GET", _ALL, list_keys, "organizer", "operate", needs="keys.read", gives=Page[ApiKey], query=PageQuery
    ).refuses(*_NO),
    Route("POST", "/v1/auth/token", exchange_key, "public", "sign_in", gives=KeyToken, repeats="always").refuses(
        Malformed, Unauthenticated, KeyThrottled
    ),
    Route("DELETE", f"{_ALL}/{{key_id}}", revoke_key, "organizer", "operate", needs="keys.write", status=204).refuses(
        *_NO, ApiKeyUnknown
    ),
)
