"""The outermost layer of every route. Hot ones go without the middleware: a poll must cost what a bare GET costs.

Applied to handlers and not as a middleware, so that a route can do without. A refusal or fault on a hot route takes the
same way out as everywhere: the foundation's boundary.
"""

from __future__ import annotations

import functools

from aiohttp import web

from engine.foundation.errors import MethodRefused, NotFound
from engine.foundation.http import Handler, boundary
from waitingroom.appkeys import SETTINGS


def guarded(handler: Handler) -> Handler:
    """With request id, problem documents, counts and times."""

    @functools.wraps(handler)
    async def inside(request: web.Request) -> web.StreamResponse:
        response = await boundary(request, handler)
        if "Origin" in request.headers and not response.prepared:
            allow_origin(request, response)
        return response

    return inside


def lean(handler: Handler) -> Handler:
    """Only what fails goes through the boundary; what succeeds echoes a request id where one was sent."""

    @functools.wraps(handler)
    async def inside(request: web.Request) -> web.StreamResponse:
        try:
            response = await handler(request)
        except Exception as error:  # noqa: BLE001 - the boundary tells refusals from faults
            return await boundary(request, _raising(error))
        request_id = request.headers.get("X-Request-Id")
        if request_id is not None and not response.prepared and len(request_id) <= 128 and request_id.isprintable():  # noqa: PLR2004
            response.headers["X-Request-Id"] = request_id
        return response

    return inside


def allow_origin(request: web.Request, response: web.StreamResponse) -> None:
    """Let the pages of our other two origins read this answer."""
    settings = request.config_dict[SETTINGS]
    origin = request.headers.get("Origin")
    if origin in {settings.engine_url, settings.admin_url} and "Access-Control-Allow-Origin" not in response.headers:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers.add("Vary", "Origin")


def _raising(error: Exception) -> Handler:
    async def fail(_request: web.Request) -> web.StreamResponse:
        raise error

    return fail


async def nothing_here(request: web.Request) -> web.StreamResponse:
    """Every other address: 405 where another method is served there, else 404."""
    allowed: set[str] = set()
    for resource in request.app.router.resources():
        if resource.canonical == "/{rest}":
            continue
        _, methods = await resource.resolve(request)
        allowed |= methods
    if allowed:
        raise MethodRefused(headers={"Allow": ", ".join(sorted(allowed))})
    raise NotFound
