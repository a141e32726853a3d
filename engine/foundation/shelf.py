"""Public answers that stand ready: made once a change, given to everybody as they are, compressed once.

A handler that has made one puts it here under the address it was asked at; from then on whatever answers before the
router gives it away until it no longer stands. What was read before a change and is ready after it is not kept.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from aiohttp import web

from engine.foundation import http
from engine.foundation.asked_language import language
from engine.foundation.clock import now_ms
from engine.foundation.metrics import ANSWERS, RouteAnswers
from engine.foundation.ready import Ready
from engine.foundation.world.languages import DEFAULT

ANSWERS_MAX: Final = 4_096
BYTES_MAX: Final = 64 * 1024 * 1024
ADDRESS_CHARS_MAX: Final = 512
PACKED_AT_LEAST_BYTES: Final = 512
ETAG_BYTES: Final = 12
RENEWAL_S_MAX: Final = 1.0
PUBLIC: Final = "public, max-age=1, stale-while-revalidate=10"
PROGRAMS: Final = "/v1/"
EVERYTHING: Final = ""  # the topic of what any change may touch
_GZIP = b"Content-Encoding: gzip\r\n"


class Standing:
    """One answer. ``moment``: a mark in the body where the server's clock is written for each caller, in epoch ms.

    ``told`` counts the answers of its route.
    """

    __slots__ = ("_body", "_etag", "_head", "_packed", "_parts", "renewed_s", "size", "stands", "told", "topic")

    def __init__(
        self,
        body: bytes,
        headers: Mapping[str, str],
        *,
        etag: str | None,
        moment: bytes,
        topic: str,
        stands: Callable[[], bool],
        told: RouteAnswers,
    ) -> None:
        self._parts = body.split(moment) if moment and moment in body else None
        self._etag = None if self._parts else etag or hashlib.blake2b(body, digest_size=ETAG_BYTES).hexdigest()
        named = {"Vary": "Accept-Encoding", **headers} | ({"ETag": f'"{self._etag}"'} if self._etag else {})
        self._head = "".join(f"{name}: {value}\r\n" for name, value in named.items()).encode() + b"X-Request-Id: "
        self._body = body
        packed = b"" if self._parts or len(body) < PACKED_AT_LEAST_BYTES else gzip.compress(body, mtime=0)
        self._packed = packed if len(packed) < len(body) else b""
        self.told = told
        self.renewed_s = 0.0
        self.size = len(body) + len(packed)
        self.topic = topic
        self.stands = stands

    def answer(self, request: web.Request) -> Ready:
        """What this caller reads."""
        headers = request.headers
        request_id = request.get(http.REQUEST_ID) or http.request_id_of(request)
        head = self._head + request_id.encode() + b"\r\n"
        if self._etag is not None and "If-None-Match" in headers and http.fresh(request, self._etag):
            return Ready(304, head, b"")
        if self._parts is not None:
            return Ready(200, head, str(now_ms()).encode().join(self._parts))
        if self._packed and _takes_gzip(headers.get("Accept-Encoding", "")):
            return Ready(200, _GZIP + head, self._packed)
        return Ready(200, head, self._body)


# What stands at each mark for this caller, and header lines more; None if another answer is this caller's.
Fill = Callable[[web.Request], "tuple[Mapping[bytes, bytes], bytes] | None"]


class Personal:
    """A page of which a few words are each caller's own: ``marks`` stand in its body for them."""

    __slots__ = ("_fill", "_head", "_pieces", "renewed_s", "size", "stands", "told", "topic")

    def __init__(
        self,
        body: bytes,
        headers: Mapping[str, str],
        *,
        marks: tuple[bytes, ...],
        fill: Fill,
        topic: str,
        stands: Callable[[], bool],
        told: RouteAnswers,
    ) -> None:
        self._pieces = re.split(b"(" + b"|".join(map(re.escape, marks)) + b")", body)
        self._head = "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode()
        self._fill = fill
        self.size = len(body)
        self.topic = topic
        self.stands = stands
        self.told = told
        self.renewed_s = 0.0

    def answer(self, request: web.Request) -> Ready | None:
        """What this caller reads; None if it is something else."""
        filled = self._fill(request)
        if filled is None:
            return None
        values, more = filled
        request_id = request.get(http.REQUEST_ID) or http.request_id_of(request)
        head = b"%bX-Request-Id: %b\r\n%b" % (self._head, request_id.encode(), more)
        return Ready(200, head, b"".join([values.get(piece, piece) for piece in self._pieces]))


class Shelf:
    """Answers by address. ``headers`` go out with each; ``changes`` counts what was forgotten."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = dict(headers)
        self._standing: OrderedDict[str, Standing | Personal] = OrderedDict()
        self._making: dict[tuple[str, int], asyncio.Future[bytes]] = {}
        self._bytes = 0
        self.changes = 0

    def find(self, address: str) -> Standing | Personal | None:
        """The answer at an address, if one stands.

        If it no longer does, one caller is sent to make the next, and the others read the old one until it is there,
        or for RENEWAL_S_MAX.
        """
        found = self._standing.get(address)
        if found is None or found.stands():
            return found
        now_s = time.monotonic()
        if not found.renewed_s:
            found.renewed_s = now_s + RENEWAL_S_MAX
            return None
        if now_s < found.renewed_s:
            return found
        self._drop(address)
        return None

    async def made(self, request: web.Request, since: int, make: Callable[[], Awaitable[bytes]]) -> bytes:
        """What ``make`` gives, made once for all who ask at one address since the same change."""
        key = (address_of(request), since)
        task = self._making.get(key)
        if task is None:
            task = self._making[key] = asyncio.ensure_future(make())
            task.add_done_callback(lambda _: self._making.pop(key, None))
        return await asyncio.shield(task)

    def forget(self, topic: str) -> None:
        """A thing changed: what was said of it, and of everything, no longer stands. EVERYTHING: all of it."""
        self.changes += 1
        gone = [
            address
            for address, standing in self._standing.items()
            if topic == EVERYTHING or standing.topic in {topic, EVERYTHING}
        ]
        for address in gone:
            self._drop(address)

    def give(
        self,
        request: web.Request,
        body: bytes,
        *,
        since: int,
        topic: str,
        stands: Callable[[], bool],
        content_type: str = "application/json",
        cache: str = PUBLIC,
        etag: str | None = None,
        moment: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> web.StreamResponse:
        """The answer to this request, kept for those that follow unless ``changes`` has moved on from ``since``.

        A HEAD gets a plain response: nothing writes its body.
        """
        named = {"Content-Type": content_type, "Cache-Control": cache, **self._headers, **(headers or {})}
        standing = Standing(
            body, named, etag=etag, moment=moment, topic=topic, stands=stands, told=_answers_of(request)
        )
        self._keep(request, standing, since)
        if request.method == "HEAD":
            return web.Response(body=body, headers=named)
        return standing.answer(request)

    def personal(
        self,
        request: web.Request,
        body: bytes,
        *,
        since: int,
        topic: str,
        stands: Callable[[], bool],
        marks: tuple[bytes, ...],
        fill: Fill,
        headers: Mapping[str, str],
    ) -> Ready | None:
        """As ``give``, for a page that is filled in for each caller and kept by nobody; None if ``fill`` says so."""
        private = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "private, no-store"}
        page = Personal(
            body,
            {**private, **self._headers, **headers},
            marks=marks,
            fill=fill,
            topic=topic,
            stands=stands,
            told=_answers_of(request),
        )
        self._keep(request, page, since)
        return page.answer(request)

    def _keep(self, request: web.Request, standing: Standing | Personal, since: int) -> None:
        address = address_of(request)
        if since != self.changes or len(address) > ADDRESS_CHARS_MAX:
            return
        self._drop(address)
        self._standing[address] = standing
        self._bytes += standing.size
        while len(self._standing) > ANSWERS_MAX or self._bytes > BYTES_MAX:
            self._drop(next(iter(self._standing)))

    def _drop(self, address: str) -> None:
        standing = self._standing.pop(address, None)
        if standing is not None:
            self._bytes -= standing.size


SHELF: Final = web.AppKey("shelf", Shelf)


def address_of(request: web.Request) -> str:
    """Where its answer stands: what people read has one place a language, what programs read has one."""
    path = request.raw_path
    if path.startswith(PROGRAMS):
        return path
    tag = language(request)
    return path if tag == DEFAULT else f"{tag} {path}"


def for_a_moment(seconds: float) -> Callable[[], bool]:
    """Stands for this long from now."""
    until_s = time.monotonic() + seconds
    return lambda: time.monotonic() < until_s


def _answers_of(request: web.Request) -> RouteAnswers:
    resource = request.match_info.route.resource
    return ANSWERS.of(resource.canonical if resource is not None else "unmatched", "GET")


def _takes_gzip(accepted: str) -> bool:
    return "gzip" in accepted and "gzip;q=0" not in accepted.replace(" ", "")
