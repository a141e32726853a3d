"""What machines ask: alive, ready, metrics, the contract."""

from __future__ import annotations

from aiohttp import web

from engine.foundation import operations
from engine.services.appkeys import HEALTH, SETTINGS
from engine.web import openapi
from engine.web.route import Route


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
    return await operations.scrape(request, token, health, trust_forwarded=settings.trust_forwarded)


async def contract(_request: web.Request) -> web.Response:
    """The OpenAPI document."""
    return web.Response(body=openapi.document_bytes(), content_type="application/json")


ROUTES = (
    Route("GET", "/livez", alive, who="operations"),
    Route("GET", "/readyz", ready, who="operations"),
    Route("GET", "/metrics", scrape, who="operations", content_type="text/plain"),
    Route("GET", "/openapi.json", contract, who="operations"),
)
