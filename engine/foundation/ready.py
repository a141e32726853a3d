"""An answer whose bytes are complete, for the routes where everybody comes at once: one head, one body, one write.

aiohttp's own response keeps its headers in a multidict that signals may change and serialises them one by one, about a
sixth of what a whole POST costs. Here the head is put together by the caller; nobody changes it afterwards.
"""

from __future__ import annotations

import time
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

from aiohttp import HttpVersion11, web
from aiohttp.abc import AbstractStreamWriter

_PHRASES = {status.value: status.phrase.encode() for status in HTTPStatus}


class Ready(web.StreamResponse):
    """``head`` is header lines, each with its line end, safe as they are; Date and Content-Length are added."""

    def __init__(self, status: int, head: bytes, content: bytes) -> None:
        # The base's own state is never looked at: everything that aiohttp asks of an answer is overridden here.
        self._code = status
        self._head = head
        self._content = content
        self._stays = True

    def add(self, head: bytes) -> None:
        """More header lines, each with its line end."""
        self._head += head

    @property
    def status(self) -> int:
        return self._code

    @property
    def prepared(self) -> bool:
        """Headers cannot be added any more."""
        return True

    @property
    def keep_alive(self) -> bool:
        return self._stays

    @property
    def body_length(self) -> int:
        return len(self._content)

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Write everything. HTTP/1.0 callers are hung up on, as they expect."""
        transport = request.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("The caller is gone")
        self._stays = request.keep_alive and request.version >= HttpVersion11
        transport.write(self.raw(stays=self._stays))
        return None

    def raw(self, *, stays: bool) -> bytes:
        """The whole answer; ``stays``: the connection is kept."""
        if self._code == HTTPStatus.NOT_MODIFIED:
            return self._unchanged(stays=stays)
        return b"HTTP/1.1 %d %b\r\n%bDate: %b\r\nContent-Length: %d\r\n%b\r\n%b" % (
            self._code,
            _PHRASES[self._code],
            self._head,
            _date(int(time.time())),
            len(self._content),
            b"" if stays else b"Connection: close\r\n",
            self._content,
        )

    def _unchanged(self, *, stays: bool) -> bytes:
        """A length would be that of the answer it stands for."""
        ends = b"" if stays else b"Connection: close\r\n"
        return b"HTTP/1.1 304 Not Modified\r\n%bDate: %b\r\n%b\r\n" % (self._head, _date(int(time.time())), ends)

    async def write_eof(self, data: bytes = b"") -> None:
        """Written already."""
        assert not data


@lru_cache(maxsize=1)
def _date(now_s: int) -> bytes:
    """The Date header of a second; worked out once in it."""
    return formatdate(now_s, usegmt=True).encode()
