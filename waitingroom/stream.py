"""Server-sent events for the front of the queue: the status document whenever it says something new.

StreamsFull 503 streams_full; TooManyStreams 429 too_many_streams
"""

from __future__ import annotations

import asyncio
import time

from aiohttp import web

from engine.foundation import http
from engine.foundation.errors import TooMany, Unavailable
from waitingroom.appkeys import STREAMS
from waitingroom.endpoint import ENDPOINT, room_of
from waitingroom.queue import STREAM_WITHIN_S
from waitingroom.room import Room

STREAMS_MAX = 2_000
HEARTBEAT_S = 10.0
RETRY_MS = 2_000
BEAT = b"event: beat\ndata: {}\n\n"  # an event, for a comment never reaches the page: it must hear that we are here


class StreamsFull(Unavailable):
    code, title = "streams_full", "Too many streams are open: poll instead"


class TooManyStreams(TooMany):
    code, title = "too_many_streams", "Too many streams are open to your part of the network: poll instead"


async def stream_status(request: web.Request) -> web.StreamResponse:
    """Two minutes of it, then the page asks again if it still is near the front."""
    room = await room_of(request)
    endpoint, streams = request.app[ENDPOINT], request.config_dict[STREAMS]
    if streams.open >= STREAMS_MAX:
        raise StreamsFull(retry_after_s=5)
    address = http.client_address(request, trust_forwarded=endpoint.trust_forwarded)
    with endpoint.limits.open_of("stream").opened(address, lambda: TooManyStreams(retry_after_s=STREAM_WITHIN_S)):
        streams.open += 1
        try:
            return await _stream(request, room)
        finally:
            streams.open -= 1


async def _stream(request: web.Request, room: Room) -> web.StreamResponse:
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream",
            "Cache-Control": "no-store, no-transform",
            "X-Accel-Buffering": "no",
            "Access-Control-Allow-Origin": "*",
        }
    )
    try:
        if not await http.begun(request, response):
            return response
        await response.write(b"retry: %d\n\n" % RETRY_MS + room.board.frame)
        ends_at_s = time.monotonic() + STREAM_WITHIN_S
        while (left_s := ends_at_s - time.monotonic()) > 0:
            changed = room.board.changed
            try:
                async with asyncio.timeout(min(HEARTBEAT_S, left_s)):
                    await changed.wait()
            except TimeoutError:
                await response.write(BEAT)
            else:
                await response.write(room.board.frame)
        await response.write_eof()
    except ConnectionError:
        pass  # the visitor has left; that is what streams end with
    return response
