"""Series over HTTP and real stores: made by a rule, changed one, all, or from one on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import asyncpg

from engine.foundation import local_time
from tests.factories import NEXT_YEAR
from tests.web.organizer import Someone, at

PARIS = "Europe/Paris"
ANY = {"If-Match": "*"}


def _paris(text: str) -> datetime:
    """A day and hour of the year to come, on the clocks of Paris, which go forward in the last days of March."""
    return local_time.instant(datetime.fromisoformat(f"{NEXT_YEAR}-{text}"), PARIS)


START = _paris("03-20T20:00")


def _wall(text: str) -> datetime:
    return local_time.wall(datetime.fromisoformat(text), PARIS)


async def _weekly(organizer: Someone, count: int = 4, **more: Any) -> tuple[dict[str, Any], list[str]]:
    """(the event that was repeated, the ids of all)."""
    organization_id = await organizer.organization()
    venue_id = await organizer.venue(organization_id, timezone=PARIS)
    event = await organizer.event(
        organization_id, venue_id, starts_at=START.isoformat(), ends_at=(START + timedelta(hours=3)).isoformat(), **more
    )
    await organizer.ticket_type(event["id"])
    closes_at = (START - timedelta(hours=1)).isoformat()
    await organizer.ok("PUT", f"/v1/events/{event['id']}/on-sale", {"opens_at": at(1), "closes_at": closes_at})
    given = {"rrule": f"FREQ=WEEKLY;COUNT={count}"}
    made = await organizer.ok("POST", f"/v1/events/{event['id']}/series", given, 201)
    return {**event, "series_id": made["series_id"]}, made["event_ids"]


async def _read(organizer: Someone, ids: list[str]) -> list[dict[str, Any]]:
    return [await organizer.ok("GET", f"/v1/events/{event_id}") for event_id in ids]


async def test_a_series_counts_its_first_event_and_keeps_the_local_hour(register):
    organizer = await register()
    event, ids = await _weekly(organizer)
    events = await _read(organizer, ids)
    assert (len(ids), ids[0]) == (4, event["id"])
    assert [_wall(one["starts_at"]) for one in events] == [
        local_time.wall(START, PARIS) + timedelta(days=7 * n) for n in range(4)
    ]
    assert {_wall(one["ends_at"]).hour for one in events} == {23}
    assert {one["series_id"] for one in events} == {event["series_id"]}
    assert {one["description"] for one in events} == {event["description"]}
    assert len({one["slug"] for one in events}) == 4
    for one in events[1:]:
        on_sale = await organizer.ok("GET", f"/v1/events/{one['id']}/on-sale")
        assert on_sale["opens_at"] == (await organizer.ok("GET", f"/v1/events/{ids[0]}/on-sale"))["opens_at"]
        assert _wall(on_sale["closes_at"]) == _wall(one["starts_at"]) - timedelta(hours=1)
        kinds = await organizer.ok("GET", f"/v1/events/{one['id']}/ticket-types")
        assert [kind["name"] for kind in kinds["data"]] == ["Regular"]


async def test_a_series_is_shown_to_fans_as_far_as_it_is_published(register, guest):
    organizer = await register()
    event, ids = await _weekly(organizer)
    path = f"/v1/series/{event['series_id']}"
    await guest.refused("series_unknown", "GET", path)
    await organizer.ok("POST", f"/v1/events/{ids[2]}/publish")
    assert [one["id"] for one in (await guest.ok("GET", path))["events"]] == [ids[2]]
    assert [one["id"] for one in (await organizer.ok("GET", path))["events"]] == ids
    done = await organizer.ok("POST", f"{path}/publish")
    assert (done["published"], done["incomplete"]) == ([ids[0], ids[1], ids[3]], [])
    shown = await guest.ok("GET", path)
    assert (shown["title"], [one["phase"] for one in shown["events"]]) == (event["title"], ["published"] * 4)
    stranger = await register()
    await stranger.refused("forbidden", "POST", f"{path}/publish")


async def test_a_series_is_published_but_for_what_lacks_something(register):
    organizer = await register()
    event, ids = await _weekly(organizer, 3)
    [kind] = (await organizer.ok("GET", f"/v1/events/{ids[1]}/ticket-types"))["data"]
    await organizer.ok("DELETE", f"/v1/ticket-types/{kind['id']}", headers=ANY)
    done = await organizer.ok("POST", f"/v1/series/{event['series_id']}/publish")
    assert done["published"] == [ids[0], ids[2]]
    assert done["incomplete"] == [{"event_id": ids[1], "missing": ["ticket_types"]}]


async def test_a_change_is_for_one_date_or_for_all_or_from_one_on(register):
    organizer = await register()
    _, ids = await _weekly(organizer)

    async def change(which: int, apply: str, **given: Any) -> None:
        await organizer.ok("PATCH", f"/v1/events/{ids[which]}?apply={apply}", given, headers=ANY)

    await change(1, "this", title="Premiere")
    await change(2, "following", summary="With a guest")
    await change(0, "all", description="Shared")
    events = await _read(organizer, ids)
    assert [one["title"] == "Premiere" for one in events] == [False, True, False, False]
    assert [one["summary"] for one in events] == ["", "", "With a guest", "With a guest"]
    assert {one["description"] for one in events} == {"Shared"}


async def test_another_hour_is_another_hour_on_every_date_whatever_the_clocks_do(register):
    organizer = await register()
    _, ids = await _weekly(organizer)
    early = _paris("03-27T18:30")
    await organizer.ok("PATCH", f"/v1/events/{ids[1]}", {"starts_at": early.isoformat()}, headers=ANY)
    first = _paris("03-21T21:00")  # a day and an hour later
    given = {"starts_at": first.isoformat(), "ends_at": (first + timedelta(hours=2)).isoformat()}
    await organizer.ok("PATCH", f"/v1/events/{ids[0]}?apply=all", given, headers=ANY)
    events = await _read(organizer, ids)
    assert [f"{_wall(one['starts_at']):%m-%d %H:%M}" for one in events] == [
        "03-21 21:00", "03-28 19:30", "04-04 21:00", "04-11 21:00"
    ], "the date that was moved alone keeps its difference"  # fmt: skip
    assert {_wall(one["ends_at"]) - _wall(one["starts_at"]) for one in events} == {timedelta(hours=2)}


async def test_a_change_that_one_date_refuses_changes_none(register, pool: asyncpg.Pool):
    organizer = await register()
    _, ids = await _weekly(organizer, 3)
    await organizer.ok("POST", f"/v1/events/{ids[2]}/publish")
    document = await organizer.refused(
        "event_frozen", "PATCH", f"/v1/events/{ids[0]}?apply=all", {"currency": "USD", "title": "Dear"}, headers=ANY
    )
    assert document["fields"] == ["currency"]
    assert {one["currency"] for one in await _read(organizer, ids)} == {"CAD"}
    assert await pool.fetchval("SELECT count(*) FROM events WHERE title = 'Dear'") == 0


async def test_what_is_cancelled_or_stale_is_left_alone(register):
    organizer = await register()
    event, ids = await _weekly(organizer, 3)
    await organizer.ok("POST", f"/v1/series/{event['series_id']}/publish")
    await organizer.ok("POST", f"/v1/events/{ids[1]}/cancel", {})
    path = f"/v1/events/{ids[0]}?apply=all"
    await organizer.refused("precondition_failed", "PATCH", path, {"title": "B"}, headers={"If-Match": '"1"'})
    await organizer.ok("PATCH", path, {"title": "B"}, headers=ANY)
    assert [one["title"] == "B" for one in await _read(organizer, ids)] == [True, False, True]
    await organizer.refused("event_frozen", "PATCH", f"/v1/events/{ids[1]}?apply=all", {"title": "C"}, headers=ANY)


async def test_ticket_holders_of_every_date_are_told_of_another_hour(register, pool: asyncpg.Pool):
    organizer = await register()
    event, ids = await _weekly(organizer, 3)
    await organizer.ok("POST", f"/v1/series/{event['series_id']}/publish")
    given = {"starts_at": _paris("03-27T21:00").isoformat(), "message": "The band is late"}
    await organizer.ok("PATCH", f"/v1/events/{ids[1]}?apply=following", given, headers=ANY)
    told = await pool.fetch("SELECT event_id, message FROM event_news ORDER BY event_id")
    assert [(row["event_id"], row["message"]) for row in told] == [(one, given["message"]) for one in sorted(ids[1:])]


async def test_an_event_is_in_one_series_and_one_alone_is_changed_alone(register):
    organizer = await register()
    _, ids = await _weekly(organizer, 2)
    rule = {"rrule": "FREQ=DAILY;COUNT=2"}
    document = await organizer.refused("event_in_series", "POST", f"/v1/events/{ids[0]}/series", rule)
    assert document["series_id"]
    organization_id = await organizer.organization()
    alone = await organizer.event(organization_id, await organizer.venue(organization_id))
    path = f"/v1/events/{alone['id']}"
    await organizer.refused("event_not_in_series", "PATCH", f"{path}?apply=all", {"title": "B"}, headers=ANY)
    await organizer.refused("malformed", "PATCH", f"{path}?apply=some", {"title": "B"}, headers=ANY)
    await organizer.refused("malformed", "PATCH", f"{path}?aply=all", {"title": "B"}, headers=ANY)
    copied = await organizer.ok("POST", f"/v1/events/{ids[0]}/copy", {"starts_at": at(90)}, 201)
    assert copied["series_id"] is None


async def _asked(organizer: Someone, event_id: str) -> dict[str, Any]:
    return await organizer.ok("GET", f"/v1/events/{event_id}/questions")


async def _labels(organizer: Someone, ids: list[str]) -> list[list[str]]:
    every = [await _asked(organizer, event_id) for event_id in ids]
    return [[each["label"] for each in one["questions"] if not each["retired"]] for one in every]


async def test_questions_are_for_one_date_or_for_all_or_from_one_on(register):
    organizer = await register()
    _, ids = await _weekly(organizer)

    async def ask(which: int, apply: str, *labels: str, **more: Any) -> None:
        given = {"questions": [{"label": label} for label in labels], **more}
        await organizer.ok("PUT", f"/v1/events/{ids[which]}/questions?apply={apply}", given)

    await ask(0, "all", "Diet", named_tickets="optional")
    await ask(1, "this", "Shirt")
    await ask(2, "following", "Allergies", "Diet")
    assert await _labels(organizer, ids) == [["Diet"], ["Shirt"], ["Allergies", "Diet"], ["Allergies", "Diet"]]
    assert {(await _asked(organizer, one))["named_tickets"] for one in ids} == {"optional"}


async def test_another_date_knows_a_question_under_an_id_of_its_own_and_keeps_its_answers(register):
    organizer = await register()
    event, ids = await _weekly(organizer, 3)
    path = f"/v1/events/{ids[0]}/questions"
    await organizer.ok("PUT", f"{path}?apply=all", {"questions": [{"label": "Shirt", "kind": "text"}]})
    await organizer.ok("POST", f"/v1/series/{event['series_id']}/publish")
    await organizer.ok("POST", f"/v1/events/{ids[2]}/cancel", {})
    before = [(await _asked(organizer, one))["questions"] for one in ids]
    worded = {**before[0][0], "label": "Shirt size"}
    await organizer.ok("PUT", f"{path}?apply=all", {"questions": [worded]})
    after = [(await _asked(organizer, one))["questions"] for one in ids]
    assert len({one[0]["id"] for one in after}) == 3
    assert [[each["id"] for each in one] for one in after] == [[each["id"] for each in one] for one in before]
    assert [one[0]["label"] for one in after] == ["Shirt size", "Shirt size", "Shirt"], "what is cancelled stays"


async def test_questions_that_one_date_refuses_change_none(register):
    organizer = await register()
    _, ids = await _weekly(organizer, 2)
    path = f"/v1/events/{ids[0]}/questions"
    given = {"questions": [{"label": "Mine", "kind": "choice", "choices": ["one"]}]}
    await organizer.refused("invalid", "PUT", f"{path}?apply=all", given)
    assert await _labels(organizer, ids) == [[], []]
    await organizer.refused("malformed", "PUT", f"{path}?apply=some", {"questions": []})
    organization_id = await organizer.organization()
    alone = await organizer.event(organization_id, await organizer.venue(organization_id))
    asked = f"/v1/events/{alone['id']}/questions?apply=following"
    await organizer.refused("event_not_in_series", "PUT", asked, {"questions": []})


async def test_a_rule_that_is_refused_makes_nothing(register, pool: asyncpg.Pool):
    organizer = await register()
    organization_id = await organizer.organization()
    event = await organizer.event(organization_id, await organizer.venue(organization_id))
    path = f"/v1/events/{event['id']}/series"
    document = await organizer.refused("invalid", "POST", path, {"rrule": "FREQ=WEEKLY"})
    assert [fault["pointer"] for fault in document["errors"]] == ["/rrule"]
    await organizer.refused("invalid", "POST", path, {"rrule": "FREQ=WEEKLY", "count": 201})
    assert await pool.fetchval("SELECT count(*) FROM events") == 1
    assert await pool.fetchval("SELECT count(*) FROM series") == 0
    await (await register()).refused("event_unknown", "POST", path, {"rrule": "FREQ=WEEKLY;COUNT=2"})
