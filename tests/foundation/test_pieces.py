"""Bodies of megabytes arrive whole, whatever their size is to that of a piece."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from engine.foundation import bodies, pieces


class Numbers:
    """A body of the given length, made when they are asked for."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.largest = 0

    def __len__(self) -> int:
        return self._size

    def piece(self, begin: int, end: int) -> bytes:
        self.largest = max(self.largest, end - begin)
        return bytes(number % 251 for number in range(begin, end))


@pytest.mark.parametrize("size", [0, 1, pieces.PIECE_BYTES, 2 * pieces.PIECE_BYTES + 1])
async def test_a_long_body_is_sent_in_pieces_and_arrives_whole(size: int) -> None:
    sent = Numbers(size)

    async def give(_request: web.Request) -> web.Response:
        return web.Response(body=pieces.Pieces(sent, content_type="application/json"))

    app = web.Application()
    app.router.add_get("/", give)
    async with TestClient(TestServer(app)) as client:
        response = await client.get("/")
        assert response.content_type == "application/json"
        assert response.headers["Content-Length"] == str(size)
        assert sent.largest <= pieces.PIECE_BYTES
        assert await response.read() == pieces.whole(Numbers(size))


async def test_a_long_body_is_read_whole() -> None:
    async def take(request: web.Request) -> web.Response:
        return web.Response(body=str(sum(await bodies.read(request, 3 * pieces.LONG_BYTES))))

    app = web.Application(client_max_size=bodies.BODY_BYTES_CEILING)
    app.router.add_post("/", take)
    async with TestClient(TestServer(app)) as client:
        long = pieces.whole(Numbers(3 * pieces.LONG_BYTES))
        assert await (await client.post("/", data=long)).text() == str(sum(long))
