"""Events over HTTP: the organizer's drafts, and one event for everybody."""

from __future__ import annotations

from aiohttp import web
from msgspec import Struct

from engine.domain.accounts.errors import OrganizationSuspended, OrganizationUnknown
from engine.domain.catalogue.errors import (
    EventArchived,
    EventFrozen,
    EventHasOrders,
    EventIncomplete,
    EventNotDraft,
    EventNotInSeries,
    EventNotPublished,
    EventUnknown,
)
from engine.domain.catalogue.event_copy import EventCopy
from engine.domain.catalogue.event_news import EventCancel, EventPatch, change_of
from engine.domain.catalogue.events import Event, NewEvent
from engine.domain.catalogue.phases import Phase
from engine.domain.catalogue.programme.series import Apply
from engine.foundation import bodies, http, lists
from engine.foundation.errors import Forbidden, Invalid, Malformed
from engine.foundation.lists import Page, PageQuery, id_cursor
from engine.foundation.shapes import build
from engine.foundation.shelf import SHELF, for_a_moment
from engine.services.appkeys import EVENTS, SERIES
from engine.web.auth import optional_person, person
from engine.web.forms import anything, created, etag_of, form, versioned
from engine.web.route import VERSIONED, Route
from engine.web.spelling import spelled

SHELVED_S = 1.0  # a change is told at once; this bounds what of the rest may be old


class PhaseQuery(PageQuery, frozen=True, kw_only=True):
    """``phase`` left out: all but what is archived."""

    phase: Phase | None = None


class ApplyQuery(Struct, frozen=True, kw_only=True):
    apply: Apply = "this"


async def list_organization_events(request: web.Request) -> web.Response:
    """An organization's events, drafts too, newest first; of one phase, else all that are not archived."""
    actor, query = person(request), bodies.query(request, PhaseQuery)
    organization_id, before = request.match_info["organization_id"], id_cursor(query.cursor, "evt")
    events = request.config_dict[EVENTS]
    rows = await events.of_organization(actor, organization_id, before, query.limit + 1, query.phase)
    return http.json(lists.page(rows, query.limit, lambda row: row.id))


async def create_event(request: web.Request) -> web.Response:
    """Begin a draft."""
    actor = person(request)
    event = await request.config_dict[EVENTS].create(actor, await form(request, NewEvent))
    return created(event, event.version, f"/v1/events/{event.id}")


async def create_organizer_event(request: web.Request) -> web.Response:
    """Begin a draft, as the requirement documents spell it: the organization in the address, fields in either case."""
    actor, body = person(request), await anything(request)
    names = spelled(body)
    try:
        given = build({**names.ours(body), "organization_id": request.match_info["organization_id"]}, NewEvent)
        event = await request.config_dict[EVENTS].create(actor, given)
    except Invalid as refusal:
        raise names.theirs(refusal) from refusal
    return created(event, event.version, f"/v1/events/{event.id}")


async def copy_event(request: web.Request) -> web.Response:
    """Begin a draft of the same event on another date."""
    actor = person(request)
    given = await form(request, EventCopy)
    event = await request.config_dict[EVENTS].copy(actor, request.match_info["event_id"], given)
    return created(event, event.version, f"/v1/events/{event.id}")


async def read_event(request: web.Request) -> web.StreamResponse:
    """One event by id or slug; a draft only to its organizers."""
    shelf = request.config_dict[SHELF]
    since = shelf.changes
    event = await request.config_dict[EVENTS].get(optional_person(request), request.match_info["event_id"])
    if event.status == "draft":
        return versioned(request, event, event.version)
    body = http.dumps(event)
    stands, etag = for_a_moment(SHELVED_S), etag_of(body, event.version)
    return shelf.give(request, body, since=since, topic=event.id, stands=stands, etag=etag)


async def change_event(request: web.Request) -> web.Response:
    """Change what is sent; what was sold stays as it was. Ticket holders are told of another time or place.

    ``apply`` following or all: the later events of its series too, or all that are not over, each at its own date.
    """
    actor, expected = person(request), http.version_expected(request)
    apply = bodies.query(request, ApplyQuery).apply
    given = await form(request, EventPatch)
    change, event_id = change_of(given), request.match_info["event_id"]
    event = await request.config_dict[SERIES].change(actor, event_id, expected, change, given.message, apply)
    return versioned(request, event, event.version)


async def delete_event(request: web.Request) -> web.Response:
    """Remove a draft that nobody ordered from."""
    actor, expected = person(request), http.version_expected(request)
    await request.config_dict[EVENTS].delete(actor, request.match_info["event_id"], expected)
    return web.Response(status=204)


async def publish_event(request: web.Request) -> web.Response:
    """Show it to the world and let it sell."""
    event = await request.config_dict[EVENTS].publish(person(request), request.match_info["event_id"])
    return versioned(request, event, event.version)


async def unpublish_event(request: web.Request) -> web.Response:
    """Make it a draft again, while nobody ordered."""
    event = await request.config_dict[EVENTS].unpublish(person(request), request.match_info["event_id"])
    return versioned(request, event, event.version)


async def cancel_event(request: web.Request) -> web.Response:
    """Stop selling for good, refund what was paid, and tell everybody who has a ticket."""
    actor, given = person(request), await form(request, EventCancel, absent=b"{}")
    event = await request.config_dict[EVENTS].cancel(actor, request.match_info["event_id"], given.message)
    return versioned(request, event, event.version)


_ALL, _ONE = "/v1/events", "/v1/events/{event_id}"
_OF_ORGANIZATION = "/v1/organizations/{organization_id}/events"
_OF_ORGANIZER = "/v1/organizers/{organization_id}/events"
_WRITES = (Forbidden, EventUnknown)
ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        _OF_ORGANIZATION,
        list_organization_events,
        "organizer",
        "operate",
        needs="events.read",
        gives=Page[Event],
        query=PhaseQuery,
    )
    .refuses(Forbidden, OrganizationUnknown, Malformed)
    .also(_OF_ORGANIZER),
    Route(
        "POST",
        _OF_ORGANIZER,
        create_organizer_event,
        "organizer",
        "operate",
        needs="events.write",
        takes=NewEvent,
        gives=Event,
        status=201,
    ).refuses(Forbidden),
    Route(
        "POST",
        _ALL,
        create_event,
        "organizer",
        "operate",
        needs="events.write",
        takes=NewEvent,
        gives=Event,
        status=201,
    ).refuses(Forbidden, OrganizationSuspended),
    Route("GET", _ONE, read_event, "public", "read", gives=Event).refuses(EventUnknown),
    Route(
        "PATCH",
        _ONE,
        change_event,
        "organizer",
        "operate",
        needs="events.write",
        takes=EventPatch,
        gives=Event,
        query=ApplyQuery,
    ).refuses(*_WRITES, EventFrozen, EventNotInSeries, Malformed, *VERSIONED),
    Route("DELETE", _ONE, delete_event, "organizer", "operate", needs="events.write", status=204).refuses(
        *_WRITES, EventNotDraft, EventHasOrders, *VERSIONED
    ),
    Route(
        "POST",
        f"{_ONE}/copy",
        copy_event,
        "organizer",
        "operate",
        needs="events.write",
        takes=EventCopy,
        gives=Event,
        status=201,
    )
    .refuses(*_WRITES, OrganizationSuspended)
    .also(f"{_ONE}/clone", f"{_ONE}/duplicate"),
    Route(
        "POST", f"{_ONE}/publish", publish_event, "organizer", "operate", needs="events.publish", gives=Event
    ).refuses(*_WRITES, EventArchived, EventIncomplete, EventNotDraft),
    Route(
        "POST", f"{_ONE}/unpublish", unpublish_event, "organizer", "operate", needs="events.publish", gives=Event
    ).refuses(*_WRITES, EventHasOrders, EventNotPublished),
    Route(
        "POST",
        f"{_ONE}/cancel",
        cancel_event,
        "organizer",
        "operate",
        needs="events.publish",
        takes=EventCancel,
        gives=Event,
    ).refuses(*_WRITES, EventNotPublished),
)
