"""One's own sessions and one's second factor over HTTP."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from engine.domain.accounts.errors import (
    AccountDisabled,
    ChallengeOver,
    CodesThrottled,
    HashesThrottled,
    SecondFactorIsOff,
    SecondFactorIsOn,
    SecondFactorWrong,
    SessionUnknown,
    SignInRefused,
    SignInThrottled,
)
from engine.domain.accounts.people import Session
from engine.domain.accounts.second_factor import (
    ChallengeAnswer,
    CodeTyped,
    Enabled,
    RecoveryCodes,
    SecondFactorBegun,
    SecondFactorOff,
)
from engine.domain.accounts.sessions import SessionShown
from engine.foundation import http
from engine.foundation.lists import Page
from engine.services.appkeys import PEOPLE, SECOND_FACTORS, SIGN_INS
from engine.web.accounts.asking import caller
from engine.web.auth import person
from engine.web.forms import form
from engine.web.route import Route

_UNCACHED: Final = {"Cache-Control": "no-store"}


async def list_sessions(request: web.Request) -> web.Response:
    """One's own sessions: devices, parts of the network, last use."""
    found = await request.config_dict[PEOPLE].sessions(person(request))
    return http.json(Page(data=found, next_cursor=None, has_more=False), headers=_UNCACHED)


async def end_session(request: web.Request) -> web.Response:
    """End one of one's own sessions; its access tokens end within a second."""
    await request.config_dict[PEOPLE].end_session(person(request), request.match_info["session_id"])
    return web.Response(status=204)


async def enable(request: web.Request) -> web.Response:
    """Begin a second factor, with the password: the secret for an app. It counts once a code of it was shown."""
    actor = person(request)
    given = await form(request, SecondFactorBegun)
    begun = await request.config_dict[PEOPLE].begin_second_factor(actor, given, caller(request))
    return http.json(begun, headers=_UNCACHED)


async def verify(request: web.Request) -> web.Response:
    """Show the first code: sign-ins ask for one from now on, and every other session ends.

    The recovery codes are in this answer and nowhere else.
    """
    actor = person(request)
    given = await form(request, CodeTyped)
    codes = await request.config_dict[SECOND_FACTORS].confirm(actor, given.code, caller(request))
    return http.json(codes, headers=_UNCACHED)


async def drop(request: web.Request) -> web.Response:
    """Take the second factor away, with the password and a code."""
    actor = person(request)
    given = await form(request, SecondFactorOff)
    await request.config_dict[PEOPLE].drop_second_factor(actor, given, caller(request))
    return web.Response(status=204)


async def answer(request: web.Request) -> web.Response:
    """Finish signing in: the challenge of the first answer, with a code of the app or a recovery code."""
    given = await form(request, ChallengeAnswer)
    return http.json(await request.config_dict[SIGN_INS].answer(given, caller(request)), headers=_UNCACHED)


_2FA: Final = "/v1/auth/2fa"
_WRONG: Final = (SecondFactorWrong, CodesThrottled)
ROUTES: tuple[Route, ...] = (
    Route("GET", "/v1/users/me/sessions", list_sessions, "person", "own", gives=Page[SessionShown]),
    Route("DELETE", "/v1/users/me/sessions/{session_id}", end_session, "person", "own", status=204).refuses(
        SessionUnknown
    ),
    Route(
        "POST",
        f"{_2FA}/enable",
        enable,
        "person",
        "sign_in",
        takes=SecondFactorBegun,
        gives=Enabled,
        repeats="always",
    ).refuses(SecondFactorIsOn, SignInRefused, SignInThrottled, HashesThrottled),
    Route(
        "POST", f"{_2FA}/verify", verify, "person", "sign_in", takes=CodeTyped, gives=RecoveryCodes, repeats="always"
    ).refuses(SecondFactorIsOn, SecondFactorIsOff, *_WRONG),
    Route("DELETE", _2FA, drop, "person", "sign_in", takes=SecondFactorOff, status=204).refuses(
        SecondFactorIsOff, SignInRefused, SignInThrottled, HashesThrottled, *_WRONG
    ),
    Route(
        "POST",
        f"{_2FA}/challenge",
        answer,
        "public",
        "sign_in",
        takes=ChallengeAnswer,
        gives=Session,
        repeats="always",
    ).refuses(ChallengeOver, AccountDisabled, SignInRefused, *_WRONG),
)
