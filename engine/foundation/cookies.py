"""Cookies by what their names promise: ``__Host-`` or ``__Secure-`` if they were set over TLS.

A browser takes a cookie of such a name over TLS only, and ``__Host-`` from nobody but the host itself, for all of it:
no page of a neighbouring name can put one of its own in its place.

A page of ours inside of another site's page has cookies that the browser keeps for that site alone (``Partitioned``).
Its script sets FRAMED, of that kind: a visit that shows it gets ours of that kind too (docs/decisions, 0034).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Literal

from aiohttp import web

from engine.foundation.settings import SharedSettings, is_https

HSTS_S = 31_536_000
_STRICT = {"Strict-Transport-Security": f"max-age={HSTS_S}"}
FRAMED: Final = "onsale_framed"
SameSite = Literal["Lax", "Strict"]


@dataclass(frozen=True, slots=True)
class CookieRules:
    """How one app names and marks its cookies. ``named``: its own address is https.

    ``framed``: for a visitor who sees it inside of another site's page.
    """

    secure: bool
    named: bool
    framed: bool = False

    @classmethod
    def of(cls, settings: SharedSettings, address: str) -> CookieRules:
        """The rules of the app that people reach at ``address``."""
        return cls(settings.secure_cookies, settings.secure_cookies and is_https(address))

    def at(self, request: web.Request) -> CookieRules:
        """The rules for this visit."""
        if FRAMED in request.headers.get("Cookie", "") and self.own(request, FRAMED):
            return replace(self, framed=True)
        return self

    def name(self, base: str, path: str = "/") -> str:
        """What the cookie is called for this path."""
        if not self.named:
            return base
        return ("__Host-" if path == "/" else "__Secure-") + base

    def keep(
        self,
        response: web.StreamResponse,
        base: str,
        value: str,
        *,
        max_age_s: int | None,
        same_site: SameSite = "Lax",
        for_scripts: bool = False,
    ) -> None:
        """Set it for the whole app, out of reach of scripts unless it is for them."""
        if self.framed:
            line = self.line(base, value, max_age_s=max_age_s, for_scripts=for_scripts)
            response.headers.add("Set-Cookie", line)
            return
        response.set_cookie(
            self.name(base),
            value,
            max_age=max_age_s,
            httponly=not for_scripts,
            samesite=same_site,
            secure=self.secure,
            path="/",
        )

    def drop(self, response: web.StreamResponse, base: str) -> None:
        """Have the browser forget it."""
        if self.framed:
            response.headers.add("Set-Cookie", self.line(base, "", max_age_s=0))
            return
        response.del_cookie(self.name(base), path="/", secure=self.secure, httponly=True)

    def line(
        self,
        base: str,
        value: str,
        *,
        max_age_s: int | None,
        same_site: SameSite = "Lax",
        path: str = "/",
        for_scripts: bool = False,
    ) -> str:
        """The value of the header that sets it, for answers that are made by hand."""
        lasts = "" if max_age_s is None else f"Max-Age={max_age_s}; "
        hidden = "" if for_scripts else "HttpOnly; "
        return f"{self.name(base, path)}={value}; {hidden}{lasts}Path={path}; {self.marks(same_site)}"

    def marks(self, same_site: SameSite = "Lax") -> str:
        """Where the browser sends it to. Inside of another site's page it is that site's visitor's alone."""
        if self.framed:
            return "SameSite=None; Secure; Partitioned"
        return f"SameSite={same_site}" + ("; Secure" if self.secure else "")

    def own(self, request: web.Request, base: str) -> str:
        """Its value under the name that this app gives it and no other; empty if there is none."""
        return request.cookies.get(self.name(base), "")


def shown(cookies: Mapping[str, str], base: str) -> str | None:
    """The value under any of its names, the safest first: for tokens that prove themselves, anybody who set them."""
    if not cookies:
        return None
    for name in _names(base):
        if name in cookies:
            return cookies[name]
    return None


def promise_tls(app: web.Application, address: str) -> None:
    """Browsers that came over TLS once never come without it again (HSTS)."""
    if is_https(address):
        app.on_response_prepare.append(_strict)


def tls_promise(address: str) -> dict[str, str]:
    """The same as a header, for answers that are made by hand; none without TLS."""
    return _STRICT if is_https(address) else {}


async def _strict(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_STRICT)


@lru_cache(maxsize=4096)
def _names(base: str) -> tuple[str, str, str]:
    return "__Host-" + base, "__Secure-" + base, base
