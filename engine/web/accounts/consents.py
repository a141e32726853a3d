"""What one wants to be written about, with one's other preferences, over HTTP."""

from __future__ import annotations

from functools import partial
from typing import Final

import msgspec
from aiohttp import web

from engine.domain.accounts.consents import Preferences, PreferencesChange
from engine.domain.accounts.errors import EmailUnverified, OrganizationUnknown
from engine.foundation import http
from engine.services.appkeys import CONSENTS, PEOPLE
from engine.web.auth import person, reader_language
from engine.web.forms import form
from engine.web.route import Route

_UNCACHED: Final = {"Cache-Control": "no-store"}


async def read_preferences(request: web.Request) -> web.Response:
    """Oneself, with what one wants to be written about; nothing while the address is not proven."""
    return await _preferences(request)


async def change_preferences(request: web.Request) -> web.Response:
    """Change one's own name, number, language, preferences, and what one wants to be written about: all or nothing."""
    actor, consents = person(request), request.config_dict[CONSENTS]
    given = await form(request, PreferencesChange)
    changes = given.consents if isinstance(given.consents, list) else []
    also = partial(consents.change_in, person=actor, changes=changes, language=reader_language(request))
    await request.config_dict[PEOPLE].change_me(actor, given, also)
    return await _preferences(request)


async def _preferences(request: web.Request) -> web.Response:
    actor = person(request)
    user = await request.config_dict[PEOPLE].me(actor)
    consents = await request.config_dict[CONSENTS].of_person(actor)
    return http.json(Preferences(**msgspec.structs.asdict(user), consents=consents), headers=_UNCACHED)


_AT: Final = "/v1/users/me/preferences"
ROUTES: tuple[Route, ...] = (
    Route("GET", _AT, read_preferences, "person", "own", gives=Preferences),
    Route("PATCH", _AT, change_preferences, "person", "own", takes=PreferencesChange, gives=Preferences).refuses(
        EmailUnverified, OrganizationUnknown
    ),
)
