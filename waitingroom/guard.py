"""The outermost layer of every route. Hot ones go without the middleware: a poll must cost what a bare GET costs.

Applied to handlers and not as a middleware, so that a route can do without. A refusal or fault on a hot route takes the
same way out as everywhere: the foundation's boundary.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Concatenate, ParamSpec

from aiohttp import web

from engine.foundation import manners
from engine.foundation.errors import MethodRefused, NotFound, Refusal
from engine.foundation.http import REQUEST_ID_CHARS_MAX, Handler, explained
from engine.foundation.manners import Manners
from waitingroom.appkeys import SETTINGS

Rest = ParamSpec("Rest")
_Handler = Callable[Concatenate[web.Request, Rest], Awaitable[web.StreamResponse]]


def guarded(handler: Handler) -> Handler:
    """With request id, problem documents, counts and times."""

    @functools.wraps(handler)
    async def inside(request: web.Request) -> web.StreamResponse:
        response = await explained(request, handler)
        if "Origin" in request.headers and not response.prepared:
            allow_origin(request, response)
        return response

    return inside


def mannered(handler: Handler, asked: Manners) -> Handler:
    """Behind what its row asks for (foundation/manners.py): who counts against their block are held back or refused."""

    @functools.wraps(handler)
    async def inside(request: web.Request) -> web.StreamResponse:
        try:
            manners.check(request, asked)
            early = manners.counted(request, asked)
            if early is not None:
                await early
        except Refusal as refusal:
            return await failed(request, refusal)
        return await handler(request)

    return inside


def lean(handler: Callable[Concatenate[web.Request, Rest], Awaitable[web.Response]]) -> _Handler[Rest]:
    """Only what fails goes through the boundary; what succeeds echoes a request id if one was sent."""

    @functools.wraps(handler)
    async def inside(request: web.Request, /, *rest: Rest.args, **more: Rest.kwargs) -> web.StreamResponse:
        try:
            response = await handler(request, *rest, **more)
        except Exception as error:  # noqa: BLE001 - the boundary tells refusals from faults
            return await failed(request, error)
        request_id = request.headers.get("X-Request-Id")
        if request_id is not None and len(request_id) <= REQUEST_ID_CHARS_MAX and request_id.isprintable():
            response.headers["X-Request-Id"] = request_id
        return response

    return inside


async def failed(request: web.Request, error: Exception) -> web.StreamResponse:
    """The answer that the boundary makes of an error."""

    async def fail(_request: web.Request) -> web.StreamResponse:
        raise error

    return await explained(request, fail)


def allow_origin(request: web.Request, response: web.StreamResponse) -> None:
    """Let the pages of our other two origins read this answer."""
    settings = request.config_dict[SETTINGS]
    origin = request.headers.get("Origin")
    if origin in {settings.engine_url, settings.admin_url} and "Access-Control-Allow-Origin" not in response.headers:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers.add("Vary", "Origin")


async def nothing_here(request: web.Request) -> web.StreamResponse:
    """Every other address: 405 if another method is served there, else 404."""
    allowed: set[str] = set()
    for resource in request.app.router.resources():
        if resource.canonical == "/{rest}":
            continue
        _, methods = await resource.resolve(request)
        allowed |= methods
    if allowed:
        raise MethodRefused(headers={"Allow": ", ".join(sorted(allowed))})
    raise NotFound
