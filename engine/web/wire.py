"""What a route is: one row says method, path, handler, who may call it, what it takes, gives and refuses.

``routes.py`` concatenates the rows of every noun; ``openapi.py`` writes the contract from them; the access test walks
them. A row without ``who`` does not exist.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import web

from engine.foundation.errors import Refusal

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


def add(app: web.Application, routes: tuple[Route, ...]) -> None:
    """Register every row and its aliases. GET answers HEAD too."""
    for route in routes:
        for path in (route.path, *route.aliases):
            if route.method == "GET":
                app.router.add_get(path, route.handler)
            else:
                app.router.add_route(route.method, path, route.handler)
