"""Corrections of tickets over HTTP: who comes, and a new code for one that somebody else has seen."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from engine.domain.tickets.corrections import ReissuedOften, TicketChange
from engine.domain.tickets.transfers import TicketHandedOn, TransferPending
from engine.foundation import http
from engine.foundation.errors import Forbidden, Malformed, NotFound, Unauthenticated
from engine.services.appkeys import TICKET_CORRECTIONS, TICKETS
from engine.services.tickets.tickets import TicketNotLive
from engine.web.forms import form
from engine.web.route import Route
from engine.web.tickets.tickets import asker_of
from engine.web.tickets.tickets_shapes import TicketDocument, ticket_document

UNKEPT: Final = {"Cache-Control": "no-store"}


async def change_ticket(request: web.Request) -> web.Response:
    """Say who comes with the ticket; its code stays as it is."""
    asker, change = asker_of(request), await form(request, TicketChange)
    ticket = await request.config_dict[TICKET_CORRECTIONS].name_attendee(asker, request.match_info["ticket_id"], change)
    return http.json(ticket_document(ticket, request.config_dict[TICKETS].code(ticket)), headers=UNKEPT)


async def reissue_ticket(request: web.Request) -> web.Response:
    """A new code in the place of the old one, which gates refuse from then on."""
    ticket = await request.config_dict[TICKET_CORRECTIONS].reissue(asker_of(request), request.match_info["ticket_id"])
    return http.json(ticket_document(ticket, request.config_dict[TICKETS].code(ticket)), 201, headers=UNKEPT)


_AT: Final = "/v1/tickets/{ticket_id}"
_OWN: Final = (Unauthenticated, NotFound, Forbidden, TicketHandedOn, TicketNotLive, TransferPending)

ROUTES: tuple[Route, ...] = (
    Route(
        "PATCH", _AT, change_ticket, "capability", "buy", needs="orders.write", takes=TicketChange, gives=TicketDocument
    ).refuses(*_OWN, Malformed),
    Route(
        "POST",
        f"{_AT}/reissue",
        reissue_ticket,
        "capability",
        "buy",
        needs="orders.write",
        gives=TicketDocument,
        status=201,
    ).refuses(*_OWN, ReissuedOften),
)
