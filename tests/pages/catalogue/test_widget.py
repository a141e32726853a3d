"""An event on the organizer's own site: a whole purchase in a frame there, and what other sites get."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, expect

from engine.foundation.world.languages import LANGUAGES
from tests import factories
from tests.pages.browsing import GOOD, Site
from tests.pages.conftest import Client

STANDING = [{"name": "Standing", "price_cents": 2000, "categories": ["Floor"]}]
OwnSite = Callable[[], Awaitable[str]]
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser"), pytest.mark.timeout(180)]


async def test_the_script_is_ready_bytes_for_any_site(engine: Client) -> None:
    answer = await engine.get("/widget.js")
    assert (answer.status, answer.content_type) == (200, "text/javascript")
    assert answer.headers["Cache-Control"].startswith("public, max-age=300")
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    text = await answer.text()
    assert all(f'"{tag}":{{' in text for tag in LANGUAGES)
    assert '"room":"http://127.0.0.1:8081"' in text
    again = await engine.get("/widget.js", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status == 304


@pytest.fixture
async def own_site(site: Site) -> AsyncIterator[OwnSite]:
    """``await own_site()``: the origin of another site, whose one page has the button on it."""
    servers: list[TestServer[web.Request]] = []

    async def page(_request: web.Request) -> web.Response:
        script = f'<script src="{site.server.make_url("/widget.js")}" data-event="{site.slug}"></script>'
        text = f"<!doctype html><html lang=en><title>House</title><h1>House</h1>{script}</html>"
        return web.Response(text=text, content_type="text/html")

    async def run() -> str:
        app = web.Application()
        app.router.add_get("/", page)
        servers.append(TestServer(app))
        await servers[-1].start_server()
        return f"http://localhost:{servers[-1].port}"

    yield run
    for server in servers:
        await server.close()


async def test_tickets_are_bought_without_leaving_the_organizers_site(site: Site, own_site: OwnSite) -> None:
    await site.publish(factories.general("Floor", 30), types=STANDING)
    home = await own_site()
    await site.pool.execute("UPDATE organizations SET embed_origins = $1", [home])
    page = site.page
    await page.goto(home)
    await page.get_by_role("button", name="Buy tickets").click()
    frame = page.frame_locator("iframe")
    await frame.get_by_role("link", name="Choose tickets").click()
    await frame.get_by_role("button", name="One more: Standing", exact=True).click()
    await frame.get_by_role("button", name="Hold tickets").click()
    await frame.get_by_label("Name", exact=True).fill("Ada Lovelace")
    await frame.get_by_label("E-mail", exact=True).fill("ada@example.com")
    await frame.locator(f'[data-card="{GOOD}"]').click()
    await frame.locator("#pay-button").click()
    await expect(frame.get_by_role("heading", name="You are going.")).to_be_visible()
    await expect(frame.locator(".ticket-code svg")).to_have_count(1)
    assert page.url.rstrip("/") == home
    assert await site.pool.fetchval("SELECT count(*) FROM tickets") == 1
    # As tall as what is in it, as far as the window allows.
    await expect(page.locator("iframe")).to_have_attribute("style", re.compile(r"height: \d+px"))
    await expect(frame.locator(".masthead")).to_be_hidden()
    # What the frame kept is this site's visitor's alone: the engine's own pages know nothing of it.
    order = next(frame.url for frame in page.frames if "/order/" in frame.url)
    await frame.locator("body").press("Escape")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await expect(page.get_by_role("button", name="Buy tickets")).to_be_focused()
    await page.goto(order)
    await expect(page.get_by_role("heading", name="This order needs its key.")).to_be_visible()


async def test_a_site_that_is_not_named_shows_nothing_and_leads_to_a_tab_of_its_own(
    site: Site, own_site: OwnSite, browser: Browser
) -> None:
    await site.publish(factories.general("Floor", 30), types=STANDING)
    named, other = await own_site(), await own_site()
    await site.pool.execute("UPDATE organizations SET embed_origins = $1", [named])
    page = await browser.new_page()
    await page.goto(other)
    await page.get_by_role("button", name="Buy tickets").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("This page may not show the event")
    await expect(page.locator("iframe")).to_have_count(0)
    async with page.expect_popup() as opened:
        await dialog.get_by_role("link", name="Open in a new tab").click()
    tab = await opened.value
    await expect(tab.get_by_role("link", name="Choose tickets")).to_be_visible()
    await page.bring_to_front()
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await page.close()
