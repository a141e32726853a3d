"""Gates over HTTP: one code, a batch of codes, the tickets behind a name."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
from aiohttp import web
from msgspec import Meta

from engine.domain.errors import SwitchedOff
from engine.domain.gates.attempts import Scanner
from engine.foundation import bodies, http, pieces
from engine.foundation.clock import now, now_ms
from engine.foundation.errors import (
    Forbidden,
    IdempotencyInFlight,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    Invalid,
    Malformed,
    TooMany,
    Unavailable,
)
from engine.foundation.idempotency import RECIPE, key_of, scope_of
from engine.services.appkeys import DEVICES, IDEMPOTENCY, SCANS, TICKETS
from engine.services.gates.devices import DeviceRevoked
from engine.web import auth
from engine.web.gates import scans_shapes
from engine.web.route import Route

BATCH_BYTES_MAX = 16 * 1024 * 1024
LINE_TYPES = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl"})
MASKED_AFTER = 2


class SearchQuery(msgspec.Struct):
    q: Annotated[str, Meta(min_length=2, max_length=100, pattern=r"^[^\x00]*$")]


class FoundTicket(msgspec.Struct):
    """A ticket found by name; the e-mail is masked, the code stays away from gates."""

    ticketId: str
    attendee: str
    email: str
    order_number: str
    seat: str
    ticket_type: str
    status: str


class FoundTickets(msgspec.Struct):
    data: list[FoundTicket]


async def validate(request: web.Request) -> web.Response:
    """The verdict on one code."""
    scanner = await device(request)
    given = await bodies.body(request, scans_shapes.validate_request)
    return await _judged(request, scanner, given)


async def validate_named(request: web.Request) -> web.Response:
    """The verdict on the ticket that the address names: on its code if one is sent, else as found by hand."""
    scanner, ticket_id = await device(request), request.match_info["ticket_id"]
    given = await bodies.body(request, scans_shapes.validate_request)
    if given.ticketId not in {None, ticket_id}:
        raise Invalid.at("/ticketId", "invalid_value", "The address names another ticket")
    given.ticketId = ticket_id
    return await _judged(request, scanner, given)


async def _judged(request: web.Request, scanner: Scanner, given: scans_shapes.ValidateRequest) -> web.Response:
    verdict = await request.config_dict[SCANS].validate(scanner, scans_shapes.shown_one(given))
    return http.json(verdict, headers=clock())


async def check_in_batch(request: web.Request) -> web.StreamResponse:
    """Verdicts on up to 10,000 scans in JSON or 50,000 in NDJSON, in input order."""
    devices, scans, event_id = request.config_dict[DEVICES], request.config_dict[SCANS], request.match_info["event_id"]
    scanner = await devices.verify_to_deliver(auth.device_text(request), event_id)
    key = key_of(request)
    raw = await bodies.read(request, BATCH_BYTES_MAX)
    received_at = now()

    async def run() -> web.Response:
        # Megabytes of JSON hold the loop for as long as they take: elsewhere, other gates are answered meanwhile.
        upload = await asyncio.to_thread(
            scans_shapes.upload, raw, received_at, lines=request.content_type in LINE_TYPES
        )
        answered = await scans.upload(scanner, upload, received_at)
        body = pieces.Pieces(answered.body, content_type="application/json")
        response = web.Response(body=body, headers=clock())
        response[RECIPE] = answered.recipe
        return response

    scope = scope_of(f"device:{scanner.device_id}", request, key)
    return await request.config_dict[IDEMPOTENCY].once(scope, raw, run, remake=scans.answer_again)


async def search_attendees(request: web.Request) -> web.Response:
    """Tickets by name, e-mail or order number, for a manual check-in."""
    scanner = await device(request)
    query = bodies.query(request, SearchQuery)
    found = await request.config_dict[TICKETS].search(scanner.event_id, query.q)
    data: list[dict[str, Any]] = [
        {
            "ticketId": ticket.id,
            "attendee": ticket.holder_name,
            "email": _masked(ticket.holder_email),
            "order_number": ticket.order_number,
            "seat": ticket.seat or ticket.section,
            "ticket_type": ticket.ticket_type_name,
            "status": ticket.shown_status,
        }
        for ticket in found
    ]
    return http.json({"data": data})


async def device(request: web.Request) -> Scanner:
    """The scanner behind the request; Forbidden if the address names another event."""
    event_id = request.match_info.get("event_id")
    devices = request.config_dict[DEVICES]
    credential = auth.device_text(request)
    return await (devices.verify(credential) if event_id is None else devices.verify_for(credential, event_id))


def clock() -> dict[str, str]:
    """A scanner sets its offset by this; it stays out of the body, which is repeated word for word."""
    return {"X-Server-Now-Ms": str(now_ms())}


def _masked(email: str) -> str:
    name, _, domain = email.partition("@")
    return f"{name[:MASKED_AFTER]}…@{domain}" if email else ""


_NO = (DeviceRevoked, SwitchedOff, Unavailable)

ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/v1/tickets/validate",
        validate,
        "device",
        "gate",
        takes=scans_shapes.ValidateRequest,
        gives=scans_shapes.VerdictDocument,
        repeats="always",
    )
    .refuses(*_NO, Malformed, TooMany)
    .also("/v1/checkin"),
    Route(
        "POST",
        "/v1/tickets/{ticket_id}/validate",
        validate_named,
        "device",
        "gate",
        takes=scans_shapes.ValidateRequest,
        gives=scans_shapes.VerdictDocument,
        repeats="always",
    ).refuses(*_NO, Malformed, TooMany),
    Route(
        "POST",
        "/v1/events/{event_id}/checkins/batch",
        check_in_batch,
        "device",
        "gate",
        takes=scans_shapes.BatchRequest,
        gives=scans_shapes.BatchAnswer,
        repeats="itself",
        also_takes=tuple(sorted(LINE_TYPES)),
    ).refuses(*_NO, Forbidden, Malformed, IdempotencyKeyRequired, IdempotencyKeyReused, IdempotencyInFlight),
    Route(
        "GET",
        "/v1/events/{event_id}/attendees",
        search_attendees,
        "device",
        "gate",
        gives=FoundTickets,
        query=SearchQuery,
    ).refuses(*_NO, Forbidden, Malformed),
)
