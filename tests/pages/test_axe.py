"""Every page a fan meets before axe, on a phone and on a desk, in the light and in the dark."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.axe import serious
from tests.pages.browsing import GOOD, POOR, SECURE, Site

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser"), pytest.mark.timeout(180)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
async def test_no_page_of_a_fan_has_a_serious_finding(site: Site, browser: Browser, scheme: str, width: int) -> None:
    await site.publish(
        summary="One night.",
        description="Doors at seven.",
        terms="No re-entry.",
        taxes=[{"name": "GST", "rate_bp": 500}],
    )
    context = await browser.new_context(
        viewport={"width": width, "height": 844},
        color_scheme=scheme,
        reduced_motion="reduce",  # a colour on its way to another one is none that anybody reads
    )
    site.page = await context.new_page()
    site.page.set_default_timeout(20_000)
    findings: dict[str, list[str]] = {}

    async def look(name: str) -> None:
        findings[name] = await serious(site.page)

    lists = ("/", "/?q=nothing&city=Nowhere", "/?q=lanterns&price_max=100", "/cities/hull")
    await site.pool.execute("UPDATE venues SET city = 'Hull', accessibility = 'Ramps'")
    for path in (*lists, f"/e/{site.slug}", "/my-tickets", "/nowhere", "/order/ord_x"):
        await site.open(path)
        await look(path)
    await site.open_shop()
    await look("map")
    await site.page.click("#tab-list")
    await site.page.locator(".seat-list button:not([disabled])").first.click()
    await expect(site.page.locator("#hold")).to_be_enabled()
    await look("list and basket")
    await site.page.click("#tab-best")
    await look("best available")
    await site.page.click("#hold")
    await site.page.wait_for_url("**/checkout/**")
    checkout = site.page.url
    await site.page.click("#pay-button")
    await look("checkout with faults")
    await site.fill(POOR)
    await expect(site.page.locator("#alert")).to_contain_text("Nothing was charged")
    await expect(site.page.locator("#pay-button")).to_be_enabled()
    await look("declined")
    await site.fill(SECURE)
    await site.page.wait_for_url("**/3ds/**")
    await look("3-D Secure")
    await site.page.get_by_role("button").last.click()
    await expect(site.page.get_by_role("heading", name="Not paid yet.")).to_be_visible()
    await look("order not paid")
    await site.page.click(f'[data-card="{GOOD}"]')
    await site.page.click("#pay-button")
    await expect(site.page.get_by_role("heading", name="You are going.")).to_be_visible()
    await look("order paid")
    await site.open("/my-tickets")
    await look("my tickets")
    for path in ("/account/forgot", "/account/verify?token=x", "/account/reset?token=x"):
        await site.open(path)
        await look(path)
    await context.clear_cookies()
    await site.page.goto(checkout)
    await look("somebody else's checkout")
    await context.close()
    assert not any(findings.values()), findings
