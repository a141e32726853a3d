"""Life signs, metrics, the contract as OpenAPI, and the preflights of pages on our other origins."""

from __future__ import annotations

from aiohttp import web

from engine.foundation import http, operations
from waitingroom import page
from waitingroom.appkeys import CONTRACT, HEALTH, SETTINGS
from waitingroom.guard import allow_origin
from waitingroom.openapi import as_page

PREFLIGHT_MAX_AGE_S = 600


async def livez(_request: web.Request) -> web.Response:
    """The process turns."""
    return operations.alive()


async def readyz(request: web.Request) -> web.Response:
    """Redis and Postgres answer."""
    return await operations.ready(request.config_dict[HEALTH])


async def metrics(request: web.Request) -> web.Response:
    """Prometheus. Forbidden from elsewhere than loopback without the token."""
    settings, health = request.config_dict[SETTINGS], request.config_dict[HEALTH]
    token = settings.metrics_token.get_secret_value()
    return await operations.scrape(request, token, health)


async def openapi(request: web.Request) -> web.Response:
    """The contract."""
    return http.json(request.config_dict[CONTRACT]())


async def docs(request: web.Request) -> web.Response:
    """The contract for people."""
    response = web.Response(text=as_page(request.config_dict[CONTRACT]()), content_type="text/html")
    page.guard(request, response)
    return response


async def preflight(request: web.Request) -> web.Response:
    """Answer a browser that asks before it sends."""
    response = web.Response(status=204)
    allow_origin(request, response)
    if "Access-Control-Allow-Origin" in response.headers:
        response.headers["Access-Control-Allow-Methods"] = "GET, POST, PATCH"
        response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type, X-Request-Id"
        response.headers["Access-Control-Max-Age"] = str(PREFLIGHT_MAX_AGE_S)
    return response
