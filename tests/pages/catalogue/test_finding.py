"""Finding an event in a browser: names while one types, and events near oneself."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.pages.browsing import Site

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser"), pytest.mark.timeout(120)]


async def test_a_name_is_suggested_while_one_types_and_chosen_by_keyboard(site: Site) -> None:
    await site.publish()
    await site.open("/")
    page = site.page
    field = page.get_by_role("combobox", name="What")
    await field.press_sequentially("lantrens", delay=10)
    option = page.get_by_role("option", name="Lanterns")
    await expect(option).to_be_visible()
    await expect(field).to_have_attribute("aria-expanded", "true")
    await field.press("Escape")
    await expect(option).to_be_hidden()
    await field.press("Backspace")
    await expect(option).to_be_visible()
    await field.press("ArrowDown")
    await expect(field).to_have_attribute("aria-activedescendant", "suggestion-0")
    await field.press("Enter")
    await page.wait_for_url(f"**/e/{site.slug}")


async def test_near_me_asks_when_it_is_pressed_and_shows_how_far_away_events_are(site: Site) -> None:
    await site.publish()
    await site.pool.execute("UPDATE venues SET lat = 49.28, lng = -123.12")
    page = site.page
    await site.open("/")
    await page.get_by_role("button", name="Near me").click()
    await expect(page.get_by_role("status")).to_contain_text("did not say where you are")
    await page.context.grant_permissions(["geolocation"])
    await page.context.set_geolocation({"latitude": 49.2345, "longitude": -123.1})
    await site.open("/")
    await page.get_by_role("button", name="Near me").click()
    await page.wait_for_url("**/?lat=49.23&lng=-123.10")
    await expect(page.locator(".event-card")).to_contain_text("km away")


@pytest.mark.parametrize("width", [320, 1280])
async def test_nothing_of_the_list_and_the_places_runs_over_the_edge(site: Site, width: int) -> None:
    await site.publish()
    await site.pool.execute("UPDATE venues SET city = 'Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch'")
    await site.page.set_viewport_size({"width": width, "height": 800})
    city = "/cities/llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch"
    for path in ("/", "/?q=lanterns&category=concert&price_max=100", city, f"/e/{site.slug}"):
        await site.open(path)
        for summary in await site.page.locator("details > summary:visible").all():
            await summary.click()
        wide = await site.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, path
