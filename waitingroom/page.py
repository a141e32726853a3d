"""The page people wait on: rendered here in whole, kept alive by scripts if there are any, else by reloading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec
from aiohttp import web
from aiohttp_jinja2 import render_template

import hotpath_rs
from engine.foundation import bodies, cookies
from engine.foundation.errors import Refusal
from waitingroom import asking, entrance, languages, proof
from waitingroom.appkeys import LEDGER, SETTINGS
from waitingroom.board import Snapshot
from waitingroom.endpoint import ENDPOINT, room_of
from waitingroom.errors import (
    ChallengeRequired,
    CodeInvalid,
    CodeRequired,
    IdentityKnown,
    IdentityRequired,
    NoRoom,
    PlaceMoved,
    QueueNotOpen,
    RoomAway,
    TicketInvalid,
    TurnOver,
)
from waitingroom.faces import expected, face_of, moments, refresh_after_s
from waitingroom.languages import direction_of, tongues_of, words_of
from waitingroom.room import CROWDED, Admitted, Place, Room
from waitingroom.shapes import CODE_CHARS_MAX, IDENTITY_CHARS_MAX, JoinRequest

FORM_BYTES_MAX: Final = 4 * 1024
SHOWN_CHARS_MAX: Final = 40
NONE: Final = "'none'"
_NOTHING_TYPED: Final = JoinRequest()


@dataclass(frozen=True, slots=True)
class Shown:
    """What one rendering says beyond the room itself. ``full``: called, but the shop is full right now.

    ``error`` is the code of the refusal that the form met, ``typed`` what stood in its fields. ``elsewhere``: the place
    in the cookie was moved to another device; ``mark``: what is known against this registration.
    """

    face: str | None = None
    admission: str | None = None
    error: str = ""
    typed: JoinRequest = _NOTHING_TYPED
    full: bool = False
    elsewhere: bool = False
    mark: str | None = None
    status: int = 200


async def show(request: web.Request) -> web.Response:
    """The page. An event without a queue sends its visitors straight to the shop."""
    try:
        room = await room_of(request)
    except NoRoom:
        shop_url = await request.config_dict[LEDGER].shop_url(request.match_info["event_id"])
        if shop_url is None:
            raise
        raise web.HTTPSeeOther(shop_url) from None
    try:
        ticket = _ticket(request, room)
    except PlaceMoved:
        return _page(request, room, None, Shown(elsewhere=True))
    return _page(request, room, ticket, Shown(mark=await _mark(room, ticket)))


async def _mark(room: Room, ticket: hotpath_rs.QueueTicket | None) -> str | None:
    """What is known against a registration: before the draw only Redis knows, afterwards the draw itself."""
    snapshot = room.board.snapshot
    if ticket is None or snapshot is None:
        return None
    if snapshot.seed is not None:
        moved = room.moved().get(ticket.number) if snapshot.moved else None
        return moved.reason if moved is not None else None
    mark = await room.store.mark_of(ticket.number)
    return CROWDED if mark is not None and mark.startswith(CROWDED) else None


async def join(request: web.Request) -> web.Response:
    """The form: take a place, keep it in the cookie, show it. FormForged."""
    asking.from_own_page(request)
    room = await room_of(request)
    form = await bodies.form(request, FORM_BYTES_MAX)
    endpoint, identity, code = request.app[ENDPOINT], form.get("identity"), form.get("code")
    given = JoinRequest(
        identity=identity[:IDENTITY_CHARS_MAX] if identity is not None else None,
        # One character too many is kept, so that what is too long is not cut down to what is right.
        code=code.strip()[: CODE_CHARS_MAX + 1] if code is not None else None,
        website="filled in" if form.get("website") else None,
    )
    try:
        place = await entrance.join(request, endpoint, room, given)
    except (IdentityRequired, IdentityKnown, ChallengeRequired, CodeRequired, CodeInvalid) as refusal:
        met = Shown(face="join", error=refusal.code, typed=given, status=refusal.status)
        return _page(request, room, None, met)
    except QueueNotOpen:
        raise web.HTTPSeeOther(f"/r/{room.event_id}") from None
    raise to_place(request, room, place)


def to_place(request: web.Request, room: Room, place: Place) -> web.HTTPSeeOther:
    """To the page, with the place in the cookie."""
    response = web.HTTPSeeOther(f"/r/{room.event_id}")
    cookie = request.app[ENDPOINT].cookie(request, room.event_id, place.answer.queue_ticket)
    response.headers.add("Set-Cookie", cookie)
    response.headers["Cache-Control"] = "no-store"
    return response


async def enter(request: web.Request) -> web.Response:
    """The form of anybody who was called: claim, and offer the way into the shop. FormForged."""
    asking.from_own_page(request)
    room = await room_of(request)
    try:
        ticket = _ticket(request, room)
    except PlaceMoved:
        return _page(request, room, None, Shown(elsewhere=True))
    if ticket is None:
        raise web.HTTPSeeOther(f"/r/{room.event_id}")
    proof.require(request.app[ENDPOINT].keys, room.event_id, ticket.device_key_hash, None, room.board.now_ms())
    try:
        outcome = await room.claim(ticket)
    except TurnOver:
        return _page(request, room, ticket, Shown(face="over"))
    if isinstance(outcome, Admitted):
        return _page(request, room, ticket, Shown(face="admitted", admission=outcome.token))
    return _page(request, room, ticket, Shown(full=outcome.why == "full"))


def _ticket(request: web.Request, room: Room) -> hotpath_rs.QueueTicket | None:
    """The ticket in the cookie, None if there is none that verifies. PlaceMoved."""
    text = cookies.shown(request.cookies, asking.QUEUE_COOKIE_PREFIX + room.event_id)
    try:
        return room.verify(text) if text else None
    except TicketInvalid:
        return None


def _page(request: web.Request, room: Room, ticket: hotpath_rs.QueueTicket | None, shown: Shown) -> web.Response:
    snapshot = room.board.snapshot
    if snapshot is None:
        raise RoomAway
    settings = request.config_dict[SETTINGS]
    words = words_of(request)
    number = room.number(ticket.number) if ticket is not None else None
    if ticket is not None:
        room.presence.mark(ticket.number if number is None else number, drawn=number is not None)
    face = shown.face or face_of(snapshot, joined=ticket is not None, number=number)
    wait = expected(snapshot, number, request.query.get("shown", "")[:SHOWN_CHARS_MAX], words)
    card = room.rules.card
    context = {
        "words": words,
        "direction": direction_of(request),
        "tongues": tongues_of(request),
        "card": card,
        "framers": room.rules.embed_origins,
        "title": f"{card.get('title', 'onsale')} · {words['join_title']}",
        "event_id": room.event_id,
        "engine_url": settings.engine_url.rstrip("/"),
        "shop_url": card.get("shop_url") or f"{settings.engine_url.rstrip('/')}/e/{card.get('slug', '')}/shop",
        "face": face,
        "identity": room.rules.identity,
        "challenge": room.rules.challenge,
        "code_required": room.rules.codes.required,
        "code_chars_max": CODE_CHARS_MAX,
        "status": msgspec.json.decode(room.board.document),
        "registered": max(snapshot.tail, ticket.number + 1 if ticket is not None else 0),
        "place": {"ticket": _text(request, room), "number": ticket.number} if ticket is not None else None,
        "proof": _proof(snapshot, ticket, number, words),
        "admission": shown.admission,
        "moved": ticket is not None and snapshot.moved > 0 and ticket.number in room.moved(),
        "mark": shown.mark,
        "elsewhere": shown.elsewhere,
        "error": shown.error,
        "typed": shown.typed,
        "full": shown.full,
        "refresh_s": refresh_after_s(face, wait, snapshot, room.board.now_ms()),
        "refresh_url": f"/r/{room.event_id}?shown={wait.shown}" if wait.shown else f"/r/{room.event_id}",
        **moments(snapshot, card, words),
        **wait.context(),
    }
    response: web.Response = render_template("room.html", request, context, status=shown.status)
    guard(request, response, room.rules.embed_origins)
    return response


def _text(request: web.Request, room: Room) -> str:
    return cookies.shown(request.cookies, asking.QUEUE_COOKIE_PREFIX + room.event_id) or ""


def _proof(
    snapshot: Snapshot, ticket: hotpath_rs.QueueTicket | None, number: int | None, words: dict[str, str]
) -> list[tuple[str, str, Any]]:
    """The facts of the draw as (name, label, value), None if they are not out yet or not this visitor's."""
    in_draw = ticket is not None and (snapshot.cohort < 0 or ticket.number < snapshot.cohort)
    return [
        ("commit", words["draw_commit"], snapshot.commit.hex()),
        ("secret", words["draw_secret"], snapshot.secret.hex() if snapshot.secret else None),
        ("merkle_root", words["draw_root"], snapshot.root.hex() if snapshot.root else None),
        ("beacon", words["draw_beacon"], snapshot.beacon or snapshot.beacon_name or None),
        ("seed", words["draw_seed"], snapshot.seed.hex() if snapshot.seed else None),
        ("count", words["draw_count"], snapshot.cohort if snapshot.seed else None),
        ("index", words["draw_index"], ticket.number if ticket is not None and in_draw else None),
        ("number", words["draw_number"], number + 1 if number is not None and in_draw else None),
    ]


def guard(request: web.Request, response: web.StreamResponse, framers: tuple[str, ...] = ()) -> None:
    """Nothing is loaded, framed or leaked that was not named; the shop has the picture, and takes the hand-over.

    ``framers``: the sites that may show the page inside of their own.
    """
    shop = request.config_dict[SETTINGS].engine_url.rstrip("/")
    response.headers.update(
        {
            "Cache-Control": "private, no-store",
            "Vary": "Accept-Language, Cookie",
            "Content-Security-Policy": (
                f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' {shop}; connect-src 'self';"
                f" worker-src 'self'; form-action 'self' {shop};"
                f" frame-ancestors {' '.join(framers) or NONE}; base-uri 'none'"
            ),
            # Not no-referrer: the shop tells our hand-over by its Origin, which that would hide.
            "Referrer-Policy": "strict-origin",
            "X-Content-Type-Options": "nosniff",
        }
    )
    if not framers:  # it knows no list: where there is one, the policy says more
        response.headers["X-Frame-Options"] = "DENY"
    languages.keep(request, response, request.config_dict[SETTINGS])


def problem_page(request: web.Request, refusal: Refusal, request_id: str) -> web.Response | None:
    """A refusal as a page where people look at one, None if programs ask."""
    if not request.path.startswith("/r/"):
        return None
    context = {
        "words": words_of(request),
        "direction": direction_of(request),
        "tongues": tongues_of(request),
        "retry_s": refusal.retry_after_s or 0,
        "engine_url": request.config_dict[SETTINGS].engine_url.rstrip("/"),
    }
    response: web.Response = render_template("problem.html", request, context, status=refusal.status)
    guard(request, response)
    response.headers["X-Request-Id"] = request_id
    if refusal.retry_after_s:
        response.headers["Retry-After"] = str(refusal.retry_after_s)
    return response
