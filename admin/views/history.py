"""Who did what to an event, and whether its books agree."""

from __future__ import annotations

from aiohttp import web

from admin import reach
from admin.visit import Visit


async def show(visit: Visit) -> web.Response:
    """Newest first, page by page."""
    event = await reach.event(visit, "events.write")
    text = visit.query.get("before", "")
    before = int(text) if text.isascii() and text.isdecimal() and len(text) < len(str(2**62)) else None
    rows = await visit.services.insight.activity.of_event(visit.person, event, before, reach.PAGE + 1)
    page, more = reach.cut(rows)
    return await visit.page("history/show.html", event=event, lines=page, more=more)


async def check_books(visit: Visit) -> web.Response:
    """The audit of this event, run now: the ledger against the inventory and against itself."""
    event = await reach.event(visit, "reports.read")
    reports = await visit.services.insight.audit.check(event.id) if event.published_at is not None else []
    return await visit.page("history/books.html", event=event, report=reports[0] if reports else None)
