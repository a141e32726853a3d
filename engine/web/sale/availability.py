"""What is free, over HTTP: counts per ticket type, the chart, seat status as snapshot, changes or a live stream."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from aiohttp import web

from engine.domain.catalogue.errors import TicketTypeUnknown
from engine.domain.errors import PromoInvalid
from engine.domain.sale.availability import (
    AvailabilityDocument,
    AvailabilityRow,
    CodeShown,
    SeatStatusDocument,
    SetApartDocument,
)
from engine.domain.sale.selling import SellingEvent
from engine.foundation import bodies, errors, guesses, http
from engine.foundation.shelf import PUBLIC, SHELF
from engine.services.appkeys import ACCESS, AVAILABILITY, SELLING
from engine.web import auth
from engine.web.forms import form
from engine.web.route import Route

CHART_CACHE = "public, max-age=300, stale-while-revalidate=600"
VERSION_DIGITS_MAX = 15
_STREAMED = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store, no-transform",  # a proxy that compresses waits for enough to compress
    "X-Accel-Buffering": "no",
}


class SeatStatusQuery(msgspec.Struct):
    since: Annotated[int, msgspec.Meta(ge=0, le=2**53)] | None = None


async def read_availability(request: web.Request) -> web.StreamResponse:
    """Free tickets per type; exact held and sold for the organizer."""
    shelf = request.config_dict[SHELF]
    since = shelf.changes
    event = await request.config_dict[SELLING].get(request.match_info["event_id"])
    if await _is_organizers(request, event):
        document = await request.config_dict[AVAILABILITY].exact(event.id)
        return http.json(document, headers={"Cache-Control": "private, no-store"})
    body, stands = await request.config_dict[AVAILABILITY].standing_document(event.id)
    return shelf.give(request, body, since=since, topic=event.id, stands=stands)


async def read_type_availability(request: web.Request) -> web.Response:
    """How many of one ticket type are free; exact held and sold for the organizer."""
    event = await request.config_dict[SELLING].get(request.match_info["event_id"])
    exact = await _is_organizers(request, event)
    row = await request.config_dict[AVAILABILITY].of_type(event.id, request.match_info["ticket_type_id"], exact=exact)
    if row is None:
        raise TicketTypeUnknown
    return http.json(row, headers={"Cache-Control": "private, no-store" if exact else PUBLIC})


async def _is_organizers(request: web.Request, event: SellingEvent) -> bool:
    person = auth.optional_person(request)
    return person is not None and await request.config_dict[ACCESS].may(person, event.organization_id, "events.read")


async def read_seatmap(request: web.Request) -> web.StreamResponse:
    """The event's seating chart as a seat picker draws it; changes only with its ETag."""
    shelf, selling = request.config_dict[SHELF], request.config_dict[SELLING]
    since = shelf.changes
    event = await selling.get(request.match_info["event_id"])
    body = event.memo.get("geometry")
    if body is None:
        body = event.memo["geometry"] = event.seat_map.geometry_json()
    return shelf.give(
        request,
        body,
        since=since,
        topic=event.id,
        stands=lambda: selling.ready(event.id) is event,
        cache=CHART_CACHE,
        etag=event.seat_map.etag,
    )


async def read_seat_status(request: web.Request) -> web.StreamResponse:
    """The taken bitmap, or what changed after ``since``."""
    shelf, query = request.config_dict[SHELF], bodies.query(request, SeatStatusQuery)
    since, event_id = shelf.changes, request.match_info["event_id"]
    body, stands = await request.config_dict[AVAILABILITY].standing_status(event_id, query.since)
    return shelf.give(request, body, since=since, topic=event_id, stands=stands)


async def show_set_apart(request: web.Request) -> web.Response:
    """Which places set apart a code opens, and are free."""
    given = await form(request, CodeShown)
    with guesses.typed(request, given.promo_code):
        found = await request.config_dict[AVAILABILITY].set_apart(request.match_info["event_id"], given.promo_code)
    return http.json(found, headers={"Cache-Control": "private, no-store"})


async def stream_seat_status(request: web.Request) -> web.StreamResponse:
    """Server-sent events; Last-Event-ID resumes where the client dropped, one that is none of ours at the beginning."""
    query, last = bodies.query(request, SeatStatusQuery), request.headers.get("Last-Event-ID", "")
    since = int(last) if last.isdecimal() and len(last) <= VERSION_DIGITS_MAX else query.since
    event = await request.config_dict[SELLING].get(request.match_info["event_id"])
    stream = request.config_dict[AVAILABILITY].stream(event.id, since)
    response = web.StreamResponse(headers=_STREAMED)
    response.headers["X-Request-Id"] = request[http.REQUEST_ID]
    first: Any = await anext(stream)
    try:
        if await http.begun(request, response):
            await response.write(first)
            async for chunk in stream:
                await response.write(chunk)
    except (ConnectionError, errors.Unavailable):
        pass  # the reader left, or the map is away: who still wants it asks again
    finally:
        await stream.aclose()
    return response


ROUTES: tuple[Route, ...] = (
    Route(
        "GET", "/v1/events/{event_id}/availability", read_availability, "public", "read", gives=AvailabilityDocument
    ).refuses(errors.NotFound),
    Route(
        "GET",
        "/v1/events/{event_id}/ticket-types/{ticket_type_id}/availability",
        read_type_availability,
        "public",
        "read",
        gives=AvailabilityRow,
    ).refuses(errors.NotFound, TicketTypeUnknown),
    Route("GET", "/v1/events/{event_id}/seatmap", read_seatmap, "public", "read", gives=dict).refuses(errors.NotFound),
    Route(
        "GET",
        "/v1/events/{event_id}/seat-status",
        read_seat_status,
        "public",
        "read",
        gives=SeatStatusDocument,
        query=SeatStatusQuery,
    ).refuses(errors.NotFound),
    Route(
        "POST",
        "/v1/events/{event_id}/seat-status/set-apart",
        show_set_apart,
        "public",
        "buy",
        takes=CodeShown,
        gives=SetApartDocument,
    ).refuses(errors.NotFound, PromoInvalid),
    Route(
        "GET",
        "/v1/events/{event_id}/seat-status/stream",
        stream_seat_status,
        "public",
        "stream",
        query=SeatStatusQuery,
        content_type="text/event-stream",
    ).refuses(errors.NotFound),
)
