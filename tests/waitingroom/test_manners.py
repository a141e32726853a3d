"""What the room asks of every request, and what its answers say of themselves: the same as everywhere in the house."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from engine.foundation.manners import SAFE
from engine.foundation.serving import ExpressRunner
from tests.waitingroom.conftest import NewRoom
from waitingroom.app import create_app
from waitingroom.routes import ROUTES
from waitingroom.serving import express
from waitingroom.settings import Settings

SENT = [route for route in ROUTES if route.method not in SAFE]


def _say(route) -> str:
    return f"{route.method} {route.path}"


async def _answer(client: TestClient, method: str, path: str, body: bytes, **headers: str) -> tuple[int, str]:
    async with client.request(method, path, data=body, headers=headers, skip_auto_headers=["Content-Type"]) as answer:
        told = await answer.json() if "json" in answer.content_type else {}
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Server" not in answer.headers
        return answer.status, told.get("code", "")


@pytest.mark.parametrize("route", SENT, ids=_say)
async def test_a_body_under_another_name_is_not_read(room_client: TestClient, new_room: NewRoom, route) -> None:
    path = route.path.format(event_id=await new_room())
    other = {"Content-Type": "text/plain"}
    assert (await _answer(room_client, route.method, path, b"{}", **other))[0] == 415
    assert (await _answer(room_client, route.method, path, b"{}"))[0] == 415, "no name at all"


@pytest.mark.parametrize("route", SENT, ids=_say)
async def test_a_page_of_another_site_changes_nothing(room_client: TestClient, new_room: NewRoom, route) -> None:
    path = route.path.format(event_id=await new_room())
    media = "application/x-www-form-urlencoded" if route.content_type == "text/html" else "application/json"
    for origin in ({}, {"Origin": "https://elsewhere.test"}):
        headers = {"Content-Type": media, "Sec-Fetch-Site": "cross-site", "Accept": "application/json", **origin}
        status, code = await _answer(room_client, route.method, path, b"{}", **headers)
        assert (status, code) == (403, "" if route.content_type == "text/html" else "cross_site")


async def test_every_answer_of_the_room_says_no_more_than_it_must(room_client: TestClient, new_room: NewRoom) -> None:
    event_id = await new_room()
    for route in ROUTES:
        if route.method == "GET":
            async with room_client.get(route.path.format(event_id=event_id)) as answer:
                assert answer.headers["X-Content-Type-Options"] == "nosniff", route.path
                assert "Server" not in answer.headers, route.path
                assert "Cache-Control" in answer.headers, route.path
    for path in ("/nowhere", "/static/nothing.js", "/static/room.js", "/v1/rooms/evt_none"):
        assert await _answer(room_client, "GET", path, b"")


async def test_what_the_hot_path_answers_says_no_more_either(
    room_settings: Settings, new_room: NewRoom, redis_client
) -> None:
    event_id = await new_room()
    runner = ExpressRunner(await create_app(room_settings), express, shutdown_timeout_s=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    poll = f"GET /v1/rooms/{event_id} HTTP/1.1\r\nHost: x\r\n\r\n"
    joins = "Content-Type: {}\r\n{}Content-Length: 2\r\nConnection: close\r\n\r\n{{}}"
    join = f"POST /v1/rooms/{event_id}/join HTTP/1.1\r\nHost: x\r\n"
    told = {}
    for name, said in {
        "status": poll.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"),
        "join": join + joins.format("application/json", ""),
        "as text": join + joins.format("text/plain", ""),
        "cross site": join + joins.format("application/json", "Sec-Fetch-Site: cross-site\r\n"),
        "no HTTP": "\x16\x03\x01 nonsense\r\n\r\n",
        "no method": "GE\tT / HTTP/1.1\r\nHost: x\r\n\r\n",
    }.items():
        for _ in range(50):  # the room is heard of within a moment
            reader, writer = await asyncio.open_connection(*runner.addresses[0][:2])
            writer.write(said.encode("latin-1"))
            answer = (await reader.read()).decode("latin-1")
            writer.close()
            if " 404 " not in answer and " 503 " not in answer:
                break
            await asyncio.sleep(0.1)
        head = answer.partition("\r\n\r\n")[0].lower()
        assert "x-content-type-options: nosniff" in head, (name, answer)
        assert "\r\nserver:" not in head, (name, answer)
        told[name] = int(answer.split(" ")[1])
    await runner.cleanup()
    assert told == {"status": 200, "join": 201, "as text": 415, "cross site": 403, "no HTTP": 400, "no method": 400}
