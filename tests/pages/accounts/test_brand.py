"""How an organization's pages look, and which other sites may show them."""

from __future__ import annotations

import re

import asyncpg

from engine.domain.accounts import accents
from engine.foundation import ids
from tests.pages.conftest import HTML, Client, Night
from tests.pages.forms import page

ACCENT, SITES = "#d6336c", ["https://www.example.com", "https://tickets.example.org:8443"]
MARKED = {**HTML, "Cookie": "onsale_framed=1"}


async def _brand(pool: asyncpg.Pool) -> None:
    await pool.execute("UPDATE organizations SET accent = $1, embed_origins = $2", ACCENT, SITES)


async def test_pages_of_an_event_are_coloured_by_a_sheet_that_never_changes(
    engine: Client, night: Night, pool: asyncpg.Pool
) -> None:
    await _brand(pool)
    slug = await pool.fetchval("SELECT slug FROM organizations")
    for path in (f"/e/{night.slug}", f"/e/{night.slug}/shop", f"/organizers/{slug}"):
        html = await page(engine, path)
        found = re.search(r'href="(/brand/[^"]+)"', html)
        assert found, path
        sheet = await engine.get(found[1])
        assert (sheet.status, sheet.content_type) == (200, "text/css")
        assert sheet.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert await sheet.text() == accents.style_sheet(ACCENT)
    assert "/brand/" not in await page(engine, "/")


async def test_another_releases_sheet_is_revalidated_and_an_unreadable_colour_has_none(engine: Client) -> None:
    old = await engine.get(f"/brand/{ACCENT[1:]}/000000000000.css")
    assert (old.status, old.headers["Cache-Control"]) == (200, "no-cache")
    assert (await engine.get("/brand/ffd400/000000000000.css")).status == 404


async def test_an_events_pages_may_be_shown_by_the_named_sites_and_nothing_else_by_anybody(
    engine: Client, night: Night, pool: asyncpg.Pool
) -> None:
    await _brand(pool)
    for path in (f"/e/{night.slug}", f"/e/{night.slug}/shop"):
        answer = await engine.get(path, headers=HTML)
        assert f"frame-ancestors {' '.join(SITES)};" in answer.headers["Content-Security-Policy"]
        assert "X-Frame-Options" not in answer.headers
        assert f'data-framers="{" ".join(SITES)}"' in await answer.text()
    for path in ("/", "/my-tickets", "/nowhere", f"/order/{ids.new_id('ord')}", f"/series/{ids.new_id('ser')}"):
        answer = await engine.get(path, headers=HTML)
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"], path
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert "framed.js" not in await answer.text()


async def test_without_sites_no_page_is_shown_by_another(engine: Client, night: Night) -> None:
    answer = await engine.get(f"/e/{night.slug}/shop", headers=HTML)
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "DENY"


async def test_cookies_of_a_frame_are_kept_for_the_site_around_it_alone(engine: Client, night: Night) -> None:
    for headers, marks in ((MARKED, "SameSite=None; Secure; Partitioned"), (HTML, "SameSite=Strict")):
        for _ in range(2):  # made by the handler, then filled in where it stands
            engine.session.cookie_jar.clear()
            answer = await engine.get(f"/e/{night.slug}/shop", headers=headers)
            [given] = answer.headers.getall("Set-Cookie")
            assert given.endswith(marks), given
    held = await engine.post(
        "/v1/holds",
        json={"event_id": night.id, "items": [{"ticket_type_id": night.types[1], "quantity": 1}]},
        headers={"Idempotency-Key": "one", "Cookie": "onsale_framed=1"},
    )
    assert held.headers["Set-Cookie"].endswith("SameSite=None; Secure; Partitioned")
