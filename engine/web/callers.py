"""Who an Idempotency-Key belongs to if nobody says who asks: a visitor, known by a cookie that the first answer sets.

Never an address: behind one there are strangers, and who repeats another's key would be handed their tokens. A caller
without cookies is the visitor of its connection, as long as connections are not shared: behind a proxy of our own
(``trust_forwarded``) they are, and such a caller is somebody new each time.
"""

from __future__ import annotations

import re
import secrets
from typing import Final

from aiohttp import web

from engine.foundation.cookies import CookieRules, shown
from engine.foundation.express import ExpressProtocol
from engine.services.appkeys import SETTINGS
from engine.settings import Settings

CALLER_COOKIE: Final = "onsale_caller"
CALLER_BYTES: Final = 18
KEPT_S: Final = 24 * 3600  # as long as answers are kept
_SANE: Final = re.compile(r"[A-Za-z0-9_-]{24}\Z")
# Who was made up for this request and is not known by a cookie yet.
FRESH: Final = web.RequestKey("fresh_caller", str)


def visitor(request: web.Request, *, trust_forwarded: bool) -> str:
    """The visitor that the cookie names, or a new one whom the answer gives a cookie."""
    known = shown(request.cookies, CALLER_COOKIE)
    if known is not None and _SANE.match(known):
        return known
    connection = None if trust_forwarded else request.protocol
    if not isinstance(connection, ExpressProtocol):
        fresh = secrets.token_urlsafe(CALLER_BYTES)
    else:
        fresh = connection.visitor = connection.visitor or secrets.token_urlsafe(CALLER_BYTES)
    request[FRESH] = fresh
    return fresh


def keep_visitors(app: web.Application) -> None:
    """Answers give fresh visitors their cookie."""
    app.on_response_prepare.append(_keep)


async def _keep(request: web.Request, response: web.StreamResponse) -> None:
    fresh = request.get(FRESH)
    if fresh is not None:  # by hand: aiohttp has written its own cookies by now
        response.headers.add("Set-Cookie", _cookie(request, fresh, request.config_dict[SETTINGS]))


def cookie_line(request: web.Request, settings: Settings) -> bytes:
    """The same as a line of a ready head; nothing if the visitor is known."""
    fresh = request.get(FRESH)
    return b"" if fresh is None else f"Set-Cookie: {_cookie(request, fresh, settings)}\r\n".encode()


def _cookie(request: web.Request, visitor: str, settings: Settings) -> str:
    rules = CookieRules.of(settings, settings.engine_url).at(request)
    return rules.line(CALLER_COOKIE, visitor, max_age_s=KEPT_S)
