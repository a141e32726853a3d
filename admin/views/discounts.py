"""Group discounts of an event, with what an example costs by them."""

from __future__ import annotations

from aiohttp import web

from admin import reach
from admin.forms import discounts as forms
from admin.forms import filled
from admin.forms.discounts import DiscountsForm
from admin.visit import Visit, address
from engine.domain.catalogue.events import Event
from engine.domain.catalogue.pricing.discount_rules import RULES_MAX


async def show(visit: Visit) -> web.Response:
    event = await reach.event(visit, "events.write")
    return await _page(visit, event, forms.of(event))


async def put(visit: Visit) -> web.Response:
    event = await reach.event(visit, "events.write")
    form = filled.read(DiscountsForm, visit.form)
    saved = await form.carry_out(
        lambda typed: visit.services.catalogue.events.change(visit.person, event.id, typed.version, typed.given(event))
    )
    if saved is None:
        return await _page(visit, event, form)
    return await visit.go(address("events", event.id, "discounts"), "Saved.")


async def _page(visit: Visit, event: Event, form: filled.Filled[DiscountsForm]) -> web.Response:
    kinds = await visit.services.catalogue.ticket_types.of_event(visit.person, event.id)
    names = {kind.id: kind.name for kind in kinds}
    several = [types for types in form.all("types") if " " in types.strip()]
    options = [("", "All tickets"), *names.items()]
    options += [(types, ", ".join(names.get(kind, kind) for kind in types.split())) for types in dict.fromkeys(several)]
    return await visit.page(
        "ticket_types/discounts.html",
        event=event,
        form=form,
        options=options,
        rows=min(RULES_MAX, max(2, len(form.all("from_quantity")) + 1)),
        status=form.status,
    )
