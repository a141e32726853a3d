"""The pages in a real Chromium: keys, thumbs, live seats, cards, and nothing that the security policy refuses."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, expect

from engine.foundation.ids import new_id
from engine.services import appkeys
from tests import factories
from tests.pages.browsing import GOOD, POOR, SECURE, Site

STANDING = [{"name": "Standing", "price_cents": 2000, "categories": ["Floor"]}]
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser"), pytest.mark.timeout(180)]


async def test_two_seats_are_bought_without_touching_the_mouse_on_the_map(site: Site) -> None:
    await site.publish()
    await site.hold_two()
    await expect(site.page.locator(".checkout-lines li")).to_have_count(1)
    await expect(site.page.locator(".checkout-lines li")).to_contain_text("2 ×")
    await site.fill(GOOD)
    await expect(site.page.get_by_role("heading", name="You are going.")).to_be_visible()
    await expect(site.page.locator(".ticket-code svg")).to_have_count(2)
    await site.open("/my-tickets")
    await expect(site.page.get_by_role("link", name="Lanterns")).to_be_visible()


async def test_a_declined_card_may_be_followed_by_a_good_one(site: Site) -> None:
    await site.publish()
    await site.hold_two()
    await site.fill(POOR)
    await expect(site.page.locator("#alert")).to_contain_text("Nothing was charged")
    await site.fill(GOOD)
    await expect(site.page.get_by_role("heading", name="You are going.")).to_be_visible()
    assert await site.pool.fetchval("SELECT count(*) FROM orders") == 1


async def test_a_card_that_asks_for_3d_secure_comes_back_to_the_order(site: Site) -> None:
    await site.publish()
    await site.hold_two()
    await site.fill(SECURE)
    await site.page.wait_for_url("**/3ds/**")
    await site.page.get_by_role("button").first.click()
    await site.page.wait_for_url("**/order/**")
    await expect(site.page.get_by_role("heading", name="You are going.")).to_be_visible()


async def test_a_card_refused_at_3d_secure_may_be_replaced_on_the_orders_page(site: Site) -> None:
    await site.publish()
    await site.hold_two()
    await site.fill(SECURE)
    await site.page.wait_for_url("**/3ds/**")
    await site.page.get_by_role("button").last.click()
    await site.page.wait_for_url("**/order/**")
    await expect(site.page.get_by_role("heading", name="Not paid yet.")).to_be_visible()
    await site.page.click(f'[data-card="{GOOD}"]')
    await site.page.click("#pay-button")
    await expect(site.page.get_by_role("heading", name="You are going.")).to_be_visible()


async def test_a_seat_that_somebody_else_takes_leaves_the_basket_and_is_told(site: Site) -> None:
    await site.publish()
    await site.open_shop()
    await site.page.click("#tab-list")
    await site.page.get_by_role("button", name=re.compile(r"row\s1, seat\s1 ")).click()
    await expect(site.page.locator(".basket-line")).to_have_count(1)
    taken = await site.page.context.request.post(
        str(site.server.make_url("/v1/holds")),
        data={
            "event_id": site.event_id,
            "items": [{"ticket_type_id": site.types[0], "quantity": 1, "seats": ["Stalls/1/1"]}],
        },
        headers={"Idempotency-Key": "rival"},
    )
    assert taken.status == 201
    await expect(site.page.locator("#alert")).to_contain_text("Somebody else took one of your seats")
    await expect(site.page.locator(".basket-line")).to_have_count(0)


async def test_a_choice_that_strands_a_seat_is_met_with_a_better_one(site: Site) -> None:
    await site.publish(
        factories.seated("Stalls", 1, 8), types=[{"name": "Stalls", "price_cents": 5000, "categories": ["Stalls"]}]
    )
    await site.open_shop()
    await site.page.click("#tab-list")
    for seat in (2, 3):
        await site.page.get_by_role("button", name=re.compile(rf"row\s1, seat\s{seat} ")).click()
    await site.page.click("#hold")
    await site.page.get_by_role("button", name="Take these instead").click()
    await expect(site.page.locator(".basket-line")).to_have_count(2)
    await site.page.click("#hold")
    await site.page.wait_for_url("**/checkout/**")


async def test_twenty_thousand_seats_are_ready_and_move(site: Site) -> None:
    await site.publish(
        *(factories.seated(f"Block {n}", 50, 100, category="Stalls", y0=n * 70.0) for n in range(4)),
        types=[{"name": "Stalls", "price_cents": 5000, "categories": ["Stalls"]}],
    )
    await site.open_shop()
    ready_ms = await site.page.evaluate("performance.now()")
    assert ready_ms < 8_000
    nodes = await site.page.evaluate("document.querySelectorAll('#map *').length")
    assert nodes < 2_000
    await site.page.focus("#map")
    for key in ("+", "+", "ArrowRight", "ArrowDown", "Enter"):
        await site.page.keyboard.press(key)
    await expect(site.page.locator(".basket-line")).to_have_count(1)


async def test_no_page_is_wider_than_a_small_phone(site: Site, browser: Browser) -> None:
    await site.publish()
    context = await browser.new_context(
        viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True, color_scheme="dark"
    )
    site.page = await context.new_page()
    for path in ("/", f"/e/{site.slug}", f"/e/{site.slug}/shop", "/my-tickets", "/nowhere", "/order/ord_x"):
        await site.open(path)
        await site.page.wait_for_timeout(300)
        assert await site.page.evaluate("document.documentElement.scrollWidth") <= 360, path
        small = await site.page.evaluate(
            "[...document.querySelectorAll('.button, .segments button, .stepper button, .map-tool')]"
            ".filter(b => b.offsetParent && b.getBoundingClientRect().height < 44).map(b => b.textContent)"
        )
        assert small == [], path
    await context.close()


async def test_best_available_says_what_the_tickets_cost_together_before_they_are_held(site: Site) -> None:
    """Taxes are rounded over the order: two tickets may cost a cent more than twice one, and the page says so."""
    await site.publish(factories.general("Floor", 30), types=STANDING, taxes=[{"name": "GST", "rate_bp": 512}])
    await site.open(f"/e/{site.slug}/shop")
    total = site.page.locator("#best-total dd")
    more = site.page.get_by_role("button", name="One more: Standing", exact=True)
    await more.click()
    await expect(total).to_have_text("CA$21.02")
    await more.click()
    await expect(total).to_have_text("CA$42.05")
    await expect(site.page.locator("#best-rounding")).to_contain_text("Rounding CA$0.01")
    await site.page.get_by_role("button", name="Hold tickets").click()
    await site.page.wait_for_url("**/checkout/**")
    await expect(site.page.locator(".checkout-total b")).to_have_text("CA$42.05")
    await expect(site.page.locator(".checkout-lines")).to_contain_text("2 × CA$21.02")
    await expect(site.page.locator(".checkout-lines .rounding")).to_contain_text("CA$0.01")
    await site.page.go_back()
    await expect(site.page.locator("#held")).to_contain_text("You still hold 2 tickets")
    await expect(total).to_have_text("–")


@pytest.mark.parametrize(
    ("currency", "cents", "text"),
    [
        ("HUF", 500_000, "5,000.00"),
        ("IDR", 150_000_000, "1,500,000.00"),
        ("COP", 500_000, "5,000.00"),
        ("PKR", 500_000, "5,000.00"),
        ("UGX", 5000, "5,000"),
        ("KWD", 5120, "5.120"),
        ("RSD", 5000, "50.00"),
    ],
)
async def test_the_pay_button_has_the_digits_of_the_servers_table(
    site: Site, currency: str, cents: int, text: str
) -> None:
    types = [{"name": "Standing", "price_cents": cents, "categories": ["Floor"]}]
    await site.publish(factories.general("Floor", 30), types=types, currency=currency)
    await site.open(f"/e/{site.slug}/shop")
    await site.page.get_by_role("button", name="One more: Standing", exact=True).click()
    await expect(site.page.locator("#best-total dd")).to_have_text(re.compile(rf"^{currency}\s?{re.escape(text)}$"))
    await site.page.get_by_role("button", name="Hold tickets").click()
    await site.page.wait_for_url("**/checkout/**")
    await expect(site.page.locator("#pay-button:not([disabled])")).to_have_text(
        re.compile(rf"^Pay {currency}\s?{re.escape(text)}$")
    )


async def test_a_promo_code_is_taken_where_tickets_are_only_counted(site: Site) -> None:
    await site.publish(factories.general("Floor", 30), types=STANDING)
    await site.pool.execute(
        "INSERT INTO promo_codes (id, event_id, code, kind, value) VALUES ($1, $2, 'HALF', 'percent', 5000)",
        new_id("pro"),
        site.event_id,
    )
    site.server.app[appkeys.SELLING].forget(site.event_id)
    await site.open(f"/e/{site.slug}/shop")
    await site.page.get_by_role("button", name="One more: Standing", exact=True).click()
    await site.page.locator("#best-form summary").click()
    await site.page.locator("#promo-plain").fill("half")
    await site.page.get_by_role("button", name="Hold tickets").click()
    await site.page.wait_for_url("**/checkout/**")
    await expect(site.page.locator(".checkout-total b")).to_have_text("CA$10.00")


async def test_on_a_phone_the_first_event_and_the_one_thing_to_do_are_in_the_first_screen(
    site: Site, browser: Browser
) -> None:
    await site.publish()
    await site.pool.execute("UPDATE events SET summary = 'Two hours of brass, strings and four hundred lanterns.'")
    context = await browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    site.page = await context.new_page()
    await site.open("/")
    await expect(site.page.locator(".event-card-date")).to_be_in_viewport()
    await site.open(f"/e/{site.slug}")
    await expect(site.page.locator("#call .button-accent")).to_be_in_viewport(ratio=1)
    await context.close()


async def test_time_and_total_stay_in_sight_while_one_fills_in_the_checkout(site: Site, browser: Browser) -> None:
    await site.publish(factories.general("Floor", 30), types=STANDING)
    context = await browser.new_context(viewport={"width": 320, "height": 640}, has_touch=True)
    site.page = await context.new_page()
    await site.open(f"/e/{site.slug}/shop")
    for _ in range(2):
        await site.page.get_by_role("button", name="One more: Standing", exact=True).click()
    await site.page.get_by_role("button", name="Hold tickets").click()
    await site.page.wait_for_url("**/checkout/**")
    await site.page.locator("#pay-button").scroll_into_view_if_needed()
    for part in ("#clock", ".checkout-total"):
        await expect(site.page.locator(part)).to_be_in_viewport(ratio=1)
    assert await site.page.evaluate("document.documentElement.scrollWidth") <= 320
    await context.close()


async def test_tickets_given_back_in_one_tab_are_not_paid_for_in_another(site: Site) -> None:
    await site.publish()
    await site.hold_two()
    tab = await site.page.context.request.get(site.page.url)
    (csrf,) = set(re.findall(r'name="csrf" value="([^"]+)"', await tab.text()))
    given = await site.page.context.request.post(site.page.url + "/release", form={"csrf": csrf})
    assert given.ok
    await site.fill(GOOD)
    await expect(site.page.get_by_role("heading", name="This page is closed here.")).to_be_visible()
    assert await site.pool.fetchval("SELECT count(*) FROM orders") == 0
