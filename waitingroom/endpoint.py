"""Everything that the hot routes ask for, behind one key: each look-up in the application costs a poll dear."""

from __future__ import annotations

import itertools
import secrets
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

import hotpath_rs
from engine.foundation.address_limits import AddressLimits
from waitingroom.board import Board
from waitingroom.challenge import Challenges
from waitingroom.registry import Rooms
from waitingroom.room import Room

PREFIX_BYTES = 16


@dataclass(frozen=True, slots=True)
class RoomEndpoint:
    """``cookie_prefix`` and the event name a queue cookie, ``cookie_attributes`` follow it.

    ``guesses`` count wrong codes; ``origins`` may read answers.
    """

    rooms: Rooms
    limits: AddressLimits
    guesses: AddressLimits
    challenges: Challenges
    keys: hotpath_rs.PlatformKeys
    cookie_prefix: str
    cookie_attributes: str
    origins: frozenset[str]
    trust_forwarded: bool
    _prefix: bytes = field(default_factory=lambda: b"random:" + secrets.token_bytes(PREFIX_BYTES), repr=False)
    _counter: itertools.count[int] = field(default_factory=itertools.count, repr=False)

    def nobody(self) -> bytes:
        """A fresh identity for somebody without one.

        It is only ever seen digested under a key, so a secret of the process and a count are as good as 16 new random
        bytes, and a system call cheaper.
        """
        return b"%s%d" % (self._prefix, next(self._counter))


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
