"""The socket's short way answers as the router does."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator

import aiohttp
import pytest

from engine.foundation import embedded
from engine.foundation.connections import RedisClient
from engine.foundation.serving import ExpressRunner
from tests.waitingroom.conftest import NewRoom
from waitingroom.app import create_app
from waitingroom.serving import express as before_the_router
from waitingroom.settings import Settings

JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def express(room_settings: Settings, redis_client: RedisClient) -> AsyncIterator[str]:
    from aiohttp import web

    runner = ExpressRunner(await create_app(room_settings), before_the_router, shutdown_timeout_s=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}"
    await runner.cleanup()


async def test_polls_and_joins_are_answered_before_the_router_and_the_rest_by_it(
    express: str, new_room: NewRoom
) -> None:
    event_id = await new_room(identity="email")
    room = f"{express}/v1/rooms/{event_id}"
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as client:

        async def join(**body: object) -> tuple[int, dict[str, object]]:
            async with client.post(f"{room}/join", json=body) as answer:
                return answer.status, await answer.json()

        for _ in range(2):  # the first finds the room, the second finds it known
            async with client.get(room) as answer:
                assert answer.status == 200
                etag = answer.headers["ETag"]
        async with client.get(room, headers={"If-None-Match": etag}) as answer:
            assert answer.status == 304
        status, place = await join(identity="ann@example.com")
        assert (status, place["number"]) == (201, 0)
        status, again = await join(identity=" Ann@example.com")
        assert (status, again["code"]) == (409, "identity_known")
        status, shown = await join(queue_ticket=place["queue_ticket"])
        assert (status, shown["number"]) == (200, 0)
        assert (await join(identity="bob@example.com"))[1]["number"] == 1
        for body, expected in (({"identity": "nobody"}, 422), ({}, 422), ({"identity": 7}, 422)):
            status, problem = await join(**body)
            assert (status, problem["status"]) == (expected, expected)
            assert problem["request_id"]
        async with client.post(f"{room}/join", data=b"x" * 100_000, headers=JSON) as answer:
            assert answer.status == 413
        async with client.post(f"{express}/v1/rooms/evt_nothing/join", json={}) as answer:
            assert (answer.status, answer.content_type) == (404, "application/problem+json")
        async with client.get(f"{express}/v1/rooms/evt_nothing") as answer:
            assert answer.status == 404
        async with client.get(f"{room}/challenge") as answer:
            assert answer.status == 200


async def test_a_queue_that_has_not_opened_refuses_on_the_short_way_too(express: str, new_room: NewRoom) -> None:
    event_id = await new_room(prequeue_in_s=None, opens_in_s=60)
    async with aiohttp.ClientSession() as client:
        for _ in range(2):
            async with client.post(f"{express}/v1/rooms/{event_id}/join", json={}) as answer:
                assert (answer.status, (await answer.json())["code"]) == (409, "queue_not_open")
                assert int(answer.headers["Retry-After"]) > 50


async def test_the_served_room_stops_when_it_is_told_to(room_settings: Settings) -> None:
    port = embedded.free_port()
    environment = {
        "ONSALE_REDIS_URL": room_settings.redis_url,
        "ONSALE_DATABASE_URL": room_settings.database_url,
        "ONSALE_MASTER_KEYS": room_settings.master_keys.get_secret_value(),
        "ONSALE_JWT_KEY": room_settings.jwt_key.get_secret_value(),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "engine", "serve", "waitingroom", "--port", str(port), env=environment
    )
    try:
        async with aiohttp.ClientSession() as client:
            for _ in range(300):
                try:
                    async with client.get(f"http://127.0.0.1:{port}/livez") as answer:
                        assert answer.status == 200
                        break
                except aiohttp.ClientConnectionError:
                    await asyncio.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 15) == 0
    finally:
        if process.returncode is None:
            process.kill()
