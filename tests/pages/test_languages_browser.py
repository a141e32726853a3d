"""Buying on a phone in other languages: long words fit, Arabic stands from right to left, scripts speak it too."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.pages.browsing import GOOD, Site

PICTURES = os.environ.get("ONSALE_PICTURES")  # a folder for screenshots, for anybody who wants to look
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser"), pytest.mark.timeout(180)]


async def looked_at(site: Site, tag: str, name: str) -> None:
    """Nothing stands out sideways."""
    wide = await site.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, name
    if PICTURES:
        await site.page.screenshot(path=Path(PICTURES) / f"{name}-{tag}.png", full_page=True)


@pytest.mark.parametrize(
    ("tag", "hold", "going"),
    [
        ("de", "Diese 2 Plätze reservieren", "Sie sind dabei."),
        ("fr", "Réserver ces 2 places", "Vous y serez."),
        ("ar", "احجز هذين المقعدين", "ستكون هناك."),
    ],
)
async def test_one_buys_in_another_language(site: Site, tag: str, hold: str, going: str) -> None:
    await site.page.set_viewport_size({"width": 390, "height": 844})
    await site.publish()
    await site.open(f"/?lang={tag}")  # from here on a cookie carries it
    await looked_at(site, tag, "list")
    await site.open(f"/e/{site.slug}")
    await expect(site.page.locator("html")).to_have_attribute("lang", tag)
    assert await site.page.evaluate("getComputedStyle(document.body).direction") == ("rtl" if tag == "ar" else "ltr")
    await looked_at(site, tag, "event")
    await site.open_shop()
    await site.page.focus("#map")
    for key in ("ArrowRight", "Enter", "ArrowRight", "Enter"):
        await site.page.keyboard.press(key)
    await expect(site.page.locator("#hold")).to_have_text(hold)
    await looked_at(site, tag, "shop")
    await site.page.click("#hold")
    await site.page.wait_for_url("**/checkout/**")
    await looked_at(site, tag, "checkout")
    await site.page.fill("#name", "Ada Lovelace")
    await site.page.fill("#email", "ada@example.com")
    await site.page.click(f'[data-card="{GOOD}"]')
    await site.page.click("#pay-button")
    await expect(site.page.get_by_role("heading", name=going)).to_be_visible()
    await looked_at(site, tag, "order")
