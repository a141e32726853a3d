"""Everything that the hot routes ask for, behind one key: each `app[...]` lookup is measurable in a poll."""

from __future__ import annotations

import itertools
import secrets
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

import hotpath_rs
from engine.foundation.address_limits import Limits, block_of, is_loopback
from engine.foundation.cookies import FRAMED
from waitingroom.board import Board
from waitingroom.challenge import Challenges, Work
from waitingroom.recovery import Recovery
from waitingroom.registry import Rooms
from waitingroom.room import Room

PREFIX_BYTES = 16
BLOCKS_MAX = 20_000
FRAMED_SHOWN = f"{FRAMED}="


@dataclass(frozen=True, slots=True)
class RoomEndpoint:
    """``cookie_prefix`` and the event name a queue cookie, ``cookie_attributes`` follow it.

    ``framed_attributes`` do if the room is seen inside of another site's page (foundation/cookies.py).

    ``origins`` may read answers; ``work`` is what a block owes.
    """

    rooms: Rooms
    limits: Limits
    work: Work
    challenges: Challenges
    recovery: Recovery
    keys: hotpath_rs.PlatformKeys
    cookie_prefix: str
    cookie_attributes: str
    framed_attributes: str
    origins: frozenset[str]
    trust_forwarded: bool
    lifted_for_loopback: bool
    _prefix: bytes = field(default_factory=lambda: b"random:" + secrets.token_bytes(PREFIX_BYTES), repr=False)
    _counter: itertools.count[int] = field(default_factory=itertools.count, repr=False)
    _blocks: dict[tuple[str, str], bytes] = field(default_factory=dict, repr=False)

    def nobody(self) -> bytes:
        """A fresh identity for somebody without one.

        It is only ever seen digested under a key, so a secret of the process and a count are as good as 16 new random
        bytes, and a system call cheaper.
        """
        return b"%s%d" % (self._prefix, next(self._counter))

    def cookie(self, request: web.Request, event_id: str, queue_ticket: str) -> str:
        """The header's value by which a browser keeps its place."""
        framed = FRAMED_SHOWN in request.headers.get("Cookie", "")
        attributes = self.framed_attributes if framed else self.cookie_attributes
        return f"{self.cookie_prefix}{event_id}={queue_ticket}{attributes}"

    def block(self, room: Room, address: str) -> bytes:
        """The address block as it is counted in a cohort, under the event's key; empty once the line has opened."""
        snapshot = room.board.snapshot
        if snapshot is None or snapshot.cohort >= 0 or (self.lifted_for_loopback and is_loopback(address)):
            return b""
        known = self._blocks.get((room.event_id, address))
        if known is None:
            if len(self._blocks) >= BLOCKS_MAX:
                self._blocks.clear()
            known = room.digest(b"block:" + block_of(address).encode())
            self._blocks[room.event_id, address] = known
        return known


ENDPOINT: Final = web.AppKey("endpoint", RoomEndpoint)
BOARDS: Final[web.AppKey[dict[str, Board]]] = web.AppKey("boards", dict)


async def room_of(request: web.Request) -> Room:
    """The room that the path names. NoRoom."""
    return await found(request.app[ENDPOINT], request.match_info["event_id"])


async def found(endpoint: RoomEndpoint, event_id: str) -> Room:
    """As ``room_of``, by the event's id."""
    room = endpoint.rooms.get(event_id)
    if room is None:
        room = await endpoint.rooms.find(event_id)
    return room
