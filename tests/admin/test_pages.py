"""Every page opens for an owner, and says what it should."""

from __future__ import annotations

from tests.admin.organizer import Organizer


async def test_an_organizer_goes_from_nothing_to_a_published_event(organizer: Organizer, chart: str) -> None:
    organization_id, venue_id, event_id = await organizer.published(chart)
    at = f"/events/{event_id}"
    for path in (
        "/", "/board", "/account", "/organizations", "/organizations/new",
        f"/o/{organization_id}", f"/o/{organization_id}/settings", f"/o/{organization_id}/members",
        f"/o/{organization_id}/history",
        f"/o/{organization_id}/venues", f"/o/{organization_id}/venues/new", f"/o/{organization_id}/events",
        f"/o/{organization_id}/events/new", f"/venues/{venue_id}", f"/venues/{venue_id}/chart",
        f"/venues/{venue_id}/chart?sample=arena", at, at + "/live", at + "/settings", at + "/ticket-types",
        at + "/on-sale", at + "/allotments", at + "/promos", at + "/orders", at + "/devices", at + "/console",
        at + "/dates", f"/o/{organization_id}/templates", f"/o/{organization_id}/import",
        f"/o/{organization_id}/events?phase=on_sale", at + "/console/figures", at + "/attendance",
        at + "/attendance/counts",
    ):  # fmt: skip
        page = await organizer.get(path)
        assert page.status == 200, (path, page.words)
        assert page.url.path == path.partition("?")[0]
