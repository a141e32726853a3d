"""What people were told about an event or an order, what came of it, and sending tickets again."""

from __future__ import annotations

from typing import Any, Final, get_args

from aiohttp import web

from admin import reach
from admin.forms import filled
from admin.forms.messages import SendAgainForm
from admin.views import orders
from admin.visit import Visit, address
from engine.domain.messages.notifications import TITLES, Status
from engine.domain.money.orders import Order
from engine.foundation.ids import is_id

STATUSES: Final = get_args(Status)


async def list_all(visit: Visit) -> web.Response:
    """Newest first, by what became of them and by kind, with how many stand where and which ways are set up."""
    event = await reach.event(visit, "orders.read")
    status, kind, before = (visit.query.get(name, "") for name in ("status", "kind", "before"))
    status, kind = status if status in STATUSES else "", kind if kind in TITLES else ""
    notifications = visit.services.messages.notifications
    rows = await notifications.of_event(
        visit.person,
        event.id,
        status=status or None,
        kind=kind or None,
        before=before if is_id("msg", before) else None,
        limit=reach.PAGE,
    )
    page, more = reach.cut(rows)
    context: dict[str, Any] = {
        "event": event,
        "messages": page,
        "more": more,
        "asked": {name: value for name, value in (("status", status), ("kind", kind)) if value},
        "statuses": STATUSES,
        "kinds": TITLES,
        "counts": await notifications.counts(visit.person, event.id),
        "channels": visit.services.messages.channels.open,
    }
    return await visit.page("messages/list.html", **context)


async def send_again(visit: Visit) -> web.Response:
    """An order's tickets, to its address or to a corrected one."""
    event = await reach.event(visit, "orders.write")
    order = await reach.order(visit, event)
    form = filled.read(SendAgainForm, visit.form)

    async def act(typed: SendAgainForm) -> Order:
        return await visit.services.messages.redelivery.send_again(visit.person, order.id, typed.email)

    done = await form.carry_out(act)
    if done is None:
        return await orders.order_page(visit, event, order, filled.Filled(), again=form)
    path = address("events", event.id, "orders", order.id)
    return await visit.go(path, f"The tickets are on their way to {done.buyer_email}.")
