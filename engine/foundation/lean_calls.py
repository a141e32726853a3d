"""HTTP calls to one place that is asked at every order: aiohttp's connections and parser, without its client.

The client makes a request, a response and their headers as objects, tasks and timers for each call, which cost more
than all that is sent and read. Here head and body are bytes, and the answer is what aiohttp's parser read. Pool and TLS
are those of the session that lends its connections.

What is raised is what the client would raise: aiohttp.ClientError, TimeoutError.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import aiohttp
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import Connection
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.streams import StreamReader
from yarl import URL

ANSWER_BYTES_MAX: Final = 4 * 1024 * 1024
INTERIM: Final = range(100, 200)  # words before the answer ("103 Early Hints")


@dataclass(frozen=True, slots=True)
class Told:
    """An answer. Its headers may be asked for in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class LeanCalls:
    """Calls to the place at ``url``. ``session`` lends its connections; it is asked for when the first call is made."""

    def __init__(self, url: str, session: Callable[[], aiohttp.ClientSession], timeout: aiohttp.ClientTimeout) -> None:
        place = URL(url)
        self._place = place
        self._path = place.raw_path.rstrip("/")
        self._host = f"Host: {place.host_port_subcomponent}\r\nAccept: */*\r\n"
        self._session = session
        self._timeout = timeout
        self._door: tuple[aiohttp.BaseConnector, ClientRequest] | None = None

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None, *, again: bool = False
    ) -> Told:
        """The answer. ``path`` is encoded as it must be sent, its query too.

        ``again``: asked twice it is done once, so a connection that turns out to be dead costs a second try.
        """
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        if body is not None:
            lines += f"Content-Length: {len(body)}\r\n"
        head = f"{method} {self._path}{path} HTTP/1.1\r\n{self._host}{lines}"
        if head.count("\n") != head.count("\r\n") or head.count("\r") != len(headers) + 3 + (body is not None):
            raise ValueError("a line break within a header")
        raw = head.encode() + b"\r\n" + (body or b"")
        async with asyncio.timeout(self._timeout.total):
            try:
                return await self._once(raw)
            except aiohttp.ClientConnectorError:
                raise
            except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
                if not again:
                    raise
            return await self._once(raw)

    async def _once(self, raw: bytes) -> Told:
        connector, door = self._door or self._open_door()
        connection = await connector.connect(door, [], self._timeout)
        try:
            told = await _answer(connection, raw)
        except HttpProcessingError as error:
            connection.close()
            raise aiohttp.ClientConnectionError("What came is no HTTP") from error
        except BaseException:
            connection.close()
            raise
        connection.release()
        return told

    def _open_door(self) -> tuple[aiohttp.BaseConnector, ClientRequest]:
        """The pool, and a request that tells it where to."""
        session = self._session()
        assert session.connector is not None, "a session that is closed lends no connections"
        self._door = (
            session.connector,
            ClientRequest("GET", self._place, loop=asyncio.get_running_loop(), session=session),
        )
        return self._door


async def _answer(connection: Connection, raw: bytes) -> Told:
    protocol = connection.protocol
    assert protocol is not None
    assert protocol.transport is not None
    protocol.set_response_params(read_until_eof=True)
    protocol.transport.write(raw)
    message, payload = await protocol.read()
    while message.code in INTERIM:
        message, payload = await protocol.read()
    return Told(message.code, message.headers, await _body(payload))


async def _body(payload: StreamReader) -> bytes:
    parts, size = [], 0
    while part := await payload.readany():
        parts.append(part)
        size += len(part)
        if size > ANSWER_BYTES_MAX:
            raise aiohttp.ClientPayloadError("The answer is too long")
    return b"".join(parts)
