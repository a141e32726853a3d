"""Every page a fan meets before axe, on a phone and on a desk, in the light and in the dark."""

from __future__ import annotations

import os
from datetime import timedelta
from urllib.parse import quote

import pytest
from playwright.async_api import Browser, expect

from engine.domain.accounts.consents import AskedFor, AskedForAll
from engine.domain.catalogue.programme import publication
from engine.domain.insight.personal_data import LinkToData
from engine.foundation.clock import now
from engine.foundation.ids import new_id
from engine.services import appkeys
from engine.services.accounts.agreements.sealed_links import SealedLinks
from tests import factories
from tests.axe import serious
from tests.pages.browsing import GOOD, POOR, SECURE, Site
from tests.web.organizer import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser"), pytest.mark.timeout(180)]
PICTURES = os.environ.get("ONSALE_PICTURES")  # a folder for screenshots, for anybody who wants to look


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


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1280, "light")])
async def test_no_page_of_an_account_has_a_serious_finding(
    site: Site, browser: Browser, scheme: str, width: int
) -> None:
    context = await browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)
    site.page = await context.new_page()
    site.page.set_default_timeout(20_000)
    findings: dict[str, list[str]] = {}
    for name in ("sign-in", "register", "by-mail", "magic?token=x", "find"):
        await site.open(f"/account/{name}")
        findings[name] = await serious(site.page)
    await site.open("/account/register")
    await site.page.fill("#email", f"ada{width}@example.test")
    await site.page.fill("#password", PASSWORD)
    await site.page.locator("main button").click()
    await site.page.wait_for_url("**/account")
    await site.page.fill("#factor-password", PASSWORD)
    await site.page.locator('form[action="/account/2fa/enable"] button').click()
    await expect(site.page.locator("#first-code")).to_be_visible()
    findings["account"] = await serious(site.page)
    if PICTURES:
        await site.page.screenshot(path=f"{PICTURES}/account-{width}-{scheme}.png", full_page=True)
    for name, path in _pages_of_privacy(site).items():
        await site.open(path)
        findings[name] = await serious(site.page)
        if PICTURES:
            await site.page.screenshot(path=f"{PICTURES}/{name.replace(' ', '-')}-{width}-{scheme}.png", full_page=True)
    await context.close()
    assert not any(findings.values()), findings


def _pages_of_privacy(site: Site) -> dict[str, str]:
    """Policies, and the pages that mailed links lead to, as their reader finds them."""
    address = "ada@example.test"
    sealed = SealedLinks(site.server.app[appkeys.SETTINGS].seal)
    return {
        "terms": "/terms",
        "privacy": "/privacy",
        "my data": "/my-data",
        "my data open": f"/my-data/open?token={sealed.token(LinkToData(address, 2**40))}",
        "unproven preferences": "/preferences",
        "preferences": f"/preferences?token={sealed.token(AskedForAll(address))}",
        "unsubscribe": f"/unsubscribe?token={sealed.token(AskedFor(address, 'platform_marketing'))}",
        "link over": "/unsubscribe?token=x",
    }


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1280, "light")])
async def test_no_calendar_and_no_preview_has_a_serious_finding(
    site: Site, browser: Browser, scheme: str, width: int
) -> None:
    await site.publish(summary="Six nights.", description="Doors at seven.")
    dates = await dates_of(site)
    keys = site.server.app[appkeys.SETTINGS].keyring.platform()
    token = quote(publication.mint(keys, site.event_id, now() + timedelta(days=1)))
    context = await browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)
    site.page = await context.new_page()
    findings: dict[str, list[str]] = {}
    for name, path in {
        "calendar": f"/series/{dates}",
        "event with other dates": f"/e/{site.slug}",
        "preview": f"/preview?token={token}",
        "preview that has run out": "/preview?token=x",
    }.items():
        await site.open(path)
        if PICTURES:
            await site.page.screenshot(path=f"{PICTURES}/{name.replace(' ', '-')}-{width}.png", full_page=True)
        findings[name] = await serious(site.page)
        wide = await site.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name} is {wide} pixels wider than a phone"
    await site.open(f"/series/{dates}")
    await site.page.get_by_role("link", name="19:30").first.press("Enter")
    await site.page.wait_for_url("**/e/**")
    await context.close()
    assert not any(findings.values()), findings


async def dates_of(site: Site) -> str:
    """The event as the first of a series of six weekly dates, one of them cancelled, one sold out; the series' id."""
    series_id, first = new_id("ser"), (now() + timedelta(days=9)).replace(hour=19, minute=30, second=0, microsecond=0)
    organization_id = await site.pool.fetchval("SELECT organization_id FROM events WHERE id = $1", site.event_id)
    await site.pool.execute(
        "INSERT INTO series (id, organization_id, rrule) VALUES ($1, $2, 'FREQ=WEEKLY;COUNT=6')",
        series_id, organization_id,
    )  # fmt: skip
    for number in range(1, 6):
        seating = factories.chart(factories.general("Floor", 10))
        await factories.event(
            site.pool, seating, [{"categories": ["Floor"]}], organization_id=organization_id, slug=f"lanterns-{number}",
            title="Lanterns", starts_at=first + timedelta(days=7 * number),
            ends_at=first + timedelta(days=7 * number, hours=3), sold_out=number == 2,
            status="cancelled" if number == 3 else "published",
        )  # fmt: skip
    await site.pool.execute("UPDATE events SET series_id = $1", series_id)
    await site.pool.execute(
        "UPDATE events SET starts_at = $2, ends_at = $3 WHERE id = $1",
        site.event_id, first, first + timedelta(hours=3),
    )  # fmt: skip
    return series_id
