"""The scanner speaks its reader's language, with a network and without."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.pages.gates.scanner import WAIT_MS, Door, scan

pytestmark = [pytest.mark.browser, pytest.mark.slow]


async def test_the_scanner_speaks_the_language_that_was_chosen_and_keeps_it_without_a_network(door: Door) -> None:
    browser = await door.browser()
    context, page = await door.page(browser, locale="de-AT")
    await page.goto("/gate")
    await expect(page.locator("html")).to_have_attribute("lang", "de")
    await expect(page.get_by_role("heading", name="Welcher Scanner ist das?")).to_be_visible()
    await page.locator("#credential").fill(await door.credential())
    await page.get_by_role("button", name="Scannen beginnen").click()
    await expect(page.locator("#chip-sync")).to_have_text("Gerade abgeglichen", timeout=WAIT_MS)
    await scan(page, door.world.code(1), "Willkommen")
    await scan(page, door.world.code(1), "Dieses Ticket wurde schon benutzt")
    await page.locator("#menu-button").click()
    await page.get_by_role("link", name="العربية").click()
    await expect(page.locator("html")).to_have_attribute("dir", "rtl")
    await expect(page.locator("#chip-sync")).to_have_text("تمت المزامنة الآن", timeout=WAIT_MS)
    await page.evaluate("navigator.serviceWorker.ready")
    await page.goto("/gate")  # by the worker, which keeps it
    await expect(page.locator("#chip-sync")).to_have_text("تمت المزامنة الآن", timeout=WAIT_MS)
    await page.wait_for_function("async () => (await (await caches.match('/gate')).text()).includes('rtl')")
    await context.set_offline(True)
    await page.goto("/gate")
    await expect(page.locator("html")).to_have_attribute("lang", "ar")
    await scan(page, door.world.code(2), "أهلًا")
    await door.shoot(page, "gate-ar")
    assert door.page_faults == []
    await browser.close()
