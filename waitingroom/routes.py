"""The contract of the waiting room, one row a route."""

from __future__ import annotations

from aiohttp import web

from engine.foundation import errors, manners
from engine.foundation.batching import Overloaded
from engine.foundation.limits_table import LIMITS
from waitingroom import links, operating, operations, page, shapes, stream
from waitingroom import web as rooms
from waitingroom.errors import (
    ChallengeRequired,
    CodeInvalid,
    CodeRequired,
    DrawNotHeld,
    FormForged,
    IdentityKnown,
    IdentityRequired,
    NoRoom,
    PlaceMoved,
    ProofRequired,
    QueueNotOpen,
    RoomAway,
    RoomClosed,
    TicketInvalid,
    TurnOver,
)
from waitingroom.guard import guarded, mannered, nothing_here
from waitingroom.route import Route

ROOM = "/v1/rooms/{event_id}"

ROUTES: tuple[Route, ...] = (
    Route("GET", ROOM, rooms.read_status, "public", "free", gives=shapes.StatusDocument, hot=True)
    .or_gives(None, 304)
    .refuses(NoRoom, RoomAway),
    Route(
        "POST",
        f"{ROOM}/join",
        rooms.join,
        "public",
        "join",
        takes=shapes.JoinRequest,
        gives=shapes.PlaceAnswer,
        status=201,
        hot=True,
        counts=True,
    )
    .or_gives(shapes.PlaceAnswer, 200)
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
        IdentityKnown,
        PlaceMoved,
        ProofRequired,
        RoomAway,
        Overloaded,
    ),
    Route(
        "POST",
        f"{ROOM}/claim",
        rooms.claim,
        "ticket",
        "claim",
        takes=shapes.TicketRequest,
        gives=shapes.AdmissionAnswer,
        hot=True,
    )
    .or_gives(shapes.WaitAnswer, 202)
    .refuses(TicketInvalid, ProofRequired, NoRoom, RoomClosed, TurnOver, PlaceMoved, RoomAway),
    Route(
        "POST",
        f"{ROOM}/beat",
        rooms.beat,
        "visitor",
        "presence",
        takes=shapes.TicketRequest,
        gives=shapes.WaitAnswer,
        hot=True,
    ).refuses(TicketInvalid, PlaceMoved, NoRoom, RoomAway),
    Route(
        "POST", f"{ROOM}/leave", rooms.leave, "visitor", "presence", takes=shapes.TicketRequest, gives=shapes.LeftAnswer
    ).refuses(TicketInvalid, PlaceMoved, NoRoom, RoomAway),
    Route(
        "POST",
        f"{ROOM}/release",
        rooms.release,
        "visitor",
        "presence",
        takes=shapes.TicketRequest,
        gives=shapes.ReleaseAnswer,
    ).refuses(TicketInvalid, PlaceMoved, NoRoom, RoomAway),
    Route("GET", f"{ROOM}/stream", stream.stream_status, "public", "stream", content_type="text/event-stream").refuses(
        NoRoom, stream.TooManyStreams, stream.StreamsFull
    ),
    Route(
        "GET", f"{ROOM}/challenge", rooms.make_challenge, "public", "challenge", gives=shapes.ChallengeAnswer
    ).refuses(NoRoom),
    Route("GET", f"{ROOM}/draw", rooms.read_draw, "public", "large", gives=shapes.DrawBundle).refuses(
        NoRoom, DrawNotHeld
    ),
    Route(
        "PATCH",
        f"{ROOM}/controls",
        operating.change_controls,
        "operator",
        "operate",
        takes=shapes.Controls,
        gives=shapes.ConsoleAnswer,
    ).refuses(errors.Unauthenticated, errors.Forbidden, NoRoom, errors.Conflict, RoomAway),
    Route("GET", f"{ROOM}/console", operating.read_console, "operator", "operate", gives=shapes.ConsoleAnswer).refuses(
        errors.Unauthenticated, errors.Forbidden, NoRoom, RoomAway
    ),
    Route("GET", "/r/{event_id}", page.show, "public", "page", content_type="text/html"),
    Route("POST", "/r/{event_id}/join", page.join, "public", "join", content_type="text/html", counts=True),
    Route("GET", "/r/{event_id}/place", links.open_link, "public", "recover", content_type="text/html"),
    Route("POST", "/r/{event_id}/place", links.take_place, "public", "recover", content_type="text/html"),
    Route("POST", "/r/{event_id}/enter", page.enter, "ticket", "claim", content_type="text/html"),
    Route("GET", "/livez", operations.livez, "public", "life"),
    Route("GET", "/readyz", operations.readyz, "public", "life"),
    Route("GET", "/metrics", operations.metrics, "operations", "life", content_type="text/plain"),
    Route("GET", "/openapi.json", operations.openapi, "public", "life"),
    Route("GET", "/docs", operations.docs, "public", "life", content_type="text/html"),
)


def add(app: web.Application) -> None:
    """Register every row, the preflights of the pages on other origins, and a problem document for all the rest."""
    for route in ROUTES:
        is_free = route.method in manners.SAFE and (route.counts or not LIMITS[route.limit].is_limited)
        handler = route.handler if is_free else mannered(route.handler, route.manners)
        manners.serve(app, route.method, route.path, handler if route.hot else guarded(handler), route.manners)
        if route.path.startswith(ROOM) and route.path != ROOM:
            manners.serve(app, "OPTIONS", route.path, guarded(operations.preflight), manners.FILE)


def add_rest(app: web.Application) -> None:
    """What no row serves; registered last."""
    manners.serve(app, "*", "/{rest:.*}", guarded(mannered(nothing_here, manners.NOWHERE)), manners.NOWHERE)
