"""Polls and joins before the router.

At an opening second nearly every request is one of these two, and the way to a route costs more than answering one.
Both are the handlers of ``web.py`` all the same: what they do not answer at once, and every refusal, goes the usual
way.
"""

from __future__ import annotations

from aiohttp import web

from engine.foundation import manners
from engine.foundation.express import Express, Reply
from engine.foundation.ready import Ready
from waitingroom.endpoint import BOARDS, ENDPOINT, RoomEndpoint
from waitingroom.room import Room
from waitingroom.routes import ROOM
from waitingroom.store import Join, Joined
from waitingroom.web import REFUSED, joined_answer, quick

_BASE = ROOM.partition("{")[0]
_JOIN = "/join"


class JoinedReply(Reply[Joined]):
    """The place that was asked for; whose identity is known already is told so on the usual way."""

    __slots__ = ("_endpoint", "_item", "_request", "_room")

    def __init__(self, request: web.Request, endpoint: RoomEndpoint, room: Room, item: Join) -> None:
        super().__init__()
        self._request = request
        self._endpoint = endpoint
        self._room = room
        self._item = item

    def answer(self, told: Joined) -> Ready | None:
        if told.word not in {"taken", "crowded"}:
            return None
        place = self._room.place(told, self._room.standing(self._item.digest), self._item.key)
        return joined_answer(self._request, self._endpoint, self._room, place)

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
        if not manners.is_plain(request):
            return None
        try:
            item = quick(request, endpoint, room)
            if item is None:
                return None
            reply = JoinedReply(request, endpoint, room, item)
            room.joining_to(reply, item)
        except Exception as error:  # noqa: BLE001 - told by the route, which knows how
            request[REFUSED] = error
            return None
        return reply

    return ask
