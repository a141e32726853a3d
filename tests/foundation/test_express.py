"""The express path before the router: order, bodies that come late, callers who hang up or do not read, a good end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from engine.foundation import bodies, express
from engine.foundation.batching import GroupCommit
from engine.foundation.express import ExpressProtocol, Reply
from engine.foundation.ready import Ready
from engine.foundation.serving import ExpressRunner

HEAD = b"Content-Type: text/plain\r\n"
WAIT_MAX_S = 15.0  # for what must happen, on the slowest machine
SILENCE_S = 0.5
LONG = b"x" * 100_000
UNREAD = 200  # times LONG: many times what a narrow connection's kernel and the client's own buffer take
NARROW_BYTES = 32_768  # left to itself, a kernel may take all of it: its buffers grow to what a sysctl says


class Echo(Reply[bytes]):
    """What the batch says; "usual" goes on to the route, "broken" fails on the way out."""

    def __init__(self, request: web.Request) -> None:
        super().__init__()
        self.request = request
        self.refused: BaseException | None = None

    def answer(self, told: bytes) -> Ready | None:
        if told == b"usual":
            return None
        if told == b"broken":
            raise ValueError("no words for it")
        return Ready(200, HEAD, b"batch:" + told)

    def refuse(self, error: BaseException) -> None:
        self.refused = error


@dataclass
class Place:
    """The server, the bodies its batches committed, and a gate that holds batches up while it is closed."""

    port: int
    runner: ExpressRunner
    gate: asyncio.Event
    committed: list[bytes] = field(default_factory=list)

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def open_narrow(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A client whose kernel takes little of what it does not read; the server's keeps little of what is not sent.

        A size that is set does not grow, and accepted connections have the listener's.
        """
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, NARROW_BYTES)
        client.setblocking(False)
        await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", self.port))
        return await asyncio.open_connection(sock=client)

    async def said(self, *parts: bytes, pause_s: float = 0.03) -> bytes:
        """Everything the server says until it hangs up or, having spoken, is silent."""
        reader, writer = await self.open()
        for part in parts:
            writer.write(part)
            await asyncio.sleep(pause_s)
        said, patience_s = b"", WAIT_MAX_S
        with contextlib.suppress(TimeoutError):
            while piece := await asyncio.wait_for(reader.read(65536), patience_s):
                said, patience_s = said + piece, SILENCE_S
            said += b"<closed>"
        writer.close()
        return said


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    gate, committed = asyncio.Event(), list[bytes]()
    gate.set()

    async def commit(items: list[bytes]) -> list[bytes | BaseException]:
        await gate.wait()
        committed.extend(items)
        return [ConnectionError("lost") if item == b"refused" else item for item in items]

    batch = GroupCommit("echo", commit, age_max_ms=60_000)

    def ask(request: web.Request) -> Ready | Reply[bytes] | None:
        if request.raw_path == "/now":
            return Ready(200, HEAD, b"now")
        if request.raw_path == "/long":
            return Ready(200, HEAD, LONG)
        if request.raw_path == "/bug":
            raise RuntimeError("a bug")
        raw = bodies.peek(request) if request.raw_path == "/batch" else None
        if raw is None:
            return None
        reply = Echo(request)
        batch.submit_to(raw, reply)
        return reply

    async def route(request: web.Request) -> web.Response:
        return web.Response(text=f"route:{request.path}:{(await request.read()).decode()}")

    app = web.Application(client_max_size=1 << 20)
    app.router.add_route("*", "/{rest:.*}", route)
    runner = ExpressRunner(app, lambda _app: ask, shutdown_timeout_s=5)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, NARROW_BYTES)
    await web.SockSite(runner, listener).start()
    yield Place(runner.addresses[0][1], runner, gate, committed)
    gate.set()
    await runner.cleanup()
    await batch.close()


def get(path: str, *headers: str, version: str = "1.1") -> bytes:
    return "\r\n".join([f"GET {path} HTTP/{version}", "Host: here", *headers, "", ""]).encode()


def post(body: bytes, *headers: str, path: str = "/batch") -> bytes:
    head = "\r\n".join([f"POST {path} HTTP/1.1", "Host: here", f"Content-Length: {len(body)}", *headers, "", ""])
    return head.encode() + body


def bodies_of(said: bytes) -> list[bytes]:
    """The body of each answer, in order."""
    found = []
    while said.startswith(b"HTTP/1.1"):
        head, _, said = said.partition(b"\r\n\r\n")
        length = int(
            next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")).split()[1]
        )
        found.append(said[:length])
        said = said[length:]
    return [*found, said] if said else found


async def test_answers_of_both_ways_come_in_the_order_of_the_requests(place: Place):
    """Anybody who waits behind one of the usual way goes with it."""
    said = await place.said(get("/now") + post(b"one") + post(b"two") + post(b"usual") + get("/now"))
    assert bodies_of(said) == [b"now", b"batch:one", b"batch:two", b"route:/batch:usual", b"route:/now:"]
    assert place.committed == [b"one", b"two", b"usual"]
    reader, writer = await place.open()
    writer.write(get("/now") + get("/bug") + post(b"three") + get("/other"))
    async with asyncio.timeout(WAIT_MAX_S):
        said = await reader.readuntil(b"route:/other:")
        assert bodies_of(said) == [b"now", b"route:/bug:", b"route:/batch:three", b"route:/other:"]
        connection = place.runner.server.connections[-1]  # type: ignore[union-attr]
        while connection._waiter is None or connection._waiter.done():
            await asyncio.sleep(0.01)  # its task is done with the last one
        writer.write(get("/now"))
        assert bodies_of(await reader.readuntil(b"\r\n\r\nnow")) == [b"now"]
    writer.close()


async def test_a_body_in_pieces_goes_the_usual_way_and_the_connection_goes_on(place: Place):
    whole = post(b"in pieces")
    said = await place.said(whole[:-6], whole[-6:-2], whole[-2:] + get("/now"), whole)
    assert bodies_of(said) == [b"route:/batch:in pieces", b"route:/now:", b"batch:in pieces"]
    said = await place.said(whole[:10], whole[10:])  # the head itself in two
    assert bodies_of(said) == [b"batch:in pieces"]


@pytest.mark.parametrize("path", ["/other", "/batch"])
async def test_many_requests_behind_a_late_body_are_all_answered(place: Place, path: str):
    """More than aiohttp parses ahead; the late one is counted by its parser and not by its queue."""
    late, many = post(b"late", path=path), b"".join(get(f"/now?{n}") for n in range(100))
    for parts in ((late[:-2], late[-2:] + many), (late[:-2], late[-2:], many)):
        said = bodies_of(await place.said(*parts))
        assert said[0] == b"route:%b:late" % path.encode()
        assert len(said) == 101
    said = bodies_of(await place.said(late[:-2], late[-2:], get("/now") * 100))
    assert said[1:] == [b"now"] * 100


@pytest.mark.parametrize("told", [b"refused", b"broken"])
async def test_what_fails_in_the_batch_is_told_by_the_route(place: Place, told: bytes):
    assert bodies_of(await place.said(post(told))) == [b"route:/batch:" + told]
    assert place.committed == [told]


async def test_other_manners_of_http_go_the_usual_way(place: Place):
    chunked = b"POST /batch HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    assert bodies_of(await place.said(chunked)) == [b"route:/batch:abc"]
    said = await place.said(post(b"wait", "Expect: 100-continue"))
    assert said.startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert said.endswith(b"route:/batch:wait")
    said = await place.said(get("/now", version="1.0"))
    assert said.endswith(b"route:/now:<closed>")
    assert (await place.said(b"NONSENSE\r\n\r\n")).startswith(b"HTTP/1.0 400") or place.committed == []
    assert place.committed == []


async def test_who_asks_to_be_hung_up_on_is(place: Place):
    said = await place.said(get("/now", "Connection: close"))
    assert b"Connection: close\r\n" in said
    assert said.endswith(b"\r\n\r\nnow<closed>")


async def test_who_hangs_up_while_waiting_is_left_out_and_disturbs_nobody(place: Place):
    place.gate.clear()
    first = asyncio.create_task(place.said(post(b"first")))  # two flights are under way, the rest waits in the queue
    await asyncio.sleep(0.05)
    second = asyncio.create_task(place.said(post(b"second")))
    await asyncio.sleep(0.1)
    _, writer = await place.open()
    writer.write(post(b"gone"))
    await asyncio.sleep(0.05)
    writer.close()
    await asyncio.sleep(0.05)
    third = asyncio.create_task(place.said(post(b"third")))
    await asyncio.sleep(0.05)
    place.gate.set()
    assert [bodies_of(await one) for one in (first, second, third)] == [
        [b"batch:first"],
        [b"batch:second"],
        [b"batch:third"],
    ]
    assert b"gone" not in place.committed


async def test_who_asks_without_reading_is_not_answered_into_memory(place: Place):
    reader, writer = await place.open_narrow()
    for _ in range(UNREAD):
        writer.write(get("/long"))
    await asyncio.sleep(0.3)
    (connection,) = place.runner.server.connections  # type: ignore[union-attr]
    assert isinstance(connection, ExpressProtocol)
    assert connection.transport is not None
    assert 0 < connection.transport.get_write_buffer_size() < 4 * len(LONG)  # type: ignore[attr-defined]
    read = 0
    async with asyncio.timeout(WAIT_MAX_S):
        while read < UNREAD * len(LONG):
            read += len(await reader.read(1 << 20))
    writer.close()


async def test_a_server_that_ends_still_gives_the_answer_that_is_under_way(place: Place):
    place.gate.clear()
    reader, writer = await place.open()
    _, idle = await place.open()
    writer.write(post(b"last"))
    await asyncio.sleep(0.1)
    ending = asyncio.create_task(place.runner.cleanup())
    await asyncio.sleep(0.1)
    assert not ending.done()
    place.gate.set()
    said: Any = await asyncio.wait_for(reader.read(), WAIT_MAX_S)
    assert bodies_of(said) == [b"batch:last"]
    assert b"Connection: close" in said
    await asyncio.wait_for(ending, WAIT_MAX_S)
    writer.close()
    idle.close()


@pytest.mark.parametrize("target", ["https://xn--a/", "http://[::1]@/"])
async def test_what_cannot_be_made_a_request_costs_its_own_connection_and_no_other(place: Place, target: str):
    """It comes behind a request whose batch other callers wait for as well."""
    place.gate.clear()
    ahead = []
    for number in range(2):  # two flights are under way, the rest shares the third
        ahead.append(asyncio.create_task(place.said(post(b"ahead%d" % number))))
        await asyncio.sleep(0.05)
    reader, writer = await place.open()
    writer.write(post(b"before"))
    await asyncio.sleep(0.05)
    writer.write(get(target))
    behind = asyncio.create_task(place.said(post(b"behind")))
    await asyncio.sleep(0.05)
    place.gate.set()
    assert bodies_of(await behind) == [b"batch:behind"]
    await asyncio.wait_for(reader.read(), WAIT_MAX_S)  # it is hung up on
    assert [bodies_of(await one) for one in ahead] == [[b"batch:ahead0"], [b"batch:ahead1"]]
    assert bodies_of(await place.said(get("/other"), get(target))) == [b"route:/other:", b"<closed>"]
    said = await place.said(get("/other") + get("/now") + get("https://xn--a/"))
    assert bodies_of(said) == [b"route:/other:", b"route:/now:", b"<closed>"]
    writer.close()


async def test_a_server_that_ends_does_not_wait_for_who_was_left_out_of_the_batch(place: Place):
    place.gate.clear()
    ahead = [asyncio.create_task(place.said(post(b"ahead"))) for _ in range(2)]
    await asyncio.sleep(0.05)
    ahead.append(asyncio.create_task(place.said(post(b"ahead"))))
    await asyncio.sleep(0.05)
    _, writer = await place.open()
    writer.write(post(b"gone"))
    await asyncio.sleep(0.05)
    ending = asyncio.create_task(place.runner.cleanup())
    await asyncio.sleep(0.05)
    writer.close()
    await asyncio.sleep(0.05)
    place.gate.set()
    await asyncio.wait_for(ending, WAIT_MAX_S)
    assert place.committed == [b"ahead"] * 3
    await asyncio.gather(*ahead)


async def test_who_waits_for_an_answer_is_not_idle(place: Place):
    place.gate.clear()
    waiting = asyncio.create_task(place.said(post(b"slow")))
    await asyncio.sleep(0.05)
    (connection,) = place.runner.server.connections  # type: ignore[union-attr]
    connection._next_keepalive_close_time = 0.0
    connection._process_keepalive()
    place.gate.set()
    assert bodies_of(await waiting) == [b"batch:slow"]


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01 no HTTP\r\n\r\n",
        get("/" + "a" * 9000),
        get("/now", "X: " + "a" * 9000),
        get("/now", "Content-Length: -1"),
        get("/other", "Content-Length: 5", "Transfer-Encoding: chunked"),
        b"POST /other HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    ],
)
async def test_what_is_no_http_gets_a_problem_document_that_repeats_none_of_it(place: Place, sent: bytes):
    said = await place.said(sent)
    head, _, body = said.removesuffix(b"<closed>").partition(b"\r\n\r\n")
    assert said.endswith(b"<closed>")
    assert b" 400 " in head.split(b"\r\n")[0]
    assert b"Content-Type: application/problem+json" in head
    document = json.loads(body)
    assert (document["status"], document["code"]) == (400, "malformed")
    assert document["message"] == document["detail"]
    assert "aaaa" not in body.decode()


@pytest.mark.parametrize("sent", [b"", get("/now")[:-2], get("/now") + get("/now")[:-2], get("/long") * UNREAD])
async def test_who_completes_no_request_is_hung_up_on(place: Place, sent: bytes, monkeypatch: pytest.MonkeyPatch):
    """Nothing at all, half a head, half a second head, or no reading of the answers."""
    monkeypatch.setattr(express, "LOOK_S", 0.05)
    reader, writer = await place.open_narrow()
    writer.write(sent)
    async with asyncio.timeout(WAIT_MAX_S):
        while place.runner.server is None or not place.runner.server.connections:
            await asyncio.sleep(0.01)
        while place.runner.server.connections:
            await asyncio.sleep(0.01)
    async with asyncio.timeout(WAIT_MAX_S):
        with contextlib.suppress(ConnectionError):
            while await reader.read(1 << 20):
                pass
    assert reader.at_eof() or reader.exception() is not None
    writer.close()


async def test_who_goes_on_asking_or_waits_for_an_answer_is_not_hung_up_on(place: Place):
    reader, writer = await place.open()
    place.gate.clear()
    for _ in range(3):
        writer.write(get("/now"))
        assert (await reader.readuntil(b"now")).endswith(b"\r\n\r\nnow")
        (connection,) = place.runner.server.connections  # type: ignore[union-attr]
        assert isinstance(connection, ExpressProtocol)
        connection._look_after()
    writer.write(post(b"slow"))
    while not connection._under_way:
        await asyncio.sleep(0.01)
    for _ in range(3):
        connection._look_after()
    place.gate.set()
    assert (await reader.readuntil(b"batch:slow")).startswith(b"HTTP/1.1 200")
    for _ in range(2):
        connection._look_after()
    assert await reader.read() == b""
    writer.close()
