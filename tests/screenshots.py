"""``python -m tests.screenshots [--to FOLDER]``: the product in pictures, of a demo stack of its own.

Twelve of them, on a phone and on a desk, light and dark, drawn in few colours so that a clone stays small. What a
picture shows is what the stack shows today: nothing is retouched but the number of colours.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.chromium import CHROMIUM, FLAGS
from tests.journeys.conftest import PHONE, STEP_TIMEOUT_MS, Shop, running
from tests.journeys.steps import GOOD, best_available, bought, name_yourself, pay, through_the_queue

FOLDER: Final = Path(__file__).parents[1] / "docs" / "screenshots"
BYTES_MAX: Final = 200_000
COLOURS: Final = (256, 128, 64, 32)
SHRINK: Final = 0.8
DESK: Final = {"width": 1280, "height": 800}
OPENS_IN: Final = timedelta(minutes=23)  # however slow this machine is, the queue is still a queue
DEMO: Final = "Paper Lanterns"
OTHERS: Final = ("Jazz at the cellar", "Poetry by candle", "The long table")
Scheme = Literal["light", "dark"]


class Studio:
    """Takes pictures of pages; ``taken`` names them with their bytes."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self.browser, self.folder = browser, folder
        self.taken: dict[str, int] = {}

    @contextmanager
    def visitor(self, where: Literal["phone", "desk"], scheme: Scheme) -> Iterator[Page]:
        """Somebody new, with a phone or at a desk."""
        size = {"viewport": PHONE, "has_touch": True} if where == "phone" else {"viewport": DESK}
        context = self.browser.new_context(**size, color_scheme=scheme, locale="en-CA", reduced_motion="reduce")  # type: ignore[arg-type]
        context.set_default_timeout(STEP_TIMEOUT_MS)
        yield context.new_page()
        context.close()

    def take(self, page: Page, name: str) -> None:
        """What the visitor sees without scrolling, at most BYTES_MAX."""
        page.wait_for_function("[...document.images].every((one) => one.loading === 'lazy' || one.complete)")
        page.evaluate("window.scrollTo(0, 0)")
        body = small(page.screenshot())
        (self.folder / f"{name}.png").write_bytes(body)
        self.taken[name] = len(body)


def small(png: bytes) -> bytes:
    """The picture in as many colours as fit into BYTES_MAX, then in fewer pixels."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    while True:
        for colours in COLOURS:
            out = io.BytesIO()
            flat = picture.quantize(colors=colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.FLOYDSTEINBERG)
            flat.save(out, "PNG", optimize=True)
            if out.tell() <= BYTES_MAX:
                return out.getvalue()
        picture = picture.resize((round(picture.width * SHRINK), round(picture.height * SHRINK)))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots", description=__doc__)
    parser.add_argument(
        "--to", type=Path, default=FOLDER, help="the folder of the pictures (default: docs/screenshots)"
    )
    folder: Path = parser.parse_args().to
    folder.mkdir(parents=True, exist_ok=True)
    with running() as shop, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        studio = Studio(browser, folder)
        for scene in (before_the_sale, in_the_shop, at_the_organizers):
            scene(studio, shop)
        browser.close()
    for name, size in studio.taken.items():
        print(f"{name}.png: {size:,} bytes")
    return 0


def before_the_sale(studio: Studio, shop: Shop) -> None:
    """The list, the event and the queue, some minutes before the opening."""
    for title in OTHERS:
        shop.small_event(capacity=80, price_cents=2_500, title=title)
    event_id = str(shop.facts["event_id"])
    sale = shop.call("GET", f"/v1/events/{event_id}/on-sale")
    opens_at = (datetime.now(UTC) + OPENS_IN).isoformat()
    room = {name: value for name, value in sale["room"].items() if name != "code_required"}
    given = {"prequeue_opens_at": sale["prequeue_opens_at"], "opens_at": opens_at, "room": room}
    shop.call("PUT", f"/v1/events/{event_id}/on-sale", given)
    event = f"{shop.engine}/e/{shop.facts['event_slug']}"
    for where, scheme in (("phone", "light"), ("desk", "dark")):
        with studio.visitor(where, scheme) as page:  # type: ignore[arg-type]
            page.goto(shop.engine + "/")
            studio.take(page, f"list-{where}-{scheme}")
    for where, scheme in (("phone", "dark"), ("desk", "light")):
        with studio.visitor(where, scheme) as page:  # type: ignore[arg-type]
            page.goto(event)
            studio.take(page, f"event-{where}-{scheme}")
    for where, scheme in (("phone", "light"), ("desk", "dark")):
        with studio.visitor(where, scheme) as page:  # type: ignore[arg-type]
            page.goto(f"{shop.facts['waitingroom']}/r/{event_id}")
            page.get_by_role("button", name=re.compile("Join")).first.click()
            page.wait_for_selector('[data-show="registered"]:not([hidden]), [data-show="waiting"]:not([hidden])')
            page.wait_for_timeout(1500)
            studio.take(page, f"queue-{where}-{scheme}")


def in_the_shop(studio: Studio, shop: Shop) -> None:
    """Seats, the checkout and the tickets."""
    event_id = str(shop.facts["event_id"])
    shop.call("PATCH", f"/v1/rooms/{event_id}/controls", {"open_now": True}, base="waitingroom")
    shop.wait_for_phase(event_id, "open")
    with studio.visitor("desk", "light") as page:
        through_the_queue(page, shop.engine, DEMO)
        page.locator("#ways:not([hidden])").wait_for()
        studio.take(page, "seats-desk-light")
    with studio.visitor("phone", "dark") as page:
        through_the_queue(page, shop.engine, DEMO)
        page.locator("#ways:not([hidden])").wait_for()
        studio.take(page, "seats-phone-dark")
        best_available(page, "Premium", 2)
        name_yourself(page, "Ana")
        studio.take(page, "checkout-phone-dark")
        pay(page, GOOD)
        bought(page)
        studio.take(page, "tickets-phone-dark")


def at_the_organizers(studio: Studio, shop: Shop) -> None:
    """The event's sales, and its venue's chart."""
    admin, event_id = str(shop.facts["admin"]), str(shop.facts["event_id"])
    venue_id = shop.call("GET", f"/v1/events/{event_id}")["venue_id"]
    scenes: tuple[tuple[Scheme, str, Callable[[Page], None]], ...] = (
        ("light", f"/events/{event_id}", lambda page: studio.take(page, "sales-desk-light")),
        ("dark", f"/venues/{venue_id}/chart/builder", lambda page: _drawing(studio, page)),
    )
    for scheme, path, look in scenes:
        with studio.visitor("desk", scheme) as page:
            page.goto(admin + "/sign-in")
            page.get_by_label("E-mail address").fill(str(shop.facts["admin_email"]))
            page.get_by_label("Password").fill(str(shop.facts["admin_password"]))
            page.get_by_role("button", name="Sign in").click()
            expect(page.get_by_role("button", name="Sign out")).to_be_visible()
            page.goto(admin + path)
            look(page)


def _drawing(studio: Studio, page: Page) -> None:
    page.locator("#chart-builder[data-ready=yes]").wait_for()
    page.wait_for_timeout(500)
    studio.take(page, "chart-desk-dark")


if __name__ == "__main__":
    sys.exit(main())
