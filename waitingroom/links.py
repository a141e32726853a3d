"""The page behind a mailed link: it brings a place to anybody who opens it.

The first opening moves the place if nobody looks at it, as that of a lost ticket or of a squatter who left. All others
ask for a click: programs of mail servers open links too, before or after the person does, anybody who types an address
has it mailed, and neither must take a place from an open page.
"""

from __future__ import annotations

from aiohttp import web
from aiohttp_jinja2 import render_template

from engine.foundation import bodies
from waitingroom import asking
from waitingroom.appkeys import SETTINGS
from waitingroom.endpoint import ENDPOINT, room_of
from waitingroom.errors import LinkEnded, LinkInvalid, LinkUsed, PlaceMoved, TicketInvalid
from waitingroom.identities import digest_of
from waitingroom.languages import direction_of, tongues_of, words_of
from waitingroom.page import FORM_BYTES_MAX, guard, to_place
from waitingroom.room import Room

_FACES = {LinkUsed: "used", LinkEnded: "ended", LinkInvalid: "invalid"}


async def open_link(request: web.Request) -> web.StreamResponse:
    """Open a mailed link: the place is the opener's. A page that asks first, or says why not."""
    room = await room_of(request)
    token = request.query.get("token", "")
    if request.method == "HEAD" or _nobody_looks(request):
        return web.Response(status=204, headers={"Cache-Control": "no-store"})  # nobody has opened it yet
    return await _take(request, room, token, again=False)


async def take_place(request: web.Request) -> web.StreamResponse:
    """The click of somebody who was asked first. FormForged."""
    asking.from_own_page(request)
    room = await room_of(request)
    form = await bodies.form(request, FORM_BYTES_MAX)
    return await _take(request, room, form.get("token", ""), again=True)


async def _take(request: web.Request, room: Room, token: str, *, again: bool) -> web.StreamResponse:
    recovery = request.app[ENDPOINT].recovery
    try:
        held, wanted = _held(request, room), recovery.read(room, token).identity
        if held == wanted:
            raise web.HTTPSeeOther(f"/r/{room.event_id}")
        if held is not None and not again:
            return _face(request, room, "other", token, LinkUsed.status)
        if not again and await recovery.asks_first(room, token):
            return _face(request, room, "confirm", token, 200)
        place = await recovery.open(room, token, again=again)
    except (LinkUsed, LinkEnded, LinkInvalid) as refusal:
        return _face(request, room, _FACES[type(refusal)], token, refusal.status)
    raise to_place(request, room, place)


def _nobody_looks(request: web.Request) -> bool:
    """Whether a program fetches this ahead of its reader, or as a part of another page."""
    purpose = request.headers.get("Sec-Purpose", request.headers.get("Purpose", ""))
    return "prefetch" in purpose or request.headers.get("Sec-Fetch-Dest", "document") != "document"


def _held(request: web.Request, room: Room) -> bytes | None:
    """The identity whose place this browser has already.

    The same: nothing need be moved, and its other tabs stay good. Another: a link that somebody else sent must not
    take it from its visitor unasked.
    """
    text = request.cookies.get(asking.QUEUE_COOKIE_PREFIX + room.event_id)
    try:
        return digest_of(room.verify(text)) if text else None
    except (TicketInvalid, PlaceMoved):
        return None


def _face(request: web.Request, room: Room, face: str, token: str, status: int) -> web.Response:
    words = words_of(request)
    context = {
        "words": words,
        "direction": direction_of(request),
        "tongues": tongues_of(request),
        "face": face,
        "token": token,
        "event_id": room.event_id,
        "title": room.rules.card.get("title") or "onsale",
        "engine_url": request.config_dict[SETTINGS].engine_url.rstrip("/"),
    }
    response: web.Response = render_template("link.html", request, context, status=status)
    guard(request, response)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
