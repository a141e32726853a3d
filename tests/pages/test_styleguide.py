"""The style guide: every component of the pages in every state, and nothing that keeps somebody out."""

from __future__ import annotations

import os
from typing import Any

import pytest
from playwright.async_api import Browser

from tests.axe import serious
from tests.pages.browsing import Site
from tests.pages.conftest import Client
from tests.pages.forms import page as read

PARTS = (
    "event-card", "filter-bar", "seat-picker", "ticket-grid", "price-list", "counter", "columns", "table",
    "field-error", "dialog", "toast", "is-hover", "is-focus", "button-accent", "alert-bad", "empty",
    "date-choice", "share",
)  # fmt: skip

PICTURES = os.environ.get("ONSALE_PICTURES")  # a folder for screenshots, for anybody who wants to look
# What stands beyond the edge, to be named if a page is too wide.
BEYOND = """[...document.querySelectorAll("main *")]
    .filter(e => e.getBoundingClientRect().right > innerWidth && !e.closest(".table-scroll, .legend"))
    .map(e => `${e.tagName}.${e.className}`).slice(0, 12)"""


async def test_every_component_is_shown_and_no_search_engine_keeps_the_page(engine: Client) -> None:
    html = await read(engine, "/styleguide")
    assert [part for part in PARTS if part not in html] == []
    assert '<meta name="robots" content="noindex, nofollow">' in html


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.xdist_group("browser")
@pytest.mark.timeout(180)
async def test_it_is_whole_on_a_small_phone_in_the_dark_and_in_forced_colours(site: Site, browser: Browser) -> None:
    looks: list[dict[str, Any]] = [
        {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
        {"viewport": {"width": 320, "height": 640}, "color_scheme": "dark"},
        {"viewport": {"width": 1280, "height": 900}, "forced_colors": "active"},
    ]
    findings: dict[str, list[str]] = {}
    for look in looks:
        context = await browser.new_context(reduced_motion="reduce", **look)
        site.page = await context.new_page()
        await site.open("/styleguide")
        found = await serious(site.page)
        if (
            "forced_colors" in look
        ):  # axe compares the text's own colour, which the browser has replaced by the reader's
            found = [one for one in found if not one.startswith("color-contrast:")]
        findings[str(look)] = found
        wide = await site.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if PICTURES:
            await site.page.screenshot(path=f"{PICTURES}/guide-{len(findings)}.png", full_page=True)
        assert wide <= 0, (look, await site.page.evaluate(BEYOND))
        await context.close()
    assert not any(findings.values()), findings
