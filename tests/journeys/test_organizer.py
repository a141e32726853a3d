"""From an organizer's first sign-in to people inside the hall, on all four surfaces, by clicking only."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.factories import NEXT_YEAR
from tests.journeys.conftest import Shop
from tests.journeys.steps import (
    GOOD,
    best_available,
    bought,
    name_yourself,
    named_seats,
    pay,
    scan,
    sign_in_scanner,
    through_the_queue,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("journeys"), pytest.mark.timeout(180)]

TITLE = "Harbour Brass"
EMAIL, PASSWORD = "ola@harbour.example", "brass and salt water"
DESK = {"width": 1280, "height": 900}
CHART = {
    "focal_point": {"x": 0, "y": -5},
    "sections": [
        {
            "name": "Stalls",
            "kind": "seated",
            "rows": [
                {"name": letter, "y": at, "first": 1, "count": 12, "x0": -5.5, "pitch": 1.0, "aisle_after": [6]}
                for at, letter in enumerate("ABCDEF")
            ],
        },
        {"name": "Floor", "kind": "general", "capacity": 40},
    ],
}


def account(desk: Page, admin: str) -> None:
    """Made, left, and signed in to again."""
    desk.goto(admin + "/")
    desk.get_by_role("link", name="Make an account").click()
    desk.get_by_label("Your name").fill("Ola Berg")
    desk.get_by_label("E-mail address").fill(EMAIL)
    desk.get_by_label("Password").fill(PASSWORD)
    desk.get_by_role("button", name="Make the account").click()
    desk.get_by_role("button", name="Sign out").click()
    desk.get_by_label("E-mail address").fill(EMAIL)
    desk.get_by_label("Password").fill(PASSWORD)
    desk.get_by_role("button", name="Sign in").click()
    expect(desk.get_by_role("heading", name="Events", exact=True)).to_be_visible()


def venue_with_chart(desk: Page) -> None:
    desk.get_by_role("link", name="Create an organization").click()
    desk.get_by_label(re.compile("^Name")).fill("Harbour Hall")
    desk.get_by_role("button", name="Create it").click()
    desk.get_by_role("link", name="Add a venue").click()
    desk.get_by_label(re.compile("^Name")).fill("The Old Cannery")
    desk.get_by_label(re.compile("^City")).fill("Vancouver")
    desk.get_by_label(re.compile("^Country")).fill("CA")
    desk.get_by_label(re.compile("^Time zone")).fill("America/Vancouver")
    desk.get_by_role("button", name="Add it, then draw its chart").click()
    desk.get_by_label("Chart as JSON").fill(json.dumps(CHART))
    desk.get_by_role("button", name="Draw it").click()
    expect(desk.locator("#picture")).to_contain_text("112 places")
    desk.get_by_role("button", name="Save").click()
    expect(desk.get_by_text("112 places saved")).to_be_visible()


def event_on_sale(desk: Page) -> None:
    """Draft, two ticket types, a room that is open at once, public."""
    desk.get_by_role("link", name="Events", exact=True).first.click()
    desk.get_by_role("link", name="New event").click()
    desk.get_by_label("Title").fill(TITLE)
    desk.get_by_label("Venue").select_option(label="The Old Cannery, Vancouver")
    desk.get_by_label(re.compile("^Starts")).fill(f"{NEXT_YEAR}-06-05T20:00")
    desk.get_by_label(re.compile("^Ends")).fill(f"{NEXT_YEAR}-06-05T23:00")
    desk.get_by_label(re.compile("^Service fee")).fill("6")
    desk.get_by_label("Tax 1: name").fill("GST")
    desk.get_by_label("Tax 1: percent").fill("5")
    desk.get_by_role("button", name="Make the draft").click()
    for name, price, section in (("Seated", "45.00", "Stalls"), ("Standing", "30", "Floor")):
        desk.get_by_role("link", name="Tickets", exact=True).click()
        desk.get_by_label(re.compile("^Name")).fill(name)
        desk.locator("#f-price").fill(price)
        desk.get_by_role("checkbox", name=section).check()
        desk.get_by_role("button", name="Add it").click()
        expect(desk.get_by_role("link", name=name, exact=True)).to_be_visible()
    desk.get_by_role("link", name="On-sale", exact=True).click()
    desk.get_by_label(re.compile("^Sales open")).fill("2026-01-01T10:00")
    desk.get_by_label("Put a waiting room in front").check()
    desk.get_by_role("button", name="Save").click()
    desk.get_by_role("link", name="Overview", exact=True).click()
    desk.get_by_role("button", name="Publish").click()
    expect(desk.get_by_text("is public now")).to_be_visible()


def trial_order(desk: Page) -> None:
    """The whole line is tried with play money before anybody queues; the place is back on sale afterwards."""
    desk.get_by_role("link", name="Try an order").click()
    desk.get_by_role("button", name="Try it").click()
    expect(desk.get_by_role("alert")).to_contain_text("Everything works")
    expect(desk.get_by_role("img", name="Done")).to_have_count(10)
    desk.get_by_role("link", name="Look at the order").click()
    expect(desk.get_by_text("Refunded").first).to_be_visible()


def scanner_credential(desk: Page) -> str:
    desk.get_by_role("link", name="Scanners", exact=True).click()
    desk.get_by_label(re.compile("^Name")).fill("North door")
    desk.get_by_role("button", name="Register it").click()
    return desk.locator("#credential").inner_text()


def test_an_organizer_sells_and_the_door_lets_everybody_in_once(visitor: Callable[..., Page], shop: Shop) -> None:
    desk = visitor(viewport=DESK, has_touch=False)
    account(desk, shop.facts["admin"])
    venue_with_chart(desk)
    event_on_sale(desk)
    event_url = desk.url
    event_id = event_url.rpartition("/")[2]
    shop.wait_for_phase(event_id, "open")
    trial_order(desk)
    desk.goto(event_url)

    pair, four = visitor(), visitor()
    for fan in (pair, four):
        through_the_queue(fan, shop.engine, TITLE)
    named_seats(pair, "Stalls", 2)
    best_available(four, "Seated", 4)
    for fan, name in ((pair, "Mina"), (four, "Jonas")):
        name_yourself(fan, name)
        pay(fan, GOOD)
    orders = [bought(fan) for fan in (pair, four)]
    codes = [code for order in orders for code in order.codes]
    assert [len(order.codes) for order in orders] == [2, 4]
    assert len({place for order in orders for place in order.places}) == 6

    door = visitor()
    sign_in_scanner(door, shop.engine, scanner_credential(desk))
    assert [scan(door, code) for code in codes] == ["Welcome"] * 6
    assert [scan(door, code) for code in codes] == ["Already in"] * 6

    desk.get_by_role("link", name="The phone is signed in").click()
    desk.get_by_role("link", name="Attendance", exact=True).click()
    counts = desk.locator("#counts")
    expect(counts).to_contain_text("6 came of 6")
    expect(counts).to_contain_text(re.compile(r"Inside now\s*6"))
    expect(counts).to_contain_text(re.compile(r"North door\s*6 in, 0 out"))
    expect(counts).to_contain_text(re.compile(r"Shown twice\s*7"))  # the trial's ticket too, at a gate of its own name
    desk.get_by_role("link", name="Orders", exact=True).click()
    for order in orders:
        expect(desk.get_by_role("link", name=order.order_number)).to_be_visible()
    desk.get_by_role("link", name="Overview", exact=True).click()
    expect(desk.locator("#live")).to_contain_text("6 sold of 112")

    (verdict,) = [row for row in shop.audit() if row["event_id"] == event_id]
    assert (verdict["sold"], verdict["held"], verdict["free"]) == (6, 0, 106)
