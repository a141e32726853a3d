"""Series of events over HTTP."""

from __future__ import annotations

from aiohttp import web

from engine.domain.accounts.errors import OrganizationSuspended, TooManyOfThem
from engine.domain.catalogue.errors import EventFrozen, EventInSeries, EventUnknown, SeriesUnknown
from engine.domain.catalogue.programme.series import NewSeries, Series, SeriesMade, SeriesPublished
from engine.foundation import http
from engine.foundation.errors import Forbidden
from engine.services.appkeys import SERIES
from engine.web.auth import optional_person, person
from engine.web.forms import form, tagged
from engine.web.route import Route


async def create_series(request: web.Request) -> web.Response:
    """Repeat an event by a rule of RFC 5545: drafts with its ticket types and on-sale, all at the same local hour.

    The event itself is the first of them. All dates go on sale at one moment.
    """
    actor, given = person(request), await form(request, NewSeries)
    made = await request.config_dict[SERIES].create(actor, request.match_info["event_id"], given)
    return http.json(made, status=201)


async def read_series(request: web.Request) -> web.Response:
    """A series with its dates; drafts to its organizers only."""
    series = await request.config_dict[SERIES].get(optional_person(request), request.match_info["series_id"])
    return tagged(request, series)


async def publish_series(request: web.Request) -> web.Response:
    """Publish every draft of a series that is complete, and say what the others lack."""
    done = await request.config_dict[SERIES].publish(person(request), request.match_info["series_id"])
    return http.json(done)


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/v1/events/{event_id}/series",
        create_series,
        "organizer",
        "operate",
        needs="events.write",
        takes=NewSeries,
        gives=SeriesMade,
        status=201,
    ).refuses(Forbidden, EventUnknown, EventInSeries, EventFrozen, TooManyOfThem, OrganizationSuspended),
    Route("GET", "/v1/series/{series_id}", read_series, "public", "read", gives=Series).refuses(SeriesUnknown),
    Route(
        "POST",
        "/v1/series/{series_id}/publish",
        publish_series,
        "organizer",
        "operate",
        needs="events.publish",
        gives=SeriesPublished,
    ).refuses(Forbidden, SeriesUnknown, OrganizationSuspended),
)
