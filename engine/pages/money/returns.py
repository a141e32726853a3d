"""Giving tickets back from an order's page: what would come back is said before anything is asked."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from engine.domain.money.asked_refunds import AskedRefund, ReturnPreview
from engine.domain.money.orders import Order
from engine.domain.order_states import REFUNDABLE
from engine.domain.sale.places import place
from engine.domain.tickets.tickets import TicketPage
from engine.foundation import bodies
from engine.foundation.errors import Conflict, Invalid, Unavailable
from engine.foundation.manners import FORM, Manners
from engine.foundation.speech import tongue
from engine.foundation.speech.tongue import say
from engine.pages import cookies, csrf, frame
from engine.services.appkeys import ASKED_REFUNDS

REASON_CHARS_MAX: Final = 500
TICKETS_MAX: Final = 200
FORM_BYTES_MAX: Final = 16_384


def setup(app: web.Application) -> None:
    frame.serve(app, "POST", "/order/{order_id}/give-back", give_back, Manners("own", takes=FORM))


async def shown(request: web.Request, order: Order, tickets: list[TicketPage]) -> dict[str, Any]:
    """What the order's page says of giving tickets back; ``offer`` None if there is nothing to say."""
    service = request.config_dict[ASKED_REFUNDS]
    asked: list[AskedRefund] = await service.of_order(order.id) if order.status in REFUNDABLE else []
    preview: ReturnPreview | None = await service.preview_of(order) if order.status in REFUNDABLE else None
    by_id = {ticket.id: ticket for ticket in tickets}
    return {
        "offer": preview if preview is not None and preview.mode != "none" else None,
        "offer_reason": f"{tongue.gettext(preview.reason)}." if preview is not None and preview.reason else "",
        "asked": asked,
        "give_back": [
            {"ticket": by_id[part.ticket_id], "place": _place(by_id[part.ticket_id]), "amount_cents": part.amount_cents,
             "worth_cents": part.worth_cents}
            for part in (preview.tickets if preview is not None else ())
            if part.ticket_id in by_id
        ],
        "reason_chars_max": REASON_CHARS_MAX,
    }  # fmt: skip


async def give_back(request: web.Request) -> web.Response:
    """The buyer's request, from the form of the order's page; what is refused is said on a page of its own."""
    pairs = await bodies.form_pairs(request, FORM_BYTES_MAX)
    form = dict(pairs)
    csrf.check(request, form)
    order_id, token = request.match_info["order_id"], cookies.kept(request, cookies.ORDER_COOKIE)
    chosen = tuple(value[:64] for name, value in pairs if name == "ticket")[:TICKETS_MAX]
    context: dict[str, Any] = {"order_id": order_id}
    if not chosen:
        return frame.render(
            request, "orders/give_back.html", context | {"said": say("Choose at least one ticket.")}, status=422
        )
    reason = form.get("reason", "").strip()[:REASON_CHARS_MAX]
    try:
        asked = await request.config_dict[ASKED_REFUNDS].ask(order_id, chosen, reason, person=None, token=token)
    except (Conflict, Invalid, Unavailable) as refusal:
        context["said"] = f"{tongue.gettext(refusal.detail)}."
        return frame.render(request, "orders/give_back.html", context, status=refusal.status)
    raise web.HTTPSeeOther(f"{cookies.order_path(asked.order_id)}#give-back")


def _place(ticket: TicketPage) -> str:
    return place(ticket.section, ticket.seat)
