"""Promo codes of an event."""

from __future__ import annotations

from aiohttp import web

from admin import reach
from admin.forms import filled
from admin.forms import promos as forms
from admin.forms.allotments import VersionForm
from admin.forms.promos import PromoForm, PromoSwitchForm
from admin.visit import Visit, address
from engine.domain.catalogue.errors import PromoCodeUnknown
from engine.domain.catalogue.events import Event
from engine.domain.catalogue.promos import PromoCode

USES_SHOWN = 100


async def list_all(visit: Visit) -> web.Response:
    return await _list(visit, await reach.event(visit, "promos.read"), filled.Filled())


async def create(visit: Visit) -> web.Response:
    event = await reach.event(visit, "promos.write")
    form = filled.read(PromoForm, visit.form)
    made = await form.carry_out(
        lambda typed: visit.services.catalogue.promos.create(visit.person, event.id, typed.given(event))
    )
    if made is None:
        return await _list(visit, event, form)
    return await visit.go(address("events", event.id, "promos"), f"{made.code} can be used.")


async def show(visit: Visit) -> web.Response:
    """A code's terms, and the orders that carry it."""
    event = await reach.event(visit, "promos.read")
    promo = await _found(visit, event)
    return await _one(visit, event, promo, forms.of(promo, event))


async def change(visit: Visit) -> web.Response:
    event = await reach.event(visit, "promos.write")
    promo = await _found(visit, event)
    form = filled.read(PromoForm, visit.form)
    changed = await form.carry_out(
        lambda typed: visit.services.catalogue.promos.change(visit.person, promo.id, typed.version, typed.change(event))
    )
    if changed is None:
        return await _one(visit, event, promo, form)
    return await visit.go(address("events", event.id, "promos"), f"{changed.code} is saved.")


async def switch(visit: Visit) -> web.Response:
    """Off and on again; orders keep the discount they were made with."""
    event = await reach.event(visit, "promos.write")
    promo = await _found(visit, event)
    form = filled.read(PromoSwitchForm, visit.form)
    changed = await form.carry_out(
        lambda typed: visit.services.catalogue.promos.change(visit.person, promo.id, typed.version, typed.given())
    )
    return await _done(visit, event, form, f"{promo.code} is {changed.status}." if changed is not None else None)


async def delete(visit: Visit) -> web.Response:
    event = await reach.event(visit, "promos.write")
    promo = await _found(visit, event)
    form = filled.read(VersionForm, visit.form)

    async def act(typed: VersionForm) -> bool:
        await visit.services.catalogue.promos.delete(visit.person, promo.id, typed.version)
        return True

    deleted = await form.carry_out(act)
    return await _done(visit, event, form, f"{promo.code} is deleted." if deleted else None)


async def _found(visit: Visit, event: Event) -> PromoCode:
    promo = await visit.services.catalogue.promos.get(visit.person, visit.at("promo"))
    if promo.event_id != event.id:
        raise PromoCodeUnknown
    return promo


async def _done(visit: Visit, event: Event, form: filled.Filled[filled.F], note: str | None) -> web.Response:
    path = address("events", event.id, "promos")
    if note is not None:
        return await visit.go(path, note)
    return await visit.go(path, " ".join([*form.general, *form.errors.values()]), tone="bad")


async def _list(visit: Visit, event: Event, form: filled.Filled[PromoForm]) -> web.Response:
    return await visit.page(
        "promos/list.html",
        event=event,
        promos=await visit.services.catalogue.promos.of_event(visit.person, event.id),
        form=form,
        types=await visit.services.catalogue.ticket_types.of_event(visit.person, event.id),
        may_write=await visit.may(event.organization_id, "promos.write"),
        status=form.status,
    )


async def _one(visit: Visit, event: Event, promo: PromoCode, form: filled.Filled[PromoForm]) -> web.Response:
    return await visit.page(
        "promos/show.html",
        event=event,
        promo=promo,
        uses=await visit.services.catalogue.promos.uses(visit.person, promo.id, None, USES_SHOWN),
        form=form,
        types=await visit.services.catalogue.ticket_types.of_event(visit.person, event.id),
        may_write=await visit.may(event.organization_id, "promos.write"),
        status=form.status,
    )
