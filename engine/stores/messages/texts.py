"""Short messages to a telephone: what a gateway to them is, and what it says when it did not take one.

TextRefused   the number or the message is of no use: never again
TextPutOff    the provider did not answer, is busy or does not know us: later
"""

from __future__ import annotations

from typing import Any, Final, Protocol

import aiohttp
import orjson

TIMEOUT_S: Final = 15.0
ANSWER_BYTES_MAX: Final = 64 * 1024
TAKEN: Final = frozenset({200, 201, 202})
# Statuses that speak of the message; any other speaks of us, or of the provider's day.
REFUSED: Final = frozenset({400, 404, 410, 422})


class _Said(Exception):  # noqa: N818 - the ends of it read as sentences where they are raised
    """``said``: the provider's words, or what went wrong on the way to it."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said


class TextRefused(_Said):
    """It will never be taken."""


class TextPutOff(_Said):
    """It may be taken later."""


class TextGateway(Protocol):
    """Sends to a number in E.164."""

    async def send(self, number: str, text: str) -> str:
        """The provider's id of the message that it took. TextRefused, TextPutOff."""

    async def close(self) -> None:
        """Hang up."""


class ProviderGateway:
    """One provider, spoken to over HTTP; nobody waits for it longer than TIMEOUT_S."""

    def __init__(self) -> None:
        self._http: aiohttp.ClientSession | None = None

    async def _posted(self, url: str, **body: Any) -> dict[str, Any]:
        """The answer of a provider that took it. TextRefused, TextPutOff."""
        if self._http is None:
            self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S))
        try:
            async with self._http.post(url, allow_redirects=False, **body) as answer:
                raw = await answer.content.read(ANSWER_BYTES_MAX)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise TextPutOff(f"The provider does not answer ({type(error).__name__})") from error
        told = _read(raw)
        if answer.status in TAKEN:
            return told
        said = f"{answer.status} {told.get('code', '')} {told.get('message', '')}"
        raise (TextRefused if answer.status in REFUSED else TextPutOff)(" ".join(said.split()))

    async def close(self) -> None:
        """Hang up."""
        if self._http is not None:
            await self._http.close()


def _read(raw: bytes) -> dict[str, Any]:
    try:
        told = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}
