"""Who asks for a hold: what the route and the express path read from a request, each of it once."""

from __future__ import annotations

from aiohttp import web
from msgspec import Struct

from engine.foundation.idempotency import key_of
from engine.services.sale.hold_endpoint import HoldEndpoint
from engine.web import auth


class HoldCaller(Struct, frozen=True):
    """``key`` is the caller's own among those of ``principal``; ``admission`` the token as sent."""

    key: str
    principal: str
    admission: str | None

    @classmethod
    def of(cls, request: web.Request, endpoint: HoldEndpoint) -> HoldCaller:
        """From the headers, before routing too. IdempotencyKeyRequired; Unauthenticated for a bad bearer token."""
        key = key_of(request)
        return cls(key, *auth.buyer(request, bearers=endpoint.bearers, trust_forwarded=endpoint.trust_forwarded))
