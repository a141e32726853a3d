"""The page of a series, the dates to choose from on an event's page, and lists in which a series is one thing."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest

from engine.domain.catalogue.programme.series import SeriesDate
from engine.foundation.clock import now
from engine.pages.catalogue import dates
from engine.pages.catalogue.programme.series import months_of
from tests.pages.conftest import HTML, Client
from tests.pages.forms import page


def _date(text: str, **more: Any) -> SeriesDate:
    starts_at = datetime.fromisoformat(text)
    told = {"id": "evt_1", "phase": "published", **more}
    return SeriesDate(
        slug="one", title="One", starts_at=starts_at, ends_at=starts_at + timedelta(hours=1),
        timezone="America/New_York", status="published", **told,
    )  # fmt: skip


def test_a_calendar_has_the_months_and_days_of_the_place() -> None:
    late, other = _date("2027-04-01T03:00:00Z"), _date("2027-05-08T23:00:00Z")
    march, may = months_of([late, other])
    assert (march.title, may.title) == ("March 2027", "May 2027")
    days = [day for week in march.weeks for day in week]
    assert [day.number for day in days if day.dates] == [31], "it is still March in New York"
    assert all(len(week) == 7 for week in march.weeks)
    assert [day.number for day in march.weeks[0]] == list(range(1, 8)), "1 March 2027 is a Monday"


SERIES_ID = "ser_01HZZZZZZZZZZZZZZZZZZZZZZZ"
CARD = re.compile(r'<h3><a href="/e/([\w-]+)"')


async def nights(publish: Any, pool: asyncpg.Pool, *days: int) -> None:
    """A series with a night after each of these numbers of days, and no other event."""
    moment = now()
    for number, day in enumerate(days):
        starts_at = moment + timedelta(days=day)
        await publish(slug=f"night-{number}", starts_at=starts_at, ends_at=starts_at + timedelta(hours=2))
    organization_id = await pool.fetchval("SELECT organization_id FROM events LIMIT 1")
    await pool.execute(
        "INSERT INTO series (id, organization_id, rrule) VALUES ($1, $2, 'FREQ=DAILY;COUNT=3')",
        SERIES_ID, organization_id,
    )  # fmt: skip
    await pool.execute("UPDATE events SET series_id = $1", SERIES_ID)


def words_of(html: str) -> dict[str, str]:
    """What is said of each date that may be chosen, by the end of its address."""
    found = re.findall(r'class="date-choice" href="/e/([\w-]+)".*?<small[^>]*>([^<]*)<', html, re.DOTALL)
    return dict(found)


async def test_a_series_is_one_calendar_and_each_event_leads_to_it(engine: Client, publish, pool: asyncpg.Pool) -> None:
    await nights(publish, pool, 3, 4, 5)
    await pool.execute("UPDATE events SET status = 'cancelled' WHERE slug = 'night-1'")
    await pool.execute("UPDATE organizations SET embed_origins = ARRAY['https://house.example']")
    answer = await engine.get(f"/series/{SERIES_ID}", headers=HTML)
    shown = await answer.text()
    assert answer.headers["Content-Security-Policy"].count("frame-ancestors https://house.example") == 1
    assert words_of(shown) == {"night-0": "On sale", "night-2": "On sale"}
    assert 'href="/e/night-1"' not in shown
    assert "Cancelled" in shown
    assert f'href="/series/{SERIES_ID}"' in await page(engine, "/e/night-0")
    await pool.execute("UPDATE events SET status = 'draft'")
    assert (await engine.get(f"/series/{SERIES_ID}?fresh", headers=HTML)).status == 404
    assert (await engine.get("/series/ser_nothing", headers=HTML)).status == 404


async def test_the_date_is_chosen_on_the_page_of_each_event(engine: Client, publish, pool: asyncpg.Pool) -> None:
    await nights(publish, pool, 3, 4, 5)
    await pool.execute("UPDATE events SET sold_out = true WHERE slug = 'night-1'")
    html = await page(engine, "/e/night-2")
    assert words_of(html) == {"night-0": "On sale", "night-1": "Sold out", "night-2": "On sale"}
    assert re.findall(r'href="/e/([\w-]+)" aria-current="page"', html) == ["night-2"]
    assert "3 dates to come" in html


async def test_one_date_is_no_choice(engine: Client, publish, pool: asyncpg.Pool) -> None:
    await nights(publish, pool, 3, 4)
    await pool.execute("UPDATE events SET status = 'draft' WHERE slug <> 'night-0'")
    assert "Choose a date" not in await page(engine, "/e/night-0")


async def test_words_follow_what_is_left_of_a_date(monkeypatch: pytest.MonkeyPatch) -> None:
    left = {"none": {"a": "none", "b": "none"}, "few": {"a": "none", "b": "few"}, "plenty": {"a": "few", "b": "plenty"},
            "away": {}}  # fmt: skip

    async def levels_of(_request: object, date: SeriesDate) -> dict[str, str]:
        return left[date.id]

    monkeypatch.setattr(dates, "levels_of", levels_of)
    choices = await dates.choices_of(None, [_date("2027-04-01T03:00:00Z", id=name, phase="on_sale") for name in left])
    assert {one.date.id: one.words for one in choices} == {
        "none": "Sold out", "few": "Few left", "plenty": "On sale", "away": "On sale"
    }  # fmt: skip


@pytest.mark.parametrize(("at", "first"), [(0, 0), (1, 0), (10, 8), (19, 12)])
def test_dates_stand_around_the_one_that_is_read(at: int, first: int) -> None:
    every = [_date("2027-04-01T03:00:00Z", id=str(number)) for number in range(20)]
    assert [one.id for one in dates.around(every, str(at), 8)] == [str(number) for number in range(first, first + 8)]


async def test_lists_show_a_series_once_by_its_first_date_that_is_found(
    engine: Client, publish, pool: asyncpg.Pool
) -> None:
    await nights(publish, pool, 3, 4, 40)
    starts_at = now() + timedelta(days=50)
    await publish(slug="alone", starts_at=starts_at, ends_at=starts_at + timedelta(hours=2))
    html = await page(engine, "/")
    assert CARD.findall(html) == ["night-0", "alone"]
    assert html.count("and 2 more dates") == 1
    month_on = f"{now() + timedelta(days=30):%Y-%m-%d}"
    assert CARD.findall(await page(engine, f"/?from={month_on}")) == ["night-2", "alone"]
    every = (await (await engine.get("/v1/events")).json())["data"]
    assert [one["series_dates"] for one in every] == [3, 3, 3, 0], "programs are told of every date"
    await pool.execute("UPDATE events SET status = 'draft' WHERE slug <> 'alone'")
    await pool.execute("UPDATE events SET status = 'published' WHERE slug = 'night-1'")
    assert CARD.findall(await page(engine, "/?currency=CAD")) == ["night-1", "alone"]
    await pool.execute("UPDATE events SET status = 'published'")
    assert CARD.findall(await page(engine, "/?q=night")) == ["night-0", "alone"], (
        "what is listed again is of its series"
    )


async def test_all_dates_go_into_a_calendar(engine: Client, publish, pool: asyncpg.Pool) -> None:
    await nights(publish, pool, 3, 4)
    answer = await engine.get(f"/series/{SERIES_ID}/calendar.ics")
    assert (answer.status, answer.content_type) == (200, "text/calendar")
    assert (await answer.text()).count("BEGIN:VEVENT") == 2
    assert (await engine.get("/series/ser_nothing/calendar.ics")).status == 404
