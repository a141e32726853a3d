"""Whether this process lives and can work."""

from __future__ import annotations

from aiohttp import web

from admin.appkeys import SERVICES
from engine.foundation import operations


async def livez(_request: web.Request) -> web.Response:
    """The process turns."""
    return operations.alive()


async def readyz(request: web.Request) -> web.Response:
    """503 while a store that this app needs does not answer."""
    return await operations.ready(request.app[SERVICES].common.health)
