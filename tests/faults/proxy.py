"""A TCP proxy that misbehaves on request: slow, silent, broken, or losing what the server answered.

Weather is changed at any time and holds for every connection: ``delay_s`` before replies, ``silent`` (nothing passes
and nothing closes), ``lose_replies`` (the server hears and does, the client's connection breaks instead of an answer).
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit, urlunsplit

CHUNK_BYTES = 65_536


@dataclass
class Proxy:
    """Between a client and ``target``; ``url`` is where the client must go."""

    target: str
    delay_s: float = 0.0
    silent: bool = False
    lose_replies: int = 0  # this many replies are still to be lost
    loses: bytes = b""  # only of what asks with these bytes in it
    refusing: bool = False
    connections: int = 0
    _server: asyncio.Server | None = None
    _pairs: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.reset()
        for task in list(self._tasks):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task

    @property
    def url(self) -> str:
        assert self._server is not None
        port = self._server.sockets[0].getsockname()[1]
        return urlunsplit(urlsplit(self.target)._replace(netloc=f"127.0.0.1:{port}"))

    def reset(self) -> None:
        """Break every connection as a cable that is pulled and a kernel that says so."""
        for pair in list(self._pairs):
            for writer in pair:
                writer.transport.abort()
        self._pairs.clear()

    async def _serve(self, client_reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        if self.refusing:
            client.transport.abort()
            return
        self.connections += 1
        where = urlsplit(self.target)
        try:
            server_reader, server = await asyncio.open_connection(where.hostname, where.port)
        except OSError:
            client.transport.abort()
            return
        self._pairs.add((client, server))
        asked: list[bytes] = [b""]
        for work in (self._ask(client_reader, server, asked), self._answer(server_reader, client, server, asked)):
            task = asyncio.create_task(work)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: list[bytes]) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(CHUNK_BYTES):
                await self._while_silent()
                asked[0] = chunk
                writer.write(chunk)
        writer.close()

    async def _answer(
        self,
        reader: asyncio.StreamReader,
        client: asyncio.StreamWriter,
        server: asyncio.StreamWriter,
        asked: list[bytes],
    ) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(CHUNK_BYTES):
                if self.lose_replies > 0 and self.loses in asked[0]:
                    self.lose_replies -= 1
                    client.transport.abort()
                    server.transport.abort()
                    return
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                await self._while_silent()
                client.write(chunk)
        client.close()

    async def _while_silent(self) -> None:
        while self.silent:
            await asyncio.sleep(0.01)
