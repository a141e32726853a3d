"""In a browser: a code on the whole screen, an event shared, the head of a page that names who is signed in."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.axe import serious
from tests.pages.browsing import GOOD, Site
from tests.web.organizer import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser"), pytest.mark.timeout(180)]
SHARES = "navigator.share = async (what) => { window.shared = what; };"
NEITHER = "navigator.share = undefined; navigator.clipboard.writeText = async () => { throw new Error('no'); };"
AWAKE = """navigator.wakeLock.request = async () => { window.locks = (window.locks ?? 0) + 1;
return { release: async () => { window.locks -= 1; } }; };"""


async def test_a_code_fills_the_screen_bright_and_awake_and_gives_the_focus_back(site: Site, browser: Browser) -> None:
    await site.publish()
    context = await browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark")
    site.page = await context.new_page()
    site.page.set_default_timeout(20_000)
    await site.page.add_init_script(AWAKE)
    await site.hold_two()
    await site.fill(GOOD)
    page = site.page
    second = page.get_by_role("button", name="Show it large").nth(1)
    await second.focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("img", name="Ticket code")).to_be_visible()
    await expect(dialog).to_contain_text("Ticket 2 of 2")
    await expect(dialog).to_contain_text("Ada Lovelace")
    await expect(dialog.get_by_role("button", name="Close")).to_be_focused()
    await expect(dialog).to_have_css("background-color", "rgb(255, 255, 255)")
    assert await page.evaluate("window.locks") == 1
    assert await serious(page) == []
    drawn = await dialog.locator("svg").inner_html()
    await dialog.get_by_role("button", name="Next ticket").click()
    await expect(dialog).to_contain_text("Ticket 1 of 2")
    assert await dialog.locator("svg").inner_html() != drawn
    wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(second).to_be_focused()
    assert await page.evaluate("window.locks") == 0
    await context.close()


async def test_an_event_is_shared_by_the_device_else_by_its_address(site: Site) -> None:
    await site.publish()
    await site.page.add_init_script(SHARES)
    await site.open(f"/e/{site.slug}?from=mail")
    await site.page.get_by_role("button", name="Share").click()
    address = str(site.server.make_url(f"/e/{site.slug}"))
    assert await site.page.evaluate("window.shared") == {"title": "Lanterns", "url": address}
    await site.page.add_init_script(NEITHER)
    await site.open(f"/e/{site.slug}")
    await site.page.get_by_role("button", name="Share").click()
    await expect(site.page.get_by_role("textbox", name="Link to copy")).to_have_value(address)


async def test_the_head_of_a_page_names_who_is_signed_in(site: Site) -> None:
    await site.open("/account/register")
    await site.page.fill("#name", "Ada Lovelace")
    await site.page.fill("#email", "ada@example.test")
    await site.page.fill("#password", PASSWORD)
    await site.page.locator("main button").click()
    await site.page.wait_for_url("**/account")
    await site.open("/")
    link = site.page.get_by_role("banner").get_by_role("link", name="Signed in as Ada Lovelace")
    await expect(link).to_be_visible()
    await link.click()
    await site.page.get_by_role("button", name="Sign out", exact=True).click()
    await site.page.wait_for_url("**/account/sign-in")
    await expect(site.page.get_by_role("link", name="Account", exact=True)).to_be_visible()
