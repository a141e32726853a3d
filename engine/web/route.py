"""What a route is: one row says method, path, handler, who may call it, how often, what it takes, gives and refuses.

``routes.py`` concatenates the rows of every noun; ``openapi.py`` writes the contract from them, ``access.py`` says who
may call which; the access tests walk them. A row without ``who`` or ``limit`` does not exist. It reads as a sentence::

    Route("GET", "/v1/venues/{venue_id}", read_venue, "public", "read", gives=Venue).refuses(VenueUnknown)

What follows from the rest of a row is not said in it: the paths of the requirement documents, Unauthenticated if
somebody must have signed in, Invalid, TooLarge and UnsupportedMedia if there is a body, SlowDown if it is limited, and
that a POST which comes twice under one Idempotency-Key is done once (``repeats``; engine/web/once.py does it).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from aiohttp import web

from engine.domain.accounts.api_keys import scope_for
from engine.domain.accounts.errors import KeyThrottled, ScopeMissing, SecondFactorNeeded
from engine.domain.accounts.organizations import Permission
from engine.foundation import manners, uploads
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
from engine.web import auth, once
from engine.web.forms import FORM_BYTES_MAX
from engine.web.once import Handler

Who = Literal["public", "buyer", "capability", "person", "organizer", "admin", "device", "provider", "operations"]
Repeats = Literal["once", "keyed", "itself", "always"]
SIGNED_IN: Final = frozenset({"person", "organizer", "admin", "device"})
KEYED: Final = frozenset({"keyed", "itself"})  # rows that refuse a request without a key
PREFIXES: Final = ("/api/v1", "/api/tickets", "/api")  # the requirement documents' names of /v1
VERSIONED: Final = (PreconditionFailed, PreconditionRequired)  # a row that refuses these asks for If-Match


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the contract. ``takes``, ``gives`` and ``query`` are msgspec Structs.

    ``limit`` is its class in ``limits_table``; ``counts``: the handler counts by itself. ``needs`` is what an
    organizer's role must allow; on a capability's row, what opens it to those who work for the organization as well.
    ``to_scanner``: a scanner of the event may ask too. ``also_gives`` are content types of other faces of the same
    answer; a body may have those of ``also_takes`` too. ``takes_file``: the body is a form with a part called ``file``,
    and the fields of ``takes`` around it.

    ``repeats`` says what a POST makes of an Idempotency-Key. "once": with a key, its first answer is kept and repeated.
    "keyed": the same, and a key is demanded. "itself": as keyed, by a handler that keeps to its key by itself.
    "always": nothing, because doing it twice changes no more than doing it once, or its answer must not be kept.
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
    repeats: Repeats = "once"
    body_bytes_max: int = FORM_BYTES_MAX  # of a body that is kept for its key
    content_type: str = "application/json"
    also_gives: tuple[str, ...] = ()
    also_takes: tuple[str, ...] = ()
    takes_file: bool = False
    prefixes: tuple[str, ...] = PREFIXES
    own_refusals: tuple[type[Refusal], ...] = ()
    other_paths: tuple[str, ...] = ()
    other_calls: tuple[tuple[str, str], ...] = ()

    def refuses(self, *kinds: type[Refusal]) -> Route:
        """The row with what it refuses for reasons of its own."""
        return replace(self, own_refusals=kinds)

    def also(self, *paths: str) -> Route:
        """The row at further addresses that mean the same."""
        return replace(self, other_paths=paths)

    def also_as(self, method: str, *paths: str) -> Route:
        """The row under another method too, at these addresses."""
        return replace(self, other_calls=(*self.other_calls, *((method, path) for path in paths)))

    @property
    def keeps_to_key(self) -> bool:
        """Whether the table keeps its answers."""
        return self.method == "POST" and self.repeats in {"once", "keyed"}

    @property
    def takes_keys(self) -> bool:
        """Whether a program may call it with a key of the organization: for what some scope allows."""
        return self.needs is not None and scope_for(self.needs) is not None

    @property
    def refusals(self) -> frozenset[type[Refusal]]:
        """Everything the row refuses."""
        refused = {*self.own_refusals}
        if self.who in SIGNED_IN:
            refused.add(Unauthenticated)
        if self.needs is not None:
            refused.add(SecondFactorNeeded)
        if self.takes_keys:
            refused |= {ScopeMissing, KeyThrottled}
        if self.takes is not None:
            refused |= {Invalid, TooLarge, UnsupportedMedia}
        if self.keeps_to_key:
            refused |= {*once.REFUSALS}
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
        if self.takes_file:
            taken = frozenset({uploads.TAKEN})
        return Manners(self.limit, taken, counts=self.counts, from_anywhere=provider)

    @property
    def aliases(self) -> tuple[str, ...]:
        """Every other address: the further ones, and what is under /v1 under each of ``prefixes`` too."""
        return (*self.other_paths, *(name for path in (self.path, *self.other_paths) for name in self._names_of(path)))

    @property
    def other_methods(self) -> tuple[tuple[str, str], ...]:
        """(method, address) of what is also answered as another method, under each of ``prefixes`` too."""
        return tuple((method, name) for method, path in self.other_calls for name in (path, *self._names_of(path)))

    @property
    def addresses(self) -> tuple[tuple[str, str], ...]:
        """(method, address) of everything that the row answers."""
        return (*((self.method, path) for path in (self.path, *self.aliases)), *self.other_methods)

    def _names_of(self, path: str) -> tuple[str, ...]:
        """What the requirement documents call an address under /v1."""
        if not path.startswith("/v1/"):
            return ()
        return tuple(prefix + path.removeprefix("/v1") for prefix in self.prefixes)


def add(app: web.Application, routes: tuple[Route, ...]) -> None:
    """Register every row at all its addresses. GET answers HEAD too, and refuses a query that its row does not name."""
    for route in routes:
        reads = route.method == "GET"
        handler = _without_query(route.handler) if reads and route.query is None else route.handler
        if route.keeps_to_key:
            handler = once.kept(
                handler,
                signed_in=route.who in SIGNED_IN,
                demanded=route.repeats in KEYED,
                body_bytes_max=route.body_bytes_max,
            )
        if route.takes_keys or (route.who == "public" and reads):
            handler = _with_key(handler)
        for method, path in route.addresses:
            manners.serve(app, method, path, handler, route.manners)


def _without_query(handler: Handler) -> Handler:
    """A misspelt filter must not look like an answer; rows that take a query check it by its Struct."""

    @functools.wraps(handler)
    async def inside(request: web.Request) -> web.StreamResponse:
        if request.query_string:
            name = next(iter(request.query), "")
            raise Malformed(f"Unknown query parameter: {name}", parameter=name)
        return await handler(request)

    return inside


def _with_key(handler: Handler) -> Handler:
    """A program that shows a key of the organization is let in as far as the key's scopes go.

    So it is where anybody reads: what is public to all, and drafts to who may see them.
    """

    @functools.wraps(handler)
    async def inside(request: web.Request) -> web.StreamResponse:
        await auth.open_key(request)
        return await handler(request)

    return inside
