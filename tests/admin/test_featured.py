"""The platform chooses what the list of events shows first."""

from __future__ import annotations

from collections.abc import Callable

from engine.services.wiring import Services
from tests.admin.organizer import Organizer, platform_admin


async def test_a_platform_admin_chooses_what_is_shown_first_by_address_or_short_name(
    organizer: Organizer, browser: Callable[[], Organizer], services: Services, chart: str
) -> None:
    _, _, first = await organizer.published(chart)
    _, _, second = await organizer.published(chart)
    slugs = {
        event_id: await services.common.pool.fetchval("SELECT slug FROM events WHERE id = $1", event_id)
        for event_id in (first, second)
    }
    admin = browser()
    await admin.sign_in(await platform_admin(services))
    typed = f"https://tickets.example/e/{slugs[second]}?from=mail\n\n {slugs[first]} \n"
    page = await admin.post("/featured", {"events": typed})
    assert "shows it within a second" in page.words
    featured = await services.catalogue.discovery.featured(10)
    assert [found.card.id for found in featured] == [second, first]
    page = await admin.post("/featured", {"events": f"{slugs[first]}\nnobody-knows-it"})
    assert page.status == 422
    assert "Line 2: no such event is published" in page.words
    assert len(await services.catalogue.discovery.featured(10)) == 2
    await admin.post("/featured", {"events": ""})
    assert await services.catalogue.discovery.featured(10) == []
    assert "begins with what is soonest" in (await admin.get("/featured")).words


async def test_organizers_do_not_choose_what_is_shown_first(organizer: Organizer) -> None:
    assert (await organizer.get("/featured")).status in {403, 404}
    assert (await organizer.post("/featured", {"events": ""})).status in {403, 404}
    assert "Shown first" not in (await organizer.get("/")).words
