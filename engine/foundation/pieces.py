"""Bodies of megabytes, written a piece at a time.

Whole, a body is copied behind its head before the first byte leaves, and everybody else waits for that.
"""

from __future__ import annotations

from typing import Final, Protocol

from aiohttp import abc, payload

LONG_BYTES: Final = 256 * 1024
PIECE_BYTES: Final = 512 * 1024


class Long(Protocol):
    """Bytes that are taken a piece at a time."""

    def __len__(self) -> int: ...
    def piece(self, begin: int, end: int) -> bytes: ...


def whole(body: Long) -> bytes:
    """All of it at once."""
    return body.piece(0, len(body))


class Pieces(payload.Payload):
    """The body of a response: each piece is taken when the one before it has left."""

    _value: Long

    def __init__(self, value: Long, *, content_type: str) -> None:
        super().__init__(value, content_type=content_type)
        self._size = len(value)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return whole(self._value).decode(encoding, errors)

    async def write(self, writer: abc.AbstractStreamWriter) -> None:
        await self.write_with_length(writer, None)

    async def write_with_length(self, writer: abc.AbstractStreamWriter, content_length: int | None) -> None:
        end = len(self._value) if content_length is None else min(content_length, len(self._value))
        for begin in range(0, end, PIECE_BYTES):
            await writer.write(self._value.piece(begin, min(begin + PIECE_BYTES, end)))
