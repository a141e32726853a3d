"""An answer that is kept for those alone who may read it: its bytes are made once, who asks is looked at each time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

from aiohttp import web

from engine.foundation import http
from engine.foundation.ready import Ready

ETAG_BYTES: Final = 12
REVALIDATED: Final = "private, no-cache"  # a browser asks again each time, and may be told that nothing changed
UNKEPT: Final = "no-store"


class OwnAnswer:
    """JSON bytes with their head. ``etag`` None: it is never answered by 304."""

    __slots__ = ("_body", "_head", "etag", "size")

    def __init__(self, body: bytes, headers: Mapping[str, str], *, cache: str) -> None:
        self.etag = hashlib.blake2b(body, digest_size=ETAG_BYTES).hexdigest() if cache != UNKEPT else None
        named = {"Content-Type": "application/json", "Cache-Control": cache, **headers}
        if self.etag is not None:
            named["ETag"] = f'"{self.etag}"'
        self._head = "".join(f"{name}: {value}\r\n" for name, value in named.items()).encode() + b"X-Request-Id: "
        self._body = body
        self.size = len(self._head) + len(body)

    def is_known_to(self, request: web.Request) -> bool:
        """Whether the caller shows that it has this very answer."""
        return self.etag is not None and "If-None-Match" in request.headers and http.fresh(request, self.etag)

    def answer(self, request: web.Request) -> Ready:
        """What this caller reads."""
        request_id = request.get(http.REQUEST_ID) or http.request_id_of(request)
        head = b"%b%b\r\n" % (self._head, request_id.encode())
        return Ready(304, head, b"") if self.is_known_to(request) else Ready(200, head, self._body)

    def response(self, request: web.Request) -> web.StreamResponse:
        """The same from a handler. A HEAD gets a plain response: nothing writes its body."""
        ready = self.answer(request)
        if request.method != "HEAD":
            return ready
        lines = self._head.decode().split("\r\n")[:-1]
        named = dict(line.split(": ", 1) for line in lines)
        return web.Response(
            status=ready.status, body=self._body if ready.status == web.HTTPOk.status_code else None, headers=named
        )
