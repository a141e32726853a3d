"""Who asks for a hold: what the route and the express path read from a request, each of it once."""

from __future__ import annotations

from aiohttp import web

from engine.foundation import http
from engine.foundation.idempotency import key_of
from engine.services.sale.takers import Taker, Takers
from engine.web import auth


class HoldCaller(Taker):
    """``key`` is the caller's own among those of ``principal``; ``admission`` the token as sent."""

    key: str = ""
    principal: str = ""
    admission: str | None = None

    @classmethod
    def of_request(cls, request: web.Request, takers: Takers) -> HoldCaller:
        """From the headers, before routing too. IdempotencyKeyRequired; Unauthenticated for a bad bearer token."""
        key = key_of(request)
        address = http.client_address(request, trust_forwarded=takers.trust_forwarded)
        principal, admission = auth.buyer(request, bearers=takers.bearers, trust_forwarded=takers.trust_forwarded)
        return cls(address, takers.block(address), False, key, principal, admission)
