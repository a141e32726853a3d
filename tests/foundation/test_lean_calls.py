"""Calls without aiohttp's client: what is answered is read whole or not at all, and connections are used again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest

from engine.foundation import lean_calls
from engine.foundation.lean_calls import LeanCalls

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Told: yes\r\n\r\nok"


@dataclass
class Place:
    """Answers each whole request with the next of ``answers``, the last of them again and again; b"" hangs up."""

    answers: list[bytes] = field(default_factory=lambda: [PLAIN])
    pause_s: float = 0.0
    heard: list[bytes] = field(default_factory=list)
    connections: int = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next((line for line in head.split(b"\r\n") if line.startswith(b"Content-Length")), b": 0")
                self.heard.append(head + await reader.readexactly(int(length.partition(b": ")[2])))
                await asyncio.sleep(self.pause_s)
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if not answer:
                    break
                writer.write(answer)
                await writer.drain()
                if b"Connection: close" in answer:
                    break
        writer.close()


@contextlib.asynccontextmanager
async def asked(place: Place, *, timeout_s: float = 5.0) -> AsyncIterator[LeanCalls]:
    server = await asyncio.start_server(place.talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with aiohttp.ClientSession() as session:
        yield LeanCalls(f"http://127.0.0.1:{port}/v0", lambda: session, aiohttp.ClientTimeout(total=timeout_s))
    server.close()


async def test_a_call_is_sent_as_it_is_given_and_its_answer_is_whole():
    async with asked(place := Place()) as calls:
        told = await calls.ask("POST", "/things?a=%2F", {"X-Key": "k", "X-More": "m"}, b"a=1")
    assert (told.status, told.headers["x-told"], told.body) == (200, "yes", b"ok")
    head, body = place.heard[0].split(b"\r\n\r\n")
    first, host, *rest = head.split(b"\r\n")
    assert first == b"POST /v0/things?a=%2F HTTP/1.1"
    assert host.startswith(b"Host: 127.0.0.1:")
    assert rest == [b"Accept: */*", b"X-Key: k", b"X-More: m", b"Content-Length: 3"]
    assert body == b"a=1"


async def test_one_connection_serves_calls_that_follow_each_other():
    async with asked(place := Place()) as calls:
        for _ in range(5):
            assert (await calls.ask("GET", "/", {})).body == b"ok"
    assert (place.connections, len(place.heard)) == (1, 5)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + PLAIN,
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok",
    ],
)
async def test_an_answer_may_come_in_pieces_after_hints_or_until_the_end(answer: bytes):
    async with asked(Place([answer, PLAIN])) as calls:
        assert (await calls.ask("GET", "/", {})).body == b"ok"
        assert (await calls.ask("GET", "/", {})).body == b"ok"


async def test_what_may_be_asked_twice_is_asked_again_when_a_connection_turns_out_to_be_dead():
    async with asked(place := Place([PLAIN, b"", PLAIN])) as calls:
        await calls.ask("GET", "/", {})
        assert (await calls.ask("POST", "/", {}, b"x", again=True)).body == b"ok"
    assert len(place.heard) == 3


async def test_what_may_not_be_asked_twice_is_not_and_what_is_dead_twice_is_dead():
    async with asked(place := Place([b""])) as calls:
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await calls.ask("POST", "/", {}, b"x")
        assert len(place.heard) == 1
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await calls.ask("GET", "/", {}, again=True)
    assert len(place.heard) == 3


async def test_an_answer_that_is_cut_is_no_answer():
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nok"
    async with asked(Place([cut])) as calls:
        with pytest.raises(aiohttp.ClientPayloadError):
            await calls.ask("GET", "/", {})


async def test_what_is_no_http_is_told_as_the_connection_s_fault():
    async with asked(Place([b"SMTP ready\r\n\r\n"])) as calls:
        with pytest.raises(aiohttp.ClientConnectionError):
            await calls.ask("GET", "/", {})


async def test_an_answer_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lean_calls, "ANSWER_BYTES_MAX", 1)
    async with asked(place := Place()) as calls:
        with pytest.raises(aiohttp.ClientPayloadError):
            await calls.ask("GET", "/", {})
        monkeypatch.setattr(lean_calls, "ANSWER_BYTES_MAX", 2)
        assert (await calls.ask("GET", "/", {})).body == b"ok"
    assert place.connections == 2


async def test_a_place_that_does_not_answer_in_time_is_left():
    async with asked(place := Place(pause_s=0.5), timeout_s=0.1) as calls:
        with pytest.raises(TimeoutError):
            await calls.ask("GET", "/", {})
        await asyncio.sleep(place.pause_s)
        assert len(place.heard) == 1


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nb", "a\rb"])
async def test_a_header_is_one_line(value: str):
    async with asked(place := Place()) as calls:
        with pytest.raises(ValueError, match="line break"):
            await calls.ask("GET", "/", {"X-Key": value})
    assert place.heard == []
