"""What is asked of a request before its handler sees it, and of every answer before it leaves. One table row a route.

CrossSite    403 cross_site: a page of another site made a browser send this
TooManyOpen  429 too_many_open: as many streams as a block may have open are open

A route comes into an application by ``serve``, which takes its manners along; the boundary (http.py) looks them up. So
nothing is served without a class in ``limits_table``, and what follows from the class is written once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from engine.foundation import cors, forwarded
from engine.foundation.address_limits import Limits
from engine.foundation.errors import Forbidden, TooMany, UnsupportedMedia
from engine.foundation.limits_table import LIMITS as TABLE
from engine.foundation.limits_table import RouteClass

JSON: Final = frozenset({"application/json"})
FORM: Final = frozenset({"application/x-www-form-urlencoded"})
UPLOAD: Final = FORM | {"multipart/form-data"}
PRIVATE: Final = "private, no-store"
SHARED: Final = "public, max-age=1, stale-while-revalidate=10"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN_RETRY_S: Final = 30
CROSS_SITE: Final = "cross-site"
OK, NOT_MODIFIED = 200, 304
# As clients spell it: a look in here is cheaper than taking a header apart.
JSON_SPELLINGS: Final = frozenset(
    {"application/json", "application/json; charset=utf-8", "application/json;charset=utf-8"}
    | {"application/json; charset=UTF-8", "application/json;charset=UTF-8"}
)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class CrossSite(Forbidden):
    code, title = "cross_site", "A page of another site may not do this"


class TooManyOpen(TooMany):
    code, title = "too_many_open", "Too many streams are open to your part of the network: poll instead"


@dataclass(frozen=True, slots=True)
class Manners:
    """``takes``: media types of a body, None if the handler looks itself. ``counts``: the handler counts by itself.

    ``from_anywhere``: callers are no browsers, and prove themselves otherwise (webhooks).
    """

    limit: RouteClass
    takes: frozenset[str] | None = JSON
    counts: bool = False
    from_anywhere: bool = False


@dataclass(frozen=True, slots=True)
class Trust:
    """``forwarded``: our own proxy writes callers' addresses. ``origins``: our own, whatever site they are on.

    ``readers``: other sites whose pages may call the API (``cors``).
    """

    forwarded: bool = False
    origins: frozenset[str] = frozenset()
    readers: frozenset[str] = frozenset()


PAGE: Final = Manners("page", takes=FORM)
FILE: Final = Manners("free")
PREFLIGHT: Final = Manners("read", takes=None)
NOWHERE: Final = Manners("nowhere", takes=None)
MANNERS: Final[web.AppKey[dict[web.AbstractRoute, Manners]]] = web.AppKey("manners")
TRUST: Final = web.AppKey("trust", Trust)
LIMITS: Final = web.AppKey("limits", Limits)


def setup(app: web.Application, trust: Trust) -> None:
    """An application whose every answer is dressed; routes are added afterwards."""
    app[TRUST] = trust
    app.on_response_prepare.append(dress)


def serve(app: web.Application, method: str, path: str, handler: Handler, manners: Manners) -> None:
    """Register a route. GET answers HEAD too."""
    if MANNERS not in app:
        app[MANNERS] = {}
    for each in ("GET", "HEAD") if method == "GET" else (method,):
        app[MANNERS][app.router.add_route(each, path, handler)] = manners


def of(request: web.Request) -> Manners:
    """Those of the route that was found."""
    table = request.app.get(MANNERS)
    return NOWHERE if table is None else table.get(request.match_info.route, NOWHERE)


def check(request: web.Request, manners: Manners) -> None:
    """CrossSite; UnsupportedMedia for a body that is not what this route reads."""
    if request.method in SAFE:
        return
    headers = request.headers
    trust = request.app.get(TRUST)
    reader = trust is not None and cors.is_from(request, trust.readers)
    if reader and "Cookie" in headers:
        raise CrossSite("A page of another site proves itself by a token, never by a cookie")
    stranger = trust is None or headers.get("Origin") not in trust.origins
    if headers.get("Sec-Fetch-Site") == CROSS_SITE and stranger and not (manners.from_anywhere or reader):
        raise CrossSite
    if manners.takes is not None and request.body_exists and request.content_type not in manners.takes:
        raise UnsupportedMedia(f"Send the body as {' or '.join(sorted(manners.takes))}")


def is_plain(request: web.Request) -> bool:
    """Whether ``check`` would let JSON or nothing pass, by a glance: what is not plain must be looked at properly."""
    headers = request.headers
    if headers.get("Sec-Fetch-Site") == CROSS_SITE:
        return False
    return headers.get("Content-Type") in JSON_SPELLINGS or not request.body_exists


def counted(request: web.Request, manners: Manners) -> Awaitable[None] | None:
    """Count the request against its block. What to wait for if it came too early, None if it did not. SlowDown."""
    limits = request.app.get(LIMITS)
    if limits is None or manners.counts or not TABLE[manners.limit].is_limited:
        return None
    counter, address = limits.of(manners.limit), address_of(request, request.app[TRUST].forwarded)
    return None if counter.passes(address) else counter.admit(address)


def opened(request: web.Request, manners: Manners) -> AbstractContextManager[None] | None:
    """What counts an answer that stays open as long as it does; None if this one does not. Entering it: TooManyOpen."""
    limits = request.app.get(LIMITS)
    if limits is None or not TABLE[manners.limit].at_once:
        return None
    address = address_of(request, request.app[TRUST].forwarded)
    return limits.open_of(manners.limit).opened(address, lambda: TooManyOpen(retry_after_s=OPEN_RETRY_S))


def address_of(request: web.Request, forwarded_counts: bool) -> str:
    """The caller's address; X-Forwarded-For counts only behind our own proxy."""
    if forwarded_counts and forwarded.HEADER in request.headers:
        return forwarded.address_of(request.headers.getall(forwarded.HEADER))
    return request.remote or forwarded.UNKNOWN


def came_through_a_proxy(request: web.Request) -> bool:
    """Whether anybody stood between: then the connection's address says nothing of the caller."""
    return any(name in request.headers for name in forwarded.SIGNS_OF_A_PROXY)


async def dress(request: web.Request, response: web.StreamResponse) -> None:
    """What every answer carries: no word of our software, no guessing of types, who may keep it if it does not say."""
    headers = response.headers
    headers.pop("Server", None)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    if cors.is_from(request, request.app[TRUST].readers):
        vary = ", ".join(filter(None, (headers.get("Vary", ""), "Origin")))
        headers.update({**cors.allowed(request), "Vary": vary})
    if "Cache-Control" not in headers:
        if response.status in {OK, NOT_MODIFIED} and _is_shared(request):
            headers["Cache-Control"] = SHARED
        elif response.status != NOT_MODIFIED:  # which leaves what the caller was told before
            headers["Cache-Control"] = PRIVATE


def _is_shared(request: web.Request) -> bool:
    asked = request.headers
    if request.method not in {"GET", "HEAD"} or "Authorization" in asked or "Cookie" in asked:
        return False
    return TABLE[of(request).limit].shared
