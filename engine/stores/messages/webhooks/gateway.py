"""How a webhook message leaves: one POST to an address that somebody typed.

A name is looked up once and connected to as what it led to; if any of that may be a part of our own network, nothing is
sent. Redirects are not followed, TRY_S is all the time there is, RESPONSE_BYTES_MAX all that is read of an answer.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from engine.domain.messages.webhooks import ERROR_CHARS_MAX, RESPONSE_BYTES_MAX
from engine.foundation.public_hosts import is_public, may_be_public

TRY_S: Final = 10.0
CONNECTIONS_MAX: Final = 64
HEADER_CHARS_MAX: Final = 8_190
USER_AGENT: Final = "onsale-webhooks/1"
PRIVATE: Final = "The address is not of the public internet"


@dataclass(frozen=True, slots=True)
class Answer:
    """What an endpoint said. ``status`` None: nothing, and ``error`` says why."""

    status: int | None
    error: str
    response: str
    took_ms: int


class _PrivateError(OSError):
    """What was looked up must not be connected to."""


class _PublicNames(AbstractResolver):
    """Looks names up, and answers only if everything that a name leads to is public."""

    def __init__(self, *, private_allowed: bool) -> None:
        self._private_allowed = private_allowed
        self._names = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._names.resolve(host, port, family)
        if not self._private_allowed and not all(is_public(each["host"]) for each in found):
            raise _PrivateError(PRIVATE)
        return found

    async def close(self) -> None:
        await self._names.close()


class WebhookGateway:
    """Sends. ``private_allowed`` for sandboxes and tests, whose endpoints are on the same machine."""

    def __init__(self, *, private_allowed: bool) -> None:
        self._private_allowed = private_allowed
        self._session: aiohttp.ClientSession | None = None

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send once. Never raises for what the other side does."""
        began_s = time.monotonic()
        status, error, response = await self._post(url, headers, body)
        return Answer(status, error[:ERROR_CHARS_MAX], response, round((time.monotonic() - began_s) * 1000))

    async def close(self) -> None:
        """Close what is open."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int | None, str, str]:
        try:
            to = URL(url)
            if not self._private_allowed and not may_be_public(to.raw_host or ""):
                return None, PRIVATE, ""
            async with (
                asyncio.timeout(TRY_S),
                self._opened().post(to, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                read = await _beginning(answer)
                return answer.status, "", read
        except TimeoutError:
            return None, f"No answer within {TRY_S:.0f} seconds", ""
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return None, _told(error), ""

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                resolver=_PublicNames(private_allowed=self._private_allowed),
                use_dns_cache=False,
                force_close=True,
                limit=CONNECTIONS_MAX,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=TRY_S),
                headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
                auto_decompress=False,
                max_line_size=HEADER_CHARS_MAX,
                max_field_size=HEADER_CHARS_MAX,
            )
        return self._session


async def _beginning(answer: aiohttp.ClientResponse) -> str:
    """The first RESPONSE_BYTES_MAX of an answer as text; the rest stays unread. Without NUL, which no ledger keeps."""
    read = b""
    while len(read) < RESPONSE_BYTES_MAX:
        piece = await answer.content.read(RESPONSE_BYTES_MAX - len(read))
        if not piece:
            break
        read += piece
    return read.decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")


def _told(error: Exception) -> str:
    """A failed try in words for those who run the endpoint."""
    if isinstance(error.__cause__, _PrivateError):
        return PRIVATE
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "The host's name leads nowhere"
    if isinstance(error, (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError, ssl.SSLError)):
        return "The certificate is not valid for this address"
    if isinstance(error, (aiohttp.ClientConnectorError, ConnectionError)):
        return "Nobody listens there"
    return f"The answer could not be read ({type(error).__name__})"
