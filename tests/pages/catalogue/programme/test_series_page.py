"""The calendar of a series, and the other dates on an event's page."""

from __future__ import annotations

from datetime import datetime, timedelta

import asyncpg

from engine.domain.catalogue.programme.series import SeriesDate
from engine.foundation.clock import now
from engine.pages.catalogue.programme.series import months_of
from tests.pages.conftest import HTML, Client
from tests.pages.forms import page


def _date(text: str) -> SeriesDate:
    starts_at = datetime.fromisoformat(text)
    return SeriesDate(
        id="evt_1", slug="one", title="One", starts_at=starts_at, ends_at=starts_at + timedelta(hours=1),
        timezone="America/New_York", status="published", phase="published",
    )  # fmt: skip


def test_a_calendar_has_the_months_and_days_of_the_place() -> None:
    late, other = _date("2027-04-01T03:00:00Z"), _date("2027-05-08T23:00:00Z")
    march, may = months_of([late, other])
    assert (march.title, may.title) == ("March 2027", "May 2027")
    days = [day for week in march.weeks for day in week]
    assert [day.number for day in days if day.dates] == [31], "it is still March in New York"
    assert all(len(week) == 7 for week in march.weeks)
    assert [day.number for day in march.weeks[0]] == list(range(1, 8)), "1 March 2027 is a Monday"


async def test_a_series_is_one_calendar_and_each_event_leads_to_it(engine: Client, publish, pool: asyncpg.Pool) -> None:
    moment = now() + timedelta(days=3)
    for number in range(3):
        starts_at = moment + timedelta(days=number)
        await publish(slug=f"night-{number}", starts_at=starts_at, ends_at=starts_at + timedelta(hours=2))
    organization_id = await pool.fetchval("SELECT organization_id FROM events LIMIT 1")
    series_id = "ser_01HZZZZZZZZZZZZZZZZZZZZZZZ"
    await pool.execute(
        "INSERT INTO series (id, organization_id, rrule) VALUES ($1, $2, 'FREQ=DAILY;COUNT=3')",
        series_id, organization_id,
    )  # fmt: skip
    await pool.execute("UPDATE events SET series_id = $1", series_id)
    await pool.execute("UPDATE events SET status = 'cancelled' WHERE slug = 'night-1'")
    shown = await page(engine, f"/series/{series_id}")
    assert 'href="/e/night-0"' in shown
    assert 'href="/e/night-1"' not in shown
    assert "Cancelled" in shown
    event = await page(engine, "/e/night-0")
    assert f'href="/series/{series_id}"' in event
    assert 'href="/e/night-2"' in event
    await pool.execute("UPDATE events SET status = 'draft'")
    assert (await engine.get(f"/series/{series_id}?fresh", headers=HTML)).status == 404
    assert (await engine.get("/series/ser_nothing", headers=HTML)).status == 404
