"""When an event sells, and the waiting room in front of it."""

from __future__ import annotations

from aiohttp import web

from admin import reach
from admin.forms import filled
from admin.forms import on_sales as forms
from admin.forms.on_sales import OnSaleForm
from admin.visit import Visit, address
from engine.domain.catalogue.errors import OnSaleMissing
from engine.domain.catalogue.events import Event
from engine.domain.catalogue.on_sales import OnSale


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
    return await visit.page("on_sales/show.html", event=event, form=form, may_write=may_write, status=form.status)
