"""The capabilities a visitor carries, as HttpOnly cookies: admission, hold and order, and who is signed in.

SIGNED_IN_COOKIE tells our scripts that somebody is signed in, so that nobody else's page asks who: it opens nothing.

An order's cookie is set for the addresses of that order, so that several orders live side by side in one browser, and
once more for the API, where the latest wins.
"""

from __future__ import annotations

import secrets
from typing import Final

from aiohttp import web

from engine.foundation.cookies import CookieRules, shown
from engine.services.appkeys import SETTINGS

ADMISSION_COOKIE: Final = "onsale_admission"
HOLD_COOKIE: Final = "onsale_hold"
ORDER_COOKIE: Final = "onsale_order"
TICKET_COOKIE: Final = "onsale_ticket"
ACCOUNT_COOKIE: Final = "onsale_account"
SIGNED_IN_COOKIE: Final = "onsale_signed_in"
ADMISSION_TTL_S: Final = 6 * 3600
HOLD_TTL_S: Final = 3600
ORDER_TTL_S: Final = 90 * 86400
TOKEN_CHARS_MAX: Final = 2048
MARK_BYTES: Final = 6  # another one at each sign-in, so that a script knows whose name it remembers


def keep_admission(request: web.Request, response: web.StreamResponse, text: str) -> None:
    rules(request).keep(response, ADMISSION_COOKIE, text, max_age_s=ADMISSION_TTL_S)


def keep_hold(request: web.Request, response: web.StreamResponse, hold_token: str) -> None:
    rules(request).keep(response, HOLD_COOKIE, hold_token, max_age_s=HOLD_TTL_S)


def drop_hold(request: web.Request, response: web.StreamResponse) -> None:
    rules(request).drop(response, HOLD_COOKIE)


def keep_account(request: web.Request, response: web.StreamResponse, refresh_token: str, *, days: int) -> None:
    """Sign this browser in."""
    told, lasts_s = rules(request), days * 86400
    told.keep(response, ACCOUNT_COOKIE, refresh_token, max_age_s=lasts_s)
    mark = secrets.token_urlsafe(MARK_BYTES)
    told.keep(response, SIGNED_IN_COOKIE, mark, max_age_s=lasts_s, for_scripts=True)


def drop_account(request: web.Request, response: web.StreamResponse) -> None:
    for name in (ACCOUNT_COOKIE, SIGNED_IN_COOKIE):
        rules(request).drop(response, name)


def order_path(order_id: str) -> str:
    """The path to which the cookie of one order is sent."""
    return f"/order/{order_id}"


def keep_order(request: web.Request, response: web.StreamResponse, order_id: str, order_token: str) -> None:
    """Three cookies of one name: this page, this order in the API, and the API's other addresses (tickets)."""
    told = rules(request)
    for path in (order_path(order_id), f"/v1/orders/{order_id}", "/v1"):
        # aiohttp keeps one cookie a name, so the header is written by hand.
        response.headers.add(
            "Set-Cookie",
            told.line(ORDER_COOKIE, order_token, max_age_s=ORDER_TTL_S, path=path),
        )


def keep_ticket(request: web.Request, response: web.StreamResponse, ticket_id: str, ticket_token: str) -> None:
    """For the addresses of this ticket alone."""
    line = rules(request).line(TICKET_COOKIE, ticket_token, max_age_s=ORDER_TTL_S, path=f"/ticket/{ticket_id}")
    response.headers.add("Set-Cookie", line)


def kept(request: web.Request, name: str) -> str | None:
    """What the visitor carries under this name, whichever of its spellings it was given."""
    return shown(request.cookies, name)


def rules(request: web.Request) -> CookieRules:
    """How the engine names and marks this visitor's cookies."""
    settings = request.config_dict[SETTINGS]
    return CookieRules.of(settings, settings.engine_url).at(request)
