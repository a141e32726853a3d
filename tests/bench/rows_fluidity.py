"""20,000 seats in a real browser: when they are first seen, and how long a frame takes while somebody pans.

The picker of the shop and the chart builder of the admin app, each from its own server on the shop's core; Chromium has
no graphics card, so every pixel is the other core's work.
"""

from __future__ import annotations

import statistics
from typing import Final

from playwright.async_api import Browser, Page, async_playwright

from engine.services.accounts.people import create_admin
from tests import factories
from tests.bench.method import Plan, Row
from tests.bench.sales import open_sale
from tests.bench.stage import Served, Stage
from tests.chromium import CHROMIUM, FLAGS

ROWS, SEATS = 100, 200
PAINTED_MUST_MS: Final = 1_500.0
FRAME_MUST_MS, FRAME_HOPE_MS = 33.4, 17.5  # every second refresh of a screen, every one
LOADS, LOADS_QUICK = 5, 2
PANS, PANS_QUICK = 6, 2
PAN_STEPS, PAN_PX = 60, 240
PERCENTILE: Final = 95
VIEWPORT: Final = {"width": 1400, "height": 1000}
EMAIL, PASSWORD = "bench@example.test", "a long bench password"

# Notes the moment at which the seats have surely been painted: two frames after they are there.
_WATCH = """(() => {
  const look = () => {
    const there = document.querySelector("#map path") || document.querySelector("#chart-builder[data-ready=yes]");
    if (!there) requestAnimationFrame(look);
    else requestAnimationFrame(() => requestAnimationFrame(() => { window.seatsPaintedMs = performance.now(); }));
  };
  requestAnimationFrame(look);
})()"""
_COUNT = """() => {
  window.frames_ms = [];
  window.counting = true;
  let before = null;
  const frame = (now) => {
    if (before !== null) window.frames_ms.push(now - before);
    before = now;
    if (window.counting) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}"""
_COUNTED = "() => { window.counting = false; return window.frames_ms; }"


async def fluidity(stage: Stage, plan: Plan) -> list[Row]:
    """Two rows a page: its first sight of all seats, and its frames."""
    seating = factories.seated("Bowl", ROWS, SEATS)
    sale = await open_sale(stage, [seating], [["Bowl"]], room=False)
    venue_id = await stage.pool.fetchval("SELECT venue_id FROM events WHERE id = $1", sale.event_id)
    await create_admin(stage.pool, EMAIL, PASSWORD, "Bench")
    async with (
        stage.served("engine", "serve", "engine") as shop,
        stage.served("engine", "serve", "admin", ONSALE_ADMIN_URL="http://127.0.0.1") as admin,
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        picker = await _page(browser, shop)
        rows = await _rows("picker", picker, f"/e/{sale.event_id.lower()}/shop", "#map", "left", plan)
        builder = await _page(browser, admin)
        await builder.goto("/sign-in")
        await builder.get_by_label("E-mail address").fill(EMAIL)
        await builder.get_by_label("Password").fill(PASSWORD)
        await builder.get_by_role("button", name="Sign in").click()
        await builder.get_by_role("button", name="Sign out").wait_for()
        rows += await _rows("chart builder", builder, f"/venues/{venue_id}/chart/builder", "#chart-top", "middle", plan)
        await browser.close()
    return rows


async def _page(browser: Browser, served: Served) -> Page:
    context = await browser.new_context(base_url=served.url, viewport=VIEWPORT)
    context.set_default_timeout(60_000)
    page = await context.new_page()
    await page.add_init_script(_WATCH)
    return page


async def _rows(name: str, page: Page, path: str, sheet: str, button: str, plan: Plan) -> list[Row]:
    painted = []
    for _ in range(LOADS_QUICK if plan.quick else LOADS):
        await page.goto(path)
        await page.wait_for_function("window.seatsPaintedMs > 0")
        painted.append(float(await page.evaluate("window.seatsPaintedMs")))
    frames = []
    for _ in range(PANS_QUICK if plan.quick else PANS):
        frames += await _panned(page, sheet, button)
    seats = f"{ROWS * SEATS:,} seats"
    return [
        Row(
            f"{name}, first sight",
            f"from the address to {seats} on the screen, median of {len(painted)}",
            round(statistics.median(painted), 0),
            unit="ms",
            must=PAINTED_MUST_MS,
            better="lower",
            spread=(round(min(painted), 0), round(max(painted), 0)),
            group="fluidity",
        ),
        Row(
            f"{name}, a frame",
            f"while {seats} are panned, median",
            round(statistics.median(frames), 1),
            unit="ms",
            must=FRAME_MUST_MS,
            hope=FRAME_HOPE_MS,
            better="lower",
            spread=(round(min(frames), 1), round(max(frames), 1)),
            facts={"frames": len(frames), "p95_ms": round(statistics.quantiles(frames, n=100)[PERCENTILE - 1], 1)},
            group="fluidity",
        ),
    ]


async def _panned(page: Page, sheet: str, button: str) -> list[float]:
    """The time between frames while the sheet is dragged there and back."""
    box = await page.locator(sheet).bounding_box()
    if box is None:
        raise RuntimeError(f"{sheet} is not to be seen")
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await page.mouse.move(x, y)
    await page.mouse.down(button=button)
    await page.evaluate(_COUNT)
    await page.mouse.move(x + PAN_PX, y + PAN_PX / 2, steps=PAN_STEPS)
    await page.mouse.move(x, y, steps=PAN_STEPS)
    frames = await page.evaluate(_COUNTED)
    await page.mouse.up(button=button)
    return [float(frame) for frame in frames]
