"""Who did what to an event or an organization, and whether an event's books agree."""

from __future__ import annotations

from aiohttp import web

from admin import reach
from admin.visit import Visit


async def show(visit: Visit) -> web.Response:
    """Newest first, page by page."""
    event = await reach.event(visit, "events.write")
    rows = await visit.services.insight.activity.of_event(visit.person, event.id, _before(visit), reach.PAGE + 1)
    page, more = reach.cut(rows)
    return await visit.page("history/show.html", event=event, lines=page, more=more)


async def show_organization(visit: Visit) -> web.Response:
    """As ``show``, of an organization and all its events: money is in each event's own currency there."""
    organization = await reach.organization(visit, "organization.write")
    rows = await visit.services.insight.activity.of_organization(
        visit.person, organization.id, _before(visit), reach.PAGE + 1
    )
    page, more = reach.cut(rows)
    return await visit.page("history/organization.html", organization=organization, lines=page, more=more)


def _before(visit: Visit) -> int | None:
    """The line that the page begins below; None for the newest."""
    text = visit.query.get("before", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < len(str(2**62)) else None


async def check_books(visit: Visit) -> web.Response:
    """The audit of this event, run now: the ledger against the inventory and against itself."""
    event = await reach.event(visit, "reports.read")
    reports = await visit.services.insight.audit.check(event.id) if event.published_at is not None else []
    return await visit.page("history/books.html", event=event, report=reports[0] if reports else None)
