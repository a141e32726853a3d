"""Double-submit protection of forms: a random text in a cookie and the same text in the form.

Another site can make a browser post our forms, with our cookies, but cannot read the cookie to repeat it:
FormForged 403 form_forged.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from engine.foundation.cookies import CookieRules
from engine.foundation.errors import Forbidden
from engine.foundation.speech.tongue import later
from engine.pages import cookies

CSRF_COOKIE: Final = "onsale_csrf"
CSRF_FIELD: Final = "csrf"
CSRF_BYTES: Final = 24
_SANE = re.compile(r"[A-Za-z0-9_-]{32}\Z")
_FRESH: Final = web.RequestKey("csrf_fresh", str)


class FormForged(Forbidden):
    code, title = "form_forged", later("This form is too old or came from elsewhere: reload the page and send it again")


def token(request: web.Request) -> str:
    """The text to put in this page's forms; the visitor's own if they have one already."""
    kept = own_token(request, cookies.rules(request))
    if kept is not None:
        return kept
    fresh: str | None = request.get(_FRESH)
    if fresh is None:
        fresh = request[_FRESH] = fresh_token()
    return fresh


def fresh_token() -> str:
    """A text for somebody who has none yet."""
    return secrets.token_urlsafe(CSRF_BYTES)


def own_token(request: web.Request, rules: CookieRules) -> str | None:
    """The text that this visitor has already; asked before the request is routed, too."""
    kept = rules.own(request, CSRF_COOKIE)
    return kept if _SANE.match(kept) else None


def cookie_line(rules: CookieRules, text: str) -> str:
    """The header that gives it, for answers that are made by hand."""
    secure = "; Secure" if rules.secure else ""
    return f"Set-Cookie: {rules.name(CSRF_COOKIE)}={text}; HttpOnly; Path=/; SameSite=Strict{secure}\r\n"


def keep(request: web.Request, response: web.StreamResponse) -> None:
    """Give the visitor the cookie if ``token`` made a fresh one for this page."""
    fresh = request.get(_FRESH)
    if fresh is not None:
        cookies.rules(request).keep(response, CSRF_COOKIE, fresh, max_age_s=None, same_site="Strict")
        response.headers["Cache-Control"] = "private, no-store"


def check(request: web.Request, form: Mapping[str, Any]) -> None:
    """FormForged unless the form repeats the cookie."""
    kept = cookies.rules(request).own(request, CSRF_COOKIE)
    given = str(form.get(CSRF_FIELD, ""))
    if not _SANE.match(kept) or not hmac.compare_digest(kept.encode(), given.encode()):
        raise FormForged
