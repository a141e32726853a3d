"""People buying by clicking only, and being let in once."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Shop

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("journeys"), pytest.mark.timeout(180)]

GOOD, DECLINED = "4242424242424242", "4000000000009995"


def through_the_queue(fan: Page, shop: Shop) -> None:
    """From the list of events to the shop."""
    fan.goto(shop.facts["engine"] + "/")
    fan.get_by_role("link", name=re.compile("Paper Lanterns")).first.click()
    fan.get_by_role("link", name="Join the queue").first.click()
    fan.get_by_role("button", name=re.compile("Join")).first.click()
    fan.wait_for_url("**/shop*", timeout=60_000)


def best_available(fan: Page, kind: str, quantity: int) -> None:
    fan.locator("#tab-best").click()
    for _ in range(quantity):
        fan.get_by_role("button", name=f"One more: {kind}", exact=True).click()
    fan.get_by_role("button", name="Find and hold").click()
    fan.wait_for_url("**/checkout/**")


def name_yourself(fan: Page, name: str) -> None:
    fan.get_by_label("Name", exact=True).fill(name)
    fan.get_by_label("E-mail", exact=True).fill(f"{name.lower()}@example.com")


def pay(fan: Page, card: str) -> None:
    fan.locator(f'[data-card="{card}"]').click() if fan.locator(f'[data-card="{card}"]').count() else fan.locator(
        "#card-number"
    ).fill(card)
    if not fan.locator("#card-expiry").input_value():
        fan.locator("#card-expiry").fill("12 / 34")
        fan.locator("#card-cvc").fill("123")
    fan.locator("#pay-button").click()


def tickets(fan: Page) -> list[str]:
    """The order's page with its tickets; their ids."""
    expect(fan.get_by_role("heading", name="You are going.")).to_be_visible(timeout=30_000)
    order_id = re.search(r"/order/(ord_\w+)", fan.url)
    assert order_id, fan.url
    document = fan.evaluate(f"fetch('/v1/orders/{order_id[1]}/tickets').then(r => r.json())")
    return [ticket["code"] for ticket in document["data"]]


def test_a_fan_queues_and_buys_the_best_four(fan: Page, shop: Shop, open_room: str) -> None:
    through_the_queue(fan, shop)
    best_available(fan, "Standard", 4)
    name_yourself(fan, "Ana")
    pay(fan, GOOD)
    assert len(tickets(fan)) == 4
    assert fan.locator("svg, img[src*='qr']").count() >= 4
    shop.audit()


def test_a_declined_card_keeps_the_named_pair_for_a_good_one(fan: Page, shop: Shop, open_room: str) -> None:
    through_the_queue(fan, shop)
    fan.locator("#tab-list").click()
    fan.locator("#list-section").select_option("Balcony Left")
    free = fan.locator(".seat-list button:not([disabled])")
    free.nth(0).click()
    fan.locator(".seat-list button[aria-pressed='false']:not([disabled])").nth(0).click()
    fan.get_by_role("button", name=re.compile("^Hold th")).click()
    fan.wait_for_url("**/checkout/**")
    name_yourself(fan, "Ben")
    pay(fan, DECLINED)
    expect(fan.get_by_text(re.compile("declined|insufficient|refused", re.IGNORECASE)).first).to_be_visible()
    fan.locator("#card-number").fill("")
    pay(fan, GOOD)
    assert len(tickets(fan)) == 2
    shop.audit()


def test_general_admission_is_bought_and_scanned_exactly_once(fan: Page, shop: Shop, open_room: str) -> None:
    through_the_queue(fan, shop)
    best_available(fan, "Floor, standing", 1)
    name_yourself(fan, "Cleo")
    pay(fan, GOOD)
    (code,) = tickets(fan)
    fan.goto(shop.facts["engine"] + "/gate")
    fan.get_by_label("Credential").fill(shop.device(open_room))
    fan.get_by_role("button", name="Start scanning").click()
    fan.locator("#code").fill(code)
    fan.get_by_role("button", name="Check").click()
    verdict = fan.locator("#verdict-word")
    expect(verdict).to_be_visible()
    first = verdict.inner_text()
    fan.locator("#verdict-next").click()
    fan.locator("#code").fill(code)
    fan.get_by_role("button", name="Check").click()
    expect(verdict).not_to_have_text(first)
    attendance = shop.call("GET", f"/v1/events/{open_room}/attendance")
    assert attendance["inside"] == 1, attendance
    shop.audit()


def test_the_last_ticket_sold_shows_everybody_else_that_it_is_gone(fan: Page, shop: Shop) -> None:
    event = shop.small_event(capacity=1, price_cents=2500)
    fan.goto(f"{shop.facts['engine']}/e/{event['slug']}/shop")
    fan.get_by_role("button", name="One more: Standing", exact=True).click()
    fan.get_by_role("button", name="Find and hold").click()
    fan.wait_for_url("**/checkout/**")
    name_yourself(fan, "Dora")
    pay(fan, GOOD)
    assert len(tickets(fan)) == 1
    fan.goto(f"{shop.facts['engine']}/e/{event['slug']}")
    expect(fan.get_by_text(re.compile("sold out", re.IGNORECASE)).first).to_be_visible()
    shop.audit()
