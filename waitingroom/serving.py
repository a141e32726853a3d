"""The socket of the waiting room: aiohttp's server, with polls and joins answered before its router.

At an opening second nearly every request is one of these two, and routing costs a sixth of answering one. Both are the
handlers of ``web.py`` all the same: what they do not answer at once, and every refusal, goes the usual way.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable

import uvloop
from aiohttp import web

from waitingroom.desk import BOARDS, DESK
from waitingroom.routes import ROOM
from waitingroom.web import REFUSED, at_once

_BASE = ROOM.partition("{")[0]
_JOIN = "/join"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


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


class ExpressRunner(web.AppRunner):
    """An application whose server asks ``Express`` first."""

    __slots__ = ()

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        server.request_handler = Express(self.app, server.request_handler).handle  # type: ignore[assignment]
        return server


def run(application: Awaitable[web.Application], *, host: str, port: int, shutdown_timeout_s: float) -> None:
    """Serve until SIGINT or SIGTERM, then finish what is under way."""

    async def serve() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        runner = ExpressRunner(
            await application, access_log=None, auto_decompress=False, shutdown_timeout=shutdown_timeout_s
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port, reuse_port=True).start()
            await stop.wait()
        finally:
            await runner.cleanup()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        loop.run(serve())
