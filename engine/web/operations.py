"""What machines ask: alive, ready, metrics, the contract."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from aiohttp import web

from engine.foundation import operations
from engine.services.appkeys import HEALTH, SETTINGS
from engine.web.route import Route

# The document of the whole table, this one's rows among them: the application hands it in.
CONTRACT: Final[web.AppKey[Callable[[], bytes]]] = web.AppKey("contract")


async def alive(_request: web.Request) -> web.Response:
    """The process runs."""
    return operations.alive()


async def ready(request: web.Request) -> web.Response:
    """Each subsystem answers, or 503 with which one does not."""
    return await operations.ready(request.config_dict[HEALTH])


async def scrape(request: web.Request) -> web.Response:
    """Prometheus metrics, for loopback or the metrics token."""
    settings, health = request.config_dict[SETTINGS], request.config_dict[HEALTH]
    token = settings.metrics_token.get_secret_value()
    return await operations.scrape(request, token, health)


async def contract(request: web.Request) -> web.Response:
    """The OpenAPI document."""
    return web.Response(body=request.config_dict[CONTRACT](), content_type="application/json")


ROUTES: tuple[Route, ...] = (
    Route("GET", "/livez", alive, "operations", "life"),
    Route("GET", "/readyz", ready, "operations", "life"),
    Route("GET", "/metrics", scrape, "operations", "life", content_type="text/plain"),
    Route("GET", "/openapi.json", contract, "operations", "life"),
)
