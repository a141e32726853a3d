"""The pages in a real Chromium: keys, thumbs, live seats, cards, and nothing that the security policy refuses."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import asyncpg
import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page, async_playwright, expect

from engine.app import create_app
from engine.services import appkeys
from engine.settings import Settings
from loadtest.sandbox.app import build_app
from loadtest.sandbox.controls import Controls
from tests import factories

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser"), pytest.mark.timeout(180)]

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
GOOD, SECURE, POOR = "4242424242424242", "4000002760003184", "4000000000009995"


@dataclass
class Site:
    """A running engine with a payment sandbox, an event, and a page that writes its complaints down."""

    server: TestServer
    pool: asyncpg.Pool
    page: Page
    complaints: list[str] = field(default_factory=list)
    slug: str = ""
    event_id: str = ""
    types: list[str] = field(default_factory=list)

    async def publish(self, *sections: dict, types: list[dict] | None = None) -> None:
        seating = factories.chart(*(sections or (factories.seated("Stalls", 4, 10), factories.general("Floor", 30))))
        types = types or [
            {"name": "Stalls", "price_cents": 5000, "categories": ["Stalls"]},
            {"name": "Standing", "price_cents": 2000, "categories": ["Floor"]},
        ]
        self.slug = "lanterns"
        self.event_id, self.types = await factories.event(
            self.pool, seating, types, slug=self.slug, title="Lanterns", price_from_cents=2000, price_to_cents=5000
        )
        await self.server.app[appkeys.INVENTORY].load(self.event_id)

    async def open(self, path: str) -> None:
        await self.page.goto(str(self.server.make_url(path)))

    async def open_shop(self) -> None:
        await self.open(f"/e/{self.slug}/shop")
        await self.page.wait_for_selector("#legend button")

    async def hold_two(self) -> None:
        """Two seats by keys alone, held."""
        await self.open_shop()
        await self.page.focus("#map")
        for key in ("ArrowRight", "Enter", "ArrowRight", "Enter"):
            await self.page.keyboard.press(key)
        await self.page.click("#hold")
        await self.page.wait_for_url("**/checkout/**")

    async def fill(self, card: str) -> None:
        await self.page.get_by_label("Name", exact=True).fill("Ada Lovelace")
        await self.page.get_by_label("E-mail", exact=True).fill("ada@example.com")
        await self.page.click(f'[data-card="{card}"]')
        await self.page.click("#pay-button")


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def site(settings: Settings, pool: asyncpg.Pool, redis_client: object, browser: Browser) -> AsyncIterator[Site]:
    controls = Controls()
    sandbox = TestServer(build_app(controls))
    await sandbox.start_server()
    stripe_url = str(sandbox.make_url("")).rstrip("/")
    own = settings.model_copy(update={"stripe_url": stripe_url, "stripe_rate_per_s": 1000})
    server = TestServer(create_app(own))
    await server.start_server()
    controls.webhook_url = str(server.make_url("/v1/webhooks/stripe"))
    controls.webhook_secret = "whsec_test_onsale"
    page = await browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(20_000)
    site = Site(server, pool, page)
    page.on("pageerror", lambda error: site.complaints.append(str(error)))
    page.on(
        "console", lambda message: site.complaints.append(message.text) if "Content Security" in message.text else None
    )
    yield site
    await page.close()
    await server.close()
    await sandbox.close()
    assert site.complaints == []


async def test_two_seats_are_bought_without_touching_the_mouse_on_the_map(site: Site) -> None:
    await site.publish()
    await site.hold_two()
    await expect(site.page.locator(".checkout-lines li")).to_have_count(2)
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
    await expect(site.page.get_by_role("heading", name="Your payment is safe.")).to_be_visible()
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
