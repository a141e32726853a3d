"""The contract of the waiting room, one row a route."""

from __future__ import annotations

from aiohttp import web

from engine.foundation.batching import Overloaded
from engine.foundation.errors import Conflict, Forbidden, SlowDown, Unauthenticated
from waitingroom import operating, operations, page, stream
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
from waitingroom.route import Route
from waitingroom.shapes import (
    AdmissionAnswer,
    ChallengeAnswer,
    ConsoleAnswer,
    Controls,
    DrawBundle,
    JoinRequest,
    LeftAnswer,
    PlaceAnswer,
    ReleaseAnswer,
    StatusDocument,
    TicketRequest,
    WaitAnswer,
)

ROOM = "/v1/rooms/{event_id}"

ROUTES: tuple[Route, ...] = (
    Route("GET", ROOM, rooms.read_status, "public", gives=StatusDocument, hot=True)
    .or_gives(None, 304)
    .refuses(NoRoom, RoomAway),
    Route("POST", f"{ROOM}/join", rooms.join, "public", takes=JoinRequest, gives=PlaceAnswer, status=201, hot=True)
    .or_gives(PlaceAnswer, 200)
    .refuses(
        TicketInvalid,
        ChallengeRequired,
        CodeRequired,
        CodeInvalid,
        FormForged,
        NoRoom,
        QueueNotOpen,
        RoomClosed,
        IdentityRequired,
        SlowDown,
        RoomAway,
        Overloaded,
    ),
    Route("POST", f"{ROOM}/claim", rooms.claim, "ticket", takes=TicketRequest, gives=AdmissionAnswer, hot=True)
    .or_gives(WaitAnswer, 202)
    .refuses(TicketInvalid, ProofRequired, NoRoom, RoomClosed, TurnOver, RoomAway),
    Route("POST", f"{ROOM}/beat", rooms.beat, "ticket", takes=TicketRequest, gives=WaitAnswer, hot=True).refuses(
        TicketInvalid, NoRoom, RoomAway
    ),
    Route("POST", f"{ROOM}/leave", rooms.leave, "ticket", takes=TicketRequest, gives=LeftAnswer).refuses(
        TicketInvalid, NoRoom, RoomAway
    ),
    Route("POST", f"{ROOM}/release", rooms.release, "ticket", takes=TicketRequest, gives=ReleaseAnswer).refuses(
        TicketInvalid, NoRoom, RoomAway
    ),
    Route("GET", f"{ROOM}/stream", stream.stream_status, "public", content_type="text/event-stream").refuses(
        NoRoom, stream.StreamsFull
    ),
    Route("GET", f"{ROOM}/challenge", rooms.make_challenge, "public", gives=ChallengeAnswer).refuses(NoRoom),
    Route("GET", f"{ROOM}/draw", rooms.read_draw, "public", gives=DrawBundle).refuses(NoRoom, DrawNotHeld),
    Route(
        "PATCH", f"{ROOM}/controls", operating.change_controls, "operator", takes=Controls, gives=ConsoleAnswer
    ).refuses(Unauthenticated, Forbidden, NoRoom, Conflict, RoomAway),
    Route("GET", f"{ROOM}/console", operating.read_console, "operator", gives=ConsoleAnswer).refuses(
        Unauthenticated, Forbidden, NoRoom, RoomAway
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
