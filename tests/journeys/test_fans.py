"""People buying by clicking only, and being let in once."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Shop
from tests.journeys.steps import (
    DECLINED,
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

DEMO = "Paper Lanterns"
CACHED_MAX_S = 3  # a page for everybody is rendered once a second, kept another by the browser


def test_a_fan_queues_and_buys_the_best_four(fan: Page, shop: Shop, open_room: str) -> None:
    through_the_queue(fan, shop.engine, DEMO)
    best_available(fan, "Standard", 4)
    name_yourself(fan, "Ana")
    pay(fan, GOOD)
    order = bought(fan)
    assert len(set(order.codes)) == 4
    assert len({place.rpartition("/")[0] for place in order.places}) == 1, f"in one row: {order.places}"
    shop.audit()


def test_a_fan_quicker_than_the_scripts_is_let_in_all_the_same(fan: Page, shop: Shop, open_room: str) -> None:
    late = re.compile(r"/room\.js")
    fan.route(late, lambda route: route.abort())
    fan.goto(f"{shop.facts['waitingroom']}/r/{open_room}")
    fan.get_by_role("button", name="Join the queue").click()  # the plain form: the ticket comes back in the page
    fan.wait_for_selector("main[data-ticket]")
    fan.unroute(late)
    fan.reload()
    fan.wait_for_url(re.compile(r"/e/[^/]+/shop$"))


def test_a_declined_card_keeps_the_named_pair_for_a_good_one(fan: Page, shop: Shop, open_room: str) -> None:
    through_the_queue(fan, shop.engine, DEMO)
    named_seats(fan, "Balcony Left", 2)
    name_yourself(fan, "Ben")
    pay(fan, DECLINED)
    expect(fan.get_by_text(re.compile("declined|insufficient", re.IGNORECASE)).first).to_be_visible()
    pay(fan, GOOD)
    assert [place.split("/")[0] for place in bought(fan).places] == ["Balcony Left", "Balcony Left"]
    shop.audit()


def test_general_admission_is_bought_and_let_in_exactly_once(fan: Page, shop: Shop, open_room: str) -> None:
    before = shop.call("GET", f"/v1/events/{open_room}/attendance")["inside"]
    through_the_queue(fan, shop.engine, DEMO)
    best_available(fan, "Floor, standing", 1)
    name_yourself(fan, "Cleo")
    pay(fan, GOOD)
    (code,) = bought(fan).codes
    sign_in_scanner(fan, shop.engine, shop.device(open_room))
    assert [scan(fan, code), scan(fan, code)] == ["Welcome", "Already in"]
    assert shop.call("GET", f"/v1/events/{open_room}/attendance")["inside"] == before + 1
    shop.audit()


def test_the_last_ticket_sold_shows_everybody_else_that_it_is_gone(fan: Page, shop: Shop) -> None:
    event = shop.small_event(capacity=1, price_cents=2500)
    fan.goto(f"{shop.engine}/e/{event['slug']}/shop")
    best_available(fan, "Standing", 1)
    name_yourself(fan, "Dora")
    pay(fan, GOOD)
    assert len(bought(fan).codes) == 1
    sold_out = fan.get_by_role("heading", name="Sold out.")
    for _ in range(CACHED_MAX_S):
        fan.goto(f"{shop.engine}/e/{event['slug']}")
        if sold_out.is_visible():
            break
        fan.wait_for_timeout(1000)
    expect(sold_out).to_be_visible()
    expect(fan.get_by_role("link", name="Choose tickets")).to_have_count(0)
    shop.audit()
