"""Ticket types over HTTP."""

from __future__ import annotations

from aiohttp import web

from engine.domain.accounts.errors import OrganizationSuspended, TooManyOfThem
from engine.domain.catalogue.errors import (
    CapacityBelowSold,
    EventFrozen,
    EventNotDraft,
    EventUnknown,
    PriceStepsOverlap,
    TicketTypeUnknown,
)
from engine.domain.catalogue.ticket_types import NewTicketType, TicketType, TicketTypeChange
from engine.foundation import http
from engine.foundation.errors import Forbidden, Malformed
from engine.foundation.lists import Page, PageQuery, listed
from engine.services.appkeys import TICKET_TYPES
from engine.web.auth import optional_person, person
from engine.web.forms import created, form, versioned
from engine.web.route import VERSIONED, Route


async def create_ticket_type(request: web.Request) -> web.Response:
    """Add a ticket type to an event."""
    actor = person(request)
    given = await form(request, NewTicketType)
    made = await request.config_dict[TICKET_TYPES].create(actor, request.match_info["event_id"], given)
    return created(made, made.version, f"/v1/ticket-types/{made.id}")


async def list_ticket_types(request: web.Request) -> web.Response:
    """An event's ticket types; hidden ones only to its organizers."""
    types = request.config_dict[TICKET_TYPES]
    rows = await types.of_event(optional_person(request), request.match_info["event_id"])
    return listed(request, rows, lambda kind: kind.id)


async def read_ticket_type(request: web.Request) -> web.Response:
    """One ticket type."""
    types = request.config_dict[TICKET_TYPES]
    found = await types.get(optional_person(request), request.match_info["ticket_type_id"])
    return versioned(request, found, found.version)


async def change_ticket_type(request: web.Request) -> web.Response:
    """Change what is sent; orders keep the price they were made with."""
    actor, expected = person(request), http.version_expected(request)
    given = await form(request, TicketTypeChange)
    types = request.config_dict[TICKET_TYPES]
    changed = await types.change(actor, request.match_info["ticket_type_id"], expected, given)
    return versioned(request, changed, changed.version)


async def delete_ticket_type(request: web.Request) -> web.Response:
    """Remove a type of an event that was never published."""
    actor, expected = person(request), http.version_expected(request)
    await request.config_dict[TICKET_TYPES].delete(actor, request.match_info["ticket_type_id"], expected)
    return web.Response(status=204)


_OF_EVENT, _ONE = "/v1/events/{event_id}/ticket-types", "/v1/ticket-types/{ticket_type_id}"
_NESTED = "/v1/events/{event_id}/ticket-types/{ticket_type_id}"
_TIER = "/v1/tiers/{ticket_type_id}"
_WRITES = (Forbidden, TicketTypeUnknown, *VERSIONED)
ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        _OF_EVENT,
        create_ticket_type,
        "organizer",
        "operate",
        needs="events.write",
        takes=NewTicketType,
        gives=TicketType,
        status=201,
    )
    .refuses(Forbidden, EventUnknown, TooManyOfThem, OrganizationSuspended, PriceStepsOverlap)
    .also("/v1/events/{event_id}/tiers"),
    Route("GET", _OF_EVENT, list_ticket_types, "public", "read", gives=Page[TicketType], query=PageQuery)
    .refuses(EventUnknown, Malformed)
    .also("/v1/events/{event_id}/tiers"),
    Route("GET", _ONE, read_ticket_type, "public", "read", gives=TicketType)
    .refuses(TicketTypeUnknown)
    .also(_NESTED, _TIER),
    Route(
        "PATCH",
        _ONE,
        change_ticket_type,
        "organizer",
        "operate",
        needs="events.write",
        takes=TicketTypeChange,
        gives=TicketType,
    )
    .refuses(*_WRITES, EventFrozen, CapacityBelowSold, OrganizationSuspended, PriceStepsOverlap, TooManyOfThem)
    .also(_NESTED, _TIER),
    Route("DELETE", _ONE, delete_ticket_type, "organizer", "operate", needs="events.write", status=204)
    .refuses(*_WRITES, EventNotDraft)
    .also(_NESTED, _TIER),
)
