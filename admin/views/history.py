"""Who did what to an event, an organization or the platform, and whether an event's books agree."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from admin import formats, reach
from admin.visit import Visit
from engine.domain.insight.activity import ABOUT, ActivityFilter
from engine.foundation import http, local_time
from engine.services.insight import activity_sheets
from engine.services.insight.activity_sheets import Reads

WHO_CHARS_MAX: Final = 100
CSV: Final = "text/csv; charset=utf-8"


async def show(visit: Visit) -> web.Response:
    """Newest first, page by page, narrowed by what it is about, who did it and when."""
    event = await reach.event(visit, "events.write")
    wanted = _wanted(visit, event.timezone)
    context = await _lines(visit, _of_event(visit, event.id, wanted))
    return await visit.page("history/show.html", event=event, **context)


async def export(visit: Visit) -> web.StreamResponse:
    event = await reach.event(visit, "events.write")
    pieces = activity_sheets.of(_of_event(visit, event.id, _wanted(visit, event.timezone)))
    return await http.piecewise(visit.request, pieces, CSV, f"{event.slug}-history.csv")


async def show_organization(visit: Visit) -> web.Response:
    """As ``show``, of an organization and all its events: money is in each event's own currency there."""
    organization = await reach.organization(visit, "organization.write")
    context = await _lines(visit, _of_organization(visit, organization.id, _wanted(visit)))
    return await visit.page("history/organization.html", organization=organization, **context)


async def export_organization(visit: Visit) -> web.StreamResponse:
    organization = await reach.organization(visit, "organization.write")
    pieces = activity_sheets.of(_of_organization(visit, organization.id, _wanted(visit)))
    return await http.piecewise(visit.request, pieces, CSV, f"{organization.slug}-history.csv")


async def show_platform(visit: Visit) -> web.Response:
    """All of it, for platform admins."""
    return await visit.page("history/platform.html", **await _lines(visit, _of_platform(visit, _wanted(visit))))


async def export_platform(visit: Visit) -> web.StreamResponse:
    read = _of_platform(visit, _wanted(visit))
    await read(None, 1)  # who may not hears so before the file begins
    return await http.piecewise(visit.request, activity_sheets.of(read), CSV, "platform-history.csv")


def _of_event(visit: Visit, event_id: str, wanted: ActivityFilter) -> Reads:
    activity = visit.services.insight.activity
    return lambda before, limit: activity.of_event(visit.person, event_id, before, limit, wanted)


def _of_organization(visit: Visit, organization_id: str, wanted: ActivityFilter) -> Reads:
    activity = visit.services.insight.activity
    return lambda before, limit: activity.of_organization(visit.person, organization_id, before, limit, wanted)


def _of_platform(visit: Visit, wanted: ActivityFilter) -> Reads:
    activity = visit.services.insight.activity
    return lambda before, limit: activity.of_platform(visit.person, before, limit, wanted)


async def _lines(visit: Visit, read: Reads) -> Mapping[str, Any]:
    """What every history shows."""
    page, more = reach.cut(await read(_before(visit), reach.PAGE + 1))
    asked = {name: visit.query.get(name, "")[:WHO_CHARS_MAX] for name in ("about", "who", "since", "until")}
    asked = {name: text for name, text in asked.items() if text}
    return {"lines": page, "more": more, "asked": asked, "about": [(one, formats.word(one)) for one in ABOUT]}


def _wanted(visit: Visit, timezone: str = "UTC") -> ActivityFilter:
    """What is asked for; what cannot be read is not asked. Days are those of the place, ``until`` among them."""
    until = _day(visit.query.get("until", ""))
    until = until + dt.timedelta(days=1) if until is not None else None
    since = _day(visit.query.get("since", ""))
    return ActivityFilter(
        about=next((one for one in ABOUT if one == visit.query.get("about")), None),
        who=visit.query.get("who", "").strip()[:WHO_CHARS_MAX] or None,
        since=local_time.instant(since, timezone) if since is not None else None,
        until=local_time.instant(until, timezone) if until is not None else None,
    )


def _day(text: str) -> dt.datetime | None:
    """Midnight of a day as a date field sends it; None if it is none, or far from every line."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return dt.datetime.combine(day, dt.time()) if 2000 <= day.year <= 2200 else None  # noqa: PLR2004 - years of dates


def _before(visit: Visit) -> int | None:
    """The line that the page begins below; None for the newest."""
    text = visit.query.get("before", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < len(str(2**62)) else None


async def check_books(visit: Visit) -> web.Response:
    """The audit of this event, run now: the ledger against the inventory and against itself."""
    event = await reach.event(visit, "reports.read")
    reports = await visit.services.insight.audit.check(event.id) if event.published_at is not None else []
    return await visit.page("history/books.html", event=event, report=reports[0] if reports else None)
