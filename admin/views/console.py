"""The on-sale while it runs: queue, shop, orders, tickets, and the operator's hand on the tap."""

from __future__ import annotations

import contextlib
from typing import Any, Final

from aiohttp import web

from admin import reach
from admin.forms import filled
from admin.forms.on_sales import ControlsForm
from admin.trace import Sample
from admin.views.events import live_of
from admin.visit import Visit, address
from engine.domain.catalogue.events import Event
from engine.foundation.clock import now_ms
from engine.foundation.errors import Forbidden, NotFound, Unavailable

DONE: Final = {
    "pace": "The new pace is in force.",
    "pause": "Admission is paused. Those in the shop go on.",
    "resume": "Admission goes on.",
    "message": "Everybody in the queue sees it within seconds.",
    "open_now": "The sale is open.",
}


async def show(visit: Visit) -> web.Response:
    event = await reach.event(visit, "orders.read")
    return await _page(visit, event, filled.Filled())


async def figures(visit: Visit) -> web.Response:
    """The figures alone, for a page that is already open."""
    event = await reach.event(visit, "orders.read")
    return visit.piece("console/figures.html", event=event, **await _figures(visit, event))


async def control(visit: Visit) -> web.Response:
    """Put a change in force; the room has it within a second."""
    event = await reach.event(visit, "rooms.write")
    form = filled.read(ControlsForm, visit.form)
    done = await form.carry_out(lambda typed: visit.rooms.control(visit.person, event.id, typed.changes()))
    if done is None:
        return await _page(visit, event, form)
    note = DONE[form.value("do")]
    return await visit.go(address("events", event.id, "console"), note)


async def _page(visit: Visit, event: Event, form: filled.Filled[ControlsForm]) -> web.Response:
    context = await _figures(visit, event)
    may_control = await visit.may(event.organization_id, "rooms.write")
    return await visit.page(
        "console/show.html", event=event, form=form, may_control=may_control, status=form.status, **context
    )


async def _figures(visit: Visit, event: Event) -> dict[str, Any]:
    """Room, house and orders at one moment, and how they were in the last minutes."""
    room, why = None, ""
    if event.on_sale is None or not event.on_sale.room_enabled:
        why = "This event has no waiting room."
    elif event.status != "published":
        why = "The waiting room appears with publication."
    else:
        try:
            room = await visit.rooms.console(visit.person, event.id)
        except (Forbidden, NotFound, Unavailable) as refusal:
            why = str(refusal.detail)
    live = await live_of(visit, event)
    flow = None
    with contextlib.suppress(Forbidden):
        flow = await visit.services.insight.reports.flow(visit.person, event)
    sample = Sample(
        at_ms=now_ms(),
        waiting=room["waiting"] if room else 0,
        admitted_per_s=room["admitted_per_s"] if room else 0.0,
        held=live.house.held if live else 0,
        opened_per_s=flow.opened_per_s if flow else 0.0,
        paid_per_s=flow.paid_per_s if flow else 0.0,
    )
    trace = visit.figures.trace.add(event.id, sample)
    return {
        "room": room,
        "why_no_room": why,
        "live": live,
        "flow": flow,
        "trace": trace,
        "vital": await visit.vitals.now(),
    }
