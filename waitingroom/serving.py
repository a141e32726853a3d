"""Polls and joins before the router.

At an opening second nearly every request is one of these two, and routing costs a sixth of answering one. Both are the
handlers of ``web.py`` all the same: what they do not answer at once, and every refusal, goes the usual way.
"""

from __future__ import annotations

from aiohttp import web

from engine.foundation.http import Handler
from waitingroom.desk import BOARDS, DESK
from waitingroom.routes import ROOM
from waitingroom.web import REFUSED, at_once

_BASE = ROOM.partition("{")[0]
_JOIN = "/join"


class Express:
    """The two hot requests, and ``rest`` for all others."""

    def __init__(self, app: web.Application, rest: Handler) -> None:
        self._boards = app[BOARDS]
        self._desk = app[DESK]
        self._rest = rest

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The answer to any request."""
        path = request.raw_path
        if path.startswith(_BASE):
            if request.method == "GET":
                board = self._boards.get(path[len(_BASE) :])
                if board is not None and "If-None-Match" not in request.headers:
                    return web.Response(body=board.document, headers=board.headers)
            elif path.endswith(_JOIN) and request.method == "POST":
                try:
                    joined = await at_once(request, self._desk, path[len(_BASE) : -len(_JOIN)])
                except Exception as error:  # noqa: BLE001 - told by the route, which knows how
                    request[REFUSED] = error
                else:
                    if joined is not None:
                        return joined
        return await self._rest(request)


def express(app: web.Application, rest: Handler) -> Handler:
    """``Express`` for a room that has started."""
    return Express(app, rest).handle
