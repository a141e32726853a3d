"""Phases, planned publication, previews and the archive, over HTTP and real stores."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from engine.domain.catalogue.phases import PHASES, WORDS
from engine.services import appkeys
from tests.web.organizer import CHART, Someone, at


async def _draft(organizer: Someone, **more: Any) -> dict[str, Any]:
    """A draft that lacks nothing."""
    organization_id = await organizer.organization()
    event = await organizer.event(organization_id, await organizer.venue(organization_id), **more)
    await organizer.ticket_type(event["id"])
    await organizer.ok("PUT", f"/v1/events/{event['id']}/on-sale", {"opens_at": at(-1)})
    return event


@pytest.mark.parametrize(
    ("columns", "phase"),
    [
        ("archived_at = now()", "archived"),
        ("status = 'cancelled'", "cancelled"),
        ("status = 'completed'", "completed"),
        ("starts_at = now() - interval '9 hours', ends_at = now() - interval '1 hour'", "completed"),
        ("starts_at = now() - interval '1 hour', sold_out = true", "ongoing"),
        ("sold_out = true", "sold_out"),
        ("sold_out = false", "on_sale"),
        ("status = 'draft', sold_out = true", "draft"),
    ],
)
async def test_the_phase_of_an_event_follows_from_its_status_and_the_clock(
    register, pool: asyncpg.Pool, columns: str, phase: str
):
    organizer = await register()
    event = await organizer.published()
    assert (event["status"], event["phase"]) == ("published", "on_sale")
    await pool.execute(f"UPDATE events SET {columns}")
    path = f"/v1/organizations/{event['organization_id']}/events"
    found = {one: (await organizer.ok("GET", f"{path}?phase={one}"))["data"] for one in PHASES}
    assert {one for one, rows in found.items() if rows} == {phase}
    assert [row["phase"] for row in found[phase]] == [phase]
    assert (await organizer.ok("GET", f"/v1/events/{event['id']}"))["phase"] == phase


@pytest.mark.parametrize(
    ("columns", "phase"),
    [
        ("opens_at = now() + interval '1 hour'", "published"),
        ("closes_at = now() - interval '1 minute'", "sales_ended"),
        ("closes_at = now() + interval '1 hour'", "on_sale"),
    ],
)
async def test_before_and_after_its_sale_an_event_is_not_on_sale(
    register, pool: asyncpg.Pool, columns: str, phase: str
):
    organizer = await register()
    event = await organizer.published()
    await pool.execute(f"UPDATE on_sales SET {columns}")
    assert (await organizer.ok("GET", f"/v1/events/{event['id']}"))["phase"] == phase


async def test_a_suspended_organization_has_nothing_on_sale(register, guest, pool: asyncpg.Pool):
    event = await (await register()).published()
    await pool.execute("UPDATE organizations SET status = 'suspended'")
    assert (await guest.ok("GET", f"/v1/events/{event['id']}"))["phase"] == "sales_ended"


async def test_every_phase_has_its_words_and_no_other_is_asked_for(register):
    assert WORDS.keys() == set(PHASES)
    organizer = await register()
    organization_id = await organizer.organization()
    await organizer.refused("malformed", "GET", f"/v1/organizations/{organization_id}/events?phase=nearly")


async def test_what_is_put_away_is_on_no_list_and_does_not_change(register):
    organizer = await register()
    draft = await _draft(organizer)
    path = f"/v1/events/{draft['id']}"
    listed = f"/v1/organizations/{draft['organization_id']}/events"
    put_away = await organizer.ok("POST", f"{path}/archive")
    assert (put_away["phase"], put_away["status"]) == ("archived", "draft")
    assert (await organizer.ok("POST", f"{path}/archive"))["version"] == put_away["version"], "twice is fine"
    assert (await organizer.ok("GET", listed))["data"] == []
    assert [row["id"] for row in (await organizer.ok("GET", f"{listed}?phase=archived"))["data"]] == [draft["id"]]
    await organizer.refused("event_frozen", "PATCH", path, {"title": "B"}, headers={"If-Match": "*"})
    await organizer.refused("event_archived", "POST", f"{path}/publish")
    await organizer.refused("event_archived", "PUT", f"{path}/publication", {"publish_at": at(1)})
    assert (await organizer.ok("POST", f"{path}/restore"))["phase"] == "draft"
    published = await organizer.ok("POST", f"{path}/publish")
    document = await organizer.refused("event_not_over", "POST", f"{path}/archive")
    assert (published["phase"], document["phase"]) == ("on_sale", "on_sale")


async def test_a_draft_is_published_by_itself_when_its_time_has_come(catalogue, register, guest, pool: asyncpg.Pool):
    organizer = await register()
    draft = await _draft(organizer)
    path, publication = f"/v1/events/{draft['id']}", catalogue.app[appkeys.PUBLICATION]
    planned = await organizer.ok("PUT", f"{path}/publication", {"publish_at": at(2)})
    assert (planned["status"], planned["publish_at"] is not None) == ("draft", True)
    assert await publication.step() == 0, "its time has not come"
    await guest.refused("event_unknown", "GET", path)
    await pool.execute("UPDATE events SET publish_at = now()")
    assert await publication.step() == 1
    assert await publication.step() == 0
    shown = await guest.ok("GET", path)
    assert (shown["status"], shown["publish_at"], shown["units"]) == ("published", None, 100)
    assert shown["version"] > planned["version"]
    lines = await pool.fetch("SELECT action FROM audit_log WHERE target = $1 ORDER BY id", draft["id"])
    assert [line["action"] for line in lines][-2:] == ["event.publication_planned", "event.published"]
    assert await pool.fetchval("SELECT actor_kind FROM audit_log WHERE action = 'event.published'") == "system"


async def test_a_planned_publication_that_lacks_something_says_what(catalogue, register, guest, pool: asyncpg.Pool):
    organizer = await register()
    draft = await _draft(organizer)
    path, publication = f"/v1/events/{draft['id']}", catalogue.app[appkeys.PUBLICATION]
    await organizer.ok("PUT", f"{path}/publication", {"publish_at": at(2)})
    await organizer.ok(
        "PUT", f"/v1/venues/{draft['venue_id']}/seating-chart", {**CHART, "sections": CHART["sections"][1:]}
    )
    await pool.execute("UPDATE events SET publish_at = now()")
    assert await publication.step() == 1
    assert await publication.step() == 0, "a plan that failed is over"
    seen = await organizer.ok("GET", path)
    assert (seen["status"], seen["publish_at"]) == ("draft", None)
    assert seen["publication_failed"]["missing"] == ["ticket_type_categories"]
    await guest.refused("event_unknown", "GET", path)
    assert await pool.fetchval("SELECT count(*) FROM audit_log WHERE action = 'event.publication_failed'") == 1
    again = await organizer.ok("PUT", f"{path}/publication", {"publish_at": at(2)})
    assert again["publication_failed"] is None


async def test_a_plan_is_called_off(catalogue, register, pool: asyncpg.Pool):
    organizer = await register()
    draft = await _draft(organizer)
    path = f"/v1/events/{draft['id']}"
    await organizer.ok("PUT", f"{path}/publication", {"publish_at": at(2)})
    off = await organizer.ok("DELETE", f"{path}/publication")
    assert off["publish_at"] is None
    assert (await organizer.ok("DELETE", f"{path}/publication"))["version"] == off["version"], "twice is fine"
    assert await catalogue.app[appkeys.PUBLICATION].step() == 0
    assert await pool.fetchval("SELECT status FROM events") == "draft"


async def test_a_plan_lies_ahead_of_now_and_before_the_end(register):
    organizer = await register()
    draft = await _draft(organizer)
    path = f"/v1/events/{draft['id']}/publication"
    for moment in (at(-1), at(40)):
        document = await organizer.refused("invalid", "PUT", path, {"publish_at": moment})
        assert [fault["pointer"] for fault in document["errors"]] == ["/publish_at"]
    await organizer.ok("POST", f"/v1/events/{draft['id']}/publish")
    await organizer.refused("event_not_draft", "PUT", path, {"publish_at": at(1)})


async def test_only_those_who_publish_plan_a_publication(register):
    draft = await _draft(await register())
    stranger = await register()
    await stranger.refused("event_unknown", "PUT", f"/v1/events/{draft['id']}/publication", {"publish_at": at(1)})
    await stranger.refused("event_unknown", "POST", f"/v1/events/{draft['id']}/preview")
