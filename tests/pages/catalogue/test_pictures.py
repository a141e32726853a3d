"""What an event shows of itself: pictures, a film, formatted text; and nothing from elsewhere before a click."""

from __future__ import annotations

import os

import pytest
from playwright.async_api import expect

from engine.domain.catalogue.media import videos
from engine.foundation.bearer import Person
from engine.foundation.uploads import Upload
from engine.services import appkeys
from tests import pictures
from tests.axe import serious
from tests.pages.browsing import Site

PICTURES = os.environ.get("ONSALE_PICTURES")  # a folder for screenshots, for anybody who wants to look
ADMIN = Person("usr_1", is_admin=True)
FILM = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"


async def add(app, event_id: str, width: int, height: int, alt: str, **fields: str):
    async def read() -> Upload:
        return Upload(pictures.made(pictures.scene(width, height)), {"alt": alt, **fields})

    return await app[appkeys.IMAGES].add(ADMIN, event_id, read)


@pytest.fixture
async def shown(engine, publish):
    """An event with two pictures, a film and a description; its page and the list."""
    night = await publish(description="# Line-up\n\n**The band** <script>alert(1)</script>", video_url=FILM)
    await add(engine.app, night.id, 2000, 1000, "The band & friends", focal_x="0.9", focal_y="0")
    await add(engine.app, night.id, 640, 640, "The hall")
    page = await engine.get(f"/e/{night.slug}", headers={"Accept": "text/html"})
    return night, page, await page.text()


async def test_a_page_shows_the_cover_in_every_size_with_its_focal_point(shown, engine):
    _, _, text = shown
    assert 'alt="The band &amp; friends" fetchpriority="high"' in text
    assert "320w" in text
    assert "1920w" in text
    assert "focus-x-9 focus-y-0" in text
    assert 'alt="The hall"' in text
    listing = await (await engine.get("/", headers={"Accept": "text/html"})).text()
    assert 'alt="The band &amp; friends" loading="lazy"' in listing


async def test_who_shares_a_page_shares_its_cover(shown, settings):
    _, _, text = shown
    assert f'<meta property="og:image" content="{settings.engine_url}/media/' in text
    assert '<meta property="og:image:width" content="1280">' in text
    assert '<meta property="og:image:height" content="640">' in text
    assert '<meta property="og:image:alt" content="The band &amp; friends">' in text


async def test_a_description_is_formatted_and_runs_nothing(shown):
    _, _, text = shown
    assert "<h3>Line-up</h3>" in text
    assert "<strong>The band</strong> &lt;script&gt;" in text
    assert '<meta name="description" content="Line-up The band &lt;script&gt;alert(1)&lt;/script&gt;">' in text


async def test_only_a_page_with_a_film_may_frame_and_only_its_hosts(shown, engine, publish):
    _, page, text = shown
    assert f"frame-src {' '.join(videos.FRAMES)};" in page.headers["Content-Security-Policy"]
    assert "<iframe" not in text
    other = await publish()
    page = await engine.get(f"/e/{other.slug}", headers={"Accept": "text/html"})
    assert "frame-src 'none'" in page.headers["Content-Security-Policy"]
    assert "video.js" not in await page.text()


async def test_an_event_without_a_picture_shows_its_poster(engine, publish):
    night = await publish()
    text = await (await engine.get(f"/e/{night.slug}", headers={"Accept": "text/html"})).text()
    assert '<svg class="poster' in text
    assert "/og.png?v=" in text
    assert "/media/" not in text


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.xdist_group("browser")
@pytest.mark.timeout(180)
async def test_nothing_is_asked_of_a_films_host_before_somebody_plays_it(site: Site):
    asked: list[str] = []

    async def answer(route):
        asked.append(route.request.url)
        await route.fulfill(content_type="text/html", body="<title>A film</title>")

    await site.page.route(lambda url: not url.startswith(str(site.server.make_url("/"))), answer)
    description = "# Line-up\n\n**The band** plays all night:\n\n- old songs\n- [new songs](https://band.test)"
    await site.publish(video_url=FILM, description=description, summary="All night")
    await add(site.server.app, site.event_id, 2000, 1200, "Red and blue", focal_x="0.1")
    await add(site.server.app, site.event_id, 700, 700, "The hall")
    await site.open("/")
    if PICTURES:
        await site.page.screenshot(path=f"{PICTURES}/listing.png")
    await site.open(f"/e/{site.slug}")
    cover = site.page.locator(".event-hero-picture img")
    await expect(cover).to_have_js_property("complete", value=True)
    assert await cover.evaluate("(e) => e.naturalWidth > 0 && e.currentSrc.endsWith('.webp')")
    assert await cover.evaluate("(e) => getComputedStyle(e).objectPosition") == "10% 50%"
    if PICTURES:
        await site.page.screenshot(path=f"{PICTURES}/event.png", full_page=True)
    assert asked == []
    assert await serious(site.page) == []
    await site.page.get_by_role("button", name="Play the film").click()
    await expect(site.page.locator("iframe")).to_have_attribute("src", videos.find(FILM).frame_url)
    await expect(site.page.frame_locator("iframe").locator("html")).to_be_attached()
    assert asked[0] == videos.find(FILM).frame_url
    if PICTURES:
        await site.page.set_viewport_size({"width": 390, "height": 844})
        await site.open(f"/e/{site.slug}")
        await site.page.screenshot(path=f"{PICTURES}/event-phone.png", full_page=True)
    assert site.complaints == []
