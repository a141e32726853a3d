"""Accounts and sessions over HTTP."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from engine.domain.accounts.errors import (
    AccountDisabled,
    EmailTaken,
    HashesThrottled,
    InvitationOfAnother,
    RefreshRefused,
    RefreshReused,
    RegistrationInvited,
    RegistrationThrottled,
    SecondFactorRequired,
    SignInRefused,
    SignInThrottled,
    TokenExpired,
    TokenInvalid,
)
from engine.domain.accounts.people import (
    Credentials,
    PasswordChange,
    PersonChange,
    RefreshRequest,
    Registration,
    Session,
    SignOut,
    User,
)
from engine.foundation import http
from engine.services.appkeys import PEOPLE
from engine.web.accounts.asking import caller
from engine.web.auth import known_person, person
from engine.web.forms import form
from engine.web.route import Route

_UNCACHED: Final = {"Cache-Control": "no-store"}


async def register(request: web.Request) -> web.Response:
    """Make an account; the answer is its first session, and a link that proves its address is mailed.

    Said alike whether or not the address has an account: then its reader is mailed that somebody registered again.
    """
    given = await form(request, Registration)
    people = request.config_dict[PEOPLE]
    session = await people.register(given, caller(request))
    return http.json(session, status=201, headers=_UNCACHED)


async def login(request: web.Request) -> web.Response:
    """Sign in. With a second factor on, 401 second_factor_required carries a challenge to answer."""
    given = await form(request, Credentials)
    session = await request.config_dict[PEOPLE].sign_in(given, caller(request))
    return http.json(session, headers=_UNCACHED)


async def refresh(request: web.Request) -> web.Response:
    """The next access and refresh token; each refresh token is good once."""
    given = await form(request, RefreshRequest)
    return http.json(await request.config_dict[PEOPLE].refresh(given.refresh_token), headers=_UNCACHED)


async def logout(request: web.Request) -> web.Response:
    """End the session that this refresh token belongs to; without one, every session of the signed-in person."""
    given = await form(request, SignOut, absent=b"{}")
    await request.config_dict[PEOPLE].sign_out(given.refresh_token, known_person(request))
    return web.Response(status=204)


async def read_me(request: web.Request) -> web.Response:
    """Who is signed in, and which organizations they work for."""
    return http.json(await request.config_dict[PEOPLE].me(person(request)), headers=_UNCACHED)


async def change_me(request: web.Request) -> web.Response:
    """Change one's own name, number, language and preferences. ``/preferences`` takes consents too."""
    actor = person(request)
    return http.json(await request.config_dict[PEOPLE].change_me(actor, await form(request, PersonChange)))


async def change_password(request: web.Request) -> web.Response:
    """Set a new password; every other session ends."""
    actor = person(request)
    given = await form(request, PasswordChange)
    session = await request.config_dict[PEOPLE].change_password(actor, given, caller(request))
    return http.json(session, headers=_UNCACHED)


_ME: Final = "/v1/users/me"
ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/v1/auth/register",
        register,
        "public",
        "sign_in",
        takes=Registration,
        gives=Session,
        status=201,
        repeats="always",
    ).refuses(
        EmailTaken,
        RegistrationThrottled,
        RegistrationInvited,
        InvitationOfAnother,
        TokenInvalid,
        TokenExpired,
        HashesThrottled,
    ),
    Route(
        "POST", "/v1/auth/login", login, "public", "sign_in", takes=Credentials, gives=Session, repeats="always"
    ).refuses(SignInRefused, SecondFactorRequired, AccountDisabled, SignInThrottled, HashesThrottled),
    Route(
        "POST", "/v1/auth/refresh", refresh, "public", "sign_in", takes=RefreshRequest, gives=Session, repeats="always"
    ).refuses(RefreshRefused, RefreshReused),
    Route("POST", "/v1/auth/logout", logout, "public", "sign_in", takes=SignOut, status=204, repeats="always"),
    Route("GET", "/v1/users/me", read_me, "person", "own", gives=User).also("/v1/auth/me"),
    Route("PATCH", "/v1/users/me", change_me, "person", "own", takes=PersonChange, gives=User),
    Route("PUT", f"{_ME}/password", change_password, "person", "sign_in", takes=PasswordChange, gives=Session)
    .refuses(SignInRefused, SignInThrottled, HashesThrottled)
    .also_as("PATCH", f"{_ME}/password"),
)
