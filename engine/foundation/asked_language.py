"""Which language a request is answered in: its address says so (``?lang=fr``), else its cookie, else its browser."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from engine.foundation.cookies import CookieRules, shown
from engine.foundation.speech import tongue
from engine.foundation.world.languages import choose, known

FIELD: Final = "lang"
_NAMES: Final = f"{FIELD}="
COOKIE: Final = "onsale_language"
COOKIE_TTL_S: Final = 365 * 86400
TAG_CHARS_MAX: Final = 20
# A page without the language in its address is another one for those who read something else.
VARY: Final = "Accept-Encoding, Accept-Language, Cookie"


def named(request: web.Request) -> str | None:
    """The language that the address names; None if it names none of ours."""
    if _NAMES not in request.raw_path:  # nearly always, and a glance is cheaper than taking the address apart
        return None
    return known(request.query.get(FIELD, "")[:TAG_CHARS_MAX])


def language(request: web.Request) -> str:
    """The language of the answer."""
    tag = named(request)
    if tag is not None:
        return tag
    headers = request.headers
    if COOKIE in headers.get("Cookie", ""):
        tag = known((shown(request.cookies, COOKIE) or "")[:TAG_CHARS_MAX])
        if tag is not None:
            return tag
    return choose(headers.get("Accept-Language", ""))


def speak(request: web.Request) -> str:
    """Answer this request in its language, which is returned."""
    tag = language(request)
    tongue.speak(tag)
    return tag


def cookie_line(rules: CookieRules, tag: str) -> str:
    """The value of the Set-Cookie header by which a browser keeps the language. It holds nothing of anybody."""
    secure = "; Secure" if rules.secure else ""
    return f"{rules.name(COOKIE)}={tag}; HttpOnly; Max-Age={COOKIE_TTL_S}; Path=/; SameSite=Lax{secure}"
