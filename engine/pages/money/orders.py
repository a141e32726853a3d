"""An order's page: hold, payment and tickets each told apart, then the tickets themselves and the receipt."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from engine.domain.errors import CapabilityWrong
from engine.domain.money.orders import Order
from engine.domain.order_states import EVER_PAID, OPEN, SOLD
from engine.domain.sale.places import place
from engine.domain.sale.ticket_groups import groups_of
from engine.foundation import http, manners
from engine.foundation.clock import now, now_ms, to_ms
from engine.foundation.errors import NotFound, Unauthenticated
from engine.foundation.manners import FORM, Manners
from engine.pages import cookies, csrf, frame
from engine.pages.catalogue.events import told_of
from engine.pages.formats import said
from engine.pages.money import returns
from engine.pages.money.checkout import pay_data, shown_groups
from engine.pages.sale.shop import read_form
from engine.pages.tickets import faces
from engine.services.appkeys import EVENTS, ORDERS, SELLING, SETTINGS, TICKETS
from engine.services.sale.hold_prices import listed

REFRESH_S: Final = 5
UNPAID: Final = frozenset({"awaiting_payment", "failed"})


def setup(app: web.Application) -> None:
    frame.serve(app, "GET", "/order/{order_id}", page, manners.PAGE)
    frame.serve(app, "POST", "/order/{order_id}/enter", enter, Manners("own", takes=FORM))
    frame.serve(app, "POST", "/order/{order_id}/cancel", cancel, Manners("buy", takes=FORM))
    frame.serve(app, "GET", "/order/{order_id}/tickets.pdf", sheet, Manners("document"))
    frame.serve(app, "GET", "/my-tickets", mine, manners.PAGE)


async def page(request: web.Request) -> web.Response:
    """The order for anybody who carries its token; else the door that takes the token from the address."""
    try:
        order = await _read(request)
    except (Unauthenticated, CapabilityWrong, NotFound) as refusal:
        context = {"order_id": request.match_info["order_id"]}
        return frame.render(request, "orders/door.html", context, status=refusal.status)
    settings = request.config_dict[SETTINGS]
    event = await request.config_dict[EVENTS].get(None, order.event_id, hidden_too=True)
    frame.may_be_framed(request, event.organization.embed_origins)
    selling = await request.config_dict[SELLING].get(order.event_id)
    places = [place(line.section, line.seat) for line in order.lines]
    status = await request.config_dict[ORDERS].status(order)
    called_off = event.status == "cancelled"
    tickets = await request.config_dict[TICKETS].of_order(order.id) if order.status in EVER_PAID else []
    shown: dict[str, Any] = {
        "event": event,
        "called_off": called_off,
        "took_place": now() >= event.ends_at,
        "told": await told_of(request, event, since=order.created_at),
        "order": order,
        "status": status,
        "open": order.status in OPEN and not called_off,
        "unpaid": _unpaid(request, status.payment.state),
        "paid": order.status in EVER_PAID,
        "mailed": order.mail_refused is None and await request.config_dict[ORDERS].mails_tickets(order),
        "over": order.status in EVER_PAID and order.status not in SOLD,
        "groups": shown_groups(groups_of(order.lines, listed(selling)), places, selling),
        "tickets": [faces.face_of(request, ticket) for ticket in tickets],
        "messages": [each for each in await request.config_dict[ORDERS].returns(order) if each.message],
        "refresh_s": REFRESH_S,
        "sandboxed": settings.payments_are_sandboxed,
        "server_now_ms": now_ms(),
        **await returns.shown(request, order, tickets),
        "pay_data": pay_data(
            settings,
            order_id=order.id,
            order_number=order.order_number,
            event_title=event.title,
            event_starts=said(event.starts_at, event.timezone),
            status=order.status,
            issued=status.tickets.issued,
            client_secret=order.client_secret if order.status in OPEN and not called_off else None,
            payment_intent_id=order.payment_intent_id,
            amount_cents=order.amount_cents,
            currency=order.currency,
            expires_at_ms=to_ms(order.expires_at),
        ),
    }
    return frame.render(request, "orders/order.html", shown)


async def enter(request: web.Request) -> web.Response:
    """A token from a link becomes this order's cookie. CapabilityWrong if it opens another order or none."""
    form = await read_form(request)
    csrf.check(request, form)
    order_id, text = request.match_info["order_id"], form.get("order_token", "")[: cookies.TOKEN_CHARS_MAX]
    order = await request.config_dict[ORDERS].read(order_id, person=None, token=text)
    response = web.HTTPSeeOther(cookies.order_path(order.id))
    cookies.keep_order(request, response, order.id, text)
    raise response


async def cancel(request: web.Request) -> web.Response:
    """Give up before paying; the units go back once the provider confirms that nothing can be charged."""
    csrf.check(request, await read_form(request))
    order_id = request.match_info["order_id"]
    await request.config_dict[ORDERS].cancel(order_id, person=None, token=cookies.kept(request, cookies.ORDER_COOKIE))
    raise web.HTTPSeeOther(cookies.order_path(order_id))


async def sheet(request: web.Request) -> web.Response:
    """Every live ticket of the order as one PDF. NotFound if there is none."""
    order = await _read(request)
    tickets = request.config_dict[TICKETS]
    live = [ticket for ticket in await tickets.of_order(order.id) if tickets.code(ticket) is not None]
    if not live:
        raise NotFound("There is no ticket to print yet")
    document = tickets.document(live)
    if http.fresh(request, document.mark):
        return http.not_modified(document.mark)
    return http.pdf(await tickets.printed(document), document.mark, f"tickets-{order.order_number}.pdf")


async def mine(request: web.Request) -> web.Response:
    """The orders this browser remembers; the server does not know them together."""
    return frame.render(request, "orders/mine.html")


async def _read(request: web.Request) -> Order:
    token = cookies.kept(request, cookies.ORDER_COOKIE)
    return await request.config_dict[ORDERS].read(request.match_info["order_id"], person=None, token=token)


def _unpaid(request: web.Request, payment: str) -> bool:
    """Whether the order still waits for its buyer: not while they come back from the provider with an answer."""
    return payment in UNPAID and not {"paid", "payment_intent"} & set(request.query)
