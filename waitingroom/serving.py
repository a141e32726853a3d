"""Polls and joins before the router.

At an opening second nearly every request is one of these two, and the way to a route costs more than answering one.
Both are the handlers of ``web.py`` all the same: what they do not answer at once, and every refusal, goes the usual
way.
"""

from __future__ import annotations

from aiohttp import web

from engine.foundation.express import Express, Reply
from engine.foundation.ready import Ready
from waitingroom.endpoint import BOARDS, ENDPOINT, RoomEndpoint
from waitingroom.room import Room
from waitingroom.routes import ROOM
from waitingroom.store import Joined
from waitingroom.web import REFUSED, joined_answer, quick

_BASE = ROOM.partition("{")[0]
_JOIN = "/join"


class JoinedReply(Reply[Joined]):
    """The place that was asked for; who is known already may be asked about their turn on the usual way."""

    __slots__ = ("_endpoint", "_identity", "_request", "_room")

    def __init__(self, request: web.Request, endpoint: RoomEndpoint, room: Room, identity: tuple[bytes, bytes]) -> None:
        super().__init__()
        self._request = request
        self._endpoint = endpoint
        self._room = room
        self._identity = identity

    def answer(self, told: Joined) -> Ready | None:
        if told.word != "taken" and self._room.turn_may_be_over(told.number):
            return None
        return joined_answer(self._request, self._endpoint, self._room, self._room.place(told, *self._identity))

    def refuse(self, error: BaseException) -> None:
        self._request[REFUSED] = error


def express(app: web.Application) -> Express:
    """The two hot requests of a room that has started."""
    boards, endpoint = app[BOARDS], app[ENDPOINT]
    rooms = endpoint.rooms

    def ask(request: web.Request) -> Ready | Reply[Joined] | None:
        path = request.raw_path
        if not path.startswith(_BASE):
            return None
        if request.method == "GET":
            board = boards.get(path[len(_BASE) :])
            return board.answer if board is not None and "If-None-Match" not in request.headers else None
        if path.endswith(_JOIN) and request.method == "POST":
            room = rooms.get(path[len(_BASE) : -len(_JOIN)])
            return join(request, room) if room is not None else None
        return None

    def join(request: web.Request, room: Room) -> Reply[Joined] | None:
        try:
            identity = quick(request, endpoint, room)
            if identity is None:
                return None
            reply = JoinedReply(request, endpoint, room, identity)
            room.joining_to(reply, identity[0])
        except Exception as error:  # noqa: BLE001 - told by the route, which knows how
            request[REFUSED] = error
            return None
        return reply

    return ask
