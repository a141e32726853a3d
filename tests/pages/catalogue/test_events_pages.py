from __future__ import annotations

from datetime import UTC, datetime, timedelta

import asyncpg

from engine.services import appkeys
from tests.pages.conftest import HTML, Client, Night
from tests.pages.forms import page


async def test_the_list_shows_published_events_with_their_all_in_price(engine: Client, night: Night) -> None:
    html = await page(engine, "/")
    assert f'href="/e/{night.slug}"' in html
    assert "Night of &lt;Lanterns&gt;" in html
    assert "all in" in html


async def test_a_search_without_results_says_so(engine: Client, night: Night) -> None:
    assert "Nothing matches that" in await page(engine, "/?q=zzzz")
    assert "Nothing matches that" not in await page(engine, "/?q=nig")


async def test_up_to_fifty_is_fifty_of_each_currency_and_the_page_says_so(engine: Client, publish, pool) -> None:
    prices = {"JPY": 5000, "CAD": 4900, "KWD": 49_000, "HUF": 500_000}
    for code, cents in prices.items():
        await publish(slug=f"in-{code.lower()}", currency=code, price_from_cents=cents, price_to_cents=cents)
    found = await page(engine, "/?price_max=50")
    assert [code for code in prices if f"/e/in-{code.lower()}" in found] == ["CAD", "KWD"]
    assert "each event’s own currency: CAD, KWD" in found
    found = await page(engine, "/?price_max=5,000")
    assert all(f"/e/in-{code.lower()}" in found for code in prices)
    found = await page(engine, "/?price_max=5000&currency=HUF")
    assert [code for code in prices if f"/e/in-{code.lower()}" in found] == ["HUF"]
    assert "are not worth the same" not in found


async def test_a_kind_of_event_is_found_by_any_word_for_it(engine: Client, publish) -> None:
    await publish(slug="cup-final", category="sports")
    for word in ("sport", "Sports ", "SPORTS"):
        assert "/e/cup-final" in await page(engine, f"/?category={word.replace(' ', '%20')}")


async def test_an_empty_house_says_that_nothing_is_on(engine: Client) -> None:
    assert "No events on sale just now" in await page(engine, "/")


async def test_the_list_goes_on_where_the_page_ended(engine: Client, publish) -> None:
    start = datetime.now(UTC) + timedelta(days=1)
    for number in range(26):
        starts_at = start + timedelta(hours=number)
        await publish(slug=f"night-{number:02d}", starts_at=starts_at, ends_at=starts_at + timedelta(hours=1))
    first = await page(engine, "/")
    assert first.count('class="event-card"') == 24
    more = first.split('rel="next"')[0].rpartition('href="')[2].rstrip('" ').replace("&amp;", "&")
    assert (await page(engine, more)).count('class="event-card"') == 2


async def test_an_event_says_what_one_ticket_costs_and_of_what_it_is_made(engine: Client, night: Night) -> None:
    html = await page(engine, f"/e/{night.slug}")
    assert "CA$55.65" in html
    assert "CA$50.00 +&nbsp;CA$3.00&nbsp;fee +&nbsp;CA$2.65&nbsp;GST" in html
    assert f'href="/e/{night.slug}/shop"' in html


async def test_an_events_id_leads_to_its_name(engine: Client, night: Night) -> None:
    response = await engine.get(f"/e/{night.id}", headers=HTML, allow_redirects=False)
    assert (response.status, response.headers["Location"]) == (301, f"/e/{night.slug}")


async def test_before_the_sale_there_is_a_countdown_and_no_button(
    engine: Client, night: Night, pool: asyncpg.Pool
) -> None:
    await pool.execute("UPDATE on_sales SET opens_at = now() + interval '2 hours'")
    html = await page(engine, f"/e/{night.slug}")
    assert "data-countdown" in html
    assert "button-accent" not in html


async def test_an_event_with_a_queue_sends_people_there(engine: Client, night: Night, pool: asyncpg.Pool) -> None:
    await pool.execute("UPDATE on_sales SET room_enabled = true")
    html = await page(engine, f"/e/{night.slug}")
    assert f'href="http://127.0.0.1:8081/r/{night.id}"' in html
    assert "Choose tickets" not in html


async def test_a_cancelled_event_sells_nothing(engine: Client, night: Night, pool: asyncpg.Pool) -> None:
    await pool.execute("UPDATE events SET status = 'cancelled'")
    html = await page(engine, f"/e/{night.slug}")
    assert "Cancelled." in html
    assert "Choose tickets" not in html


async def test_a_sold_out_event_says_so(engine: Client, publish) -> None:
    night = await publish([{"name": "Floor", "price_cents": 0, "categories": ["Floor"], "capacity": 0}])
    html = await page(engine, f"/e/{night.slug}")
    assert "Sold out." in html
    assert "Choose tickets" not in html


async def test_a_draft_is_not_found(engine: Client, night: Night, pool: asyncpg.Pool) -> None:
    await pool.execute("UPDATE events SET status = 'draft'")
    assert "Nothing at this address" in await page(engine, f"/e/{night.slug}", 404)


async def test_a_hidden_type_is_not_shown(engine: Client, night: Night, pool: asyncpg.Pool) -> None:
    await pool.execute("UPDATE ticket_types SET visibility = 'hidden' WHERE name = 'Standing'")
    assert "Standing" not in await page(engine, f"/e/{night.slug}")


async def test_pages_for_everybody_may_be_cached_and_set_no_cookie(engine: Client, night: Night) -> None:
    for path in ("/", f"/e/{night.slug}"):
        response = await engine.get(path, headers=HTML)
        assert response.headers["Cache-Control"].startswith("public")
        assert "Set-Cookie" not in response.headers


async def test_selling_switched_off_takes_the_button_away(engine: Client, night: Night) -> None:
    engine.app[appkeys.FLAGS].switches.selling = False
    assert "Selling is paused" in await page(engine, f"/e/{night.slug}")
    assert "Selling is paused." in await page(engine, f"/e/{night.slug}/shop", 503)
