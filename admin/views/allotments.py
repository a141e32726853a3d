"""Allotments of an event: set apart, opened to channels, given back."""

from __future__ import annotations

from aiohttp import web

from admin import formats, frozen, reach
from admin.forms import filled
from admin.forms.allotments import AllotmentChangeForm, AllotmentForm, VersionForm
from admin.visit import Visit, address
from engine.domain.catalogue.errors import AllotmentUnknown
from engine.domain.catalogue.events import Event
from engine.domain.sale.allotments import Allotment


async def list_all(visit: Visit) -> web.Response:
    return await _list(visit, await reach.event(visit, "allotments.read"), filled.Filled())


async def create(visit: Visit) -> web.Response:
    event = await reach.event(visit, "allotments.write")
    form = filled.read(AllotmentForm, visit.form)
    made = await form.carry_out(
        lambda typed: visit.services.sale.allotments.create(visit.person, event.id, typed.given())
    )
    if made is None:
        return await _list(visit, event, form)
    note = f"{formats.counted(made.units, 'place is', 'places are')} set apart for {made.name}."
    return await visit.go(address("events", event.id, "allotments"), note)


async def change(visit: Visit) -> web.Response:
    event = await reach.event(visit, "allotments.write")
    allotment = await _found(visit, event)
    form = filled.read(AllotmentChangeForm, visit.form)
    changed = await form.carry_out(
        lambda typed: visit.services.sale.allotments.change(visit.person, allotment.id, typed.version, typed.given())
    )
    return await _done(visit, event, form, "Saved." if changed is not None else None)


async def release(visit: Visit) -> web.Response:
    """Give its places back to everybody."""
    event = await reach.event(visit, "allotments.write")
    allotment = await _found(visit, event)
    form = filled.read(VersionForm, visit.form)

    async def act(typed: VersionForm) -> bool:
        await visit.services.sale.allotments.release(visit.person, allotment.id, typed.version)
        return True

    released = await form.carry_out(act)
    return await _done(visit, event, form, f"{allotment.name} is released." if released else None)


async def _found(visit: Visit, event: Event) -> Allotment:
    for allotment in await visit.services.sale.allotments.of_event(visit.person, event.id):
        if allotment.id == visit.at("allotment"):
            return allotment
    raise AllotmentUnknown


async def _done(visit: Visit, event: Event, form: filled.Filled[filled.F], note: str | None) -> web.Response:
    path = address("events", event.id, "allotments")
    if note is not None:
        return await visit.go(path, note)
    faults = [*form.general, *form.errors.values()]
    return await visit.go(path, " ".join(faults), tone="bad")


async def _list(visit: Visit, event: Event, form: filled.Filled[AllotmentForm]) -> web.Response:
    return await visit.page(
        "allotments/list.html",
        event=event,
        allotments=await visit.services.sale.allotments.of_event(visit.person, event.id),
        sections=await frozen.sections(visit, event),
        form=form,
        may_write=await visit.may(event.organization_id, "allotments.write"),
        status=form.status,
    )
