"""`POST /v1/holds` before the router: in the second of an on-sale nearly every request is one.

The handler is that of ``holds.py`` all the same. What is not of the usual kind and every refusal goes on to the
application, which explains itself; nothing is done twice on the way.
"""

from __future__ import annotations

import time

from aiohttp import web

from engine.foundation import http, metrics
from engine.foundation.http import Handler
from engine.services.appkeys import HOLD_DESK
from engine.web.holds import PLACE, TRIED, Tried, at_once


def express(app: web.Application, rest: Handler) -> Handler:
    """A handler for every request; the application must have started."""
    desk = app[HOLD_DESK]
    answers = metrics.ANSWERS.of(PLACE, "POST")

    async def place(request: web.Request) -> web.StreamResponse:
        started = time.perf_counter()
        raw: bytes | None = b""
        try:
            raw = http.read_now(request)
            answer = await at_once(request, desk, raw, http.request_id_of(request)) if raw is not None else None
        except Exception as error:  # noqa: BLE001 - told by the route, whose boundary knows how
            request[TRIED] = Tried(raw or b"", error)
            return await rest(request)
        if answer is None:
            if raw is not None:
                request[TRIED] = Tried(raw)
            return await rest(request)
        answers.note(answer.status, time.perf_counter() - started)
        return answer

    async def handle(request: web.Request) -> web.StreamResponse:
        if request.raw_path == PLACE and request.method == "POST":
            return await place(request)
        return await rest(request)

    return handle
