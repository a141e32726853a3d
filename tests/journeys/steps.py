"""What people do on the pages, as they would say it. Everything here is clicks and typing."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

import zxingcpp
from PIL import Image
from playwright.sync_api import Locator, Page, expect

GOOD, DECLINED = "4242424242424242", "4000000000009995"
QUEUE_TIMEOUT_MS = 60_000
PAID_TIMEOUT_MS = 30_000


def through_the_queue(fan: Page, engine: str, title: str) -> None:
    """From the list of events to the shop of the one with ``title`` in its name."""
    fan.goto(engine + "/")
    fan.get_by_role("link", name=re.compile(title)).first.click()
    fan.get_by_role("link", name="Join the queue").first.click()
    fan.get_by_role("button", name=re.compile("Join")).first.click()
    fan.wait_for_url(re.compile(r"/e/[^/]+/shop$"), timeout=QUEUE_TIMEOUT_MS)


def best_available(fan: Page, kind: str, quantity: int) -> None:
    """In the shop: this many of a type, wherever is best, held."""
    fan.locator("#ways:not([hidden]), #shop.alone").wait_for()  # the map has arrived, or there is none
    if fan.locator("#tab-best").is_visible():
        fan.locator("#tab-best").click()
    for _ in range(quantity):
        fan.get_by_role("button", name=f"One more: {kind}", exact=True).click()
    fan.get_by_role("button", name="Hold tickets").click()
    fan.wait_for_url("**/checkout/**")


def named_seats(fan: Page, section: str, quantity: int) -> None:
    """In the shop: the first free seats of a section's list, held."""
    fan.locator("#tab-list").click()
    fan.locator("#list-section").select_option(section)
    for _ in range(quantity):
        fan.locator(".seat-list button[aria-pressed='false']:not([disabled])").first.click()
    fan.get_by_role("button", name=re.compile("^Hold th")).click()
    fan.wait_for_url("**/checkout/**")


def name_yourself(fan: Page, name: str) -> None:
    fan.get_by_label("Name", exact=True).fill(name)
    fan.get_by_label("E-mail", exact=True).fill(f"{name.lower()}@example.com")


def pay(fan: Page, card: str) -> None:
    """With one of the cards that practice mode offers."""
    fan.locator(f'[data-card="{card}"]').click()
    fan.locator("#pay-button").click()


@dataclass(frozen=True)
class Bought:
    """An order as its page shows it. ``places`` are ``Section/Row/Seat``, ``codes`` are read off the pictures."""

    order_id: str
    order_number: str
    places: list[str]
    codes: list[str]


def bought(fan: Page) -> Bought:
    """What the order's page came to, once it says so."""
    expect(fan.get_by_role("heading", name="You are going.")).to_be_visible(timeout=PAID_TIMEOUT_MS)
    order_id = re.search(r"/order/(ord_\w+)", fan.url)
    number = re.search(r"Order (\w{6,})", fan.locator("main").inner_text())
    assert order_id, fan.url
    assert number, "the receipt names the order"
    tickets = fan.locator(".ticket").all()
    places = ["/".join(ticket.locator(".ticket-place dd").all_inner_texts()) for ticket in tickets]
    return Bought(order_id[1], number[1], places, [_code(ticket.locator(".ticket-code svg")) for ticket in tickets])


def _code(picture: Locator) -> str:
    """What a camera would read."""
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture.screenshot())))
    return str(found.text)


def sign_in_scanner(phone: Page, engine: str, credential: str) -> None:
    phone.goto(engine + "/gate")
    phone.get_by_label("Credential").fill(credential)
    phone.get_by_role("button", name="Start scanning").click()
    expect(phone.locator("#code")).to_be_visible()


def scan(phone: Page, code: str) -> str:
    """Read a code at the gate; the verdict as the scanner's list keeps it."""
    lines = phone.locator("#recent li")
    before = lines.count()
    phone.locator("#code").fill(code)
    phone.locator("#code").press("Enter")
    expect(lines).to_have_count(before + 1)
    next_one = phone.locator("#verdict-next")
    if next_one.is_visible():
        next_one.dispatch_event("click")  # it may have gone by itself meanwhile
    return lines.first.locator("strong").inner_text()
