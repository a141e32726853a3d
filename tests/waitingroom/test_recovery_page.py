"""In a browser: a known address is told so in plain words, and its link brings the place from another browser."""

from __future__ import annotations

import os
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from tests.axe import serious
from tests.waitingroom.conftest import NewRoom, room_of, until, until_phase
from tests.waitingroom.letters import ANN, Post
from waitingroom.languages import WORDS

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("ONSALE_TEST_SHOTS", "")


async def shot(page: Any, name: str) -> None:
    if SHOTS:
        await page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


@pytest.mark.parametrize(
    ("language", "width", "scheme"), [("en", 390, "light"), ("fr", 1280, "dark"), ("es", 390, "dark")]
)
async def test_a_place_goes_from_one_browser_to_another_by_its_mail(
    room_client: TestClient, new_room: NewRoom, letters: Post, browser: Any, language: str, width: int, scheme: str
) -> None:
    event_id = await new_room(prequeue_in_s=None, opens_in_s=-1, identity="email", capacity=1, rate_per_min=1)
    await until_phase(room_client, event_id, "open")
    await room_client.post(f"/v1/rooms/{event_id}/join", json={"identity": "first@example.com"})
    words, url = WORDS[language], str(room_client.make_url(f"/r/{event_id}"))
    contexts = [
        await browser.new_context(locale=language, viewport={"width": width, "height": 844}, color_scheme=scheme)
        for _ in range(3)
    ]
    old, new, late = [await context.new_page() for context in contexts]
    troubles: list[str] = []
    for page in (old, new, late):
        page.on("pageerror", lambda error: troubles.append(str(error)))
    findings: dict[str, list[str]] = {}
    await old.goto(url)
    await old.fill("#identity", ANN)
    await old.click("#join button")
    await old.wait_for_selector('[data-show="waiting"]:not([hidden])')
    await new.goto(url)
    await new.fill("#identity", " Ann@Example.com")
    await new.click("#join button")
    await new.wait_for_selector("#known:not([hidden])")
    assert words["known_title"] in await new.inner_text("#known")
    assert "Ann@Example.com" in await new.inner_text("#known")
    assert await new.evaluate("document.activeElement.id") == "known"
    findings["known"] = await serious(new)
    await shot(new, f"known-{language}")

    link = str(room_client.make_url(await letters.link()))
    room = await room_of(room_client, event_id)

    async def is_open_elsewhere() -> bool:
        return await room.is_looked_at(1)

    await until(is_open_elsewhere, within_s=30)  # the old page says so by itself
    await new.goto(link)
    assert await new.inner_text("h1") == words["link_confirm_title"]
    findings["confirm"] = await serious(new)
    await shot(new, f"confirm-{language}")
    assert await old.is_visible('[data-show="waiting"]')
    await new.click("main button")
    await new.wait_for_selector('[data-show="waiting"]:not([hidden])')
    assert "token" not in new.url
    await old.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await old.wait_for_selector('[data-alert="elsewhere"]:not([hidden])')
    assert await old.is_visible('[data-show="join"]')
    findings["elsewhere"] = await serious(old)
    await shot(old, f"elsewhere-{language}")

    await late.goto(link)
    assert await late.inner_text("h1") == words["link_used_title"]
    findings["used"] = await serious(late)
    await shot(late, f"used-{language}")
    await late.click("main button")
    await late.wait_for_selector('[data-show="waiting"]:not([hidden])')
    await late.goto(link[:-3])
    assert await late.inner_text("h1") == words["link_invalid_title"]
    findings["invalid"] = await serious(late)
    await shot(late, f"invalid-{language}")
    for context in contexts:
        await context.close()
    assert not any(findings.values()), findings
    assert troubles == []


async def test_an_open_page_far_from_its_turn_says_that_it_is_there(
    room_client: TestClient, new_room: NewRoom, browser: Any
) -> None:
    event_id = await new_room(prequeue_in_s=-5, opens_in_s=600, identity="email")
    page = await browser.new_page()
    await page.goto(str(room_client.make_url(f"/r/{event_id}")))
    await page.fill("#identity", ANN)
    await page.click("#join button")
    await page.wait_for_selector('[data-show="registered"]:not([hidden])')
    room = await room_of(room_client, event_id)

    async def is_open() -> bool:
        return await room.is_looked_at(0)

    await until(is_open, within_s=20)
    await page.close()


async def test_the_link_and_the_notice_work_without_scripts(
    room_client: TestClient, new_room: NewRoom, letters: Post, browser: Any
) -> None:
    event_id = await new_room(prequeue_in_s=-5, opens_in_s=600, identity="email")
    await room_client.post(f"/v1/rooms/{event_id}/join", json={"identity": ANN})
    context = await browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = await context.new_page()
    await page.goto(str(room_client.make_url(f"/r/{event_id}")))
    await page.fill("#identity", ANN)
    await page.click("#join button")
    assert WORDS["en"]["known_title"] in await page.inner_text("#known")
    await shot(page, "known-noscript")
    link = str(room_client.make_url(await letters.link()))
    await page.goto(link)
    assert await page.is_visible('[data-show="registered"]')
    other = await (await browser.new_context(java_script_enabled=False)).new_page()
    await other.goto(link)
    await other.click("main button")
    assert await other.is_visible('[data-show="registered"]')
    await page.reload()
    assert await page.is_visible('[data-alert="elsewhere"]')
    await context.close()
