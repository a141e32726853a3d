"""Templates of events, and lists of events in CSV, over HTTP and real stores."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import asyncpg

from engine.domain.catalogue.programme.imports import ROWS_MAX
from engine.foundation import local_time
from tests.factories import NEXT_YEAR
from tests.web.organizer import Someone

ZONE = "America/New_York"
HEAD = "external_id,title,venue,starts_at,ends_at,currency,category"


def _local(text: str) -> str:
    """A moment of the year to come on the clocks of New York, which go forward on the second Sunday of March."""
    return local_time.instant(datetime.fromisoformat(f"{NEXT_YEAR}-{text}"), ZONE).isoformat()


def _wall(text: str) -> str:
    return local_time.wall(datetime.fromisoformat(text), ZONE).strftime("%m-%d %H:%M")


async def _template(organizer: Someone) -> tuple[dict[str, Any], dict[str, Any]]:
    """(the event it was taken from, the template)."""
    organization_id = await organizer.organization()
    venue_id = await organizer.venue(organization_id, timezone=ZONE)
    event = await organizer.event(
        organization_id, venue_id, title="Gala", starts_at=_local("02-20T20:00"), ends_at=_local("02-20T23:00"),
        taxes=[{"name": "GST", "rate_bp": 500}],
    )  # fmt: skip
    crew = await organizer.ticket_type(event["id"], name="Crew", categories=["Floor"], visibility="hidden")
    await organizer.ticket_type(event["id"], sales_end_at=_local("02-19T18:00"))
    await organizer.ok("PUT", f"/v1/events/{event['id']}/on-sale", {"opens_at": _local("02-01T10:00")})
    rules = {"gates": {"Crew": {"sections": [], "ticket_type_ids": [crew["id"]]}}}
    await organizer.ok("PUT", f"/v1/events/{event['id']}/on-sale", {"opens_at": _local("02-01T10:00")})
    await organizer.ok("PATCH", f"/v1/events/{event['id']}", {"entry_rules": rules}, headers={"If-Match": "*"})
    template = await organizer.ok("POST", f"/v1/events/{event['id']}/template", {"name": "Big night"}, 201)
    return event, template


async def _read_in(organizer: Someone, organization_id: str, *lines: str, dry_run: bool = False) -> dict[str, Any]:
    given = {"csv": "\n".join(lines), "dry_run": dry_run}
    return dict(await organizer.ok("POST", f"/v1/organizations/{organization_id}/events/import", given))


async def test_an_event_of_a_template_has_all_that_it_had_moved_along(register):
    organizer = await register()
    event, template = await _template(organizer)
    assert (template["title"], template["ticket_types"]) == ("Gala", ["Crew", "Regular"])
    await organizer.ok("DELETE", f"/v1/events/{event['id']}", status=204, headers={"If-Match": "*"})
    path = f"/v1/templates/{template['id']}/events"
    made = await organizer.ok("POST", path, {"starts_at": _local("03-20T19:00"), "title": "Gala II"}, 201)
    assert (made["title"], made["status"], made["taxes"]) == ("Gala II", "draft", event["taxes"])
    assert (_wall(made["starts_at"]), _wall(made["ends_at"])) == ("03-20 19:00", "03-20 22:00")
    kinds = {
        kind["name"]: kind for kind in (await organizer.ok("GET", f"/v1/events/{made['id']}/ticket-types"))["data"]
    }
    assert _wall(kinds["Regular"]["sales_end_at"]) == "03-19 18:00"
    assert made["entry_rules"]["gates"]["Crew"]["ticket_type_ids"] == [kinds["Crew"]["id"]]
    on_sale = await organizer.ok("GET", f"/v1/events/{made['id']}/on-sale")
    assert _wall(on_sale["opens_at"]) == "03-01 10:00"
    assert (await organizer.ok("POST", f"/v1/events/{made['id']}/publish"))["status"] == "published"


async def test_a_template_has_a_name_of_its_own_and_is_its_organizations(register):
    organizer, stranger = await register(), await register()
    event, template = await _template(organizer)
    await organizer.refused("template_name_taken", "POST", f"/v1/events/{event['id']}/template", {"name": "Big night"})
    listed = await organizer.ok("GET", f"/v1/organizations/{event['organization_id']}/templates")
    assert [one["id"] for one in listed["data"]] == [template["id"]]
    path = f"/v1/templates/{template['id']}"
    await stranger.refused("template_unknown", "POST", f"{path}/events", {"starts_at": _local("03-20T19:00")})
    await stranger.refused("template_unknown", "DELETE", path)
    await organizer.ok("DELETE", path, status=204)
    await organizer.refused("template_unknown", "DELETE", path)


async def test_a_template_whose_venue_is_gone_takes_another(register, pool: asyncpg.Pool):
    organizer = await register()
    event, template = await _template(organizer)
    await organizer.ok("DELETE", f"/v1/events/{event['id']}", status=204, headers={"If-Match": "*"})
    await organizer.ok("DELETE", f"/v1/venues/{event['venue_id']}", status=204, headers={"If-Match": "*"})
    path, given = f"/v1/templates/{template['id']}/events", {"starts_at": _local("03-20T19:00")}
    document = await organizer.refused("invalid", "POST", path, given)
    assert [fault["pointer"] for fault in document["errors"]] == ["/venue_id"]
    assert await pool.fetchval("SELECT count(*) FROM events") == 0
    other = await organizer.venue(event["organization_id"], timezone="Europe/Paris")
    made = await organizer.ok("POST", path, {**given, "venue_id": other}, 201)
    assert (made["venue"]["id"], made["timezone"]) == (other, "Europe/Paris")


async def test_a_list_is_tried_first_and_then_makes_a_draft_of_each_whole_row(register, pool: asyncpg.Pool):
    organizer = await register()
    organization_id = await organizer.organization()
    await organizer.venue(organization_id, name="Opera", timezone=ZONE)
    lines = [
        HEAD,
        f'a1,"Night, the first",opera,{NEXT_YEAR}-04-01 19:30,{NEXT_YEAR}-04-01 22:00,CAD,music',
        f"a2,Second,Nowhere,{NEXT_YEAR}-04-02 19:30,{NEXT_YEAR}-04-02 22:00,CAD,music",
        f"a3,Third,Opera,{NEXT_YEAR}-04-03 19:30,{NEXT_YEAR}-04-03 18:00,ZZZ,music",
        f",Fourth,Opera,{NEXT_YEAR}-04-04 19:30,{NEXT_YEAR}-04-04 22:00,CAD,music",
        f"a1,Fifth,Opera,{NEXT_YEAR}-04-05 19:30,{NEXT_YEAR}-04-05 22:00,CAD,music",
        "a6,Sixth,Opera,soon,later,CAD,music",
    ]
    tried = await _read_in(organizer, organization_id, *lines, dry_run=True)
    assert await pool.fetchval("SELECT count(*) FROM events") == 0
    assert tried["created"] == [{"external_id": "a1", "event_id": None}]
    assert [(fault["line"], fault["column"], fault["code"]) for fault in tried["faults"]] == [
        (3, "venue", "unknown_venue"),
        (4, "ends_at", "out_of_order"),
        (4, "currency", "unknown_currency"),
        (5, "external_id", "missing"),
        (6, "external_id", "duplicate"),
        (7, "starts_at", "invalid_value"),
    ]
    done = await _read_in(organizer, organization_id, *lines)
    assert done["faults"] == tried["faults"]
    [made] = done["created"]
    event = await organizer.ok("GET", f"/v1/events/{made['event_id']}")
    assert (event["title"], event["external_id"], event["status"]) == ("Night, the first", "a1", "draft")
    assert (_wall(event["starts_at"]), event["timezone"]) == ("04-01 19:30", ZONE)
    assert await pool.fetchval("SELECT count(*) FROM events") == 1, "a row with a fault makes nothing"


async def test_a_list_that_is_read_in_again_makes_nothing_twice(register, pool: asyncpg.Pool):
    organizer = await register()
    organization_id = await organizer.organization()
    await organizer.venue(organization_id)
    row = f"a1,Night,Opera,{NEXT_YEAR}-04-01 19:30,{NEXT_YEAR}-04-01 22:00,CAD,music"
    await _read_in(organizer, organization_id, HEAD, row)
    again = await _read_in(organizer, organization_id, HEAD, row.replace("Night", "Other"), row.replace("a1", "a2"))
    assert (again["known"], [one["external_id"] for one in again["created"]]) == (["a1"], ["a2"])
    assert {row["title"] for row in await pool.fetch("SELECT title FROM events")} == {"Night"}
    other = await organizer.organization()
    await organizer.venue(other)
    assert len((await _read_in(organizer, other, HEAD, row))["created"]) == 1, "names are an organization's own"


async def test_a_row_may_be_of_a_template_and_brings_its_ticket_types(register, pool: asyncpg.Pool):
    organizer = await register()
    event, _ = await _template(organizer)
    head = "external_id,title,venue,starts_at,template,currency"
    rows = [
        f"b1,One,{event['venue_id']},{NEXT_YEAR}-04-01 19:30,BIG NIGHT,",
        f"b2,Two,Opera,{NEXT_YEAR}-04-02 19:30,None,",
        f"b3,Three,Opera,{NEXT_YEAR}-04-03 19:30,Big night,USD",
    ]
    done = await _read_in(organizer, event["organization_id"], head, *rows)
    [made] = done["created"]
    assert [(fault["column"], fault["code"]) for fault in done["faults"]] == [
        ("template", "unknown_template"), ("currency", "of_template")
    ]  # fmt: skip
    kinds = await organizer.ok("GET", f"/v1/events/{made['event_id']}/ticket-types")
    assert [kind["name"] for kind in kinds["data"]] == ["Crew", "Regular"]
    assert await pool.fetchval("SELECT count(*) FROM ticket_types") == 4


async def test_a_list_that_is_none_is_refused_whole(register):
    organizer = await register()
    organization_id = await organizer.organization()
    path = f"/v1/organizations/{organization_id}/events/import"
    lists = {
        "missing_column": "external_id,title\na,b",
        "unknown_column": HEAD + ",colour\n",
        "malformed_csv": HEAD + '\n"a,b',
        "empty": " \n \n",
        "too_many": HEAD + "\n" + "a,b,c,d,e,f,g\n" * (ROWS_MAX + 1),
    }
    for code, text in lists.items():
        document = await organizer.refused("invalid", "POST", path, {"csv": text})
        assert [(fault["pointer"], fault["code"]) for fault in document["errors"]] == [("/csv", code)]
    stranger = await register()
    await stranger.refused("forbidden", "POST", path, {"csv": HEAD})


async def test_five_hundred_rows_are_read_in_at_once(register, pool: asyncpg.Pool):
    organizer = await register()
    organization_id = await organizer.organization()
    await organizer.venue(organization_id)
    moment = datetime.fromisoformat(f"{NEXT_YEAR}-04-01")
    rows = [
        f"r{n},Night {n},Opera,{moment + timedelta(days=n)},{moment + timedelta(days=n, hours=2)},CAD,music"
        for n in range(ROWS_MAX)
    ]
    done = await _read_in(organizer, organization_id, HEAD, *rows)
    assert (len(done["created"]), done["faults"]) == (ROWS_MAX, [])
    assert await pool.fetchval("SELECT count(*) FROM events") == ROWS_MAX
