"""The room's page before axe, in each of its faces, on a phone and on a desk, in the light and in the dark."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from engine.foundation.connections import RedisClient
from tests.axe import serious
from tests.waitingroom.conftest import NewRoom, post, until_phase

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
async def test_no_face_of_the_page_has_a_serious_finding(
    room_client: TestClient,
    new_room: NewRoom,
    redis_client: RedisClient,
    browser: Any,
    scheme: str,
    width: int,
) -> None:
    early = await new_room(prequeue_in_s=-5, opens_in_s=60, identity="email", message="Doors at seven")
    line = await new_room(capacity=1)
    await post(room_client, line, "join", 201)
    over = await new_room()
    for event_id in (line, over):
        await until_phase(room_client, event_id, "open")
    await redis_client.hset(f"inv:{{{over}}}:pulse", mapping={"free": 0, "held": 0, "ordered": 0, "sold": 1})
    await until_phase(room_client, over, "sold_out")
    page = await browser.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme)
    findings: dict[str, list[str]] = {}
    await page.goto(str(room_client.make_url(f"/r/{early}")))
    findings["before joining"] = await serious(page)
    await page.fill("#identity", "ann@example.com")
    await page.click("#join button")
    await page.wait_for_selector('[data-show="registered"]:not([hidden])')
    findings["registered"] = await serious(page)
    for name, event_id in (("in line", line), ("sold out", over)):
        await page.goto(str(room_client.make_url(f"/r/{event_id}")))
        findings[name] = await serious(page)
    await page.close()
    assert not any(findings.values()), findings
