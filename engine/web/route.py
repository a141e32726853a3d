"""What a route is: one row says method, path, handler, who may call it, how often, what it takes, gives and refuses.

``routes.py`` concatenates the rows of every noun; ``openapi.py`` writes the contract from them, ``access.py`` says who
may call which; the access tests walk them. A row without ``who`` or ``limit`` does not exist. It reads as a sentence::

    Route("GET", "/v1/venues/{venue_id}", read_venue, "public", "read", gives=Venue).refuses(VenueUnknown)

What follows from the rest of a row is not said in it: the paths of the requirement documents, Unauthenticated if
somebody must have signed in, Invalid, TooLarge and UnsupportedMedia if there is a body, SlowDown if it is limited.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from aiohttp import web

from engine.domain.accounts.organizations import Permission
from engine.foundation import manners
from engine.foundation.errors import (
    Invalid,
    Malformed,
    PreconditionFailed,
    PreconditionRequired,
    Refusal,
    SlowDown,
    TooLarge,
    Unauthenticated,
    UnsupportedMedia,
)
from engine.foundation.limits_table import LIMITS, RouteClass
from engine.foundation.manners import CrossSite, Manners

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Who = Literal["public", "buyer", "capability", "person", "organizer", "admin", "device", "provider", "operations"]
SIGNED_IN: Final = frozenset({"person", "organizer", "admin", "device"})
PREFIXES: Final = ("/api/v1", "/api/tickets", "/api")  # the requirement documents' names of /v1
VERSIONED: Final = (PreconditionFailed, PreconditionRequired)  # a row that refuses these asks for If-Match


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the contract. ``takes``, ``gives`` and ``query`` are msgspec Structs.

    ``limit`` is its class in ``limits_table``; ``counts``: the handler counts by itself. ``needs`` is what an
    organizer's role must allow; on a capability's row, what opens it to those who work for the organization as well.
    ``to_scanner``: a scanner of the event may ask too. ``also_gives`` are content types of other faces of the same
    answer; a body may have those of ``also_takes`` too.
    """

    method: str
    path: str
    handler: Handler
    who: Who
    limit: RouteClass
    needs: Permission | None = None
    to_scanner: bool = False
    counts: bool = False
    takes: Any = None
    gives: Any = None
    status: int = 200
    query: Any = None
    idempotent: bool = False
    content_type: str = "application/json"
    also_gives: tuple[str, ...] = ()
    also_takes: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = PREFIXES
    own_refusals: tuple[type[Refusal], ...] = ()
    other_paths: tuple[str, ...] = ()

    def refuses(self, *kinds: type[Refusal]) -> Route:
        """The row with what it refuses for reasons of its own."""
        return replace(self, own_refusals=kinds)

    def also(self, *paths: str) -> Route:
        """The row at further addresses that mean the same."""
        return replace(self, other_paths=paths)

    @property
    def refusals(self) -> frozenset[type[Refusal]]:
        """Everything the row refuses."""
        refused = {*self.own_refusals}
        if self.who in SIGNED_IN:
            refused.add(Unauthenticated)
        if self.takes is not None:
            refused |= {Invalid, TooLarge, UnsupportedMedia}
        if self.method not in manners.SAFE and self.who != "provider":
            refused.add(CrossSite)
        if LIMITS[self.limit].is_limited:
            refused.add(SlowDown)
        return frozenset(refused)

    @property
    def manners(self) -> Manners:
        """What the boundary asks of a request to this row."""
        provider = self.who == "provider"
        taken = None if provider else manners.JSON | frozenset(self.also_takes)
        return Manners(self.limit, taken, counts=self.counts, from_anywhere=provider)

    @property
    def aliases(self) -> tuple[str, ...]:
        """Every other address: the further ones, and what is under /v1 under each of ``prefixes`` too."""
        ours = [path.removeprefix("/v1") for path in (self.path, *self.other_paths) if path.startswith("/v1/")]
        return (*self.other_paths, *(prefix + rest for rest in ours for prefix in self.prefixes))


def add(app: web.Application, routes: tuple[Route, ...]) -> None:
    """Register every row at all its addresses. GET answers HEAD too, and refuses a query that its row does not name."""
    for route in routes:
        reads = route.method == "GET"
        handler = _without_query(route.handler) if reads and route.query is None else route.handler
        for path in (route.path, *route.aliases):
            manners.serve(app, route.method, path, handler, route.manners)


def _without_query(handler: Handler) -> Handler:
    """A misspelt filter must not look like an answer; rows that take a query check it by its Struct."""

    @functools.wraps(handler)
    async def inside(request: web.Request) -> web.StreamResponse:
        if request.query_string:
            name = next(iter(request.query), "")
            raise Malformed(f"Unknown query parameter: {name}", parameter=name)
        return await handler(request)

    return inside
