"""The basket in a real Chromium: what was chosen and what is held survive reloads, and both can be changed."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from engine.domain.catalogue.questions import Question, kept
from tests.pages.browsing import GOOD, Site

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser"), pytest.mark.timeout(240)]


async def shot(site: Site, name: str) -> None:
    if "SHOTS" in os.environ:
        await site.page.screenshot(path=Path(os.environ["SHOTS"]) / f"{name}.png", full_page=True)


async def seat(site: Site, number: int) -> None:
    """Choose a seat of the last row in the list."""
    await site.page.click("#tab-list")
    await site.page.select_option("#list-row", index=3)
    await site.page.get_by_role("button", name=re.compile(rf"seat\s{number} ")).click()


async def test_what_is_chosen_and_held_survives_a_reload_and_can_be_changed(site: Site) -> None:
    page = site.page
    await site.publish()
    await site.open_shop()
    await page.focus("#map")
    for key in ("ArrowRight", "Enter", "ArrowRight", "Enter"):
        await page.keyboard.press(key)
    chosen = await page.locator(".basket-line strong").all_inner_texts()
    await page.reload()
    await expect(page.locator(".basket-line strong")).to_have_text(chosen)
    await page.click("#hold")
    await page.wait_for_url("**/checkout/**")

    await page.get_by_label("Name", exact=True).fill("Ada Lovelace")
    await page.get_by_role("button", name="I need longer").click()
    await expect(page.locator("#pay-state")).to_contain_text("more time")
    await page.reload()
    await expect(page.get_by_label("Name", exact=True)).to_have_value("Ada Lovelace")

    await site.open(f"/e/{site.slug}/shop")
    await expect(page.locator("#held")).to_contain_text("You still hold 2 tickets")
    await expect(page.locator(".basket-line")).to_have_count(0)
    await page.locator('[data-swap="0"]').click()
    await shot(site, "shop-held")
    await seat(site, 10)
    await expect(page.locator("#held")).to_contain_text("seat\u00a010")

    await seat(site, 9)
    await page.get_by_role("button", name="Add this seat").click()
    await page.wait_for_url("**/checkout/**")
    await expect(page.locator(".checkout-total")).to_contain_text("3 tickets")
    await page.get_by_text("Change my tickets").click()
    await page.get_by_role("button", name="Give back").first.click()
    await expect(page.locator(".checkout-total")).to_contain_text("2 tickets")


async def test_what_is_asked_is_marked_at_its_field_and_kept_by_a_reload(site: Site) -> None:
    page = site.page
    questions = kept(
        [
            Question(label="How did you hear of us?", help="A word is enough"),
            Question(label="I have read the rules of the house", kind="checkbox", required=True),
            Question(label="Menu", kind="choice", per="attendee", choices=("With meat", "Without"), required=True),
        ]
    )
    asked = [{name: getattr(each, name) for name in each.__struct_fields__} for each in questions]
    await site.publish(questions=asked, named_tickets="required")
    await site.hold_two()
    await site.fill(GOOD)
    await expect(page.locator('[aria-invalid="true"]')).to_have_count(4)
    await shot(site, "checkout-faults")
    await expect(page.get_by_label("Name on the ticket").first).to_have_value("Ada Lovelace")
    await page.get_by_label("Name on the ticket").last.fill("Bo")
    for menu in await page.get_by_label("Menu").all():
        await menu.select_option("Without")
    await page.reload()
    await expect(page.get_by_label("Name on the ticket").last).to_have_value("Bo")
    await page.get_by_label("I have read the rules of the house").check()
    await page.set_viewport_size({"width": 390, "height": 844})
    await shot(site, "checkout-phone")
    await site.fill(GOOD)
    await expect(page.get_by_role("heading", name="You are going.")).to_be_visible()
    await expect(page.locator(".ticket-text").last).to_contain_text("Bo")
