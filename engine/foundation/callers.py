"""Where a request comes from, as far as it can be told: what is kept with an order."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from engine.foundation import http


@dataclass(frozen=True, slots=True)
class Caller:
    """``address`` is None if the connection has none; ``user_agent`` is as sent, of any length."""

    address: str | None = None
    user_agent: str = ""
    request_id: str = ""


UNKNOWN = Caller()


def caller_of(request: web.Request, *, trust_forwarded: bool) -> Caller:
    """The caller of this request; for ``trust_forwarded`` see ``http.client_address``."""
    address = http.client_address(request, trust_forwarded=trust_forwarded)
    return Caller(
        address=None if address == "unknown" else address,
        user_agent=request.headers.get("User-Agent", ""),
        request_id=request.get(http.REQUEST_ID, ""),
    )
