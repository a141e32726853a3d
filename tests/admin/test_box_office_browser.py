"""A clerk at the counter in a real browser: a sale by keyboard alone, and what every page keeps on a phone."""

from __future__ import annotations

import asyncio
import os

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page

from engine.services.wiring import Services
from tests.admin.browsing import PHONE, PROBLEMS_OF_A_PAGE, page_of
from tests.admin.organizer import PASSWORD, Organizer, hold

PICTURES = os.environ.get("ONSALE_PICTURES")  # a folder for screenshots, for anybody who wants to look
SALES = 8

pytestmark = [pytest.mark.browser, pytest.mark.slow]


async def look(page: Page, name: str) -> None:
    if PICTURES:
        await page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


async def signed_in(page: Page, organizer: Organizer) -> None:
    await page.goto("/sign-in")
    await page.get_by_label("E-mail address").fill(organizer.email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Sign out").wait_for()


async def test_a_clerk_sells_by_keyboard_while_others_buy(
    chromium: Browser, server: TestServer[web.Request], organizer: Organizer, services: Services, chart: str
) -> None:
    _, _, event_id = await organizer.published(chart)
    page, complaints = await page_of(chromium, server)
    await signed_in(page, organizer)
    at = f"/events/{event_id}/box-office"
    await page.goto(at)
    await page.get_by_label("In the drawer now").fill("50")
    await page.keyboard.press("Enter")
    await page.get_by_text("Your drawer is open").wait_for()
    await page.goto(at)
    for number in range(SALES):
        buyer = asyncio.ensure_future(hold(services, event_id, 1))
        count = page.locator("[name=quantities]").first
        await count.wait_for()
        await page.wait_for_function("document.activeElement.name === 'quantities'")
        await page.keyboard.type("1")
        await page.get_by_text("To pay").wait_for()
        if number == 0:
            await look(page, "counter")
            await page.get_by_label("Cash handed over").focus()
            await page.keyboard.type("50")
        await page.keyboard.press("Enter")
        await page.get_by_role("heading", name="1 ticket sold").wait_for()
        await page.get_by_text("CA$5.00" if number == 0 else "CA$0.00").first.wait_for()
        if number == 0:
            await look(page, "receipt")
        await buyer
        await page.keyboard.press("Enter")
    await page.get_by_text(f"Taken, {SALES} sales").wait_for()
    await page.get_by_label("Counted", exact=True).fill(f"{50 + 45 * SALES}.00")
    page.once("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
    await page.keyboard.press("Enter")
    await page.get_by_text("Your drawer is closed").wait_for()
    await look(page, "drawer")
    sold = await services.common.pool.fetchval("SELECT count(*) FROM counter_payments WHERE drawer_id IS NOT NULL")
    assert sold == SALES
    (report,) = await services.insight.audit.check(event_id)
    assert report["problems"] == []
    assert complaints == []


async def test_the_counters_pages_keep_to_a_phone(
    chromium: Browser, server: TestServer[web.Request], organizer: Organizer, services: Services, chart: str
) -> None:
    _, _, event_id = await organizer.published(chart)
    page, complaints = await page_of(chromium, server, viewport=PHONE, has_touch=True)
    await signed_in(page, organizer)
    at = f"/events/{event_id}"
    await page.goto(f"{at}/box-office")
    await page.locator("[name=quantities]").first.fill("2")
    await page.get_by_role("radio", name="Given away").check()
    await page.get_by_label("Why").fill("Press")
    await page.get_by_role("button", name="Sell", exact=True).tap()
    await page.get_by_role("heading", name="2 tickets sold").wait_for()
    sold = page.url
    problems = {}
    for path in (sold, f"{sold}/labels", f"{at}/box-office", f"{at}/guests", f"{at}/blocked"):
        await page.goto(path)
        problems[path] = await page.evaluate(PROBLEMS_OF_A_PAGE)
        await look(page, "phone-" + path.rpartition("/")[2])
    assert not any(problems.values()), problems
    assert complaints == []
