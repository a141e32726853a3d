"""Passkeys in a browser: Chromium's own virtual authenticator makes one on the account's page, and signs in with it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page

from engine.app import create_app
from engine.foundation.connections import RedisClient
from engine.foundation.embedded import free_port
from engine.pages.accounts.signing import WORDS
from engine.settings import Settings
from tests.web.organizer import PASSWORD

WORD = WORDS["en"]
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
async def shop_page(settings: Settings, redis_client: RedisClient, browser: Browser) -> AsyncIterator[tuple[Page, str]]:
    """A page with a device that holds passkeys, and the address under which browsers know any."""
    port = free_port()
    own = settings.model_copy(update={"engine_url": f"http://127.0.0.1:{port}"})
    async with TestServer(create_app(own), port=port):
        page = await browser.new_page(viewport={"width": 390, "height": 844})
        page.set_default_timeout(20_000)
        devices = await page.context.new_cdp_session(page)
        await devices.send("WebAuthn.enable")
        await devices.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
        yield page, f"http://localhost:{port}"
        await page.close()


async def test_a_fan_adds_a_passkey_and_signs_in_with_nothing_else(shop_page: tuple[Page, str]):
    page, at = shop_page
    await page.goto(f"{at}/account/register")
    await page.get_by_label(WORD["name"]).fill("Ada")
    await page.get_by_label(WORD["email"]).fill("ada@example.test")
    await page.get_by_label(WORD["new_password"]).fill(PASSWORD)
    await page.get_by_role("button", name=WORD["register"]["button"]).click()
    await page.get_by_label(WORD["passkey_name"]).fill("My phone")
    await page.get_by_role("button", name=WORD["passkey_add"]).click()
    await page.get_by_text("My phone").wait_for()
    await page.get_by_role("button", name=WORD["sign_out"]).click()
    await page.get_by_role("button", name=WORD["by_passkey"]).click()
    await page.wait_for_url(f"{at}/account")
    assert "ada@example.test" in await page.inner_text("main")
    await page.get_by_role("button", name=f"{WORD['take_away']}: My phone").click()
    await page.get_by_role("button", name=WORD["sign_out"]).click()
    await page.get_by_role("button", name=WORD["by_passkey"]).click()
    await page.get_by_text(WORD["said"]["passkey_refused"]).wait_for()
