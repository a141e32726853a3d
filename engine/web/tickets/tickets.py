"""Tickets for their owners: the ticket, its QR, its printable sheet."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

import msgspec
from aiohttp import web
from msgspec import Meta

from engine.domain.tickets.tickets import TicketPage
from engine.domain.tickets.transfers import TicketHandedOn
from engine.foundation import bodies, http, lists
from engine.foundation.errors import Forbidden, NotFound, Unauthenticated
from engine.foundation.lists import PAGE_DEFAULT, PAGE_MAX
from engine.services.appkeys import TICKETS
from engine.services.tickets.tickets import Asker, TicketNotLive
from engine.web import auth
from engine.web.route import Route
from engine.web.tickets.tickets_shapes import TicketDocument, TicketList, ticket_document

PRIVATE = "private, no-cache"  # asked again each time: a reissued ticket's old image admits nobody
ETAG_CHARS = 32


class ListQuery(msgspec.Struct):
    limit: Annotated[int, Meta(ge=1, le=PAGE_MAX)] = PAGE_DEFAULT
    cursor: str | None = None


async def get_ticket(request: web.Request) -> web.Response:
    """One ticket with its code."""
    ticket = await _ticket(request)
    document = ticket_document(ticket, request.config_dict[TICKETS].code(ticket))
    return http.json(document, headers={"Cache-Control": "no-store"})


async def list_tickets(request: web.Request) -> web.Response:
    """The signed-in buyer's tickets, newest first."""
    query = bodies.query(request, ListQuery)
    tickets = request.config_dict[TICKETS]
    after = lists.cursor_decode(query.cursor) or ""
    rows = await tickets.of_person(auth.person(request), after, query.limit + 1)
    page: dict[str, Any] = lists.page(rows, query.limit, lambda ticket: ticket.id)
    return http.json({**page, "data": [ticket_document(ticket, tickets.code(ticket)) for ticket in page["data"]]})


async def get_qr_svg(request: web.Request) -> web.Response:
    """The QR as SVG."""
    return await _image(request, "svg", "image/svg+xml")


async def get_qr_png(request: web.Request) -> web.Response:
    """The QR as PNG."""
    return await _image(request, "png", "image/png")


async def get_pdf(request: web.Request) -> web.Response:
    """The ticket as a printable page."""
    ticket, tickets = await _ticket(request), request.config_dict[TICKETS]
    document = tickets.document([ticket])
    if http.fresh(request, document.mark):
        return http.not_modified(document.mark)
    return http.pdf(await tickets.printed(document), document.mark, f"ticket-{ticket.order_number}-{ticket.unit}.pdf")


async def _image(request: web.Request, kind: Any, content_type: str) -> web.Response:
    ticket = await _ticket(request)
    tickets = request.config_dict[TICKETS]
    etag = hashlib.sha256(tickets.live_code(ticket).encode()).hexdigest()[:ETAG_CHARS]
    if http.fresh(request, etag):
        return http.not_modified(etag)
    image = tickets.image(ticket, kind)
    headers = {"ETag": f'"{etag}"', "Cache-Control": PRIVATE}
    return web.Response(body=image, content_type=content_type, headers=headers)


async def _ticket(request: web.Request) -> TicketPage:
    return await request.config_dict[TICKETS].read(asker_of(request), request.match_info["ticket_id"])


def asker_of(request: web.Request) -> Asker:
    """Who asks for a ticket. Unauthenticated if nothing says so."""
    asker = Asker(auth.optional_person(request), auth.order_token(request), auth.ticket_token(request))
    if asker.person is None and asker.order_token is None and asker.ticket_token is None:
        raise Unauthenticated
    return asker


_NO = (Unauthenticated, NotFound)
_CODE = (*_NO, Forbidden, TicketHandedOn, TicketNotLive)
_AT = "/v1/tickets/{ticket_id}"

ROUTES: tuple[Route, ...] = (
    Route("GET", "/v1/tickets", list_tickets, "person", "own", gives=TicketList, query=ListQuery).also(
        "/v1/users/me/tickets"
    ),
    Route("GET", _AT, get_ticket, "capability", "own", needs="orders.read", gives=TicketDocument).refuses(*_NO),
    Route(
        "GET", f"{_AT}/qr.svg", get_qr_svg, "capability", "document", needs="orders.write", content_type="image/svg+xml"
    ).refuses(*_CODE),
    Route("GET", f"{_AT}/qr.png", get_qr_png, "capability", "document", needs="orders.write", content_type="image/png")
    .refuses(*_CODE)
    .also(f"{_AT}/qr", f"{_AT}/qrcode", f"{_AT}/qr-code"),
    Route("GET", f"{_AT}/pdf", get_pdf, "capability", "document", needs="orders.write", content_type="application/pdf")
    .refuses(*_CODE)
    .also(f"{_AT}/download"),
)
