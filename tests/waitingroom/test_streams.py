"""The stream for the front of the queue: its first word, its beat, and one of it for all tabs of a browser."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from playwright.async_api import expect

from tests.proxy import proxied
from tests.waitingroom.conftest import NewRoom, post, until, until_phase
from tests.waitingroom.steps import bearer, control
from waitingroom import stream
from waitingroom.settings import Settings

TABS = 7  # one more than the connections that a browser opens to one server


async def test_a_stream_says_something_at_once_and_goes_on_saying_that_it_is_there(
    room_client: TestClient, new_room: NewRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "HEARTBEAT_S", 0.05)
    event_id = await new_room()
    await until_phase(room_client, event_id, "open")
    async with (
        asyncio.timeout(10),
        proxied(room_client.make_url("/")) as proxy,
        room_client.session.get(proxy.url / f"v1/rooms/{event_id}/stream") as answer,
    ):
        assert (answer.headers["X-Accel-Buffering"], answer.headers["Cache-Control"]) == (
            "no",
            "no-store, no-transform",
        )
        kinds = set()
        while kinds != {b"event: status\n", b"event: beat\n"}:
            line = await answer.content.readline()
            if line.startswith(b"event: "):
                kinds.add(line)


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_seven_tabs_near_the_front_wait_with_one_stream(
    room_client: TestClient, new_room: NewRoom, room_settings: Settings, browser: Any
) -> None:
    event_id = await new_room(capacity=1, rate_per_min=60)
    await until_phase(room_client, event_id, "open")
    _, inside = await post(room_client, event_id, "join", 201)

    async def first_in() -> bool:
        return (await post(room_client, event_id, "claim", queue_ticket=inside["queue_ticket"]))[0] == 200

    await until(first_in)
    _, mine = await post(room_client, event_id, "join", 201)
    async with proxied(room_client.make_url("/")) as proxy:
        context = await browser.new_context()
        await context.add_cookies(
            [{"name": f"onsale_queue_{event_id}", "value": mine["queue_ticket"], "url": str(proxy.url)}]
        )
        tabs = [await context.new_page() for _ in range(TABS)]
        for tab in tabs:
            tab.set_default_timeout(30_000)
            await tab.goto(str(proxy.url / f"r/{event_id}"))

        async def streaming() -> bool:
            return proxy.streams == 1

        await until(streaming, within_s=30)
        operator = bearer(room_settings)
        assert (await control(room_client, event_id, operator, message="Doors at seven"))[0] == 200
        for tab in tabs:
            await expect(tab.locator('[data-fact="message"]')).to_have_text("Doors at seven", timeout=30_000)
        assert proxy.asked == 1
        await context.close()
