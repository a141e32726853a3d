"""Orders of an event: searching, reading, cancelling, giving money back."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any, Final, get_args

from aiohttp import web

from admin import reach
from admin.forms import filled
from admin.forms.messages import SendAgainForm
from admin.forms.orders import CorrectionForm, RefundForm
from admin.visit import Visit, address
from engine.domain.catalogue.events import Event
from engine.domain.money.orders import Order
from engine.domain.money.refund_requests import KEPT
from engine.domain.order_states import OPEN, REFUNDABLE, SOLD, Status
from engine.domain.tickets.tickets import TicketPage
from engine.foundation import http
from engine.foundation.errors import Conflict, IdempotencyKeyReused, TooMany, Unavailable
from engine.foundation.idempotency import scope_of

SEARCH_CHARS_MAX: Final = 100
STATUSES: Final = get_args(Status)
KEY_BYTES: Final = 18


async def search(visit: Visit) -> web.Response:
    """Newest first; by name, e-mail or order number, and by status."""
    event = await reach.event(visit, "orders.read")
    text = visit.query.get("q", "").strip()[:SEARCH_CHARS_MAX]
    status = visit.query.get("status", "")
    status = status if status in STATUSES else ""
    rows = await visit.services.money.orders.of_event(
        visit.person, event.id, search=text or None, status=status or None, before=visit.query.get("before") or None,
        limit=reach.PAGE,
    )  # fmt: skip
    page, more = reach.cut(rows)
    context: dict[str, Any] = {
        "event": event,
        "orders": page,
        "more": more,
        "q": text,
        "status_wanted": status,
        "statuses": STATUSES,
    }
    if visit.is_partial:
        return visit.piece("orders/rows.html", **context)
    return await visit.page("orders/list.html", **context)


async def export(visit: Visit) -> web.StreamResponse:
    """Every order as CSV, newest first."""
    event = await reach.event(visit, "orders.read")
    pieces = visit.services.insight.order_sheets.of_event(visit.person, event.id)
    return await http.piecewise(visit.request, pieces, "text/csv; charset=utf-8", f"{event.slug}-orders.csv")


async def export_door_list(visit: Visit) -> web.StreamResponse:
    """Every ticket that somebody has as CSV, by place."""
    event = await reach.event(visit, "orders.read")
    pieces = visit.services.insight.order_sheets.door_list(visit.person, event.id)
    return await http.piecewise(visit.request, pieces, "text/csv; charset=utf-8", f"{event.slug}-door-list.csv")


async def show(visit: Visit) -> web.Response:
    event = await reach.event(visit, "orders.read")
    return await order_page(visit, event, await reach.order(visit, event), filled.Filled())


async def cancel(visit: Visit) -> web.Response:
    """Of an order that is not paid yet."""
    event = await reach.event(visit, "orders.write")
    order = await reach.order(visit, event)
    path = address("events", event.id, "orders", order.id)
    try:
        await visit.services.money.orders.cancel(order.id, person=visit.person, token=None)
    except (Conflict, Unavailable) as refusal:
        return await visit.go(path, str(refusal.detail), tone="bad")
    return await visit.go(path, "The order is cancelled; its places are free again.")


async def refund(visit: Visit) -> web.Response:
    """Everything, some tickets or an amount. The same form sent twice refunds once."""
    event = await reach.event(visit, "refunds.write")
    order = await reach.order(visit, event)
    form = filled.read(RefundForm, visit.form)
    path = address("events", event.id, "orders", order.id)

    async def act(typed: RefundForm) -> web.Response:
        scope = scope_of(f"admin:{visit.person.user_id}", visit.request, typed.key)

        async def run() -> web.Response:
            wanted = typed.given(order.currency)
            refund = await visit.services.money.refunds.create(visit.person, order.id, wanted, once_as=scope)
            return web.Response(text=refund.status)

        return await visit.services.common.idempotency.once(scope, typed.model_dump_json().encode(), run)

    try:
        done = await form.carry_out(act)
    except IdempotencyKeyReused:
        done = None
    if done is None:
        return await order_page(visit, event, order, form)
    if done.text == "succeeded":
        if await visit.services.money.box_office.payment_of(order.id) is not None:
            return await visit.go(path, "Refunded in the ledger: return the money over the counter.")
        return await visit.go(path, "Refunded. The buyer is told by e-mail.")
    return await visit.go(path, "The refund is on its way: the payment provider has not confirmed it yet.", tone="warn")


async def resend(visit: Visit) -> web.Response:
    """Mail a paid order's tickets to its buyer once more."""
    event = await reach.event(visit, "orders.write")
    order = await reach.order(visit, event)
    path = address("events", event.id, "orders", order.id)
    try:
        await visit.services.money.corrections.resend(order.id, person=visit.person, token=None)
    except (Conflict, TooMany) as refusal:
        return await visit.go(path, str(refusal.detail), tone="bad")
    return await visit.go(path, "The tickets are on their way to the buyer.")


async def correct(visit: Visit) -> web.Response:
    """Another name or address of the buyer, with the reason; both addresses are told."""
    event = await reach.event(visit, "orders.write")
    order = await reach.order(visit, event)
    form = filled.read(CorrectionForm, visit.form)

    async def act(typed: CorrectionForm) -> bool:
        change = typed.given(order)
        await visit.services.money.corrections.correct(order.id, change, person=visit.person, token=None)
        return True

    if not await form.carry_out(act):
        return await order_page(visit, event, order, filled.Filled(), correction=form)
    return await visit.go(address("events", event.id, "orders", order.id), "Corrected. The buyer is told by e-mail.")


def _live(tickets: Sequence[TicketPage]) -> bool:
    """Whether any ticket can still be given back, which may have cost nothing."""
    return any(ticket.status not in KEPT for ticket in tickets)


async def order_page(
    visit: Visit,
    event: Event,
    order: Order,
    form: filled.Filled[RefundForm],
    again: filled.Filled[SendAgainForm] | None = None,
    correction: filled.Filled[CorrectionForm] | None = None,
) -> web.Response:
    """The order, with its forms as they were filled in: a refund, its tickets sent again, a correction."""
    needs_sending = order.mail_refused is not None or again is not None
    again = again or filled.fresh(SendAgainForm, email=order.buyer_email)
    correction = correction or filled.fresh(CorrectionForm, name=order.buyer_name, email=order.buyer_email)
    types = await visit.services.catalogue.ticket_types.of_event(visit.person, event.id)
    tickets = await visit.services.tickets.tickets.of_order(order.id)
    may_refund = await visit.may(event.organization_id, "refunds.write")
    may_write = await visit.may(event.organization_id, "orders.write")
    return await visit.page(
        "orders/show.html",
        event=event,
        order=order,
        names={kind.id: kind.name for kind in types},
        tickets=tickets,
        refunds=await visit.services.money.refunds.of_order(order.id),
        transfers=await visit.services.tickets.transfers.of_order(visit.person, order.id),
        places={ticket.id: ticket.seat or ticket.section for ticket in tickets},
        state=await visit.services.money.orders.status(order),
        form=form,
        again=again,
        messages=await visit.services.messages.notifications.of_order(order.id, person=visit.person, token=None),
        may_send_again=may_write and order.status in SOLD and needs_sending,
        correction=correction,
        may_correct=may_write and order.status in SOLD,
        key=secrets.token_urlsafe(KEY_BYTES),
        disputes=await visit.services.money.disputes.of_order(order.id),
        counter=await visit.services.money.box_office.payment_of(order.id),
        lines=await visit.services.insight.activity.of_order(visit.person, order.id, event.organization_id),
        may_refund=may_refund and order.status in REFUNDABLE and (order.refundable_cents > 0 or _live(tickets)),
        may_release=may_refund,
        may_cancel=may_write and order.status in OPEN,
        status=max(form.status, again.status, correction.status),
    )
