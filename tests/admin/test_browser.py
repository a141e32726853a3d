"""An organizer's first evening in a real browser, and what every page keeps on a phone."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page

from admin.routes import ROUTES
from engine.services.wiring import Services
from tests.admin.browsing import PHONE, PROBLEMS_OF_A_PAGE, page_of
from tests.admin.estate import everything, fill
from tests.admin.organizer import PASSWORD, Organizer, hold, platform_admin
from tests.factories import NEXT_YEAR

PICTURES = os.environ.get("ONSALE_PICTURES")  # a folder for screenshots, for anybody who wants to look

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
]


async def look(page: Page, name: str) -> None:
    if PICTURES:
        await page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


async def test_from_signing_in_to_a_published_event(
    chromium: Browser, server: TestServer[web.Request], services: Services
) -> None:
    email = await platform_admin(services)
    page, complaints = await page_of(chromium, server)
    await page.goto("/")
    await page.get_by_label("E-mail address").fill(email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.get_by_role("link", name="Create an organization").click()
    await page.get_by_label("Name", exact=True).fill("Lantern House")
    await page.get_by_role("button", name="Create it").click()
    await page.get_by_role("link", name="Add a venue").click()
    await page.get_by_label("Name", exact=True).fill("Lantern Theatre")
    await page.get_by_label("Time zone").fill("America/Vancouver")
    await page.get_by_role("button", name=re.compile("draw its chart")).click()

    await page.get_by_role("link", name="Theatre", exact=True).click()
    await page.get_by_label("Chart as JSON").fill('{"sections": []}')
    await page.get_by_role("button", name="Draw it").click()
    await page.get_by_text("This chart has faults").wait_for()
    assert "/chart?sample=theatre" in page.url, "the picture comes without leaving the page"
    await page.get_by_role("link", name="Theatre", exact=True).click()
    await page.get_by_role("img", name=re.compile("Seating chart, 908 places")).wait_for()
    await look(page, "chart")
    await page.get_by_role("button", name="Save").click()
    await page.get_by_text("The chart is saved: 908 places in 3 sections").wait_for()

    await page.get_by_role("link", name="Events").first.click()
    await page.get_by_role("link", name="New event").click()
    await page.get_by_label("Title").fill("One night only")
    await page.get_by_label("Venue").select_option(label="Lantern Theatre")
    await page.get_by_label("Starts").fill(f"{NEXT_YEAR}-03-01T19:30")
    await page.get_by_label("Ends").fill(f"{NEXT_YEAR}-03-01T18:00")
    await page.get_by_label("Tax 1: name").fill("GST")
    await page.get_by_label("Tax 1: percent").fill("5")
    await page.get_by_role("button", name="Make the draft").click()
    await page.get_by_role("alert").get_by_text("An event ends after it starts").wait_for()
    assert await page.evaluate("document.activeElement.getAttribute('role')") == "alert"
    assert await page.get_by_label("Tax 1: percent").input_value() == "5"
    await page.get_by_label("Ends").fill(f"{NEXT_YEAR}-03-01T22:00")
    await page.get_by_role("button", name="Make the draft").click()
    await page.get_by_role("heading", name="Before it goes public").wait_for()
    assert await page.get_by_role("button", name="Publish").is_disabled()

    await page.get_by_role("link", name=re.compile("Do it.*at least one ticket type")).click()
    await page.get_by_label("Name", exact=True).fill("Regular")
    await page.get_by_role("textbox", name="Price", exact=True).fill("45")
    await page.get_by_label("Regular", exact=True).check()
    await page.get_by_role("button", name="Add it").click()
    await page.get_by_text("CA$47.25 with fee and tax").wait_for()

    await page.get_by_role("link", name="On-sale").click()
    await page.get_by_label("Sales open", exact=True).fill("2026-01-01T10:00")
    await page.get_by_label("Put a waiting room in front").uncheck()
    await page.get_by_role("button", name="Save").click()
    await page.get_by_text("Saved.").wait_for()
    await page.get_by_role("link", name="Overview").click()
    await page.get_by_role("button", name="Publish").click()
    await page.get_by_text("One night only is public now").wait_for()

    await page.get_by_text("908 free").or_(page.get_by_text("Free 908")).first.wait_for()
    event_id = page.url.rpartition("/")[2]
    await hold(services, event_id, 3)
    await page.get_by_text("Held 3").wait_for()
    await page.get_by_role("button", name="Pause updates").click()
    await hold(services, event_id, 2)
    await asyncio.sleep(3)
    assert await page.get_by_text("Held 3").is_visible()
    await page.get_by_role("button", name="Resume updates").click()
    await page.get_by_text("Held 5").wait_for()
    await look(page, "event")
    assert complaints == ["Failed to load resource: the server responded with a status of 422 (Unprocessable Entity)"]


async def test_every_page_is_whole_on_a_phone(
    chromium: Browser,
    server: TestServer[web.Request],
    organizer: Organizer,
    services: Services,
    chart: str,
) -> None:
    things = await everything(organizer, services, chart)
    for email, of_the_platform in ((organizer.email, False), (await platform_admin(services), True)):
        page, complaints = await page_of(chromium, server, viewport=PHONE)
        await page.goto("/sign-in")
        assert await page.evaluate(PROBLEMS_OF_A_PAGE) == []
        await page.get_by_label("E-mail address").fill(email)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_role("button", name="Sign out").wait_for()
        for route in ROUTES:
            path = fill(route, things)
            pieces = (".json", ".csv", "/people", "/board", "/live", "/figures", "/counts", "/accent", "/total", ".pdf")
            if route.method != "GET" or path.endswith(pieces) or (route.needs == "admin") is not of_the_platform:
                continue
            await page.goto(path)
            assert await page.evaluate(PROBLEMS_OF_A_PAGE) == [], path
            await look(page, "phone" + path.replace("/", "-"))
        assert complaints == [], email


async def test_without_scripts_the_admin_app_still_works(
    chromium: Browser,
    server: TestServer[web.Request],
    organizer: Organizer,
    browser: Callable[[], Organizer],
    chart: str,
) -> None:
    organization_id = await organizer.organization()
    page, _ = await page_of(chromium, server, java_script_enabled=False)
    await page.goto(f"/o/{organization_id}/venues/new")
    await page.get_by_label("E-mail address").fill(organizer.email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_label("Name", exact=True).fill("Opera")
    await page.get_by_label("Time zone").fill("UTC")
    await page.get_by_role("button", name=re.compile("draw its chart")).click()
    await page.get_by_label("Chart as JSON").fill(chart)
    await page.get_by_role("button", name="Draw it").click()
    await page.get_by_role("img", name="Seating chart, 80 places").wait_for()
    await page.get_by_role("button", name="Save").click()
    await page.get_by_text("The chart is saved: 80 places").wait_for()
    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_role("heading", name="Sign in").wait_for()
