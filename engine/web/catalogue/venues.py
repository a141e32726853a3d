"""Venues and seating charts over HTTP."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from engine.domain.catalogue.errors import ChartMissing, VenueInUse, VenueUnknown
from engine.domain.catalogue.venues import CHART_BYTES_MAX, ChartFacts, NewVenue, Venue, VenueChange
from engine.domain.fields import Id
from engine.foundation import bodies, http, lists
from engine.foundation.errors import Forbidden
from engine.foundation.lists import Page, PageQuery, id_cursor
from engine.services.appkeys import VENUES
from engine.web.auth import optional_person, person
from engine.web.forms import created, form, versioned
from engine.web.route import VERSIONED, Route


class VenuesQuery(PageQuery, frozen=True, kw_only=True):
    organization_id: Id


async def create_venue(request: web.Request) -> web.Response:
    """Add a venue to an organization."""
    actor = person(request)
    venue = await request.config_dict[VENUES].create(actor, await form(request, NewVenue))
    return created(venue, venue.version, f"/v1/venues/{venue.id}")


async def list_venues(request: web.Request) -> web.Response:
    """An organization's venues."""
    actor, query = person(request), bodies.query(request, VenuesQuery)
    after = id_cursor(query.cursor, "ven") or ""
    rows = await request.config_dict[VENUES].of_organization(actor, query.organization_id, after, query.limit + 1)
    return http.json(lists.page(rows, query.limit, lambda row: row.id))


async def read_venue(request: web.Request) -> web.Response:
    """One venue; public if a public event takes place there."""
    venue = await request.config_dict[VENUES].get(optional_person(request), request.match_info["venue_id"])
    return versioned(request, venue, venue.version)


async def change_venue(request: web.Request) -> web.Response:
    """Change what is sent."""
    actor, expected = person(request), http.version_expected(request)
    given = await form(request, VenueChange)
    venue = await request.config_dict[VENUES].change(actor, request.match_info["venue_id"], expected, given)
    return versioned(request, venue, venue.version)


async def delete_venue(request: web.Request) -> web.Response:
    """Remove a venue if no event takes place."""
    actor, expected = person(request), http.version_expected(request)
    await request.config_dict[VENUES].delete(actor, request.match_info["venue_id"], expected)
    return web.Response(status=204)


async def put_chart(request: web.Request) -> web.Response:
    """Set the seating chart; published events keep theirs."""
    actor = person(request)
    chart = await bodies.read(request, CHART_BYTES_MAX)
    facts = await request.config_dict[VENUES].put_chart(actor, request.match_info["venue_id"], chart)
    return http.json(facts, etag=facts.etag)


async def read_chart(request: web.Request) -> web.Response:
    """The seating chart as it was given."""
    chart, etag = await request.config_dict[VENUES].chart(optional_person(request), request.match_info["venue_id"])
    if http.fresh(request, etag):
        return http.not_modified(etag)
    return web.Response(body=chart, content_type="application/json", headers={"ETag": f'"{etag}"'})


_ALL, _ONE, _CHART = "/v1/venues", "/v1/venues/{venue_id}", "/v1/venues/{venue_id}/seating-chart"
ROUTES: tuple[Route, ...] = (
    Route("POST", _ALL, create_venue, "organizer", takes=NewVenue, gives=Venue, status=201).refuses(Forbidden),
    Route("GET", _ALL, list_venues, "organizer", gives=Page[Venue], query=VenuesQuery).refuses(Forbidden),
    Route("GET", _ONE, read_venue, "public", gives=Venue).refuses(VenueUnknown),
    Route("PATCH", _ONE, change_venue, "organizer", takes=VenueChange, gives=Venue).refuses(
        Forbidden, VenueUnknown, *VERSIONED
    ),
    Route("DELETE", _ONE, delete_venue, "organizer", status=204).refuses(
        Forbidden, VenueUnknown, VenueInUse, *VERSIONED
    ),
    Route("PUT", _CHART, put_chart, "organizer", takes=dict[str, Any], gives=ChartFacts)
    .refuses(Forbidden, VenueUnknown)
    .also_as("POST", _CHART),
    Route("GET", _CHART, read_chart, "public", gives=dict[str, Any]).refuses(VenueUnknown, ChartMissing),
)
