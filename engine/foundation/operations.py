"""What machines ask of every app: whether it lives, whether it can work, and its metrics."""

from __future__ import annotations

import hmac

from aiohttp import web

from engine.foundation import http, manners, metrics
from engine.foundation.address_limits import is_loopback
from engine.foundation.errors import Forbidden
from engine.foundation.health import Health


def alive() -> web.Response:
    """The process turns."""
    return http.json({"status": "alive"})


async def ready(health: Health) -> web.Response:
    """Each subsystem answers, or 503 with which one does not."""
    ok, document = await health.report()
    return http.json(document, 200 if ok else 503, headers={"Cache-Control": "no-store"})


async def scrape(request: web.Request, token: str, health: Health) -> web.Response:
    """Prometheus metrics for anybody who brings the token; if there is none, for loopback. Forbidden.

    Who came through a proxy is not on loopback, whatever its connection says and whether or not the proxy is trusted.
    The subsystems are looked at first: ``onsale_subsystem_up`` is what is so, not what was when /readyz was last asked.
    """
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    known = hmac.compare_digest(given.encode(), token.encode())
    here = not manners.came_through_a_proxy(request) and is_loopback(request.remote or "")
    if not (known if token else here):
        raise Forbidden
    await health.report()
    body, content_type = metrics.exposition()
    return web.Response(body=body, headers={"Content-Type": content_type})
