"""When an event sells, and the waiting room in front of it."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from admin import reach
from admin.forms import filled
from admin.forms import on_sales as forms
from admin.forms.on_sales import OnSaleForm
from admin.visit import Visit, address
from engine.domain.catalogue.errors import OnSaleMissing
from engine.domain.catalogue.events import Event
from engine.domain.catalogue.on_sales import OnSale
from engine.domain.insight.activity import ActivityFilter, ActivityLine
from engine.foundation.clock import now

ROOM_LINES_MAX: Final = 50


async def show(visit: Visit) -> web.Response:
    event = await reach.event(visit)
    return await _page(visit, event, forms.of(await _kept(visit, event), event))


async def put(visit: Visit) -> web.Response:
    event = await reach.event(visit, "events.write")
    form = filled.read(OnSaleForm, visit.form)
    kept = await form.carry_out(
        lambda typed: visit.services.catalogue.on_sales.put(visit.person, event.id, typed.given(event))
    )
    if kept is None:
        return await _page(visit, event, form)
    return await visit.go(address("events", event.id, "on-sale"), "Saved.")


async def _kept(visit: Visit, event: Event) -> OnSale | None:
    try:
        return await visit.services.catalogue.on_sales.get(visit.person, event.id)
    except OnSaleMissing:
        return None


async def _page(visit: Visit, event: Event, form: filled.Filled[OnSaleForm]) -> web.Response:
    may_write = await visit.may(event.organization_id, "events.write")
    on_sale = event.on_sale
    has_room = on_sale is not None and on_sale.room_enabled and event.status in {"draft", "published"}
    return await visit.page(
        "on_sales/show.html",
        event=event,
        form=form,
        may_write=may_write,
        undrawn=has_room and on_sale is not None and on_sale.prequeue_opens_at is None and on_sale.opens_at > now(),
        pace=await _pace(visit, event) if has_room and may_write else None,
        status=form.status,
    )


async def _pace(visit: Visit, event: Event) -> ActivityLine | None:
    """What the console set last, which goes before what this form says."""
    wanted = ActivityFilter(about="room")
    lines = await visit.services.insight.activity.of_event(visit.person, event.id, None, ROOM_LINES_MAX, wanted)
    return next((line for line in lines if line.action == "room.pace_set"), None)
