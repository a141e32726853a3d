"""Joining, decided in the order of cost: what the request says, the work, the address block, the code, Redis.

An identity that was only typed proves nothing. Anybody who shows its ticket, cookie or device has its place again;
everybody else hears that it is known, and its address is mailed a link (``recovery.py``).
"""

from __future__ import annotations

import math

from aiohttp import web

from engine.foundation import asked_language, http
from engine.foundation.cookies import shown
from engine.foundation.errors import SlowDown
from engine.foundation.folding import code_folded
from waitingroom import asking, proof
from waitingroom.challenge import VALID_S
from waitingroom.endpoint import RoomEndpoint
from waitingroom.errors import (
    ChallengeRequired,
    CodeInvalid,
    CodeRequired,
    IdentityKnown,
    IdentityRequired,
    PlaceMoved,
    TicketInvalid,
)
from waitingroom.identities import digest_of, identity_of, is_device
from waitingroom.room import Place, Room
from waitingroom.shapes import JoinRequest
from waitingroom.store import Join


async def join(request: web.Request, endpoint: RoomEndpoint, room: Room, given: JoinRequest) -> Place:
    """A place for anybody who asks. A ticket that is shown again keeps its number. IdentityKnown."""
    if given.queue_ticket is not None:
        return await _by_ticket(request, endpoint, room, given.queue_ticket)
    identity = identity_of(room.rules, given)
    if "Cookie" in request.headers:
        place = await _by_cookie(request, room, room.digest(identity) if identity is not None else None)
        if place is not None:
            return place
    if identity is None and room.rules.identity == "email":
        raise IdentityRequired.at("/identity", "identity_required", "Say who you are: an e-mail address")
    return await _by_name(request, endpoint, room, given, identity or endpoint.nobody())


async def _by_name(
    request: web.Request, endpoint: RoomEndpoint, room: Room, given: JoinRequest, identity: bytes
) -> Place:
    """A new place for this identity, or its own if a device proves it. IdentityKnown."""
    address = http.client_address(request, trust_forwarded=endpoint.trust_forwarded)
    key_hash, digest = _device(endpoint, room, given), room.digest(identity)
    codes = room.rules.codes
    if codes.required and not _code(given):
        raise CodeRequired
    spent_as = _work(endpoint, room, given, address)
    await endpoint.limits.of("join").admit(address)
    if spent_as is not None and not await room.store.spend_challenge(spent_as, VALID_S):
        raise ChallengeRequired(challenge=endpoint.challenges.make(room.event_id, endpoint.work.owed(address)))
    if codes.required:
        _show_code(endpoint, room, _code(given), address)
    wish = b"!trap_field" if given.website else b"~" if is_device(identity) else b""
    joined, place = await room.join(Join(digest, wish, key_hash, endpoint.block(room, address)))
    if place is not None:
        return place
    mailed = False
    if room.rules.identity == "email" and given.identity is not None:
        language = asked_language.language(request)
        mailed = await endpoint.recovery.ask(room, given.identity, digest, joined.number, language)
    nonce = proof.nonce(endpoint.keys, room.event_id, room.board.now_ms())
    raise IdentityKnown(_told(room, mailed=mailed), mailed=mailed, nonce=nonce)


def quick(request: web.Request, endpoint: RoomEndpoint, room: Room, given: JoinRequest) -> Join | None:
    """What anybody who need not wait for anything but the line asks of it; None for all others.

    Says the same as ``join``, without its steps in between: at the opening second this is all that happens.
    """
    headers = request.headers
    if given.queue_ticket is not None or given.device_key is not None or given.proof is not None or given.website:
        return None
    if "Cookie" in headers or headers.get("Sec-Fetch-Mode") == "navigate":
        return None
    identity = identity_of(room.rules, given) if given.identity is not None else None
    if identity is None:
        if room.rules.identity == "email":
            return None
        identity = endpoint.nobody()
    address = http.client_address(request, trust_forwarded=endpoint.trust_forwarded)
    codes = room.rules.codes
    if codes.required and not (
        _code(given) and endpoint.limits.of("code_guess").wait_s(address) <= 0 and codes.admits(_code(given))
    ):
        return None
    if room.rules.challenge != "none" or not endpoint.limits.of("join").passes(address):
        return None
    return Join(room.digest(identity), block=endpoint.block(room, address))


def _device(endpoint: RoomEndpoint, room: Room, given: JoinRequest) -> bytes:
    """The hash of the device's key, proven or only named; empty if there is none. ProofRequired."""
    if given.proof is not None:
        return proof.proven(endpoint.keys, room.event_id, given.proof, room.board.now_ms())
    point = asking.device_point(given.device_key) if given.device_key is not None else None
    return asking.device_key_hash(point) if point is not None else b""


async def _by_ticket(request: web.Request, endpoint: RoomEndpoint, room: Room, text: str) -> Place:
    """The place of a ticket that is shown again. TicketInvalid, PlaceMoved."""
    await endpoint.limits.of("join").admit(http.client_address(request, trust_forwarded=endpoint.trust_forwarded))
    place = await room.rejoin(room.verify(text))
    if place is None:
        raise IdentityKnown(mailed=False)
    return place


async def _by_cookie(request: web.Request, room: Room, digest: bytes | None) -> Place | None:
    """The place in the visitor's cookie, if it is of the identity they name, if they do.

    A cookie that does not verify, or whose place was moved elsewhere, is as good as none.
    """
    text = shown(request.cookies, asking.QUEUE_COOKIE_PREFIX + room.event_id)
    if not text:
        return None
    try:
        ticket = room.verify(text)
    except (TicketInvalid, PlaceMoved):
        return None
    if digest is not None and digest_of(ticket) != digest:
        return None
    return await room.rejoin(ticket)


def _code(given: JoinRequest) -> str:
    return code_folded(given.code) if given.code is not None else ""


def _show_code(endpoint: RoomEndpoint, room: Room, code: str, address: str) -> None:
    """CodeInvalid; SlowDown, and nothing is compared, if too many wrong ones came from around there."""
    guesses = endpoint.limits.of("code_guess")
    wait_s = guesses.wait_s(address)
    if wait_s > 0:
        raise SlowDown(retry_after_s=math.ceil(wait_s))
    if not room.rules.codes.admits(code):
        guesses.take(address)
        raise CodeInvalid


def _work(endpoint: RoomEndpoint, room: Room, given: JoinRequest, address: str) -> bytes | None:
    """The name under which the work done is spent; None if none is asked for. ChallengeRequired with a fresh one."""
    if room.rules.challenge == "none":
        return None
    spent_as = endpoint.challenges.spent_as(room.event_id, given.challenge) if given.challenge else None
    if spent_as is None:
        raise ChallengeRequired(challenge=endpoint.challenges.make(room.event_id, endpoint.work.owed(address)))
    return spent_as


def _told(room: Room, *, mailed: bool) -> str | None:
    if room.rules.identity != "email":
        return None
    if mailed:
        return "This address has a place already: we have sent it a link that moves the place to whoever opens it"
    return "This address has a place already: it was sent a link in the last minutes, and gets the next one after ten"
