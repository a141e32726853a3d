"""Answers that are written in one piece: what a caller reads must not differ from aiohttp's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from engine.foundation import bodies, http, metrics
from engine.foundation.ids import CheapIds, is_id
from engine.foundation.ready import Ready

CONTENT = b'{"seat":"A/1"}'


async def place(request: web.Request) -> web.StreamResponse:
    raw = bodies.read_now(request)
    if raw is None:
        raw = await bodies.read(request)
    head = b"Content-Type: application/json\r\nX-Request-Id: %b\r\n" % request[http.REQUEST_ID].encode()
    return Ready(201, head, raw or CONTENT)


@pytest.fixture
async def server() -> AsyncIterator[TestServer]:
    app = web.Application(middlewares=[http.boundary])
    app.router.add_post("/things", place)
    async with TestServer(app) as server:
        yield server


async def _spoken(server: TestServer, request: bytes, *parts: bytes) -> bytes:
    """Everything the server says to these bytes until it hangs up or is silent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(request)
    for part in parts:
        await asyncio.sleep(0.05)
        writer.write(part)
    said = b""
    try:
        async with asyncio.timeout(1):
            while piece := await reader.read(65536):
                said += piece
    except TimeoutError:
        said += b"<still open>"
    writer.close()
    return said


async def test_a_client_reads_a_ready_answer_like_any_other(server):
    async with aiohttp.ClientSession() as client:
        for _ in range(2):
            async with client.post(server.make_url("/things"), data=b"{}") as answer:
                assert answer.status == 201
                assert answer.content_type == "application/json"
                assert is_id("req", answer.headers["X-Request-Id"])
                assert parsedate_to_datetime(answer.headers["Date"]).year >= 2026
                assert await answer.read() == b"{}"


async def test_two_requests_in_one_packet_get_two_answers_in_order(server):
    one = b"POST /things HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n"
    said = await _spoken(server, one + b"one" + one + b"two")
    assert said.count(b"HTTP/1.1 201 Created") == 2
    assert said.index(b"\r\n\r\none") < said.index(b"\r\n\r\ntwo")
    assert said.endswith(b"<still open>")


async def test_a_body_that_comes_after_its_head_is_waited_for(server):
    head = b"POST /things HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nConnection: close\r\n\r\nabc"
    said = await _spoken(server, head, b"def")
    assert said.endswith(b"\r\n\r\nabcdef")


async def test_who_asks_to_close_is_told_and_closed(server):
    said = await _spoken(server, b"POST /things HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    assert b"Connection: close\r\n" in said
    assert said.endswith(CONTENT)


async def test_an_old_client_that_waits_for_the_end_gets_one(server):
    said = await _spoken(server, b"POST /things HTTP/1.0\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n")
    assert said.endswith(CONTENT)


async def test_a_request_id_that_is_no_single_word_is_replaced_by_ours(server):
    said = await _spoken(
        server, b"POST /things HTTP/1.1\r\nHost: a\r\nX-Request-Id: mine and yours\r\nContent-Length: 0\r\n\r\n"
    )
    assert b"X-Request-Id: mine" not in said


async def test_a_body_beyond_the_limit_is_refused_though_it_is_here_already(server):
    body = b"x" * (bodies.BODY_BYTES_MAX + 1)
    async with aiohttp.ClientSession() as client, client.post(server.make_url("/things"), data=body) as answer:
        assert answer.status == 413


def test_cheap_ids_are_ids_and_stand_in_order():
    make = CheapIds("req")
    made = [make() for _ in range(1000)]
    assert made == sorted(set(made))
    assert all(is_id("req", one) for one in made)


def test_answers_are_counted_by_route_with_methods_nobody_invented():
    answers = metrics.Answers()
    answers.of("/x", "GET").note(200, 0.003)
    answers.of("/x", "GET").note(404, 30.0)
    for number in range(50):
        answers.of("/x", f"INVENTED{number}").note(405, 0.0)
    requests, seconds = answers.collect()
    counted = {tuple(sample.labels.values()): sample.value for sample in requests.samples}
    assert counted == {("/x", "GET", "200"): 1, ("/x", "GET", "404"): 1, ("/x", "other", "405"): 50}
    upto = {sample.labels["le"]: sample.value for sample in seconds.samples if sample.labels.get("method") == "GET"
            and "le" in sample.labels}  # fmt: skip
    assert (upto["0.0025"], upto["0.005"], upto["10.0"], upto["+Inf"]) == (0, 1, 1, 2)
