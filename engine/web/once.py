"""A request that was sent twice is done once: the rows of the contract that keep to an Idempotency-Key are run here.

The key belongs to who shows it, under the capability they show, and to method and path; the query string counts as a
part of the body. What a refusal left unwritten keeps no answer (engine/foundation/idempotency.py).
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from engine.foundation import bodies, errors
from engine.foundation.idempotency import key_of, scope_of
from engine.services.appkeys import IDEMPOTENCY
from engine.web import auth

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
HEADER: Final = "Idempotency-Key"
SCOPE: Final = web.RequestKey("once_scope", bytes)  # names the request: what it makes may carry the name


def kept(handler: Handler, *, signed_in: bool, demanded: bool, body_bytes_max: int) -> Handler:
    """The handler, run once for each key. ``demanded``: a request without one is refused (IdempotencyKeyRequired).

    ``signed_in``: who asks must be known before anything else is looked at. ``body_bytes_max`` of the longest body
    that the handler itself would take.
    """

    @functools.wraps(handler)
    async def inside(request: web.Request) -> web.StreamResponse:
        if not demanded and HEADER not in request.headers:
            return await handler(request)
        if signed_in:
            auth.person(request)
        scope = request[SCOPE] = scope_of(_asker(request), request, key_of(request))
        raw = await bodies.keep(request, body_bytes_max)

        async def run() -> web.Response:
            response = await handler(request)
            assert isinstance(response, web.Response), "a stream cannot be repeated"
            return response

        said = raw + b"?" + request.query_string.encode() if request.query_string else raw
        return await request.config_dict[IDEMPOTENCY].once(scope, said, run)

    return inside


def _asker(request: web.Request) -> str:
    """Who asks, with the capabilities shown: another's key opens nothing, and neither does another token's."""
    shown = (auth.principal(request), auth.hold_token(request) or "", auth.order_token(request) or "")
    return "\0".join(shown)


REFUSALS: Final = (errors.IdempotencyKeyRequired, errors.IdempotencyKeyReused, errors.IdempotencyInFlight)
