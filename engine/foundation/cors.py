"""Pages of other sites that may call the API from their visitors' browsers (CORS): those that the settings name.

Never with cookies: no answer allows credentials, and a request that changes something and shows a cookie is refused as
any other site's (``manners.check``). A page proves who asks by a token, as a program does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from engine.foundation.settings import is_loopback

ORIGINS_MAX: Final = 20
PREFLIGHT_S: Final = 600  # a browser remembers what it was told
API: Final = ("/v1/", "/api/")
METHODS: Final = "GET, HEAD, POST, PUT, PATCH, DELETE"
ASKED_WITH: Final = (
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, X-Entry-Token, "
    "X-Hold-Token, X-Order-Token, X-Request-Id, X-Ticket-Token"
)
SHOWN: Final = "ETag, Idempotent-Replayed, Location, Retry-After, X-Request-Id"


def origins_in(text: str) -> Iterator[str]:
    """The origins of a setting, parted by blanks or commas. ValueError for what is none, and for too many."""
    found = text.replace(",", " ").split()
    if len(found) > ORIGINS_MAX:
        raise ValueError(f"at most {ORIGINS_MAX} origins")
    for origin in found:
        parts = urlsplit(origin)
        safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
        if not safe or not parts.hostname or origin != f"{parts.scheme}://{parts.netloc}" or "@" in parts.netloc:
            raise ValueError("an origin is https://host or https://host:port, nothing after it")
        yield origin.lower()


def is_from(request: web.BaseRequest, readers: frozenset[str]) -> bool:
    """Whether a page of one of these sites calls the API."""
    return bool(readers) and request.headers.get("Origin") in readers and request.path.startswith(API)


def is_preflight(request: web.BaseRequest, readers: frozenset[str]) -> bool:
    """Whether a browser asks on behalf of such a page what it may send."""
    return (
        request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers and is_from(request, readers)
    )


async def preflight(_request: web.Request) -> web.Response:
    """What it may send. That it may read the answer is said of every answer to it (``manners.dress``)."""
    headers = {
        "Access-Control-Allow-Methods": METHODS,
        "Access-Control-Allow-Headers": ASKED_WITH,
        "Access-Control-Max-Age": str(PREFLIGHT_S),
    }
    return web.Response(status=204, headers=headers)


def allowed(request: web.BaseRequest) -> dict[str, str]:
    """What lets such a page read an answer."""
    return {
        "Access-Control-Allow-Origin": request.headers["Origin"],
        "Access-Control-Expose-Headers": SHOWN,
        "Vary": "Origin",
    }


def head(request: web.BaseRequest) -> bytes:
    """The same as header lines, for answers that are made by hand."""
    return "".join(f"{name}: {value}\r\n" for name, value in allowed(request).items()).encode("ascii")
