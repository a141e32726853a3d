"""Joining, decided in the order of cost: what the request says, the challenge, the address block, the code, Redis."""

from __future__ import annotations

import math

from aiohttp import web

from engine.foundation import http
from engine.foundation.cookies import shown
from engine.foundation.errors import SlowDown
from waitingroom import asking
from waitingroom.challenge import VALID_S
from waitingroom.endpoint import RoomEndpoint
from waitingroom.errors import ChallengeRequired, CodeInvalid, CodeRequired, IdentityRequired, TicketInvalid
from waitingroom.room import Place, Room
from waitingroom.shapes import JoinRequest

IDENTITY_CHARS_MIN = 3


async def join(request: web.Request, endpoint: RoomEndpoint, room: Room, given: JoinRequest) -> Place:
    """A place for whoever asks. A ticket that is shown again, or an identity that is known, keeps its number."""
    if given.queue_ticket is not None:
        return await room.rejoin(room.verify(given.queue_ticket))
    point = asking.device_point(given.device_key) if given.device_key is not None else None
    key_hash = asking.device_key_hash(point) if point is not None else b""
    identity = _identity(room, given)
    if identity is None:
        if "Cookie" in request.headers:
            place = await _by_cookie(request, room)
            if place is not None:
                return place
        if room.rules.identity == "email":
            raise IdentityRequired.at("/identity", "identity_required", "Say who you are: an e-mail address")
        identity = endpoint.nobody()
    codes = room.rules.codes
    if codes.required and not _code(given):
        raise CodeRequired
    if room.rules.challenge != "none":
        await _challenge(endpoint, room, given)
    address = http.client_address(request, trust_forwarded=endpoint.trust_forwarded)
    delay = endpoint.limits.take(address)
    if delay > 0:
        await endpoint.limits.hold_back(delay)
    if codes.required:
        _show_code(endpoint, room, _code(given), address)
    return await room.join(room.digest(identity), key_hash, suspect="trap_field" if given.website else "")


def quick(request: web.Request, endpoint: RoomEndpoint, room: Room, given: JoinRequest) -> tuple[bytes, bytes] | None:
    """Identity digest and device key hash of whoever need not wait for anything but the line; None for all others.

    Says the same as ``join``, without its steps in between: at the opening second this is all that happens.
    """
    headers = request.headers
    if given.queue_ticket is not None or given.device_key is not None or given.website:
        return None
    if "Cookie" in headers or headers.get("Sec-Fetch-Mode") == "navigate":
        return None
    identity = _identity(room, given) if given.identity is not None else None
    if identity is None:
        if room.rules.identity == "email":
            return None
        identity = endpoint.nobody()
    address = http.client_address(request, trust_forwarded=endpoint.trust_forwarded)
    codes = room.rules.codes
    if codes.required and not (_code(given) and endpoint.guesses.wait_s(address) <= 0 and codes.admits(_code(given))):
        return None
    if room.rules.challenge != "none" or not endpoint.limits.passes(address):
        return None
    return room.digest(identity), b""


def _identity(room: Room, given: JoinRequest) -> bytes | None:
    """Who this is, as the bytes that are digested; kinds are told apart so that none can pose as another."""
    if given.identity is not None:
        text = given.identity.strip().lower()
        if room.rules.identity == "email":
            local, at, domain = text.rpartition("@")
            if not local or not at or not domain or len(text) < IDENTITY_CHARS_MIN or any(map(str.isspace, text)):
                raise IdentityRequired.at("/identity", "invalid_email", "This is not an e-mail address")
            return b"email:" + text.encode()
        if text:
            return b"name:" + text.encode()
    if given.device_key is not None and room.rules.identity == "none":
        return b"device:" + given.device_key.encode()
    return None


async def _by_cookie(request: web.Request, room: Room) -> Place | None:
    """The place in the visitor's cookie; a cookie that does not verify is as good as none."""
    text = shown(request.cookies, asking.QUEUE_COOKIE_PREFIX + room.event_id)
    if not text:
        return None
    try:
        ticket = room.verify(text)
    except TicketInvalid:
        return None
    return await room.rejoin(ticket)


def _code(given: JoinRequest) -> str:
    return given.code.strip() if given.code is not None else ""


def _show_code(endpoint: RoomEndpoint, room: Room, code: str, address: str) -> None:
    """CodeInvalid; SlowDown, and nothing is compared, where too many wrong ones came from around there."""
    wait_s = endpoint.guesses.wait_s(address)
    if wait_s > 0:
        raise SlowDown(retry_after_s=math.ceil(wait_s))
    if not room.rules.codes.admits(code):
        endpoint.guesses.take(address)
        raise CodeInvalid


async def _challenge(endpoint: RoomEndpoint, room: Room, given: JoinRequest) -> None:
    """Work done for this room and never spent before. ChallengeRequired, with a fresh challenge to solve."""
    spent_as = endpoint.challenges.spent_as(room.event_id, given.challenge) if given.challenge else None
    if spent_as is None or not await room.store.spend_challenge(spent_as, VALID_S):
        raise ChallengeRequired(challenge=endpoint.challenges.make(room.event_id))
