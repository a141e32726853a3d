"""Ticket types of an event."""

from __future__ import annotations

from aiohttp import web

from admin import frozen, reach
from admin.forms import filled
from admin.forms import ticket_types as forms
from admin.forms.allotments import VersionForm
from admin.forms.ticket_types import PriceForm, TicketTypeForm
from admin.visit import Visit, address
from engine.domain.catalogue.events import Event
from engine.domain.catalogue.ticket_types import TicketType, checked_price
from engine.domain.prices import Price


async def list_all(visit: Visit) -> web.Response:
    event = await reach.event(visit)
    return await _list(visit, event, filled.fresh(TicketTypeForm, taxable="true"))


async def create(visit: Visit) -> web.Response:
    event = await reach.event(visit, "events.write")
    form = filled.read(TicketTypeForm, visit.form)
    made = await form.carry_out(
        lambda typed: visit.services.catalogue.ticket_types.create(visit.person, event.id, typed.new(event))
    )
    if made is None:
        return await _list(visit, event, form)
    return await visit.go(address("events", event.id, "ticket-types"), f"{made.name} is there.")


async def price(visit: Visit) -> web.Response:
    """What a buyer pays for one at the price that is being typed."""
    event = await reach.event(visit, "events.write")
    form = filled.read(PriceForm, visit.form)

    async def act(typed: PriceForm) -> Price:
        return checked_price(typed.cents(event), event, taxable=typed.taxable)

    found = await form.carry_out(act)
    return visit.piece("ticket_types/price.html", price=found, message=" ".join([*form.general, *form.errors.values()]))


async def show(visit: Visit) -> web.Response:
    event = await reach.event(visit)
    kind = await reach.ticket_type(visit, event)
    return await _one(visit, event, kind, forms.of(kind, event))


async def change(visit: Visit) -> web.Response:
    event = await reach.event(visit, "events.write")
    kind = await reach.ticket_type(visit, event)
    form = filled.read(TicketTypeForm, visit.form)
    changed = await form.carry_out(
        lambda typed: visit.services.catalogue.ticket_types.change(
            visit.person, kind.id, typed.version, typed.change(event)
        )
    )
    if changed is None:
        return await _one(visit, event, kind, form)
    return await visit.go(address("events", event.id, "ticket-types"), f"{changed.name} is saved.")


async def delete(visit: Visit) -> web.Response:
    event = await reach.event(visit, "events.write")
    kind = await reach.ticket_type(visit, event)
    form = filled.read(VersionForm, visit.form)

    async def act(typed: VersionForm) -> bool:
        await visit.services.catalogue.ticket_types.delete(visit.person, kind.id, typed.version)
        return True

    if await form.carry_out(act) is None:
        return await visit.go(address("events", event.id, "ticket-types"), " ".join(form.general), tone="bad")
    return await visit.go(address("events", event.id, "ticket-types"), f"{kind.name} is deleted.")


async def _list(visit: Visit, event: Event, form: filled.Filled[TicketTypeForm]) -> web.Response:
    types = await visit.services.catalogue.ticket_types.of_event(visit.person, event.id)
    return await visit.page(
        "ticket_types/list.html",
        event=event,
        types=types,
        categories=await frozen.categories(visit, event),
        form=form,
        may_write=await visit.may(event.organization_id, "events.write"),
        status=form.status,
    )


async def _one(visit: Visit, event: Event, kind: TicketType, form: filled.Filled[TicketTypeForm]) -> web.Response:
    return await visit.page(
        "ticket_types/show.html",
        event=event,
        kind=kind,
        categories=await frozen.categories(visit, event),
        form=form,
        may_write=await visit.may(event.organization_id, "events.write"),
        status=form.status,
    )
