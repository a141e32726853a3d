"""Passkeys over HTTP. What a browser is handed and hands back is the JSON of Web Authentication, as it stands."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from engine.domain.accounts.errors import AccountDisabled, SecondFactorRequired, SignInRefused
from engine.domain.accounts.openid import SignInNotFresh, TooManyWays
from engine.domain.accounts.passkeys import (
    NewPasskey,
    Passkey,
    PasskeyChange,
    PasskeyRefused,
    PasskeyShown,
    PasskeyTaken,
    PasskeyUnknown,
)
from engine.domain.accounts.people import Session
from engine.foundation import http
from engine.foundation.lists import Page
from engine.services.appkeys import PASSKEYS
from engine.web.accounts.asking import caller
from engine.web.auth import person
from engine.web.forms import form
from engine.web.route import Route

_UNCACHED: Final = {"Cache-Control": "no-store"}
_AT: Final = "/v1/auth/passkeys"
_MINE: Final = "/v1/users/me/passkeys"
_ONE: Final = _MINE + "/{passkey_id}"


async def begin_adding_passkey(request: web.Request) -> web.Response:
    """Options for ``navigator.credentials.create``, good for five minutes; asks for a sign-in of the last ten."""
    return http.json(await request.config_dict[PASSKEYS].begin_adding(person(request)), headers=_UNCACHED)


async def add_passkey(request: web.Request) -> web.Response:
    """Keep the passkey that the browser made."""
    actor = person(request)
    given = await form(request, NewPasskey)
    kept = await request.config_dict[PASSKEYS].add(actor, given, caller(request))
    return http.json(kept, status=201, headers=_UNCACHED)


async def begin_signing_in_by_passkey(request: web.Request) -> web.Response:
    """Options for ``navigator.credentials.get``, good for five minutes and for any passkey of this site."""
    return http.json(await request.config_dict[PASSKEYS].begin_signing(), headers=_UNCACHED)


async def sign_in_by_passkey(request: web.Request) -> web.Response:
    """Sign in by a passkey. One that saw who held the device is the second factor too."""
    given = await form(request, PasskeyShown)
    return http.json(await request.config_dict[PASSKEYS].sign_in(given, caller(request)), headers=_UNCACHED)


async def list_passkeys(request: web.Request) -> web.Response:
    """One's own passkeys."""
    found = await request.config_dict[PASSKEYS].of_person(person(request))
    return http.json(Page(data=found, next_cursor=None, has_more=False), headers=_UNCACHED)


async def rename_passkey(request: web.Request) -> web.Response:
    """Call one otherwise."""
    actor = person(request)
    given = await form(request, PasskeyChange)
    return http.json(await request.config_dict[PASSKEYS].rename(actor, request.match_info["passkey_id"], given.name))


async def remove_passkey(request: web.Request) -> web.Response:
    """Have one sign in no more."""
    await request.config_dict[PASSKEYS].remove(person(request), request.match_info["passkey_id"])
    return web.Response(status=204)


_ADDING: Final = (SignInNotFresh, TooManyWays)
ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        f"{_AT}/register/options",
        begin_adding_passkey,
        "person",
        "sign_in",
        repeats="always",
    ).refuses(*_ADDING),
    Route(
        "POST",
        f"{_AT}/register/verify",
        add_passkey,
        "person",
        "sign_in",
        takes=NewPasskey,
        gives=Passkey,
        status=201,
        repeats="always",
    ).refuses(PasskeyRefused, PasskeyTaken, *_ADDING),
    Route("POST", f"{_AT}/authenticate/options", begin_signing_in_by_passkey, "public", "sign_in", repeats="always"),
    Route(
        "POST",
        f"{_AT}/authenticate/verify",
        sign_in_by_passkey,
        "public",
        "sign_in",
        takes=PasskeyShown,
        gives=Session,
        repeats="always",
    ).refuses(PasskeyRefused, SecondFactorRequired, AccountDisabled, SignInRefused),
    Route("GET", _MINE, list_passkeys, "person", "own", gives=Page[Passkey]),
    Route("PATCH", _ONE, rename_passkey, "person", "own", takes=PasskeyChange, gives=Passkey).refuses(PasskeyUnknown),
    Route("DELETE", _ONE, remove_passkey, "person", "own", status=204).refuses(PasskeyUnknown),
)
