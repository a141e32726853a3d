"""Places of a published event that are kept from sale, one by one."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from admin import formats, frozen, reach
from admin.forms import filled
from admin.forms.box_office import BlockForm
from admin.visit import Visit, address
from engine.domain.catalogue.events import Event

SHOWN_MAX: Final = 500


async def list_all(visit: Visit) -> web.Response:
    return await _list(visit, await reach.event(visit, "allotments.read"), filled.Filled())


async def block(visit: Visit) -> web.Response:
    """Keep places from sale."""
    event = await reach.event(visit, "allotments.write")
    form = filled.read(BlockForm, visit.form)
    done = await form.carry_out(lambda typed: visit.services.sale.blocks.block(visit.person, event.id, typed.block()))
    if done is None:
        return await _list(visit, event, form)
    note = f"{formats.counted(done.units, 'place is', 'places are')} kept from sale."
    return await visit.go(address("events", event.id, "blocked"), note)


async def unblock(visit: Visit) -> web.Response:
    """Put places on sale again."""
    event = await reach.event(visit, "allotments.write")
    form = filled.read(BlockForm, visit.form)
    done = await form.carry_out(
        lambda typed: visit.services.sale.blocks.unblock(visit.person, event.id, typed.unblock())
    )
    path = address("events", event.id, "blocked")
    if done is None:
        return await visit.go(path, " ".join([*form.general, *form.errors.values()]), tone="bad")
    return await visit.go(path, f"{formats.counted(done.units, 'place is', 'places are')} on sale again.")


async def _list(visit: Visit, event: Event, form: filled.Filled[BlockForm]) -> web.Response:
    blocks = await visit.services.sale.blocks.of_event(visit.person, event.id)
    sections: dict[str, int] = {}
    for each in blocks:
        if each.seat is None:
            sections[each.section] = sections.get(each.section, 0) + 1
    return await visit.page(
        "blocks/list.html",
        event=event,
        seats=[each for each in blocks if each.seat is not None][:SHOWN_MAX],
        standing=sections,
        blocked=len(blocks),
        sections=await frozen.sections(visit, event),
        form=form,
        may_write=await visit.may(event.organization_id, "allotments.write") and event.status == "published",
        status=form.status,
    )
