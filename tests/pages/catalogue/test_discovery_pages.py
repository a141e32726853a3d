"""Pages, feeds and documents by which an event is found from elsewhere."""

from __future__ import annotations

import asyncio
import io
import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import asyncpg
import icalendar
import pytest
from PIL import Image

from engine.pages.catalogue.discovery import typesetting
from engine.pages.catalogue.discovery.pictures import HEIGHT, WIDTH, Words, draw
from tests.pages.conftest import HTML, Client, Night
from tests.pages.forms import page

Publish = Callable[..., Awaitable[Night]]
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
HOME = "http://127.0.0.1:8080"
MOMENT_S = 1.1  # a page stands for a second


@pytest.fixture
async def gala(publish: Publish, pool: asyncpg.Pool) -> Night:
    """An event at a venue in Montréal, by the organizer ``lights``."""
    night = await publish(slug="gala", title="Gala & <Friends>", summary="One night")
    await pool.execute(
        "UPDATE venues SET name = 'Théâtre', city = 'Montréal', address = '1, rue X', accessibility = 'Ramps',"
        " lat = 45.5, lng = -73.57"
    )
    await pool.execute("UPDATE organizations SET name = 'Bright Lights', slug = 'lights'")
    return night


async def _venue_of(pool: asyncpg.Pool) -> str:
    found: str = await pool.fetchval("SELECT venue_id FROM events WHERE slug = 'gala'")
    return found


async def _bytes(client: Client, path: str) -> tuple[bytes, str]:
    response = await client.get(path)
    assert response.status == 200, await response.text()
    return await response.read(), response.content_type


@pytest.mark.usefixtures("gala")
async def test_a_city_a_venue_and_an_organizer_have_a_page_of_what_is_on(engine: Client, pool: asyncpg.Pool) -> None:
    for path, title in (("/cities/montreal", "Montréal"), (f"/venues/{await _venue_of(pool)}", "Théâtre"),
                        ("/organizers/lights", "Bright Lights")):  # fmt: skip
        html = await page(engine, path)
        assert f'<h1 dir="auto">{title}</h1>' in html, path
        assert 'href="/e/gala"' in html, path
        assert f'<link rel="canonical" href="{HOME}{path}">' in html
        assert f'href="{path}/events.rss"' in html
    assert "Ramps" in await page(engine, f"/venues/{await _venue_of(pool)}")


@pytest.mark.usefixtures("gala")
async def test_any_spelling_of_a_city_leads_to_its_page(engine: Client) -> None:
    for spelling in ("Montr%C3%A9al", "MONTREAL"):
        response = await engine.get(f"/cities/{spelling}", headers=HTML, allow_redirects=False)
        assert (response.status, response.headers["Location"]) == (301, "/cities/montreal")


@pytest.mark.usefixtures("gala")
@pytest.mark.parametrize(
    "path",
    ["/cities/nowhere", "/venues/ven_x", "/organizers/nobody", "/organizers/nobody/events.rss", "/sitemap-events-2.xml",
     "/sitemap-events-0.xml", "/events/nothing/og.png"],
)  # fmt: skip
async def test_what_does_not_exist_is_said_not_to(engine: Client, path: str) -> None:
    response = await engine.get(path, headers=HTML)
    assert response.status == 404


async def test_an_organizer_with_drafts_alone_has_no_page(engine: Client, publish: Publish, pool: asyncpg.Pool) -> None:
    await publish(slug="draft", status="draft")
    await pool.execute("UPDATE organizations SET slug = 'silent'")
    assert "no such organization" in (await page(engine, "/organizers/silent", status=404)).lower()


@pytest.mark.usefixtures("gala")
async def test_an_event_says_itself_to_search_engines(engine: Client) -> None:
    html = await page(engine, "/e/gala")
    (block,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html)
    said = json.loads(block)
    assert said["name"] == "Gala & <Friends>"
    assert "<Friends>" not in block
    assert (said["eventStatus"], said["location"]["address"]["addressLocality"]) == (
        "https://schema.org/EventScheduled", "Montréal",
    )  # fmt: skip
    assert said["organizer"] == {"@type": "Organization", "name": "Bright Lights", "url": f"{HOME}/organizers/lights"}
    assert said["location"]["geo"]["latitude"] == 45.5
    offers = {each["name"]: each for each in said["offers"]}
    assert (offers["Stalls"]["price"], offers["Stalls"]["priceCurrency"]) == ("50.00", "CAD")
    assert offers["Stalls"]["availability"] == "https://schema.org/InStock"
    assert re.search(r'<meta property="og:image" content="[^"]*/events/gala/og\.png\?v=[0-9a-f]{12}">', html)


@pytest.mark.usefixtures("gala")
async def test_a_picture_that_is_kept_elsewhere_is_told_of_and_not_loaded(engine: Client, pool: asyncpg.Pool) -> None:
    await pool.execute("UPDATE events SET cover_url = 'https://pictures.test/gala.jpg?a=1&b=2'")
    html = await page(engine, "/e/gala")
    assert '<meta property="og:image" content="https://pictures.test/gala.jpg?a=1&amp;b=2">' in html
    assert '"https://pictures.test/gala.jpg' in html
    assert 'src="https://pictures.test' not in html


@pytest.mark.usefixtures("gala")
async def test_a_cancelled_event_says_so_to_search_engines_and_calendars(engine: Client, pool: asyncpg.Pool) -> None:
    await pool.execute("UPDATE events SET status = 'cancelled'")
    assert '"eventStatus":"https://schema.org/EventCancelled"' in await page(engine, "/e/gala")
    body, _ = await _bytes(engine, "/e/gala/calendar.ics")
    (event,) = icalendar.Calendar.from_ical(body).walk("VEVENT")
    assert event["STATUS"] == "CANCELLED"


@pytest.mark.usefixtures("gala")
async def test_feeds_of_a_list_and_of_places_are_rss(engine: Client, pool: asyncpg.Pool) -> None:
    for path in ("/events.rss", "/events.rss?q=gala", "/cities/montreal/events.rss", "/organizers/lights/events.rss",
                 f"/venues/{await _venue_of(pool)}/events.rss"):  # fmt: skip
        body, kind = await _bytes(engine, path)
        assert kind == "application/rss+xml"
        root = ET.fromstring(body)
        (item,) = root.findall("./channel/item")
        assert item.findtext("title") == "Gala & <Friends>"
        assert item.findtext("link") == f"{HOME}/e/gala"
    assert ET.fromstring((await _bytes(engine, "/events.rss?q=zzzz"))[0]).findall("./channel/item") == []


@pytest.mark.usefixtures("gala")
async def test_calendars_hold_the_instant_the_place_and_the_address(engine: Client, pool: asyncpg.Pool) -> None:
    starts_at = await pool.fetchval("SELECT starts_at FROM events WHERE slug = 'gala'")
    for path in ("/e/gala/calendar.ics", "/cities/montreal/calendar.ics", "/organizers/lights/calendar.ics",
                 f"/venues/{await _venue_of(pool)}/calendar.ics"):  # fmt: skip
        body, kind = await _bytes(engine, path)
        assert kind == "text/calendar"
        assert all(len(line) <= 75 for line in body.split(b"\r\n"))
        (event,) = icalendar.Calendar.from_ical(body).walk("VEVENT")
        assert event.decoded("dtstart") == starts_at.replace(microsecond=0)
        assert event["LOCATION"] == "Théâtre, 1, rue X, Montréal"
        assert event["URL"] == f"{HOME}/e/gala"
        assert body == (await _bytes(engine, path + "?again"))[0]


@pytest.mark.usefixtures("gala")
async def test_the_sitemap_names_every_page_and_nothing_that_is_no_page(engine: Client, publish: Publish) -> None:
    await publish(slug="secret", status="draft")
    parts = [each.text for each in ET.fromstring((await _bytes(engine, "/sitemap.xml"))[0]).iter(f"{SITEMAP}loc")]
    assert parts == [f"{HOME}/sitemap-places.xml", f"{HOME}/sitemap-events-1.xml"]
    pages = []
    for part in parts:
        root = ET.fromstring((await _bytes(engine, part.removeprefix(HOME)))[0])
        pages += [each.text.removeprefix(HOME) for each in root.iter(f"{SITEMAP}loc")]
    assert "/e/gala" in pages
    assert "/e/secret" not in pages
    for path in pages:
        await page(engine, path)
    assert f"Sitemap: {HOME}/sitemap.xml" in (await _bytes(engine, "/robots.txt"))[0].decode()


@pytest.mark.usefixtures("gala")
async def test_documents_are_kept_by_their_mark(engine: Client) -> None:
    for path in ("/events.rss", "/e/gala/calendar.ics", "/sitemap.xml", "/events/gala/og.png", "/cities/montreal"):
        first = await engine.get(path)
        second = await engine.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert second.status == 304, path
        assert "public" in first.headers["Cache-Control"]


@pytest.mark.usefixtures("gala")
async def test_the_picture_of_an_event_is_drawn_to_the_size_of_previews_and_again_for_another_title(
    engine: Client, pool: asyncpg.Pool
) -> None:
    def mark(html: str) -> str:
        return re.findall(r"og\.png\?v=(\w+)", html)[0]

    before = mark(await page(engine, "/e/gala"))
    body, kind = await _bytes(engine, f"/events/gala/og.png?v={before}")
    assert (kind, Image.open(io.BytesIO(body)).size) == ("image/png", (WIDTH, HEIGHT))
    await pool.execute("UPDATE events SET title = 'Another'")
    await asyncio.sleep(MOMENT_S)
    after = mark(await page(engine, "/e/gala"))
    assert after != before
    assert (await _bytes(engine, f"/events/gala/og.png?v={after}"))[0] != body


@pytest.mark.parametrize(
    "title", ["東京の夜", "ليلة أم كلثوم – Live", "हिन्दी 🎉", "שלום", "a" * 300, "word " * 60, "", "\u200d"]
)
def test_a_picture_has_room_for_any_title_in_any_script(title: str) -> None:
    drawn = draw(Words("evt_1", title, "Sat 5 June 2027", "Hall"))
    assert Image.open(io.BytesIO(drawn)).size == (WIDTH, HEIGHT)
    assert all(typesetting.length(line, 54) <= 1056 for line in typesetting.wrapped(title, 54, 1056, 3))


def test_a_title_that_is_too_long_ends_in_an_ellipsis() -> None:
    lines = typesetting.wrapped("many words " * 40, 54, 1056, 3)
    assert len(lines) == 3
    assert lines[-1].endswith("…")


async def test_what_goes_with_an_event_stands_on_its_page_but_not_its_own_other_nights(
    engine: Client, publish: Publish
) -> None:
    await publish(slug="ours", title="Jazz", category="concert")
    await publish(slug="again", title="Jazz", category="concert")
    await publish(slug="kin", title="Swing", category="concert")
    await publish(slug="stranger", title="Chess", category="sports")
    html = (await page(engine, "/e/ours")).partition('id="related"')[2]
    assert 'href="/e/kin"' in html
    assert 'href="/e/again"' not in html
    assert 'href="/e/stranger"' not in html


async def test_what_the_platform_features_stands_first_on_the_list_alone(
    engine: Client, publish: Publish, pool: asyncpg.Pool
) -> None:
    await publish(slug="plain")
    night = await publish(slug="star")
    assert "Not to be missed" not in await page(engine, "/")
    await pool.execute("INSERT INTO featured_events VALUES ($1, 1)", night.id)
    await asyncio.sleep(MOMENT_S)
    row = (await page(engine, "/")).partition('id="featured"')[2].partition("Coming up")[0]
    assert 'href="/e/star"' in row
    assert 'href="/e/plain"' not in row
    assert "Not to be missed" not in await page(engine, "/?q=night")


async def test_the_list_says_what_it_took_a_misspelt_word_for(engine: Client, publish: Publish) -> None:
    await publish(slug="nine", title="Beethoven")
    html = await page(engine, "/?q=bethoven")
    assert 'href="/e/nine"' in html
    assert "Nothing is spelled “bethoven”. This is what we found for “beethoven”." in html
    assert "Nothing is spelled" not in await page(engine, "/?q=beethoven")


async def test_each_choice_below_the_list_narrows_it_and_each_mark_takes_that_back(
    engine: Client, publish: Publish, pool: asyncpg.Pool
) -> None:
    start = datetime.now(UTC) + timedelta(days=30)
    await publish(slug="a", category="concert", price_from_cents=2500, price_to_cents=2500)
    await pool.execute("UPDATE venues SET city = 'Vancouver'")
    await publish(slug="b", category="dance", starts_at=start + timedelta(days=70), ends_at=start + timedelta(days=71),
                  price_from_cents=12_000, price_to_cents=12_000)  # fmt: skip
    html = await page(engine, "/")
    narrowing = html.partition('class="narrow"')[2].partition("</details>")[0]
    links = [each.replace("&amp;", "&") for each in re.findall(r'<a href="([^"]+)" rel="nofollow"', narrowing)]
    assert {link.partition("=")[0] for link in links} >= {"/?category", "/?from", "/?price_min"}
    for link in links:
        narrowed = await page(engine, link)
        assert narrowed.count('class="event-card"') == 1, link
        (back,) = re.findall(r'class="mark" href="([^"]+)"', narrowed)
        assert back == "/"


async def test_only_the_list_may_ask_the_browser_where_somebody_is(engine: Client, night: Night) -> None:
    listing = await engine.get("/", headers=HTML)
    assert "geolocation=(self)" in listing.headers["Permissions-Policy"]
    event = await engine.get(f"/e/{night.slug}", headers=HTML)
    assert "geolocation=()" in event.headers["Permissions-Policy"]
