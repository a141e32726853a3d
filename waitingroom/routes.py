"""The contract of the waiting room, one row a route: method, path, handler, who may call, takes, gives, refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from aiohttp import web

from engine.foundation import errors
from engine.foundation.batching import Overloaded
from engine.foundation.http import Handler
from waitingroom import operating, operations, page, shapes, stream
from waitingroom import web as rooms
from waitingroom.errors import (
    ChallengeRequired,
    CodeInvalid,
    CodeRequired,
    DrawNotHeld,
    FormForged,
    IdentityRequired,
    NoRoom,
    ProofRequired,
    QueueNotOpen,
    RoomAway,
    RoomClosed,
    TicketInvalid,
    TurnOver,
)
from waitingroom.guard import guarded, nothing_here

ROOM = "/v1/rooms/{event_id}"
Who = Literal["public", "ticket", "operator", "operations"]


@dataclass(frozen=True, slots=True)
class Route:
    """``who``: ticket is a queue ticket or admission token. ``hot`` handlers bring what they need of the boundary."""

    method: str
    path: str
    handler: Handler
    who: Who
    takes: Any = None
    gives: Any = None
    status: int = 200
    also: tuple[tuple[int, Any], ...] = ()
    refuses: tuple[type[errors.Refusal], ...] = ()
    content_type: str = "application/json"
    hot: bool = False


_BODY = (errors.Malformed, errors.Invalid, errors.TooLarge)

ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        ROOM,
        rooms.read_status,
        "public",
        gives=shapes.StatusDocument,
        also=((304, None),),
        refuses=(NoRoom, RoomAway),
        hot=True,
    ),
    Route(
        "POST",
        f"{ROOM}/join",
        rooms.join,
        "public",
        takes=shapes.JoinRequest,
        gives=shapes.PlaceAnswer,
        status=201,
        also=((200, shapes.PlaceAnswer),),
        refuses=(
            *_BODY,
            TicketInvalid,
            ChallengeRequired,
            CodeRequired,
            CodeInvalid,
            FormForged,
            NoRoom,
            QueueNotOpen,
            RoomClosed,
            IdentityRequired,
            errors.SlowDown,
            RoomAway,
            Overloaded,
        ),
        hot=True,
    ),
    Route(
        "POST",
        f"{ROOM}/claim",
        rooms.claim,
        "ticket",
        takes=shapes.TicketRequest,
        gives=shapes.AdmissionAnswer,
        also=((202, shapes.WaitAnswer),),
        refuses=(*_BODY, TicketInvalid, ProofRequired, NoRoom, RoomClosed, TurnOver, RoomAway),
        hot=True,
    ),
    Route(
        "POST",
        f"{ROOM}/beat",
        rooms.beat,
        "ticket",
        takes=shapes.TicketRequest,
        gives=shapes.WaitAnswer,
        refuses=(*_BODY, TicketInvalid, NoRoom, RoomAway),
        hot=True,
    ),
    Route(
        "POST",
        f"{ROOM}/leave",
        rooms.leave,
        "ticket",
        takes=shapes.TicketRequest,
        gives=shapes.LeftAnswer,
        refuses=(*_BODY, TicketInvalid, NoRoom, RoomAway),
    ),
    Route(
        "POST",
        f"{ROOM}/release",
        rooms.release,
        "ticket",
        takes=shapes.TicketRequest,
        gives=shapes.ReleaseAnswer,
        refuses=(*_BODY, TicketInvalid, NoRoom, RoomAway),
    ),
    Route(
        "GET",
        f"{ROOM}/stream",
        stream.stream_status,
        "public",
        refuses=(NoRoom, stream.StreamsFull),
        content_type="text/event-stream",
    ),
    Route("GET", f"{ROOM}/challenge", rooms.make_challenge, "public", gives=shapes.ChallengeAnswer, refuses=(NoRoom,)),
    Route("GET", f"{ROOM}/draw", rooms.read_draw, "public", gives=shapes.DrawBundle, refuses=(NoRoom, DrawNotHeld)),
    Route(
        "PATCH",
        f"{ROOM}/controls",
        operating.change_controls,
        "operator",
        takes=shapes.Controls,
        gives=shapes.ConsoleAnswer,
        refuses=(*_BODY, errors.Unauthenticated, errors.Forbidden, NoRoom, errors.Conflict, RoomAway),
    ),
    Route(
        "GET",
        f"{ROOM}/console",
        operating.read_console,
        "operator",
        gives=shapes.ConsoleAnswer,
        refuses=(errors.Unauthenticated, errors.Forbidden, NoRoom, RoomAway),
    ),
    Route("GET", "/r/{event_id}", page.show, "public", content_type="text/html"),
    Route("POST", "/r/{event_id}/join", page.join, "public", content_type="text/html"),
    Route("POST", "/r/{event_id}/enter", page.enter, "ticket", content_type="text/html"),
    Route("GET", "/livez", operations.livez, "public"),
    Route("GET", "/readyz", operations.readyz, "public"),
    Route("GET", "/metrics", operations.metrics, "operations", content_type="text/plain"),
    Route("GET", "/openapi.json", operations.openapi, "public"),
    Route("GET", "/docs", operations.docs, "public", content_type="text/html"),
)


def add(app: web.Application) -> None:
    """Register every row, the preflights of the pages on other origins, and a problem document for all the rest."""
    for route in ROUTES:
        handler = route.handler if route.hot else guarded(route.handler)
        if route.method == "GET":
            app.router.add_get(route.path, handler)
        else:
            app.router.add_route(route.method, route.path, handler)
        if route.path.startswith(ROOM) and route.path != ROOM:
            app.router.add_route("OPTIONS", route.path, guarded(operations.preflight))


def add_rest(app: web.Application) -> None:
    """What no row serves; registered last."""
    app.router.add_route("*", "/{rest:.*}", guarded(nothing_here))
