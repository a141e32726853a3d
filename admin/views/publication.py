"""When the world sees an event: plans, preview links, the archive."""

from __future__ import annotations

from aiohttp import web

from admin import reach
from admin.forms import filled
from admin.forms.publication import PlanForm
from admin.views.events import show_event
from admin.visit import Visit, address
from engine.foundation.errors import Conflict


async def plan(visit: Visit) -> web.Response:
    event = await reach.event(visit, "events.publish")
    form = filled.read(PlanForm, visit.form)
    planned = await form.carry_out(
        lambda typed: visit.services.catalogue.publication.plan(visit.person, event.id, typed.given(event))
    )
    if planned is None:
        return await show_event(visit, event, form)
    return await visit.go(
        address("events", event.id), "Planned. It goes public by itself if the list is finished then."
    )


async def unplan(visit: Visit) -> web.Response:
    event = await reach.event(visit, "events.publish")
    await visit.services.catalogue.publication.unplan(visit.person, event.id)
    return await visit.go(address("events", event.id), "Called off. It stays a draft.")


async def link(visit: Visit) -> web.Response:
    """A page with the link: it may be opened, or given to somebody."""
    event = await reach.event(visit, "events.write")
    made = await visit.services.catalogue.publication.link(visit.person, event.id)
    return await visit.page("events/preview.html", event=event, link=made)


async def archive(visit: Visit) -> web.Response:
    event = await reach.event(visit, "events.publish")
    try:
        await visit.services.catalogue.publication.archive(visit.person, event.id, archived=True)
    except Conflict as refusal:
        return await visit.go(address("events", event.id), str(refusal.detail), tone="bad")
    return await visit.go(address("o", event.organization_id, "events"), f"{event.title} is in the archive now.")


async def restore(visit: Visit) -> web.Response:
    event = await reach.event(visit, "events.publish")
    await visit.services.catalogue.publication.archive(visit.person, event.id, archived=False)
    return await visit.go(address("events", event.id), f"{event.title} is out of the archive.")
