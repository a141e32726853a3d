"""Whether this process lives and can work."""

from __future__ import annotations

from aiohttp import web

from admin.appkeys import SERVICES
from engine.foundation import http


async def livez(_request: web.Request) -> web.Response:
    return http.json({"status": "alive"})


async def readyz(request: web.Request) -> web.Response:
    """503 while a store that this app needs does not answer."""
    ready, document = await request.app[SERVICES].health.report()
    return http.json(document, 200 if ready else 503, headers={"Cache-Control": "no-store"})
