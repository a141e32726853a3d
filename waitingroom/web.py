"""Handlers of the room's HTTP contract: decode, ask, answer."""

from __future__ import annotations

from typing import Final

import msgspec
from aiohttp import web

import hotpath_rs
from engine.foundation import bodies, http
from engine.foundation.ready import Ready
from waitingroom import asking, entrance, proof
from waitingroom.appkeys import LEDGER
from waitingroom.draw import bundle
from waitingroom.endpoint import BOARDS, ENDPOINT, RoomEndpoint, room_of
from waitingroom.errors import DrawNotHeld, FormForged, RoomAway, TicketInvalid
from waitingroom.guard import failed, lean
from waitingroom.room import Admitted, Place, Room, Waiting
from waitingroom.shapes import AdmissionAnswer, JoinRequest, LeftAnswer, ReleaseAnswer, WaitAnswer
from waitingroom.store import Join

_join_request = msgspec.json.Decoder(JoinRequest)
_encode = msgspec.json.Encoder().encode
REFUSED: Final = web.RequestKey("refused", BaseException)
_NO_STORE = {"Cache-Control": "no-store"}
_JOINED = (
    b"Content-Type: application/json\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
    b"Set-Cookie: %b\r\n"
)
_ALLOWED = b"Access-Control-Allow-Origin: %b\r\nVary: Origin\r\n"
_NOTHING_SAID, _NOTHING = JoinRequest(), frozenset({b"", b"{}"})


async def read_status(request: web.Request) -> web.StreamResponse:
    """The cacheable status document: ready bytes, no Redis command."""
    board = request.app[BOARDS].get(request.match_info["event_id"])
    if board is None or "If-None-Match" in request.headers:
        return await _status(request)
    return web.Response(body=board.document, headers=board.headers)


@lean
async def _status(request: web.Request) -> web.Response:
    """The same for who asks conditionally, or for a room that this process has not heard of yet."""
    board = (await room_of(request)).board
    if not board.document:
        raise RoomAway
    condition = request.headers.get("If-None-Match")
    if condition is not None and (condition == board.etag or http.fresh(request, board.etag[3:-1])):
        return web.Response(status=304, headers=board.headers)
    return web.Response(body=board.document, headers=board.headers)


async def join(request: web.Request) -> web.StreamResponse:
    """Take a place in line, or find one's own again."""
    try:
        if (refused := request.get(REFUSED)) is not None:
            raise refused
        return await _join(request)
    except Exception as error:  # noqa: BLE001 - the boundary tells refusals from faults
        return await failed(request, error)


def quick(request: web.Request, endpoint: RoomEndpoint, room: Room) -> Join | None:
    """Who need not be looked at twice, as ``entrance.quick`` has it; None as well while the body is on its way."""
    raw = bodies.peek(request)
    if raw is None:
        return None
    given = _NOTHING_SAID if raw in _NOTHING else bodies.decode(raw, _join_request)
    return entrance.quick(request, endpoint, room, given)


async def _join(request: web.Request) -> Ready:
    """The whole of it. FormForged if a form posts it."""
    if request.headers.get("Sec-Fetch-Mode") == "navigate":
        raise FormForged
    room = await room_of(request)
    endpoint = request.app[ENDPOINT]
    raw = await bodies.read(request, asking.BODY_BYTES_MAX)
    given = bodies.decode(raw, _join_request) if raw else _NOTHING_SAID
    return joined_answer(request, endpoint, room, await entrance.join(request, endpoint, room, given))


def joined_answer(request: web.Request, endpoint: RoomEndpoint, room: Room, place: Place) -> Ready:
    cookie = endpoint.cookie(request, room.event_id, place.answer.queue_ticket)
    head, headers = _JOINED % cookie.encode(), request.headers
    if "Origin" in headers and headers["Origin"] in endpoint.origins:
        head += _ALLOWED % headers["Origin"].encode()
    if "X-Request-Id" in headers:
        head += b"X-Request-Id: %b\r\n" % http.request_id_of(request).encode()
    return Ready(201 if place.is_new else 200, head, _encode(place.answer))


@lean
async def claim(request: web.Request) -> web.Response:
    """200 with an admission, or 202 with the wait."""
    room = await room_of(request)
    given = await asking.asked(request)
    ticket = room.verify(asking.ticket_text(request, room, given))
    proof.require(request.app[ENDPOINT].keys, room.event_id, ticket.device_key_hash, given.proof, room.board.now_ms())
    outcome = await room.claim(ticket)
    if isinstance(outcome, Admitted):
        return http.json(admission_answer(outcome), headers=_NO_STORE)
    return http.json(wait_answer(outcome), 202, headers={**_NO_STORE, "Retry-After": str(outcome.retry_after_s)})


@lean
async def beat(request: web.Request) -> web.Response:
    """Say that one is there: in line with a queue ticket, in the shop already with an admission token."""
    room = await room_of(request)
    given = await asking.asked(request)
    admission = None if asking.shown_ticket(request, room, given) else asking.admission_text(request, given)
    if admission:
        _lease_of(room, admission, late_ms=0)
        return http.json(wait_answer(room.waiting_over()), headers=_NO_STORE)
    ticket = room.verify(asking.ticket_text(request, room, given))
    return http.json(wait_answer(room.beat(ticket)), headers=_NO_STORE)


async def leave(request: web.Request) -> web.Response:
    """Say goodbye: from the line with a queue ticket, from the shop with an admission token."""
    room = await room_of(request)
    given = await asking.asked(request)
    admission = asking.admission_text(request, given) if given.queue_ticket is None else None
    if admission:
        await room.release(_lease_of(room, admission))
    else:
        room.leave(room.verify(asking.ticket_text(request, room, given)))
    return http.json(LeftAnswer(server_now_ms=room.board.now_ms()), headers=_NO_STORE)


async def release(request: web.Request) -> web.Response:
    """Give one's admission back so that the next person is called."""
    room = await room_of(request)
    given = await asking.asked(request)
    admission = asking.admission_text(request, given) if given.queue_ticket is None else None
    if admission:
        lease_id = _lease_of(room, admission)
    else:
        ticket = room.verify(asking.ticket_text(request, room, given))
        number = room.number(ticket.number)
        if number is None:
            return http.json(ReleaseAnswer(released=False, server_now_ms=room.board.now_ms()), headers=_NO_STORE)
        lease_id = room.lease_id(number)
    released = await room.release(lease_id)
    return http.json(ReleaseAnswer(released=released, server_now_ms=room.board.now_ms()), headers=_NO_STORE)


async def make_challenge(request: web.Request) -> web.Response:
    """A challenge to solve before joining, if the room asks for one."""
    room = await room_of(request)
    endpoint = request.app[ENDPOINT]
    address = http.client_address(request, trust_forwarded=endpoint.trust_forwarded)
    return http.json(endpoint.challenges.make(room.event_id, endpoint.work.owed(address)), headers=_NO_STORE)


async def read_draw(request: web.Request) -> web.Response:
    """The audit bundle. DrawNotHeld before the line has opened."""
    room = await room_of(request)
    ledger = request.config_dict[LEDGER]
    rules = await ledger.room(room.event_id)
    digests = await ledger.cohort(room.event_id)
    snapshot = room.board.snapshot
    if rules is None or rules.draw is None or digests is None or snapshot is None or snapshot.seed is None:
        raise DrawNotHeld(opens_at_ms=room.rules.opens_at_ms)
    headers = {"Cache-Control": "public, max-age=3600", "Access-Control-Allow-Origin": "*"}
    return http.json(bundle(room.event_id, rules.draw, digests), headers=headers)


def admission_answer(admitted: Admitted) -> AdmissionAnswer:
    return AdmissionAnswer(
        admission_token=admitted.token,
        lease_id=admitted.lease_id.hex(),
        expires_at_ms=admitted.expires_at_ms,
        server_now_ms=admitted.now_ms,
    )


def wait_answer(waiting: Waiting) -> WaitAnswer:
    wait = waiting.wait
    return WaitAnswer(
        position=wait.position if wait else None,
        ahead=wait.ahead if wait else None,
        eta_s=wait.eta_s if wait else None,
        retry_after_s=waiting.retry_after_s,
        queue_number=waiting.number,
        phase=waiting.phase,
        reason=waiting.why,
        serving=waiting.serving,
        server_now_ms=waiting.now_ms,
        moved=waiting.moved,
    )


def _lease_of(room: Room, admission: str, *, late_ms: int = 1 << 40) -> bytes:
    """The lease behind an admission token; one that has expired may still be given back."""
    try:
        return room.keys.verify_admission(admission, room.board.now_ms(), late_ms).lease_id
    except hotpath_rs.TokenError as error:
        raise TicketInvalid(reason=error.code) from error
