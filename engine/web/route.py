"""What a route is: one row says method, path, handler, who may call it, what it takes, gives and refuses.

``routes.py`` concatenates the rows of every noun; ``openapi.py`` writes the contract from them; the access test walks
them. A row without ``who`` does not exist.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import web

from engine.foundation.errors import Malformed, Refusal

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Who = Literal["public", "buyer", "capability", "person", "organizer", "admin", "device", "provider", "operations"]


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the contract. ``takes``, ``gives`` and ``query`` are msgspec Structs."""

    method: str
    path: str
    handler: Handler
    who: Who
    takes: Any = None
    gives: Any = None
    status: int = 200
    refuses: tuple[type[Refusal], ...] = ()
    query: Any = None
    idempotent: bool = False
    aliases: tuple[str, ...] = field(default=())
    content_type: str = "application/json"
    also_gives: tuple[str, ...] = ()  # content types of other faces of the same answer
    also_takes: tuple[str, ...] = ()  # content types that the body may have besides JSON


def add(app: web.Application, routes: tuple[Route, ...]) -> None:
    """Register every row and its aliases. GET answers HEAD too, and refuses a query that its row does not name."""
    for route in routes:
        reads = route.method == "GET"
        handler = _without_query(route.handler) if reads and route.query is None else route.handler
        for path in (route.path, *route.aliases):
            if reads:
                app.router.add_get(path, handler)
            else:
                app.router.add_route(route.method, path, handler)


def _without_query(handler: Handler) -> Handler:
    """A misspelt filter must not look like an answer; rows that take a query check it by its Struct."""

    @functools.wraps(handler)
    async def inside(request: web.Request) -> web.StreamResponse:
        if request.query_string:
            name = next(iter(request.query), "")
            raise Malformed(f"Unknown query parameter: {name}", parameter=name)
        return await handler(request)

    return inside
