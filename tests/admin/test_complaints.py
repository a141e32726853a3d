"""The platform decides what was reported, and takes an event down; its organizer reads why."""

from __future__ import annotations

from collections.abc import Callable

from engine.domain.catalogue.complaints import NewComplaint
from engine.services.wiring import Services
from tests.admin.organizer import Organizer, platform_admin


async def test_a_report_is_decided_and_an_event_taken_down_with_its_title_and_a_reason(
    organizer: Organizer, browser: Callable[[], Organizer], services: Services, chart: str
) -> None:
    _, _, event_id = await organizer.published(chart)
    title = await services.common.pool.fetchval("SELECT title FROM events WHERE id = $1", event_id)
    for reason in ("fraud", "wrong"):
        await services.catalogue.complaints.file(event_id, NewComplaint(reason=reason, message="<i>No hall</i>"))
    root = browser()
    await root.sign_in(await platform_admin(services))
    page = await root.get("/complaints")
    assert "one of 2 open for this event" in page.words
    assert "&lt;i&gt;No hall" in page.text
    first = await services.common.pool.fetchval("SELECT max(id) FROM complaints")
    assert "Dismissed." in (await root.post(f"/complaints/{first}/dismiss", {})).words
    assert "decided already" in (await root.post(f"/complaints/{first}/settle", {})).words
    page = await root.post(f"/events/{event_id}/hide", {"title": "Another", "reason": "No such hall"})
    assert "Not taken down. Type the title of this event exactly." in page.words
    page = await root.post(f"/events/{event_id}/hide", {"title": title, "reason": "No such hall"})
    assert "shown and sold no more" in page.words
    states = await services.common.pool.fetch("SELECT state FROM complaints ORDER BY id DESC")
    assert [row["state"] for row in states] == ["dismissed", "acted"]
    page = await organizer.get(f"/events/{event_id}/ticket-types")
    assert "The platform took this event down" in page.words
    assert "No such hall" in page.words
    await root.post(f"/events/{event_id}/bring-back", {})
    assert "took this event down" not in (await organizer.get(f"/events/{event_id}")).words
