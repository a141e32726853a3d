"""Plans, previews, the archive, series, templates and lists of events in the admin app."""

from __future__ import annotations

import re
from datetime import datetime

from engine.foundation import local_time
from engine.services.wiring import Services
from tests.admin.organizer import Organizer
from tests.factories import NEXT_YEAR

LATER = f"{NEXT_YEAR}-02-01T10:00"


async def _draft(organizer: Organizer, chart: str) -> tuple[str, str]:
    """(organization, event) of a draft that lacks nothing."""
    organization_id = await organizer.organization()
    event_id = await organizer.event(organization_id, await organizer.venue(organization_id, chart), title="Gala")
    kinds = [("name", "Regular"), ("price", "45.00"), ("categories", "Stalls"), ("taxable", "true")]
    assert (await organizer.post(f"/events/{event_id}/ticket-types", kinds)).status == 200
    assert (await organizer.post(f"/events/{event_id}/on-sale", {"opens_at": "2026-01-01T10:00"})).status == 200
    return organization_id, event_id


async def test_a_publication_is_planned_called_off_and_carried_out(
    organizer: Organizer, services: Services, chart: str
) -> None:
    _, event_id = await _draft(organizer, chart)
    at = f"/events/{event_id}"
    page = await organizer.post(at + "/plan", {"publish_at": LATER})
    assert "It goes public by itself on" in page.words
    assert "1 Feb" in page.words
    assert "Call it off" not in (await organizer.post(at + "/unplan", {})).words
    past = await organizer.post(at + "/plan", {"publish_at": "2020-01-01T10:00"})
    assert (past.status, "This moment has passed" in past.words) == (422, True)
    assert (await organizer.post(at + "/plan", {})).status == 422
    await organizer.post(at + "/plan", {"publish_at": LATER})
    await services.common.pool.execute("UPDATE events SET publish_at = now()")
    assert await services.catalogue.publication.step() == 1
    assert "On sale" in (await organizer.get(at)).words


async def test_several_events_are_changed_published_and_deleted_at_once(
    organizer: Organizer, services: Services, chart: str
) -> None:
    organization_id, ready = await _draft(organizer, chart)
    venue_id = await services.common.pool.fetchval("SELECT venue_id FROM events WHERE id = $1", ready)
    bare = await organizer.event(organization_id, venue_id, title="Bare")
    at, chosen = f"/o/{organization_id}/events/bulk", [("event", ready), ("event", bare)]
    page = await organizer.post(at, [*chosen, ("deed", "change")])
    assert (page.status, "Fill in what is to change" in page.words) == (422, True)
    assert page.text.count(" checked>") == 2
    assert "Choose from 1 to 100 events" in (await organizer.post(at, {"deed": "publish"})).words
    moment = f"{NEXT_YEAR}-02-01T10:00"
    given = [*chosen, ("deed", "change"), ("add_tags", "late, loud"), ("allow_refunds_until", moment)]
    assert "2 events changed" in (await organizer.post(at, given)).words
    rows = await services.common.pool.fetch("SELECT tags, allow_refunds_until FROM events ORDER BY id")
    until = local_time.instant(datetime.fromisoformat(moment), "America/Vancouver")
    assert {(*row["tags"], row["allow_refunds_until"]) for row in rows} == {("late", "loud", until)}
    page = await organizer.post(at, [*chosen, ("deed", "publish")])
    assert "1 event published, 1 refused" in page.words
    assert "there is no ticket type, and it is not decided when sales open" in page.words
    page = await organizer.post(at, [*chosen, ("deed", "delete")])
    assert "1 event deleted, 1 refused" in page.words


async def test_a_plan_that_failed_says_what_was_missing(organizer: Organizer, services: Services, chart: str) -> None:
    _, event_id = await _draft(organizer, chart)
    await organizer.post(f"/events/{event_id}/plan", {"publish_at": LATER})
    await services.common.pool.execute("UPDATE events SET publish_at = now()")
    await services.common.pool.execute("DELETE FROM on_sales")
    assert await services.catalogue.publication.step() == 1
    words = (await organizer.get(f"/events/{event_id}")).words
    assert "It was not published as planned" in words
    assert "it is not decided when sales open" in words


async def test_a_preview_link_is_made_and_the_archive_hides_an_event(
    organizer: Organizer, services: Services, chart: str
) -> None:
    organization_id, event_id = await _draft(organizer, chart)
    page = await organizer.post(f"/events/{event_id}/preview", {})
    found = re.search(r'readonly value="([^"]+)"', page.text)
    assert found
    token = found[1].partition("token=")[2]
    event, kinds = await services.catalogue.publication.previewed(token)
    assert (event.id, [kind.name for kind in kinds]) == (event_id, ["Regular"])
    listed = await organizer.post(f"/events/{event_id}/archive", {})
    assert listed.url.path == f"/o/{organization_id}/events"
    assert "Gala is in the archive now" in listed.words
    assert f"/events/{event_id}" not in listed.text
    assert f"/events/{event_id}" in (await organizer.get(f"/o/{organization_id}/events?phase=archived")).text
    assert "This event is in the archive" in (await organizer.get(f"/events/{event_id}")).words
    assert "out of the archive" in (await organizer.post(f"/events/{event_id}/restore", {})).words


async def test_events_are_shown_by_their_phase_in_plain_words(organizer: Organizer, chart: str) -> None:
    organization_id, _, event_id = await organizer.published(chart)
    selling = await organizer.get(f"/o/{organization_id}/events?phase=on_sale")
    assert f"/events/{event_id}" in selling.text
    ended = await organizer.get(f"/o/{organization_id}/events?phase=sales_ended")
    assert f"/events/{event_id}" not in ended.text
    assert "Sales ended" in ended.words
    assert "Sold out" in ended.words


async def test_an_event_is_repeated_and_its_dates_are_changed_and_published_together(
    organizer: Organizer, services: Services, chart: str
) -> None:
    _, event_id = await _draft(organizer, chart)
    at = f"/events/{event_id}"
    endless = await organizer.post(at + "/dates", {"every": "1", "unit": "WEEKLY"})
    assert (endless.status, "Say how many dates, or until when" in endless.words) == (422, True)
    page = await organizer.post(at + "/dates", {"every": "2", "unit": "WEEKLY", "weekday": "MO", "count": "3"})
    assert "3 dates now" in page.words
    pool = services.common.pool
    ids = [row["id"] for row in await pool.fetch("SELECT id FROM events ORDER BY starts_at")]
    await pool.execute("UPDATE events SET summary = 'Own words' WHERE id = $1", ids[1])
    settings = await organizer.get(at + "/settings")
    fields = dict(re.findall(r'<input class="input" id="f-\w+" name="(\w+)"[^>]* value="([^"]*)"', settings.text))
    version = re.search(r'name="version" value="(\d+)"', settings.text)
    assert version
    venue_id = await pool.fetchval("SELECT venue_id FROM events LIMIT 1")
    more = {"version": version[1], "title": "Grand gala", "apply": "all", "venue_id": venue_id, "currency": "CAD"}
    saved = await organizer.post(at + "/settings", {**fields, **more})
    assert "Saved" in saved.words, saved.words
    rows = await pool.fetch("SELECT title, summary FROM events ORDER BY starts_at")
    assert [(row["title"], row["summary"]) for row in rows] == [
        ("Grand gala", ""), ("Grand gala", "Own words"), ("Grand gala", "")
    ]  # fmt: skip
    question = {"id": "", "place": "", "label": "Diet", "help": "", "kind": "text", "per": "order", "required": "no"}
    asked = await organizer.post(at + "/checkout", {**question, "named_tickets": "off", "apply": "all", "do": "save"})
    assert "Saved" in asked.words, asked.words
    every = await pool.fetch("SELECT questions FROM events")
    assert [[each["label"] for each in row["questions"]] for row in every] == [["Diet"]] * 3
    assert "3 published" in (await organizer.post(at + "/dates/publish", {})).words
    assert await pool.fetchval("SELECT count(*) FROM events WHERE status = 'published'") == 3


async def test_an_event_is_kept_as_a_template_and_a_draft_made_from_it(
    organizer: Organizer, services: Services, chart: str
) -> None:
    organization_id, event_id = await _draft(organizer, chart)
    page = await organizer.post(f"/events/{event_id}/template", {"name": "Big night"})
    assert "Big night is a template now" in page.words
    again = await organizer.post(f"/events/{event_id}/template", {"name": "Big night"})
    assert "A template has this name already" in again.words
    pool = services.common.pool
    template_id, venue_id = await pool.fetchrow("SELECT t.id, v.id FROM event_templates t, venues v")
    at = f"/o/{organization_id}/templates/{template_id}"
    assert (await organizer.post(at + "/events", {"starts_at": LATER, "venue_id": "ven_x"})).status == 422
    made = await organizer.post(at + "/events", {"starts_at": LATER, "venue_id": venue_id, "title": "Second"})
    assert "Second is a draft now" in made.words
    assert await pool.fetchval("SELECT count(*) FROM ticket_types") == 2
    assert "The template is deleted" in (await organizer.post(at + "/delete", {})).words


async def test_a_list_is_tried_and_read_in(organizer: Organizer, services: Services, chart: str) -> None:
    organization_id = await organizer.organization()
    await organizer.venue(organization_id, chart)
    rows = [
        "external_id,title,venue,starts_at,ends_at,currency",
        f"a1,One,Opera,{LATER},{NEXT_YEAR}-02-01 12:00,CAD",
        "a2,Two,Opera,never,,CAD",
    ]
    path, pool = f"/o/{organization_id}/import", services.common.pool
    tried = await organizer.post(path, {"csv": "\n".join(rows), "what": "try"})
    assert "Nothing was made yet: 1 draft would be, 0 known already, 1 fault" in tried.words
    assert "Write a date and a time" in tried.words
    assert await pool.fetchval("SELECT count(*) FROM events") == 0
    made = await organizer.post(path, {"csv": "\r\n".join(rows), "what": "make"})
    assert "1 draft made" in made.words
    assert await pool.fetchval("SELECT title FROM events") == "One"
    broken = await organizer.post(path, {"csv": "nothing"})
    assert (broken.status, "Columns are" in broken.words) == (422, True)
