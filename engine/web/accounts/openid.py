"""Signing in with an account elsewhere, over HTTP: a browser is sent to the provider, and comes back.

It is signed in by the cookie of the fans' pages and goes on to a path of ours. What is refused is said on the page that
signs in, to browsers; other callers get the problem document.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlencode

from aiohttp import web

from engine.domain.accounts.errors import (
    AccountDisabled,
    RegistrationInvited,
    RegistrationThrottled,
    SignInRefused,
)
from engine.domain.accounts.openid import (
    ATTEMPT_COOKIE,
    ATTEMPT_TTL_S,
    CHALLENGE_COOKIE,
    AddressUnproven,
    Answered,
    AttemptOver,
    Finished,
    Identity,
    IdentityTaken,
    IdentityUnknown,
    ProviderAway,
    ProviderDeclined,
    ProviderRefused,
    ProviderUnknown,
    SignInFirst,
    SignInNotFresh,
    StartAsked,
    TooManyWays,
)
from engine.domain.accounts.people import REFRESH_TTL_D
from engine.domain.accounts.second_factor import CHALLENGE_TTL_S
from engine.foundation import bodies, http, shapes
from engine.foundation.cookies import CookieRules
from engine.foundation.errors import Invalid, Refusal
from engine.foundation.lists import Page
from engine.services.appkeys import OPENID, SETTINGS
from engine.web.accounts.asking import caller
from engine.web.auth import person
from engine.web.route import Route

ACCOUNT_COOKIE: Final = "onsale_account"
FORM_BYTES_MAX: Final = 32 * 1024
_UNCACHED: Final = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
_AT: Final = "/v1/auth/oauth/{provider}"
_MINE: Final = "/v1/users/me/identities"


async def start_elsewhere(request: web.Request) -> web.Response:
    """Send the browser to the provider; what it says is believed of this browser alone, once, within ten minutes."""
    asked = bodies.query(request, StartAsked)
    name, rules = request.match_info["provider"], _rules(request)
    callback = request.config_dict[SETTINGS].engine_url.rstrip("/") + _AT.format(provider=name) + "/callback"
    kept = rules.own(request, ATTEMPT_COOKIE)
    begun = await request.config_dict[OPENID].begin(name, callback, asked.return_to, kept)
    response = _see(begun.url)
    rules.keep(response, ATTEMPT_COOKIE, begun.browser, max_age_s=ATTEMPT_TTL_S)
    return response


async def come_back_from_elsewhere(request: web.Request) -> web.Response:
    """The browser is back: it is signed in and goes on to where it wanted, or is asked for its code first."""
    given = shapes.build(_answered(request.query), Answered)
    shown = _rules(request).own(request, ATTEMPT_COOKIE)
    try:
        finished = await request.config_dict[OPENID].finish(
            request.match_info["provider"], given, shown, caller(request)
        )
    except Refusal as refusal:
        if "text/html" not in request.headers.get("Accept", ""):
            raise
        return _see("/account/sign-in?" + urlencode({"said": refusal.code}))
    return _signed_in(request, finished)


async def come_back_by_post(request: web.Request) -> web.Response:
    """The same for a provider that has the browser post its answer: a page of ours then, with the browser's cookies."""
    form = await bodies.form(request, FORM_BYTES_MAX)
    back = urlencode(_answered(form))
    return _see(_AT.format(provider=quote(request.match_info["provider"], safe="")) + "/callback?" + back)


async def list_identities(request: web.Request) -> web.Response:
    """Accounts elsewhere that sign in to one's own."""
    found = await request.config_dict[OPENID].of_person(person(request))
    return http.json(Page(data=found, next_cursor=None, has_more=False), headers={"Cache-Control": "no-store"})


async def disconnect_identity(request: web.Request) -> web.Response:
    """Have one sign in no more; asks for a sign-in of the last ten minutes."""
    await request.config_dict[OPENID].disconnect(person(request), request.match_info["identity_id"])
    return web.Response(status=204)


def _answered(given: Mapping[str, str]) -> dict[str, str]:
    """What counts of an answer: providers say more with it, each as it likes."""
    return {name: given[name] for name in Answered.__struct_fields__ if name in given}


def _signed_in(request: web.Request, finished: Finished) -> web.Response:
    rules = _rules(request)
    asked = "/account/code?" + urlencode({"next": finished.return_to})
    response = _see(asked if finished.challenge else finished.return_to)
    if finished.challenge:
        rules.keep(response, CHALLENGE_COOKIE, finished.challenge, max_age_s=CHALLENGE_TTL_S)
    if finished.session is not None:
        rules.keep(response, ACCOUNT_COOKIE, finished.session.refresh_token, max_age_s=REFRESH_TTL_D * 86400)
    rules.drop(response, ATTEMPT_COOKIE)
    return response


def _see(url: str) -> web.Response:
    return web.Response(status=303, headers={"Location": url, **_UNCACHED})


def _rules(request: web.Request) -> CookieRules:
    settings = request.config_dict[SETTINGS]
    return CookieRules.of(settings, settings.engine_url)


ROUTES: tuple[Route, ...] = (
    Route("GET", f"{_AT}/start", start_elsewhere, "public", "sign_in", query=StartAsked, status=303).refuses(
        ProviderUnknown, ProviderAway
    ),
    Route("GET", f"{_AT}/callback", come_back_from_elsewhere, "public", "sign_in", query=Answered, status=303).refuses(
        AttemptOver,
        ProviderDeclined,
        ProviderRefused,
        ProviderAway,
        AddressUnproven,
        SignInFirst,
        IdentityTaken,
        TooManyWays,
        RegistrationInvited,
        RegistrationThrottled,
        AccountDisabled,
        SignInRefused,
        Invalid,
    ),
    Route("POST", f"{_AT}/callback", come_back_by_post, "provider", "sign_in", status=303, repeats="always"),
    Route("GET", _MINE, list_identities, "person", "own", gives=Page[Identity]),
    Route("DELETE", f"{_MINE}/{{identity_id}}", disconnect_identity, "person", "sign_in", status=204).refuses(
        IdentityUnknown, SignInNotFresh
    ),
)
