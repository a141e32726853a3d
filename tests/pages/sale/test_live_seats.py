"""The seat map follows the sale in every tab of a browser, with one stream, and by asking where streams do not pass."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.pages.browsing import Site
from tests.proxy import Proxy, proxied

TABS = 7  # one more than the connections that a browser opens to one server
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser"), pytest.mark.timeout(180)]


@pytest.fixture
async def window(browser: Browser) -> AsyncIterator[BrowserContext]:
    """One visitor's browser: its tabs share locks, channels and connections."""
    context = await browser.new_context()
    yield context
    await context.close()


async def open_tab(window: BrowserContext, site: Site, proxy: Proxy) -> Page:
    page = await window.new_page()
    page.set_default_timeout(30_000)
    page.on("pageerror", lambda error: site.complaints.append(str(error)))
    await page.goto(str(proxy.url.join(site.server.make_url(f"/e/{site.slug}/shop").relative())))
    await page.click("#tab-list")
    await expect(page.locator("#panel-list")).to_contain_text("of 10 seats free", timeout=30_000)
    return page


async def hold(site: Site, seat: str) -> None:
    answer = await site.page.context.request.post(
        str(site.server.make_url("/v1/holds")),
        data={
            "event_id": site.event_id,
            "items": [{"ticket_type_id": site.types[0], "quantity": 1, "seats": [seat]}],
        },
        headers={"Idempotency-Key": seat},
    )
    assert answer.status == 201, await answer.text()


async def see(page: Page, free: int) -> None:
    await expect(page.locator("#panel-list")).to_contain_text(f"Row 1: {free} of 10 seats free.", timeout=30_000)


async def live(page: Page, text: str = "Live") -> None:
    await expect(page.locator("#live-state")).to_have_text(text, timeout=30_000)


async def test_seven_tabs_of_one_browser_are_live_with_one_stream_and_another_leads_when_its_tab_goes(
    site: Site, window: BrowserContext
) -> None:
    await site.publish()
    async with proxied(site.server.make_url("/")) as proxy:
        tabs = [await open_tab(window, site, proxy) for _ in range(TABS)]
        for tab in tabs:
            await live(tab)
        assert (proxy.streams, proxy.asked) == (1, 1)
        await hold(site, "Stalls/1/1")
        for tab in tabs:
            await see(tab, 9)
        await tabs.pop(0).close()  # it came first: it leads
        async with asyncio.timeout(30):
            while (proxy.streams, proxy.asked) != (1, 2):
                await asyncio.sleep(0.05)
        await hold(site, "Stalls/1/2")
        for tab in tabs:
            await see(tab, 8)
        assert (proxy.streams, proxy.asked) == (1, 2)


async def test_a_proxy_that_listens_to_the_streams_header_lets_it_through_at_once(
    site: Site, window: BrowserContext
) -> None:
    await site.publish()
    async with proxied(site.server.make_url("/")) as proxy:
        stream = proxy.url.join(site.server.make_url(f"/v1/events/{site.event_id}/seat-status").relative())
        tab = await open_tab(window, site, proxy)
        await live(tab)
        version = await tab.evaluate("path => fetch(path).then(a => a.json()).then(d => d.version)", str(stream))
        first = await tab.evaluate(
            """path => new Promise((done) => {
              const source = new EventSource(path);
              for (const kind of ["beat", "snapshot", "changes"])
                source.addEventListener(kind, (event) => { source.close(); done([kind, JSON.parse(event.data)]); });
            })""",
            f"{stream}/stream?since={version}",
        )
        nothing = {"version": version, "taken": [], "changes": [], "since": version}
        assert first == ["beat", nothing], "who missed nothing hears the first word at once all the same"


async def test_where_a_proxy_keeps_the_stream_to_itself_the_page_asks_instead(
    site: Site, window: BrowserContext
) -> None:
    await site.publish()
    async with proxied(site.server.make_url("/"), deaf=True) as proxy:
        tabs = [await open_tab(window, site, proxy) for _ in range(2)]
        for tab in tabs:
            await live(tab, "Updated every few seconds")
        await hold(site, "Stalls/1/1")
        for tab in tabs:
            await see(tab, 9)
        assert proxy.asked == 1, "where one is kept back the others would be"
