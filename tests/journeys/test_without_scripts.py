"""A visitor whose browser runs no scripts: everything up to the card works; the card says why it does not."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Shop

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("journeys"), pytest.mark.timeout(120)]


def test_without_scripts_a_fan_queues_and_holds_the_best_pair(
    visitor: Callable[..., Page], shop: Shop, open_room: str
) -> None:
    fan = visitor(java_script_enabled=False)
    fan.goto(shop.engine + "/")
    fan.get_by_role("link", name=re.compile("Paper Lanterns")).first.click()
    fan.get_by_role("link", name="Join the queue").first.click()
    fan.get_by_role("button", name=re.compile("Join")).click()
    enter = fan.locator("#enter button")
    expect(enter).to_be_visible(timeout=30_000)  # the page loads itself again until the visitor is called
    enter.click()
    fan.locator("#hand-over button").click()
    fan.wait_for_url(re.compile(r"/e/[^/]+/shop$"))
    fan.get_by_label("Standard", exact=True).fill("2")
    fan.get_by_role("button", name="Hold tickets").click()
    fan.wait_for_url("**/checkout/**")
    notice = fan.locator("noscript .alert-title")
    expect(notice).to_be_visible()
    expect(notice).to_have_text("Paying by card needs scripts")
    expect(fan.locator("#pay-button")).to_be_disabled()
    hold = fan.get_by_role("complementary")
    expect(hold.get_by_role("list").first.get_by_text(re.compile("seat"))).to_have_count(2)
    expect(fan.locator("#clock")).to_contain_text(re.compile(r"\d+ min"))
    fan.get_by_role("button", name="Give them back and choose again").click()
    fan.wait_for_url(re.compile(r"/e/[^/]+/shop$"))
    (verdict,) = [row for row in shop.audit() if row["event_id"] == open_room]
    assert verdict["held"] == 0
