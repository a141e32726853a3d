"""Flags of the platform over HTTP."""

from __future__ import annotations

from aiohttp import web

from engine.domain.accounts.flags import FlagsChange, PlatformFlags
from engine.foundation import http
from engine.foundation.errors import Forbidden
from engine.services.appkeys import FLAGS
from engine.web.auth import person
from engine.web.forms import form
from engine.web.route import Route

_OWN = {"Cache-Control": "private, no-store"}


async def read_flags(request: web.Request) -> web.Response:
    """What of the platform is switched on."""
    return http.json(await request.config_dict[FLAGS].read(person(request)), headers=_OWN)


async def change_flags(request: web.Request) -> web.Response:
    """Switch parts of the platform off or on: in every process within a second. What was begun goes on."""
    actor, given = person(request), await form(request, FlagsChange)
    return http.json(await request.config_dict[FLAGS].change(actor, given), headers=_OWN)


ROUTES: tuple[Route, ...] = (
    Route("GET", "/v1/platform/flags", read_flags, "admin", "operate", gives=PlatformFlags).refuses(Forbidden),
    Route(
        "PATCH", "/v1/platform/flags", change_flags, "admin", "operate", takes=FlagsChange, gives=PlatformFlags
    ).refuses(Forbidden),
)
