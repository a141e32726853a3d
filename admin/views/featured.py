"""What the list of events shows first: the platform's own choice."""

from __future__ import annotations

from aiohttp import web

from admin.forms import filled
from admin.forms.featured import FeaturedForm
from admin.visit import Visit
from engine.domain.catalogue.discovery import FEATURED_MAX
from engine.domain.catalogue.errors import EventUnknown
from engine.domain.catalogue.event_cards import EventCard
from engine.foundation.errors import Invalid


async def show(visit: Visit) -> web.Response:
    shown = await _shown(visit)
    slugs = "\n".join(event.slug for event in shown) or None
    return await _page(visit, filled.fresh(FeaturedForm, events=slugs), shown)


async def put(visit: Visit) -> web.Response:
    shown = await _shown(visit)  # who may not choose learns nothing of what is a mistake
    form = filled.read(FeaturedForm, visit.form)

    async def act(typed: FeaturedForm) -> bool:
        await visit.services.catalogue.discovery.feature(visit.person, await _ids(visit, typed.named()))
        return True

    if await form.carry_out(act) is None:
        return await _page(visit, form, shown)
    return await visit.go("/featured", "Saved. The list of events shows it within a second.")


async def _ids(visit: Visit, named: list[str]) -> list[str]:
    if len(named) > FEATURED_MAX:
        raise Invalid.at("/events", "too_many", f"At most {FEATURED_MAX} events")
    ids = []
    for place, name in enumerate(named, 1):
        try:
            event = await visit.services.catalogue.events.get(None, name)
        except EventUnknown:
            raise Invalid.at("/events", "unknown_event", f"Line {place}: no such event is published") from None
        if event.status != "published":
            raise Invalid.at("/events", "unknown_event", f"Line {place}: this event is {event.status}")
        ids.append(event.id)
    return ids


async def _shown(visit: Visit) -> list[EventCard]:
    return [found.card for found in await visit.services.catalogue.discovery.choice(visit.person, FEATURED_MAX)]


async def _page(visit: Visit, form: filled.Filled[FeaturedForm], shown: list[EventCard]) -> web.Response:
    return await visit.page("featured/show.html", form=form, shown=shown, most=FEATURED_MAX, status=form.status)
