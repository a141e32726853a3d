"""Tickets for their owners: the ticket, its QR, its printable sheet."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from aiohttp import web
from msgspec import Meta

from engine.foundation import bodies, http, lists
from engine.foundation.errors import NotFound, Unauthenticated
from engine.foundation.lists import PAGE_DEFAULT, PAGE_MAX
from engine.services.appkeys import TICKETS
from engine.services.tickets.tickets import Asker, TicketNotLive
from engine.stores.tickets.tickets import TicketPage
from engine.web import auth
from engine.web.route import Route

PRIVATE = "private, max-age=60"


class TicketEvent(msgspec.Struct):
    title: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    venue: str
    city: str


class TicketDocument(msgspec.Struct, kw_only=True):
    """``code`` is the signed text of the QR, null once the ticket admits nobody; ``qrSecret`` repeats it."""

    id: str
    event_id: str
    order_id: str
    order_number: str
    unit: int
    seat: str | None
    section: str
    ticket_type_id: str
    ticket_type_name: str
    version: int
    status: str
    code: str | None
    qrSecret: str | None
    seatInfo: str
    attendee_name: str
    attendee_email: str
    price_cents: int
    currency: str
    checked_in_at: datetime | None
    checked_in_gate: str | None
    issued_at: datetime
    event: TicketEvent
    qr_svg_url: str
    qr_png_url: str
    pdf_url: str


class TicketList(msgspec.Struct):
    data: list[TicketDocument]
    next_cursor: str | None
    has_more: bool


class ListQuery(msgspec.Struct):
    limit: Annotated[int, Meta(ge=1, le=PAGE_MAX)] = PAGE_DEFAULT
    cursor: str | None = None


async def get_ticket(request: web.Request) -> web.Response:
    """One ticket with its code."""
    ticket = await _ticket(request)
    document = request.config_dict[TICKETS].document(ticket)
    return http.json(document, headers={"Cache-Control": "no-store"})


async def list_tickets(request: web.Request) -> web.Response:
    """The signed-in buyer's tickets, newest first."""
    query = bodies.query(request, ListQuery)
    tickets = request.config_dict[TICKETS]
    after = lists.cursor_decode(query.cursor) or ""
    rows = await tickets.of_person(auth.person(request), after, query.limit + 1)
    page: dict[str, Any] = lists.page(rows, query.limit, lambda ticket: ticket.id)
    return http.json({**page, "data": [tickets.document(ticket) for ticket in page["data"]]})


async def get_qr_svg(request: web.Request) -> web.Response:
    """The QR as SVG."""
    return await _image(request, "svg", "image/svg+xml")


async def get_qr_png(request: web.Request) -> web.Response:
    """The QR as PNG."""
    return await _image(request, "png", "image/png")


async def get_pdf(request: web.Request) -> web.Response:
    """The ticket as a printable page."""
    ticket = await _ticket(request)
    sheet = await request.config_dict[TICKETS].sheet([ticket])
    return _download(sheet, f"ticket-{ticket.order_number}-{ticket.unit}.pdf")


def _download(sheet: bytes, name: str) -> web.Response:
    disposition = f'attachment; filename="{name}"'
    headers = {"Cache-Control": "private, no-store", "Content-Disposition": disposition}
    return web.Response(body=sheet, content_type="application/pdf", headers=headers)


async def _image(request: web.Request, kind: Any, content_type: str) -> web.Response:
    ticket = await _ticket(request)
    etag = f"{ticket.version}-{ticket.status}"
    if http.fresh(request, etag):
        return http.not_modified(etag)
    image = request.config_dict[TICKETS].image(ticket, kind)
    headers = {"ETag": f'"{etag}"', "Cache-Control": PRIVATE}
    return web.Response(body=image, content_type=content_type, headers=headers)


async def _ticket(request: web.Request) -> TicketPage:
    asker = Asker(auth.optional_person(request), auth.order_token(request))
    if asker.person is None and asker.order_token is None:
        raise Unauthenticated
    return await request.config_dict[TICKETS].read(asker, request.match_info["ticket_id"])


_NO = (Unauthenticated, NotFound)
_AT = "/v1/tickets/{ticket_id}"

ROUTES: tuple[Route, ...] = (
    Route("GET", "/v1/tickets", list_tickets, "person", gives=TicketList, query=ListQuery).also("/v1/users/me/tickets"),
    Route("GET", _AT, get_ticket, "capability", gives=TicketDocument).refuses(*_NO),
    Route("GET", f"{_AT}/qr.svg", get_qr_svg, "capability", content_type="image/svg+xml").refuses(*_NO, TicketNotLive),
    Route("GET", f"{_AT}/qr.png", get_qr_png, "capability", content_type="image/png")
    .refuses(*_NO, TicketNotLive)
    .also(f"{_AT}/qr"),
    Route("GET", f"{_AT}/pdf", get_pdf, "capability", content_type="application/pdf")
    .refuses(*_NO, TicketNotLive)
    .also(f"{_AT}/download"),
)
