"""Venues and their seating charts."""

from __future__ import annotations

import copy

import asyncpg
import pytest

from engine.domain.catalogue.venues import CHART_BYTES_MAX
from tests.web.organizer import CHART


async def test_a_chart_says_what_it_holds(register):
    organizer = await register()
    venue_id = await organizer.venue(await organizer.organization(), chart=None)
    facts = await organizer.ok("PUT", f"/v1/venues/{venue_id}/seating-chart", CHART, 200)
    assert facts["units"] == 100
    assert [(s["name"], s["kind"], s["first_unit"], s["units"]) for s in facts["sections"]] == [
        ("Stalls", "seated", 0, 40),
        ("Floor", "general", 40, 60),
    ]
    assert len(facts["etag"]) == 64
    venue = await organizer.ok("GET", f"/v1/venues/{venue_id}")
    assert (venue["units"], venue["categories"], venue["chart_etag"]) == (100, ["Stalls", "Floor"], facts["etag"])
    again = await organizer.ask("GET", f"/v1/venues/{venue_id}/seating-chart")
    assert await again.json() == CHART
    fresh = await organizer.ask(
        "GET", f"/v1/venues/{venue_id}/seating-chart", headers={"If-None-Match": again.headers["ETag"]}
    )
    assert fresh.status == 304


async def test_a_chart_is_refused_with_a_pointer_for_every_fault(register, pool: asyncpg.Pool):
    organizer = await register()
    venue_id = await organizer.venue(await organizer.organization())
    broken = copy.deepcopy(CHART)
    broken["sections"][0]["rows"][1]["name"] = "A"
    broken["sections"][1]["capacity"] = 0
    document = await organizer.refused("invalid", "PUT", f"/v1/venues/{venue_id}/seating-chart", broken)
    assert document["status"] == 422
    assert [fault["pointer"] for fault in document["errors"]] == ["/sections/0/rows/1/name", "/sections/1/capacity"]
    assert await pool.fetchval("SELECT chart_units FROM venues") == 100


async def test_two_seats_of_a_row_do_not_stand_on_one_spot(register, pool: asyncpg.Pool):
    organizer = await register()
    venue_id = await organizer.venue(await organizer.organization(), chart=None)
    seats = [{"name": "1", "x": 0}, {"name": "2", "x": 1}, {"name": "3", "x": 0.0}]
    row = {"name": "A", "y": 0, "seats": seats}
    chart = {"focal_point": {"x": 0, "y": 0}, "sections": [{"name": "S", "kind": "seated", "rows": [row]}]}
    document = await organizer.refused("invalid", "PUT", f"/v1/venues/{venue_id}/seating-chart", chart)
    assert document["errors"] == [
        {"pointer": "/sections/0/rows/0/seats/2/x", "code": "overlap", "message": '"1" stands at the same place'}
    ]
    assert await pool.fetchval("SELECT chart_units FROM venues") is None


async def test_two_rows_of_a_section_do_not_stand_on_one_spot(register, pool: asyncpg.Pool):
    organizer = await register()
    venue_id = await organizer.venue(await organizer.organization(), chart=None)
    counted = {"name": "A", "y": 2, "first": 1, "count": 10, "x0": -0.3, "pitch": 0.1}
    crossing = {"name": "B", "y": 2.0, "seats": [{"name": "1", "x": 8}, {"name": "2", "x": 0.5}]}
    behind = {**counted, "name": "C", "y": 3}
    section = {"name": "S", "kind": "seated", "rows": [counted, crossing, behind]}
    chart = {"focal_point": {"x": 0, "y": 0}, "sections": [section, {**section, "name": "T", "rows": [counted]}]}
    document = await organizer.refused("invalid", "PUT", f"/v1/venues/{venue_id}/seating-chart", chart)
    assert document["errors"] == [
        {
            "pointer": "/sections/0/rows/1/y",
            "code": "overlap",
            "message": 'seats of row "A" stand at the same places',
        }
    ]
    assert await pool.fetchval("SELECT chart_units FROM venues") is None


async def test_a_chart_larger_than_the_limit_is_not_read(register, catalogue):
    organizer = await register()
    venue_id = await organizer.venue(await organizer.organization(), chart=None)
    response = await catalogue.put(
        f"/v1/venues/{venue_id}/seating-chart",
        data=b" " * (CHART_BYTES_MAX + 1),
        headers={"Authorization": f"Bearer {organizer.token}", "Content-Type": "application/json"},
    )
    assert (response.status, (await response.json())["code"]) == (413, "too_large")


@pytest.mark.parametrize("body", [b"[" * 5_000, b'{"deep":' + b"[" * 5_000 + b"]" * 5_000 + b"}", b'"\xed\xa0\x80"'])
async def test_what_no_reader_of_json_takes_is_a_chart_with_a_fault(register, body: bytes):
    organizer = await register()
    venue_id = await organizer.venue(await organizer.organization(), chart=None)
    headers = {"Content-Type": "application/json"}
    path = f"/v1/venues/{venue_id}/seating-chart"
    refused = await organizer.ask("PUT", path, data=body, headers=headers)
    told = await refused.json()
    assert (refused.status, [fault["code"] for fault in told["errors"]]) == (422, ["malformed_json"])


async def test_a_venue_is_refused_with_every_fault_at_once(register):
    organizer = await register()
    organization_id = await organizer.organization()
    given = {"organization_id": organization_id, "name": "", "lat": 91, "timezone": 5}
    document = await organizer.refused("invalid", "POST", "/v1/venues", given)
    assert [fault["pointer"] for fault in document["errors"]] == ["/name", "/lat", "/timezone"]
    given = {"organization_id": organization_id, "name": "A", "lat": 9, "timezone": "Mars/Olympus"}
    document = await organizer.refused("invalid", "POST", "/v1/venues", given)
    assert [fault["pointer"] for fault in document["errors"]] == ["/timezone", "/lat"]


async def test_the_events_of_a_venue_nobody_knows_are_not_an_empty_list(register, guest):
    organizer = await register()
    event = await organizer.published()
    hidden = await organizer.venue(await organizer.organization())
    (listed,) = (await guest.ok("GET", f"/v1/venues/{event['venue_id']}/events"))["data"]
    assert listed["id"] == event["id"]
    for venue_id in ("nothing", "ven_01ARZ3NDEKTSV4RRFFQ69G5FAV", event["id"], hidden):
        await guest.refused("venue_unknown", "GET", f"/v1/venues/{venue_id}/events")
    assert (await organizer.ok("GET", f"/v1/venues/{hidden}/events"))["data"] == []


async def test_a_venue_is_changed_with_its_version_and_the_queue_pages_card_follows(register, pool: asyncpg.Pool):
    organizer = await register()
    event = await organizer.published()
    path = f"/v1/venues/{event['venue_id']}"
    await organizer.refused("precondition_required", "PATCH", path, {"name": "New Hall"})
    await organizer.refused("precondition_failed", "PATCH", path, {"name": "New Hall"}, headers={"If-Match": '"99"'})
    etag = await organizer.etag(path)
    changed = await organizer.ok("PATCH", path, {"name": "New Hall", "lat": None}, headers={"If-Match": etag})
    assert (changed["name"], changed["lat"], changed["city"]) == ("New Hall", None, "Vancouver")
    assert (await pool.fetchval("SELECT card FROM on_sales"))["venue"] == "New Hall"


async def test_a_venue_where_events_take_place_stays(register):
    organizer = await register()
    organization_id = await organizer.organization()
    used, unused = await organizer.venue(organization_id), await organizer.venue(organization_id)
    await organizer.event(organization_id, used)
    await organizer.refused("precondition_required", "DELETE", f"/v1/venues/{unused}")
    await organizer.refused("venue_in_use", "DELETE", f"/v1/venues/{used}", headers={"If-Match": "*"})
    await organizer.ok("DELETE", f"/v1/venues/{unused}", status=204, headers={"If-Match": "*"})
    await organizer.refused("venue_unknown", "GET", f"/v1/venues/{unused}")


async def test_a_strangers_venue_shows_only_once_something_public_takes_place_there(register, guest):
    organizer, stranger = await register(), await register()
    hidden = await organizer.venue(await organizer.organization())
    for someone in (guest, stranger):
        await someone.refused("venue_unknown", "GET", f"/v1/venues/{hidden}")
        await someone.refused("venue_unknown", "GET", f"/v1/venues/{hidden}/seating-chart")
    await stranger.refused("venue_unknown", "PUT", f"/v1/venues/{hidden}/seating-chart", CHART)
    event = await organizer.published()
    shown = f"/v1/venues/{event['venue_id']}"
    await guest.ok("GET", shown)
    await stranger.refused("forbidden", "PATCH", shown, {"name": "Mine"}, headers={"If-Match": "*"})
    await stranger.refused("forbidden", "DELETE", shown, headers={"If-Match": "*"})
    await stranger.refused("forbidden", "PUT", f"{shown}/seating-chart", CHART)
    assert [each["id"] for each in (await guest.ok("GET", f"{shown}/events"))["data"]] == [event["id"]]


async def test_venues_are_listed_to_their_organization_page_by_page(register):
    organizer, stranger = await register(), await register()
    organization_id = await organizer.organization()
    made = [await organizer.venue(organization_id, chart=None) for _ in range(3)]
    first = await organizer.ok("GET", f"/v1/venues?organization_id={organization_id}&limit=2")
    assert (first["has_more"], [each["id"] for each in first["data"]]) == (True, made[:2])
    rest = await organizer.ok(
        "GET", f"/v1/venues?organization_id={organization_id}&limit=2&cursor={first['next_cursor']}"
    )
    assert (rest["has_more"], rest["next_cursor"], [each["id"] for each in rest["data"]]) == (False, None, made[2:])
    await stranger.refused("forbidden", "GET", f"/v1/venues?organization_id={organization_id}")
    await organizer.refused("malformed", "GET", "/v1/venues")
    await organizer.refused("malformed", "GET", f"/v1/venues?organization_id={organization_id}&cursor=AAAA")
