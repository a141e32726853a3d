"""What is held about oneself, over HTTP: all of it in one file, and the end of it."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from engine.domain.accounts.errors import (
    AdminStays,
    CodesThrottled,
    HashesThrottled,
    LastOwner,
    SecondFactorWrong,
    SignInRefused,
    SignInThrottled,
)
from engine.domain.insight.personal_data import ErasureAsked, ErasureTaken
from engine.foundation import http
from engine.services.appkeys import PERSONAL_DATA
from engine.web.auth import client_address, person
from engine.web.forms import form
from engine.web.route import Route

_ZIP: Final = "application/zip"


async def export(request: web.Request) -> web.Response:
    """Everything that is held about the person who asks: a ZIP of JSON and CSV with a manifest."""
    document = await request.config_dict[PERSONAL_DATA].export(person(request))
    headers = {"Content-Disposition": 'attachment; filename="onsale-export.zip"', "Cache-Control": "no-store"}
    return web.Response(body=document, content_type=_ZIP, headers=headers)


async def erase(request: web.Request) -> web.Response:
    """Be forgotten: nobody signs in from now on, and within a day everything is gone that the law does not keep."""
    actor = person(request)
    given = await form(request, ErasureAsked)
    taken = await request.config_dict[PERSONAL_DATA].ask(actor, given, client_address(request))
    return http.json(taken, status=202, headers={"Cache-Control": "no-store"})


ROUTES: tuple[Route, ...] = (
    Route("GET", "/v1/users/me/export", export, "person", "document", content_type=_ZIP),
    Route(
        "DELETE", "/v1/users/me", erase, "person", "sign_in", takes=ErasureAsked, gives=ErasureTaken, status=202
    ).refuses(
        SignInRefused, SecondFactorWrong, CodesThrottled, SignInThrottled, HashesThrottled, LastOwner, AdminStays
    ),
)
