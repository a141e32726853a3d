"""One ticket's page, for its buyer under the order's address and for whom it was handed on to under its own.

It says what can be done with the ticket now, and why not: hand it on, name who comes, have it issued again.
"""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from engine.domain.accounts.people import EMAIL_CHARS_MAX
from engine.domain.errors import CapabilityWrong
from engine.domain.fields import NAME_CHARS_MAX
from engine.domain.tickets.corrections import TicketChange
from engine.domain.tickets.ticket_links import TOKEN_CHARS_MAX
from engine.domain.tickets.transfers import NewTransfer
from engine.foundation import bodies, http, manners, shapes
from engine.foundation.errors import Forbidden, Invalid, NotFound, Refusal, Unauthenticated
from engine.foundation.manners import FORM, Manners
from engine.foundation.speech.tongue import later, say
from engine.pages import cookies, csrf, frame
from engine.pages.tickets import faces
from engine.services.appkeys import EVENTS, TICKET_CORRECTIONS, TICKETS, TRANSFERS
from engine.services.tickets.tickets import Asker

FORM_BYTES_MAX: Final = 8 * 1024
OF_BUYER, OF_HOLDER = "/order/{order_id}/tickets/{ticket_id}", "/ticket/{ticket_id}"
# Why a ticket cannot be handed on now.
WHY_NOT: Final = {
    "ticket_not_live": later("This ticket is no longer good for entry."),
    "ticket_already_used": later("This ticket was used at the door."),
    "transfers_closed": later("Tickets of this event cannot be handed on, or no longer."),
    "transfer_limit_reached": later("This ticket was handed on as often as its event allows."),
}
DONE: Final = {
    "named": later("The name is changed."),
    "reissued": later("The ticket has a new code, and is on its way by mail. The old code admits nobody any more."),
}


def setup(app: web.Application) -> None:
    """Register the page under both addresses, with its forms."""
    for at in (OF_BUYER, OF_HOLDER):
        frame.serve(app, "GET", at, show, manners.PAGE)
        frame.serve(app, "POST", f"{at}/transfer", hand_on, Manners("buy", takes=FORM))
        frame.serve(app, "POST", f"{at}/attendee", name_attendee, Manners("buy", takes=FORM))
        frame.serve(app, "POST", f"{at}/reissue", reissue, Manners("buy", takes=FORM))
    frame.serve(app, "GET", f"{OF_HOLDER}/ticket.pdf", sheet, Manners("document"))


async def show(request: web.Request) -> web.Response:
    """The ticket. A holder's link becomes a cookie first, so that no address of theirs carries it on."""
    token = request.query.get("token", "")[:TOKEN_CHARS_MAX]
    if token and "order_id" not in request.match_info:
        ticket_id = request.match_info["ticket_id"]
        try:
            await request.config_dict[TICKETS].own(Asker(ticket_token=token), ticket_id)
        except (NotFound, Forbidden):
            return frame.render(request, "tickets/ticket_gone.html", status=404)
        response = web.HTTPSeeOther(f"/ticket/{ticket_id}", headers={"Referrer-Policy": "no-referrer"})
        cookies.keep_ticket(request, response, ticket_id, token)
        raise response
    return await _page(request)


async def hand_on(request: web.Request) -> web.Response:
    """Begin: both sides are mailed a code. What is wrong is told at its field."""
    form = await _form(request)
    given = {"to_email": form["to_email"], "to_name": form["to_name"] or None}
    try:
        wanted = shapes.build(given, NewTransfer)
        await request.config_dict[TRANSFERS].start(_asker(request), request.match_info["ticket_id"], wanted)
    except (Unauthenticated, NotFound, Forbidden):
        raise
    except Refusal as refusal:
        return await _page(request, refusal, form)
    raise web.HTTPSeeOther(_at(request))


async def name_attendee(request: web.Request) -> web.Response:
    """Who comes with it."""
    form = await _form(request)
    try:
        change = shapes.build({"attendee_name": form["attendee_name"]}, TicketChange)
        await request.config_dict[TICKET_CORRECTIONS].name_attendee(
            _asker(request), request.match_info["ticket_id"], change
        )
    except Invalid as refusal:
        return await _page(request, refusal, form)
    raise web.HTTPSeeOther(_at(request) + "?done=named")


async def reissue(request: web.Request) -> web.Response:
    """A new code for one that somebody else has seen."""
    await _form(request)
    await request.config_dict[TICKET_CORRECTIONS].reissue(_asker(request), request.match_info["ticket_id"])
    raise web.HTTPSeeOther(_at(request) + "?done=reissued")


async def sheet(request: web.Request) -> web.Response:
    """The holder's ticket as a printable page."""
    tickets = request.config_dict[TICKETS]
    ticket = await tickets.own(_asker(request), request.match_info["ticket_id"])
    document = tickets.document([ticket])
    if http.fresh(request, document.mark):
        return http.not_modified(document.mark)
    return http.pdf(await tickets.printed(document), document.mark, f"ticket-{ticket.order_number}-{ticket.unit}.pdf")


async def _page(
    request: web.Request, refusal: Refusal | None = None, form: dict[str, str] | None = None
) -> web.Response:
    try:
        ticket = await request.config_dict[TICKETS].read(_asker(request), request.match_info["ticket_id"])
    except (Unauthenticated, CapabilityWrong, NotFound) as error:
        return frame.render(request, "tickets/ticket_gone.html", status=error.status)
    transfers = request.config_dict[TRANSFERS]
    why_not = "ticket_handed_on" if ticket.is_elsewhere else await transfers.why_not(ticket)
    pending = await transfers.pending_of(ticket.id) if why_not == "transfer_pending" else None
    done = DONE.get(request.query.get("done", ""))
    context: dict[str, Any] = {
        "ticket": ticket,
        "event": await request.config_dict[EVENTS].get(None, ticket.event_id, hidden_too=True),
        "face": faces.face_of(request, ticket),
        "at": _at(request),
        "of_holder": "order_id" not in request.match_info,
        "order_id": ticket.order_id,
        "pending": pending,
        "may": why_not is None,
        "why_not": say(WHY_NOT[why_not]) if why_not in WHY_NOT else "",
        "typed": form or {"to_email": "", "to_name": "", "attendee_name": ticket.holder_name},
        "fault": frame.fault_of(refusal) if refusal is not None else "",
        "fault_at": _field(refusal),
        "done": say(done) if done is not None else "",
    }
    return frame.render(request, "tickets/ticket.html", context, status=refusal.status if refusal else 200)


def _asker(request: web.Request) -> Asker:
    """The bearer of the cookie that belongs to this address. Unauthenticated without one."""
    if "order_id" in request.match_info:
        token = cookies.kept(request, cookies.ORDER_COOKIE)
        asker = Asker(order_token=token)
    else:
        token = cookies.kept(request, cookies.TICKET_COOKIE)
        asker = Asker(ticket_token=token)
    if token is None:
        raise Unauthenticated
    return asker


def _at(request: web.Request) -> str:
    ticket_id = request.match_info["ticket_id"]
    order_id = request.match_info.get("order_id")
    return f"/order/{order_id}/tickets/{ticket_id}" if order_id else f"/ticket/{ticket_id}"


def _field(refusal: Refusal | None) -> str:
    """The field that a refusal is about, "" if it is none's."""
    if not isinstance(refusal, Invalid) or not refusal.errors:
        return ""
    return refusal.errors[0]["pointer"].strip("/")


async def _form(request: web.Request) -> dict[str, str]:
    form = await bodies.form(request, FORM_BYTES_MAX)
    csrf.check(request, form)
    limits = {"to_email": EMAIL_CHARS_MAX, "to_name": NAME_CHARS_MAX, "attendee_name": NAME_CHARS_MAX}
    return {name: form.get(name, "").strip()[: most + 1] for name, most in limits.items()}
