"""What tickets look like over HTTP."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from engine.domain.tickets.tickets import TicketPage


class TicketEvent(Struct):
    title: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    venue: str
    city: str


class TicketDocument(Struct, kw_only=True):
    """``code`` is the signed text of the QR, null once the ticket admits nobody; ``qrSecret`` repeats it.

    ``attendee`` is who comes, the buyer if nobody else was named; ``attendee_name`` repeats it. Of a ticket that was
    handed on (``transferred``) a buyer reads neither holder nor code.
    """

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
    attendee: str
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


class TicketList(Struct):
    data: list[TicketDocument]
    next_cursor: str | None
    has_more: bool


def ticket_document(ticket: TicketPage, code: str | None) -> TicketDocument:
    """The ticket's resource, with what a wallet page wants next to it; ``code`` is the text of its QR."""
    name, email = ticket.holder_name, ticket.attendee_email or ticket.holder_email
    if ticket.is_elsewhere:
        name = email = ""
    return TicketDocument(
        id=ticket.id,
        event_id=ticket.event_id,
        order_id=ticket.order_id,
        order_number=ticket.order_number,
        unit=ticket.unit,
        seat=ticket.seat,
        section=ticket.section,
        ticket_type_id=ticket.ticket_type_id,
        ticket_type_name=ticket.ticket_type_name,
        version=ticket.version,
        status=ticket.shown_status,
        code=code,
        qrSecret=code,
        seatInfo=ticket.seat or ticket.section,
        attendee=name,
        attendee_name=name,
        attendee_email=email,
        price_cents=ticket.price_cents,
        currency=ticket.currency,
        checked_in_at=ticket.checked_in_at,
        checked_in_gate=ticket.checked_in_gate,
        issued_at=ticket.created_at,
        event=TicketEvent(
            title=ticket.event_title,
            starts_at=ticket.starts_at,
            ends_at=ticket.ends_at,
            timezone=ticket.timezone,
            venue=ticket.venue_name,
            city=ticket.venue_city,
        ),
        qr_svg_url=f"/v1/tickets/{ticket.id}/qr.svg",
        qr_png_url=f"/v1/tickets/{ticket.id}/qr.png",
        pdf_url=f"/v1/tickets/{ticket.id}/pdf",
    )
