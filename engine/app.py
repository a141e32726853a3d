"""The engine's process: every floor of the checkout engine and the fans' pages under one aiohttp application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web

from engine import pages
from engine.foundation import bodies, followers, http, manners
from engine.foundation.cookies import promise_tls, tls_promise
from engine.foundation.shelf import SHELF, Shelf
from engine.services import appkeys
from engine.services.wiring import Services, open_services
from engine.settings import Settings
from engine.web import callers, openapi, operations, route, routes

KEYS = {name.lower(): key for name, key in vars(appkeys).items() if isinstance(key, web.AppKey)}


def create_app(settings: Settings) -> web.Application:
    """The application; it connects when it starts and closes in reverse."""
    app = web.Application(client_max_size=bodies.BODY_BYTES_CEILING, middlewares=[http.boundary])
    app[appkeys.SETTINGS] = settings
    manners.setup(app, manners.Trust(settings.trust_forwarded, settings.origins, settings.readers))
    app[SHELF] = Shelf({"X-Content-Type-Options": "nosniff", **tls_promise(settings.engine_url)})
    app[operations.CONTRACT] = lambda: openapi.document_bytes(routes.ROUTES)
    route.add(app, routes.ROUTES)
    pages.setup(app)
    app.cleanup_ctx.append(_services)
    app.on_shutdown.append(_answer_who_waits)
    promise_tls(app, settings.engine_url)
    callers.keep_visitors(app)
    return app


async def _services(app: web.Application) -> AsyncIterator[None]:
    async with open_services(app[appkeys.SETTINGS]) as services:
        install(app, services)
        services.sale.selling.follow(app[SHELF].forget)
        money = services.money
        under_way = [
            asyncio.create_task(each())
            for each in (services.sale.crowding.tell, money.order_news.listen, money.order_waits.sweep)
        ]
        yield
        await followers.end(*under_way)


async def _answer_who_waits(app: web.Application) -> None:
    app[appkeys.ORDER_WAITS].close()


def install(app: web.Application, services: Services) -> None:
    """Hand every service to the handlers under its key; key and field have one name."""
    found = services.by_name()
    missing = KEYS.keys() - found.keys()
    assert not missing, f"no wing has a service for {sorted(missing)}"
    for name, key in KEYS.items():
        if key not in app:
            app[key] = found[name]
