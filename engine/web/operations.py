"""What machines ask: alive, ready, metrics, the contract."""

from __future__ import annotations

import hmac
import ipaddress

from aiohttp import web

from engine.foundation import http, metrics
from engine.foundation.errors import Forbidden
from engine.services.appkeys import HEALTH, SETTINGS
from engine.web import openapi
from engine.web.auth import client_address
from engine.web.wire import Route


async def alive(_request: web.Request) -> web.Response:
    """The process runs."""
    return http.json({"status": "alive"})


async def ready(request: web.Request) -> web.Response:
    """Each subsystem answers, or 503 with which one does not."""
    ok, document = await request.config_dict[HEALTH].report()
    return http.json(document, 200 if ok else 503, headers={"Cache-Control": "no-store"})


async def scrape(request: web.Request) -> web.Response:
    """Prometheus metrics, for loopback or the metrics token."""
    token = request.config_dict[SETTINGS].metrics_token.get_secret_value()
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    allowed = hmac.compare_digest(given.encode(), token.encode()) if token else _is_loopback(client_address(request))
    if not allowed:
        raise Forbidden
    body, content_type = metrics.exposition()
    return web.Response(body=body, headers={"Content-Type": content_type})


async def contract(_request: web.Request) -> web.Response:
    """The OpenAPI document."""
    return web.Response(body=openapi.document_bytes(), content_type="application/json")


def _is_loopback(address: str | None) -> bool:
    return address is not None and ipaddress.ip_address(address).is_loopback


ROUTES = (
    Route("GET", "/livez", alive, who="operations"),
    Route("GET", "/readyz", ready, who="operations"),
    Route("GET", "/metrics", scrape, who="operations", content_type="text/plain"),
    Route("GET", "/openapi.json", contract, who="operations"),
)
