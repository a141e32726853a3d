"""The socket of an application whose hottest requests are answered before its router.

Where a second's requests are nearly all of one kind, tasks, routing and middlewares cost more than answering one. What
``express`` does not answer goes to the application as always.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import uvloop
from aiohttp import web

from engine.foundation.express import Express, ExpressServer

ExpressOf: TypeAlias = Callable[[web.Application], Express]


class ExpressRunner(web.AppRunner):
    """An application whose server asks ``express`` first; it is made once the application has started."""

    __slots__ = ("_express",)

    def __init__(self, app: web.Application, express: ExpressOf, *, shutdown_timeout_s: float) -> None:
        # Compressed bodies are refused, and must cost nothing before that.
        super().__init__(app, access_log=None, auto_decompress=False, shutdown_timeout=shutdown_timeout_s)
        self._express = express

    async def _make_server(self) -> web.Server:
        return ExpressServer(await super()._make_server(), self._express(self.app))


def router_only(_app: web.Application) -> Express:
    """For an app without hot requests: the limits and the manners of the connection alone."""
    return lambda _request: None


def run(
    application: Awaitable[web.Application], *, express: ExpressOf, host: str, port: int, shutdown_timeout_s: float
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
