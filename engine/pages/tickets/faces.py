"""How a ticket looks on a page: its place, its state in words, its code if a gate would take it."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web
from markupsafe import Markup

from engine.domain.sale.places import place
from engine.domain.tickets.tickets import TicketPage
from engine.foundation.speech.tongue import later, say
from engine.services.appkeys import TICKETS

SHOWN_AT_GATES: Final = frozenset({"valid", "used"})  # used: for those who go out and come back
LEADS_ON: Final = frozenset({"valid", "used", "transfer_pending"})  # to a page of its own
TICKET_WORDS: Final = {
    "valid": later("Valid"),
    "used": later("Used"),
    "transfer_pending": later("Being transferred"),
    "transferred": later("Handed on"),
    "refunded": later("Refunded"),
    "cancelled": later("Cancelled"),
    "blocked": later("Blocked"),
}


def face_of(request: web.Request, ticket: TicketPage) -> dict[str, Any]:
    """A ticket for the template; ``code`` is its QR as inline SVG, None if a gate would turn it away now."""
    tickets, code = request.config_dict[TICKETS], None
    if ticket.status in SHOWN_AT_GATES and tickets.code(ticket) is not None:
        drawn = tickets.image(ticket, "svg").decode().replace("Ticket code", say("Ticket code"), 1)
        code = Markup(drawn)  # noqa: S704 - drawn by us
    return {
        "id": ticket.id,
        "place": place(ticket.section, ticket.seat),
        "section": ticket.section,
        "row": ticket.seat.split("/")[1] if ticket.seat else None,
        "seat": ticket.seat.split("/")[2] if ticket.seat else None,
        "kind": ticket.ticket_type_name,
        "holder": "" if ticket.is_elsewhere else ticket.holder_name,
        "status": ticket.status,
        "leads_on": ticket.status in LEADS_ON,
        "words": say(TICKET_WORDS.get(ticket.shown_status, ticket.shown_status)),
        "code": code,
    }
