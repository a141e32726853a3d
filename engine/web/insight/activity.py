"""The activity log over HTTP."""

from __future__ import annotations

from aiohttp import web

from engine.domain.accounts.errors import OrganizationUnknown
from engine.domain.catalogue.errors import EventUnknown
from engine.domain.fields import Moment
from engine.domain.insight.activity import About, ActivityFilter, ActivityLine
from engine.foundation import bodies, errors, http, lists
from engine.foundation.errors import Forbidden
from engine.foundation.lists import Page, PageQuery
from engine.services.appkeys import ACTIVITY
from engine.services.insight.activity import NEWEST
from engine.web.auth import person
from engine.web.route import Route


class ActivityQuery(PageQuery, frozen=True, kw_only=True):
    """``about``: lines of one kind alone; ``since`` and ``until`` bound when it was done."""

    about: About | None = None
    since: Moment | None = None
    until: Moment | None = None


async def list_event_activity(request: web.Request) -> web.Response:
    """Everything that somebody did to an event, newest first: for those who may change it."""
    actor, query = person(request), bodies.query(request, ActivityQuery)
    activity, event_id = request.config_dict[ACTIVITY], request.match_info["event_id"]
    rows = await activity.of_event(actor, event_id, _before(query), query.limit + 1, _wanted(query))
    return _page(rows, query)


async def list_organization_activity(request: web.Request) -> web.Response:
    """Everything that somebody did to an organization and its events, newest first: for those who may change it."""
    actor, query = person(request), bodies.query(request, ActivityQuery)
    activity, organization_id = request.config_dict[ACTIVITY], request.match_info["organization_id"]
    rows = await activity.of_organization(actor, organization_id, _before(query), query.limit + 1, _wanted(query))
    return _page(rows, query)


def _wanted(query: ActivityQuery) -> ActivityFilter:
    return ActivityFilter(about=query.about, since=query.since, until=query.until)


def _before(query: PageQuery) -> int | None:
    """The line that the page begins below. Malformed if the cursor is none of ours."""
    position = lists.cursor_decode(query.cursor)
    if position is None:
        return None
    if not (position.isascii() and position.isdecimal() and int(position[: len(str(NEWEST))]) < NEWEST):
        raise errors.Malformed("The cursor is not one of ours")
    return int(position)


def _page(rows: list[ActivityLine], query: PageQuery) -> web.Response:
    page = lists.page(rows, query.limit, lambda row: str(row.id))
    return http.json(page, headers={"Cache-Control": "private, no-store"})


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/v1/events/{event_id}/activity",
        list_event_activity,
        "organizer",
        "operate",
        needs="events.write",
        gives=Page[ActivityLine],
        query=ActivityQuery,
    ).refuses(Forbidden, EventUnknown),
    Route(
        "GET",
        "/v1/organizations/{organization_id}/activity",
        list_organization_activity,
        "organizer",
        "operate",
        needs="organization.write",
        gives=Page[ActivityLine],
        query=ActivityQuery,
    ).refuses(Forbidden, OrganizationUnknown),
)
