"""The API explorer in a real Chromium: it draws the whole contract, finds calls and tries them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, expect

from engine.app import create_app
from engine.foundation.connections import HotRedis
from engine.settings import Settings
from engine.web.openapi import document_bytes
from engine.web.routes import ROUTES
from tests.chromium import connected

pytestmark = [pytest.mark.browser]
CALLS = sum(len(path) for path in json.loads(document_bytes(ROUTES))["paths"].values())


@pytest.fixture
async def explorer(settings: Settings, hot: HotRedis, chromium_address: str) -> AsyncIterator[tuple[Page, list[str]]]:
    faults: list[str] = []
    server = TestServer(create_app(settings))
    await server.start_server()
    async with connected(chromium_address) as browser:
        page = await browser.new_page(base_url=str(server.make_url("")))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
        await page.goto("/docs")
        await expect(page.locator("#docs-status")).to_have_text(f"{CALLS} calls")
        yield page, faults
    await server.close()


async def test_the_explorer_draws_every_call_within_the_content_policy(explorer: tuple[Page, list[str]]):
    page, faults = explorer
    await expect(page.locator(".docs-call")).to_have_count(CALLS)
    await page.locator("#place_hold > summary").click()
    card = page.locator("#place_hold")
    await expect(card).to_contain_text("best_available_not_found")
    await expect(card).to_contain_text("promo_code ?")
    await expect(card).to_contain_text("Idempotency-Key")
    assert faults == []


async def test_calls_are_found_by_path_field_and_code(explorer: tuple[Page, list[str]]):
    page, faults = explorer
    for wanted, call in {"orphan_seat": "place_hold", "payment_intent_id": "confirm", "gate-bundle": "bundle"}.items():
        await page.fill("#docs-filter", wanted)
        await expect(page.locator(f"details[id*={call}]").first).to_be_visible()
        shown = await page.locator(".docs-call:visible").count()
        assert 0 < shown < CALLS / 4, (wanted, shown)
    assert faults == []


async def test_a_call_can_be_tried_from_its_card(explorer: tuple[Page, list[str]]):
    page, faults = explorer
    await page.locator("#alive > summary").click()
    await page.locator("#alive button").click()
    await expect(page.locator("#alive pre")).to_contain_text('"status": "alive"')
    await page.locator("#place_hold > summary").click()
    await page.locator("#place_hold textarea").fill("{")
    await page.locator("#place_hold button").click()
    await expect(page.locator("#place_hold pre")).to_contain_text('"code": "malformed"')
    assert [fault for fault in faults if "400" not in fault] == []
