"""Who is signed in to this browser, for the head of every page: asked by a script of those alone who carry the mark.

Pages are the same for everybody and stand ready, so none of them has a name in it.
"""

from __future__ import annotations

from aiohttp import web
from msgspec import Struct

from engine.foundation import http, manners
from engine.foundation.errors import Unauthenticated
from engine.pages import cookies
from engine.pages.accounts.signing import visitor
from engine.services.appkeys import PEOPLE


class SignedIn(Struct, frozen=True, kw_only=True):
    """``name`` is the address of somebody who gave no name, and empty if nobody is signed in."""

    name: str


def setup(app: web.Application) -> None:
    manners.serve(app, "GET", "/account/who", who, manners.PAGE)


async def who(request: web.Request) -> web.Response:
    """The name of this browser's person; a browser whose session is over forgets that it had one."""
    name = await _name(request)
    response = http.json(SignedIn(name=name))
    response.headers["Cache-Control"] = "private, no-store"
    if not name:
        cookies.drop_account(request, response)
    return response


async def _name(request: web.Request) -> str:
    person = await visitor(request)
    if person is None:
        return ""
    try:
        user = await request.config_dict[PEOPLE].me(person)
    except Unauthenticated:
        return ""
    return user.name or user.email
