"""The engine's process: every floor of the checkout engine and the fans' pages under one aiohttp application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web

from engine import pages
from engine.foundation import http
from engine.services import appkeys
from engine.services.wiring import Services, open_services
from engine.settings import Settings
from engine.web import route, routes

# Fields of Services by the AppKey a handler asks with; names are the same on both sides.
_KEYS = {name.lower(): key for name, key in vars(appkeys).items() if isinstance(key, web.AppKey) and name != "SETTINGS"}


def create_app(settings: Settings) -> web.Application:
    """The application; it connects when it starts and closes in reverse."""
    app = web.Application(client_max_size=http.BODY_BYTES_CEILING, middlewares=[http.boundary])
    app[appkeys.SETTINGS] = settings
    route.add(app, routes.ROUTES)
    pages.setup(app)
    app.cleanup_ctx.append(_services)
    return app


async def _services(app: web.Application) -> AsyncIterator[None]:
    async with open_services(app[appkeys.SETTINGS]) as services:
        install(app, services)
        telling = asyncio.create_task(services.sale.crowding.tell())
        yield
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)


def install(app: web.Application, services: Services) -> None:
    """Hand every service to the handlers under its key."""
    for name, key in _KEYS.items():
        service: Any = getattr(services, name, None)
        if service is not None:
            app[key] = service
