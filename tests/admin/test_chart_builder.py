"""The drawing of a seating chart in a real browser: by mouse, by keyboard alone, from files, with faults."""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page, expect

from engine.services.wiring import Services
from tests import pictures
from tests.admin.browsing import page_of
from tests.admin.organizer import PASSWORD, Organizer, join

WORLD = {"x": 0.0, "y": 4.0, "width": 40.0, "height": 24.0}  # what an empty sheet shows
MARGIN = 0.06
PICTURES = os.environ.get("ONSALE_PICTURES")  # a folder for screenshots, for anybody who wants to look
FRAMES = 40
FRAME_MS_MAX = 150.0  # of the median: this machine also runs other things

pytestmark = [pytest.mark.browser, pytest.mark.slow]


class Sheet:
    """The drawing in one page. Points are the chart's own."""

    def __init__(self, page: Page, box: Any) -> None:
        self.page, self.box = page, box
        share = 1 - 2 * MARGIN
        self.scale = min(box["width"] * share / WORLD["width"], box["height"] * share / WORLD["height"])

    def at(self, x: float, y: float) -> tuple[float, float]:
        return (
            self.box["x"] + self.box["width"] / 2 + (x - WORLD["x"]) * self.scale,
            self.box["y"] + self.box["height"] / 2 + (y - WORLD["y"]) * self.scale,
        )

    async def drag(self, *points: tuple[float, float]) -> None:
        await self.page.mouse.move(*self.at(*points[0]))
        await self.page.mouse.down()
        for point in points[1:]:
            await self.page.mouse.move(*self.at(*point), steps=4)
        await self.page.mouse.up()

    async def press(self, x: float, y: float) -> None:
        await self.page.mouse.click(*self.at(x, y))

    async def tool(self, name: str) -> None:
        await self.page.get_by_role("toolbar").get_by_role("button", name=re.compile(f"^{name}")).click()


async def look(page: Page, name: str) -> None:
    if PICTURES:
        await page.screenshot(path=f"{PICTURES}/builder-{name}.png", full_page=True)


async def sign_in(page: Page, organizer: Organizer) -> None:
    await page.goto("/sign-in")
    await page.get_by_label("E-mail address").fill(organizer.email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("button", name="Sign out").wait_for()


async def begun(page: Page, venue_id: str, query: str = "") -> Sheet:
    await page.goto(f"/venues/{venue_id}/chart/builder{query}")
    await page.locator("#chart-builder[data-ready=yes]").wait_for()
    return Sheet(page, await page.locator("#chart-top").bounding_box())


async def venue_of(organizer: Organizer) -> tuple[str, str]:
    """(organization, venue without a chart)."""
    organization_id = await organizer.organization()
    page = await organizer.post(f"/o/{organization_id}/venues", {"name": "Opera", "timezone": "America/Vancouver"})
    return organization_id, page.url.path.split("/")[2]


async def published(organizer: Organizer, organization_id: str, venue_id: str, category: str) -> str:
    """An event that sells this category of the chart that was drawn."""
    event_id = await organizer.event(organization_id, venue_id)
    kind = [("name", "Regular"), ("price", "45.00"), ("categories", category), ("taxable", "true")]
    assert (await organizer.post(f"/events/{event_id}/ticket-types", kind)).status == 200
    assert (await organizer.post(f"/events/{event_id}/on-sale", {"opens_at": "2026-01-01T10:00"})).status == 200
    page = await organizer.post(f"/events/{event_id}/publish", {})
    assert "is public now" in page.text, page.words
    return event_id


async def kept_chart(organizer: Organizer, venue_id: str) -> dict[str, Any]:
    return dict(orjson.loads((await organizer.get(f"/venues/{venue_id}/chart.json")).text))


async def test_a_theatre_with_curved_rows_tables_and_a_floor_is_drawn_by_mouse_kept_and_published(
    chromium: Browser, server: TestServer[web.Request], organizer: Organizer
) -> None:
    organization_id, venue_id = await venue_of(organizer)
    page, complaints = await page_of(chromium, server, viewport={"width": 1400, "height": 1000})
    await sign_in(page, organizer)
    sheet = await begun(page, venue_id)
    await sheet.tool("Rows")
    await page.locator("#rows-count").fill("10")
    await page.locator("#rows-bend").fill("30")
    await page.get_by_label("Aisles after seat").fill("10, 20")
    await page.get_by_label("Section name").fill("Stalls")
    await sheet.drag((-15.5, 0), (0, 0), (15.5, 0))
    await expect(page.get_by_role("status").last).to_contain_text("10 rows with 300 seats added")
    await sheet.tool("Table")
    await sheet.press(-16, 14)
    await sheet.press(-10, 14)
    await sheet.tool("Standing area")
    await page.locator("#floor-capacity").fill("200")
    await sheet.drag((2, 13), (14, 15.5))
    await expect(page.locator("#chart-total")).to_have_text("516 places")
    await sheet.tool("Select")
    await page.get_by_role("button", name=re.compile(r"^Stalls \(10 rows")).click()
    await page.get_by_role("button", name="Copy", exact=True).click()
    await expect(page.locator("#chart-total")).to_have_text("816 places")
    await page.locator("#chart-top").focus()
    for _ in range(4):
        await page.keyboard.press("Shift+ArrowDown")
    await page.get_by_label("New category").fill("Front")
    await page.get_by_role("button", name="Add", exact=True).click()
    await sheet.tool("Paint")
    await sheet.drag((-15, -1.2), (-8, 0.2), (0, 0.2), (8, 0.2), (15, -1.2))
    await expect(page.get_by_label("Categories")).to_contain_text("Front: ")
    await sheet.tool("Select")
    await sheet.press(-16, 14)
    await expect(page.get_by_role("heading", name="Selected: 1 row")).to_be_visible()
    await expect(page.get_by_role("heading", name="No faults.")).to_be_visible()
    await look(page, "drawn")
    await page.emulate_media(color_scheme="dark")
    await page.get_by_role("button", name="All", exact=True).click()
    await look(page, "dark")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status").last).to_contain_text("The chart is saved: 816 places in 4 sections")
    chart = await kept_chart(organizer, venue_id)
    stalls, tables, floor, copy = chart["sections"]
    assert [len(section.get("rows", ())) for section in chart["sections"]] == [10, 2, 0, 10]
    assert len({seat.get("y", stalls["rows"][0]["y"]) for seat in stalls["rows"][0]["seats"]}) > 5, "it is curved"
    assert all(row["table"]["round"] and len(row["seats"]) == 8 for row in tables["rows"])
    assert (floor["capacity"], floor["area"]["width"] > 10) == (200, True)
    assert (copy["name"], stalls["rows"][0]["aisle_after"]) == ("Stalls 2", ["10", "20"])
    front = [seat for row in stalls["rows"] for seat in row["seats"] if seat.get("category") == "Front"]
    assert 10 < len(front) < 120
    await published(organizer, organization_id, venue_id, "Front")
    assert complaints == []


async def test_a_chart_is_drawn_by_keyboard_alone(
    chromium: Browser, server: TestServer[web.Request], organizer: Organizer
) -> None:
    organization_id, venue_id = await venue_of(organizer)
    page, complaints = await page_of(chromium, server, viewport={"width": 1400, "height": 1000})
    await sign_in(page, organizer)
    await begun(page, venue_id)

    async def to(selector: str) -> None:
        """Go there with Tab, as somebody without a mouse does."""
        for _ in range(120):
            if await page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
                return
            await page.keyboard.press("Tab")
        raise AssertionError(f"Tab never comes to {selector}")

    async def typed(selector: str, text: str) -> None:
        await to(selector)
        await page.keyboard.press("Control+A")
        await page.keyboard.type(text)

    await to("[data-tool=rows]")
    await page.keyboard.press("Enter")
    await typed("#rows-count", "3")
    await typed("#rows-seats", "6")
    await typed("#rows-name", "Stalls")
    await to("[data-act=add-rows]")
    await page.keyboard.press("Enter")
    await expect(page.locator("#chart-total")).to_have_text("18 places")
    await page.locator("#chart-top").focus()
    await page.keyboard.press("a")
    await page.keyboard.press("Enter")
    await expect(page.locator("#chart-total")).to_have_text("218 places")
    await page.keyboard.press("v")
    await page.keyboard.press("Escape")
    await page.keyboard.press("n")
    await expect(page.get_by_role("heading", name="Selected: 3 rows")).to_be_visible()
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("]")
    await page.keyboard.press("Control+z")
    await page.keyboard.press("Control+z")
    await page.keyboard.press("Control+d")
    await expect(page.locator("#chart-total")).to_have_text("236 places")
    await page.keyboard.press("Delete")
    await expect(page.locator("#chart-total")).to_have_text("218 places")
    await page.keyboard.press("s")
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("#choice-seat")).to_have_text("Stalls, row A, seat 2")
    await to("[data-act=accessible]")
    await page.keyboard.press("Enter")
    await expect(page.locator("#chart-total")).to_contain_text("1 for wheelchairs")
    await page.get_by_role("button", name="Save").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status").last).to_contain_text("The chart is saved: 218 places in 2 sections")
    chart = await kept_chart(organizer, venue_id)
    assert [seat["name"] for seat in chart["sections"][0]["rows"][0]["seats"] if seat.get("accessible")] == ["2"]
    await published(organizer, organization_id, venue_id, "Stalls")
    assert complaints == []


async def test_a_fault_is_shown_at_its_place_and_goes_when_it_is_mended(
    chromium: Browser, server: TestServer[web.Request], organizer: Organizer
) -> None:
    _, venue_id = await venue_of(organizer)
    page, complaints = await page_of(chromium, server, viewport={"width": 1400, "height": 1000})
    await sign_in(page, organizer)
    await begun(page, venue_id)
    await page.get_by_role("toolbar").get_by_role("button", name=re.compile("^Rows")).click()
    await page.get_by_role("button", name="Add these rows").click()
    await page.get_by_role("toolbar").get_by_role("button", name=re.compile("^Select")).click()
    await page.get_by_role("button", name=re.compile(r"^Section 1 \(10 rows")).click()
    await page.locator("#section-name").fill("see.example")
    await page.locator("[data-act=name-section]").click()
    fault = page.get_by_role("button", name=re.compile("Section 1 “see.example”"))
    await fault.first.wait_for()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status").last).to_contain_text("Nothing was saved")
    assert (await organizer.get(f"/venues/{venue_id}/chart.json")).status == 404
    await look(page, "fault")
    await fault.first.click()
    await expect(page.get_by_role("heading", name="Selected: 10 rows")).to_be_visible()
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("heading", name="No faults.")).to_be_visible()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status").last).to_contain_text("The chart is saved: 200 places")
    assert complaints == ["Failed to load resource: the server responded with a status of 422 (Unprocessable Entity)"]


async def test_a_table_is_read_into_the_drawing_and_a_broken_one_leaves_it_alone(
    chromium: Browser, server: TestServer[web.Request], organizer: Organizer, chart: str, tmp_path: Path
) -> None:
    organization_id = await organizer.organization()
    venue_id = await organizer.venue(organization_id, chart)
    page, _ = await page_of(chromium, server, viewport={"width": 1400, "height": 1000})
    await sign_in(page, organizer)
    await begun(page, venue_id)
    await expect(page.locator("#chart-total")).to_have_text("80 places, 1 for wheelchairs")
    table = tmp_path / "chart.csv"
    table.write_text((await organizer.get(f"/venues/{venue_id}/chart.csv")).text, "utf-8")
    broken = tmp_path / "broken.csv"
    broken.write_text("section,row,seat\nStalls,,1\n", "utf-8")
    await page.get_by_label("Open a file").set_input_files(broken)
    await expect(page.get_by_role("status").last).to_contain_text("Line 2, row A seat has a row and a name")
    await expect(page.locator("#chart-total")).to_have_text("80 places, 1 for wheelchairs")
    table.write_text(table.read_text("utf-8").replace("Floor,,,,,Floor,,,,,60", "Floor,,,,,Floor,,,,,90"), "utf-8")
    await page.get_by_label("Open a file").set_input_files(table)
    await expect(page.get_by_role("status").last).to_contain_text("110 places read from a table")
    await expect(page.locator("#kept-state")).to_have_text("Unsaved changes")
    await page.get_by_role("button", name="Undo").click()
    await expect(page.locator("#chart-total")).to_have_text("80 places, 1 for wheelchairs")


async def test_a_background_to_trace_is_sent_moved_locked_and_seen_by_nobody_who_buys(
    chromium: Browser,
    server: TestServer[web.Request],
    organizer: Organizer,
    services: Services,
    chart: str,
    tmp_path: Path,
) -> None:
    organization_id = await organizer.organization()
    venue_id = await organizer.venue(organization_id, chart)
    page, complaints = await page_of(chromium, server, viewport={"width": 1400, "height": 1000})
    await sign_in(page, organizer)
    await begun(page, venue_id)
    await page.get_by_role("button", name=re.compile(r"^Stalls \(2 rows")).click()
    await page.locator("#chart-top").focus()
    await page.keyboard.press("Delete")
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("heading", name="Selected: 2 rows")).to_be_visible()  # what was undone is selected

    picture, torn = tmp_path / "plan.png", tmp_path / "torn.png"
    picture.write_bytes(pictures.made(kind="PNG"))
    torn.write_bytes(pictures.made(kind="PNG")[:900])
    await page.get_by_role("toolbar").get_by_role("button", name=re.compile("^Background")).click()
    await page.get_by_label("Picture").set_input_files(torn)
    await expect(page.get_by_role("status").last).to_contain_text("cannot be read to its end")
    assert complaints.pop().startswith("Failed to load resource")
    await page.get_by_label("Picture").set_input_files(picture)
    await expect(page.get_by_role("status").last).to_have_text("The background is set.")
    where = await services.common.pool.fetchrow("SELECT * FROM chart_plans WHERE venue_id = $1", venue_id)
    middle = await page.locator("#chart-top").bounding_box()
    assert middle is not None
    await page.mouse.move(middle["x"] + 300, middle["y"] + 200)
    await page.mouse.down()
    await page.mouse.move(middle["x"] + 400, middle["y"] + 200, steps=4)
    await page.mouse.up()
    await page.get_by_label("Width, in seats").fill("12.5")
    async with page.expect_response("**/chart/plan/place"):
        await page.get_by_label("Lock its position").check()
    await look(page, "background")
    moved = await services.common.pool.fetchrow("SELECT * FROM chart_plans WHERE venue_id = $1", venue_id)
    assert moved["x"] > where["x"]
    assert (moved["y"], moved["span"], moved["locked"]) == (where["y"], 12.5, True)

    await begun(page, venue_id)
    assert f'"path":"/media/{moved["digest"]}-900.webp"' in (await page.locator("#chart-plan").text_content() or "")
    assert moved["digest"] not in (await organizer.get(f"/venues/{venue_id}/chart.json")).text
    await page.get_by_role("toolbar").get_by_role("button", name=re.compile("^Background")).click()
    await page.get_by_role("button", name="Remove the background").click()
    await expect(page.get_by_role("status").last).to_have_text("The background is removed.")
    assert (await organizer.get(f"/media/{moved['digest']}-900.webp")).status == 404
    assert complaints == []


async def test_a_sample_is_a_drawing_to_begin_with_and_is_not_kept_by_itself(
    chromium: Browser, server: TestServer[web.Request], organizer: Organizer
) -> None:
    _, venue_id = await venue_of(organizer)
    page, complaints = await page_of(chromium, server, viewport={"width": 1400, "height": 1000})
    await sign_in(page, organizer)
    await begun(page, venue_id, "?sample=club")
    await expect(page.locator("#chart-total")).to_have_text("546 places")
    await expect(page.locator("#kept-state")).to_have_text("Unsaved changes")
    await expect(page.get_by_role("heading", name="No faults.")).to_be_visible()
    assert (await organizer.get(f"/venues/{venue_id}/chart.json")).status == 404
    assert complaints == []


async def test_a_chart_that_somebody_else_kept_meanwhile_is_not_overwritten(
    chromium: Browser, server: TestServer[web.Request], organizer: Organizer, chart: str
) -> None:
    organization_id = await organizer.organization()
    venue_id = await organizer.venue(organization_id, chart)
    page, _ = await page_of(chromium, server, viewport={"width": 1400, "height": 1000})
    await sign_in(page, organizer)
    await begun(page, venue_id)
    await organizer.post(f"/venues/{venue_id}/chart", {"chart": chart.replace("60", "61")})
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status").last).to_contain_text("Somebody else has saved this chart")
    assert (await kept_chart(organizer, venue_id))["sections"][1]["capacity"] == 61


async def test_who_may_only_read_sees_the_drawing_and_no_tools_also_on_a_phone(
    chromium: Browser,
    server: TestServer[web.Request],
    organizer: Organizer,
    somebody: Callable[[], Awaitable[Organizer]],
    services: Services,
    chart: str,
) -> None:
    organization_id = await organizer.organization()
    venue_id = await organizer.venue(organization_id, chart)
    reader = await somebody()
    await join(services, organizer, organization_id, reader, "finance")
    page, complaints = await page_of(chromium, server, viewport={"width": 390, "height": 844}, has_touch=True)
    await sign_in(page, reader)
    await begun(page, venue_id)
    await expect(page.locator("#chart-total")).to_have_text("80 places, 1 for wheelchairs")
    assert await page.get_by_role("toolbar").count() == 0
    assert await page.get_by_role("button", name="Save").count() == 0
    await page.get_by_role("button", name=re.compile(r"^Stalls \(2 rows")).click()
    await look(page, "phone")
    await page.locator("#chart-top").focus()
    await page.keyboard.press("Delete")
    await expect(page.locator("#chart-total")).to_have_text("80 places, 1 for wheelchairs")
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert complaints == []


async def test_twenty_thousand_seats_are_panned_and_zoomed_without_a_stutter(
    chromium: Browser, server: TestServer[web.Request], organizer: Organizer
) -> None:
    rows = [{"name": str(n), "y": n * 1.25, "first": 1, "count": 200, "x0": 0, "pitch": 1} for n in range(100)]
    chart = {"focal_point": {"x": 0, "y": -4}, "sections": [{"name": "Bowl", "kind": "seated", "rows": rows}]}
    organization_id = await organizer.organization()
    venue_id = await organizer.venue(organization_id, orjson.dumps(chart).decode())
    page, complaints = await page_of(chromium, server, viewport={"width": 1400, "height": 1000})
    await sign_in(page, organizer)
    await begun(page, venue_id)
    await expect(page.locator("#chart-total")).to_have_text("20,000 places")
    took_ms = await page.evaluate(
        """(frames) => new Promise((done) => {
          const canvas = document.getElementById("chart-top");
          const took = [];
          let before = performance.now();
          const frame = (now) => {
            took.push(now - before);
            before = now;
            const deltaY = took.length % 2 ? -40 : 40;
            canvas.dispatchEvent(new WheelEvent("wheel", {deltaY, clientX: 400, clientY: 300}));
            if (took.length < frames) requestAnimationFrame(frame);
            else done(took.sort((a, b) => a - b)[Math.floor(frames / 2)]);
          };
          requestAnimationFrame(frame);
        })""",
        FRAMES,
    )
    assert took_ms < FRAME_MS_MAX
    assert complaints == []


async def test_what_the_page_asks_is_answered_by_the_rules_a_chart_is_kept_by(organizer: Organizer, chart: str) -> None:
    _, venue_id = await venue_of(organizer)
    at = f"/venues/{venue_id}/chart"
    accept = {"Accept": "application/json"}
    checked = orjson.loads((await organizer.post(f"{at}/check", {"file": chart}, **accept)).text)
    assert (checked["units"], checked["faults"], checked["warnings"]) == (80, [], [])
    broken = chart.replace('"capacity": 60', '"capacity": 0')
    answer = await organizer.post(f"{at}/check", {"file": broken}, **accept)
    (fault,) = orjson.loads(answer.text)["faults"]
    assert (answer.status, fault["pointer"], fault["place"]) == (
        200,
        "/sections/1/capacity",
        "Section 2 “Floor”, “capacity”",
    )
    refused = await organizer.post(f"{at}/keep", {"file": broken, "etag": ""}, **accept)
    assert (refused.status, orjson.loads(refused.text)["faults"]) == (422, [fault])
    assert (await organizer.post(f"{at}/keep", {"file": chart, "etag": "other"}, **accept)).status == 412
    assert (await organizer.get(f"{at}.json")).status == 404
    assert (await organizer.get(f"{at}.csv")).status == 404
    kept = orjson.loads((await organizer.post(f"{at}/keep", {"file": chart, "etag": ""}, **accept)).text)
    assert (kept["units"], kept["sections"]) == (80, 2)
    plan = {"zones": [{"name": "A", "rows": [{"row_number": "1", "seats": [{"position": {"x": 0}}]}]}]}
    read = orjson.loads((await organizer.post(f"{at}/import", {"file": orjson.dumps(plan).decode()}, **accept)).text)
    assert (read["format"], read["units"], read["chart"]["sections"][0]["name"]) == ("pretix", 1, "A")
    for wrong in ("", "nonsense", '{"zones": []}', "\ufffd"):
        answer = await organizer.post(f"{at}/import", {"file": wrong}, **accept)
        assert answer.status == 422, wrong
        assert orjson.loads(answer.text)["faults"], wrong
