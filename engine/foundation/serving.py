"""The socket of an application whose hottest requests are answered before its router.

Where a second's requests are nearly all of one kind, routing and middlewares cost a sixth of answering one. ``express``
is asked first; what it does not answer goes to the application as always.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable

import uvloop
from aiohttp import web

from engine.foundation.http import Handler

Express = Callable[[web.Application, Handler], Handler]


class ExpressRunner(web.AppRunner):
    """An application whose server asks ``express`` first; it is made once the application has started."""

    __slots__ = ("_express",)

    def __init__(self, app: web.Application, express: Express, *, shutdown_timeout_s: float) -> None:
        # Compressed bodies are refused, and must cost nothing before that.
        super().__init__(app, access_log=None, auto_decompress=False, shutdown_timeout=shutdown_timeout_s)
        self._express = express

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        server.request_handler = self._express(self.app, server.request_handler)  # type: ignore[assignment]
        return server


def run(
    application: Awaitable[web.Application], *, express: Express, host: str, port: int, shutdown_timeout_s: float
) -> None:
    """Serve until SIGINT or SIGTERM, then finish what is under way."""

    async def serve() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        runner = ExpressRunner(await application, express, shutdown_timeout_s=shutdown_timeout_s)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port, reuse_port=True).start()
            await stop.wait()
        finally:
            await runner.cleanup()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        loop.run(serve())
