"""A reverse proxy between a browser and an application, as nginx stands there when nobody told it about streams.

It keeps an answer to itself until it is whole, unless the answer says ``X-Accel-Buffering: no``; a ``deaf`` one does
not even listen to that.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

_OF_THE_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host", "date", "server"})


class Proxy:
    """``url`` stands for the application's; ``streams`` counts those open through it, ``asked`` all that ever were."""

    def __init__(self, upstream: URL, session: aiohttp.ClientSession, *, deaf: bool) -> None:
        self._upstream = upstream
        self._session = session
        self._deaf = deaf
        self.streams = 0
        self.asked = 0
        self.url = URL()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _OF_THE_HOP}
        asked = self._session.request(
            request.method,
            self._upstream.join(request.rel_url),
            headers=headers,
            data=await request.read() or None,
            allow_redirects=False,
        )
        async with asked as answer:
            streamed = answer.content_type == "text/event-stream"
            self.streams += streamed
            self.asked += streamed
            try:
                return await self._pass_on(request, answer)
            finally:
                self.streams -= streamed

    async def _pass_on(self, request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
        passed = web.StreamResponse(status=answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in _OF_THE_HOP:
                passed.headers.add(name, value)
        if self._deaf or answer.headers.get("X-Accel-Buffering") != "no":
            body = await answer.read()
            await passed.prepare(request)
            await passed.write(body)
        else:
            await passed.prepare(request)
            async for chunk in answer.content.iter_any():
                await passed.write(chunk)
        await passed.write_eof()
        return passed


@asynccontextmanager
async def proxied(upstream: URL, *, deaf: bool = False) -> AsyncIterator[Proxy]:
    """The proxy in front of an application."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(
        connector=connector, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
    ) as session:
        proxy = Proxy(upstream, session, deaf=deaf)
        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", proxy.handle)
        server = TestServer(app)
        await server.start_server(shutdown_timeout=0.5)  # a deaf one waits for streams that never end
        proxy.url = server.make_url("/")
        try:
            yield proxy
        finally:
            await server.close()
