"""Allotments over HTTP."""

from __future__ import annotations

from aiohttp import web

from engine.domain.accounts.errors import OrganizationSuspended, TooManyOfThem
from engine.domain.catalogue.errors import AllotmentUnknown, ChartMissing, EventUnknown, UnitsTaken
from engine.domain.sale.allotments import Allotment, AllotmentChange, NewAllotment
from engine.foundation import http
from engine.foundation.errors import Forbidden, Malformed
from engine.foundation.lists import Page, PageQuery, listed
from engine.services.appkeys import ALLOTMENTS
from engine.web.auth import person
from engine.web.forms import created, form, versioned
from engine.web.route import VERSIONED, Route


async def create_allotment(request: web.Request) -> web.Response:
    """Set free units apart for those named in ``open_to``."""
    actor = person(request)
    given = await form(request, NewAllotment)
    made = await request.config_dict[ALLOTMENTS].create(actor, request.match_info["event_id"], given)
    return created(made, made.version, f"/v1/allotments/{made.id}")


async def list_allotments(request: web.Request) -> web.Response:
    """An event's allotments."""
    rows = await request.config_dict[ALLOTMENTS].of_event(person(request), request.match_info["event_id"])
    return listed(request, rows, lambda allotment: allotment.id)


async def change_allotment(request: web.Request) -> web.Response:
    """Rename an allotment or open it to others."""
    actor, expected = person(request), http.version_expected(request)
    given = await form(request, AllotmentChange)
    allotments = request.config_dict[ALLOTMENTS]
    changed = await allotments.change(actor, request.match_info["allotment_id"], expected, given)
    return versioned(request, changed, changed.version)


async def release_allotment(request: web.Request) -> web.Response:
    """Give an allotment's units back to everybody."""
    actor, expected = person(request), http.version_expected(request)
    await request.config_dict[ALLOTMENTS].release(actor, request.match_info["allotment_id"], expected)
    return web.Response(status=204)


_OF_EVENT, _ONE = "/v1/events/{event_id}/allotments", "/v1/allotments/{allotment_id}"
_WRITES = (Forbidden, AllotmentUnknown, *VERSIONED)
ROUTES: tuple[Route, ...] = (
    Route("POST", _OF_EVENT, create_allotment, "organizer", takes=NewAllotment, gives=Allotment, status=201).refuses(
        Forbidden, EventUnknown, ChartMissing, UnitsTaken, TooManyOfThem, OrganizationSuspended
    ),
    Route("GET", _OF_EVENT, list_allotments, "organizer", gives=Page[Allotment], query=PageQuery).refuses(
        Forbidden, EventUnknown, Malformed
    ),
    Route("PATCH", _ONE, change_allotment, "organizer", takes=AllotmentChange, gives=Allotment).refuses(*_WRITES),
    Route("DELETE", _ONE, release_allotment, "organizer", status=204).refuses(*_WRITES),
)
