"""Events: making, changing, publishing, and the page that shows how one sells."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from admin import reach
from admin.figures import Live
from admin.forms import events as forms
from admin.forms import filled
from admin.forms.events import CancelForm, CopyForm, EventForm
from admin.visit import Visit, address
from engine.domain.accounts.organizations import Organization
from engine.domain.catalogue.charts import standing
from engine.domain.catalogue.errors import VenueUnknown
from engine.domain.catalogue.event_news import change_of
from engine.domain.catalogue.events import Event
from engine.domain.catalogue.ticket_types import TicketType
from engine.domain.catalogue.venues import Venue
from engine.foundation.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from engine.foundation.world.categories import CATEGORIES
from engine.foundation.world.currencies import CHARGEABLE
from engine.services.insight.reports import Sales

VENUES_OFFERED_MAX = 200


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the list before publication. ``path`` is where to mend it."""

    done: bool
    text: str
    path: str


async def show_new(visit: Visit) -> web.Response:
    organization = await reach.organization(visit, "events.write")
    venue_id = visit.query.get("venue", "")
    return await _new(visit, organization, filled.fresh(EventForm, venue_id=venue_id or None, currency="CAD"))


async def create(visit: Visit) -> web.Response:
    organization = await reach.organization(visit, "events.write")
    form = filled.read(EventForm, visit.form)

    async def act(typed: EventForm) -> Event:
        timezone = await _timezone_of(visit, organization, typed.venue_id)
        return await visit.services.catalogue.events.create(visit.person, typed.new(organization.id, timezone))

    made = await form.carry_out(act)
    if made is None:
        return await _new(visit, organization, form)
    note = f"{made.title} is a draft now. The list below says what is missing."
    return await visit.go(address("events", made.id), note)


async def show(visit: Visit) -> web.Response:
    """A draft shows what is missing; a published event how it sells."""
    return await show_event(visit, await reach.event(visit), filled.Filled())


async def show_event(visit: Visit, event: Event, plan: filled.Filled[Any]) -> web.Response:
    """The same with a form of the plan that was filled in."""
    types = await visit.services.catalogue.ticket_types.of_event(visit.person, event.id)
    context: dict[str, Any] = {"event": event, "checks": None, "live": None, "sales": None, "form": filled.Filled()}
    context |= {"plan": plan, "status": plan.status}
    if event.status == "draft":
        venue = await visit.services.catalogue.venues.get(visit.person, event.venue_id)
        context["checks"] = checks(event, venue, types)
    if event.published_at is not None:
        context |= {"live": await live_of(visit, event), "sales": await _sales(visit, event)}
    return await visit.page("events/show.html", **context)


async def live(visit: Visit) -> web.Response:
    """The counts alone, for a page that is already open."""
    event = await reach.event(visit)
    return visit.piece("events/live.html", event=event, live=await live_of(visit, event))


async def show_settings(visit: Visit) -> web.Response:
    event = await reach.event(visit, "events.write")
    return await _settings(visit, event, forms.of(event))


async def change(visit: Visit) -> web.Response:
    event = await reach.event(visit, "events.write")
    form = filled.read(EventForm, visit.form)

    async def act(typed: EventForm) -> Event:
        patch = typed.change(event)
        change = change_of(patch)
        return await visit.services.catalogue.series.change(
            visit.person, event.id, typed.version, change, patch.message, typed.apply
        )

    if await form.carry_out(act) is None:
        return await _settings(visit, event, form)
    return await visit.go(address("events", event.id, "settings"), "Saved.")


async def copy(visit: Visit) -> web.Response:
    """A draft of the same on another date, with its ticket types."""
    event = await reach.event(visit, "events.write")
    form = filled.read(CopyForm, visit.form)
    made = await form.carry_out(
        lambda typed: visit.services.catalogue.events.copy(visit.person, event.id, typed.given(event))
    )
    if made is None:
        faults = " ".join([*form.general, *form.errors.values()])
        return await visit.go(address("events", event.id, "settings"), f"Not copied. {faults}.", tone="bad")
    return await visit.go(address("events", made.id), f"{made.title} is a draft for another date now.")


async def publish(visit: Visit) -> web.Response:
    event = await reach.event(visit, "events.publish")
    return await _turn(visit, event, visit.services.catalogue.events.publish, f"{event.title} is public now.")


async def unpublish(visit: Visit) -> web.Response:
    event = await reach.event(visit, "events.publish")
    return await _turn(visit, event, visit.services.catalogue.events.unpublish, f"{event.title} is a draft again.")


async def cancel(visit: Visit) -> web.Response:
    """For good, so the title is typed once more; paid orders are refunded by the worker."""
    event = await reach.event(visit, "events.publish")
    form = filled.read(CancelForm, visit.form)

    async def act(typed: CancelForm) -> Event:
        if typed.title.casefold() != event.title.casefold():
            raise Invalid.at("/title", "different", "Type the title of this event exactly")
        return await visit.services.catalogue.events.cancel(visit.person, event.id, typed.given().message)

    if await form.carry_out(act) is None:
        text = " ".join([*form.errors.values(), *form.general])
        return await visit.go(address("events", event.id), f"Not cancelled. {text}.", tone="bad")
    return await visit.go(
        address("events", event.id), f"{event.title} is cancelled. Ticket holders are told, paid orders refunded."
    )


async def delete(visit: Visit) -> web.Response:
    """Only a draft that nobody ordered from."""
    event = await reach.event(visit, "events.write")
    try:
        await visit.services.catalogue.events.delete(visit.person, event.id, visit.form.get("version", ""))
    except Conflict as refusal:
        return await visit.go(address("events", event.id), str(refusal.detail), tone="bad")
    return await visit.go(address("o", event.organization_id, "events"), f"The draft of {event.title} is deleted.")


def checks(event: Event, venue: Venue, types: list[TicketType]) -> list[Check]:
    """What publication needs, each line with its place."""
    caps = [kind.capacity for kind in types]
    places = standing.places(event.capacity, caps, has_chart=venue.units is not None)
    categories = set((standing.FLOOR,) if places is not None else venue.categories or ())
    known = all(categories.issuperset(kind.categories) for kind in types)
    return [
        Check(places is not None or venue.units is not None,
              "The venue has a seating chart, or the event a number of standing places",
              address("venues", venue.id, "chart")),
        Check(bool(types), "There is at least one ticket type", address("events", event.id, "ticket-types")),
        Check(bool(types) and known, "Every ticket type sells from the chart's categories",
              address("events", event.id, "ticket-types")),
        Check(event.on_sale is not None, "It is decided when sales open", address("events", event.id, "on-sale")),
    ]  # fmt: skip


async def live_of(visit: Visit, event: Event) -> Live | None:
    """The counts; None if there is no inventory to count right now."""
    with contextlib.suppress(NotFound, Unavailable):
        return await visit.figures.live(event.id)
    return None


async def _sales(visit: Visit, event: Event) -> Sales | None:
    """Money is for those who may read reports."""
    with contextlib.suppress(Forbidden):
        return await visit.services.insight.reports.sales(visit.person, event)
    return None


async def _turn(visit: Visit, event: Event, act: Any, note: str) -> web.Response:
    try:
        await act(visit.person, event.id)
    except (Conflict, Unavailable) as refusal:
        return await visit.go(address("events", event.id), str(refusal.detail), tone="bad")
    return await visit.go(address("events", event.id), note)


async def _new(visit: Visit, organization: Organization, form: filled.Filled[EventForm]) -> web.Response:
    venues = await _venues(visit, organization.id)
    return await visit.page(
        "events/new.html",
        organization=organization,
        venues=venues,
        currencies=CHARGEABLE,
        categories=CATEGORIES,
        form=form,
        status=form.status,
    )


async def _settings(visit: Visit, event: Event, form: filled.Filled[EventForm]) -> web.Response:
    venues = await _venues(visit, event.organization_id)
    return await visit.page(
        "events/settings.html",
        event=event,
        venues=venues,
        currencies=CHARGEABLE,
        categories=CATEGORIES,
        form=form,
        status=form.status,
    )


async def _venues(visit: Visit, organization_id: str) -> list[Venue]:
    return await visit.services.catalogue.venues.of_organization(visit.person, organization_id, "", VENUES_OFFERED_MAX)


async def _timezone_of(visit: Visit, organization: Organization, venue_id: str | None) -> str:
    """The venue's time zone. Invalid if the organization has no such venue."""
    if venue_id is None:
        raise Invalid.at("/venue_id", "missing", "Choose a venue")
    with contextlib.suppress(VenueUnknown):
        venue = await visit.services.catalogue.venues.get(visit.person, venue_id)
        if venue.organization_id == organization.id:
            return venue.timezone
    raise Invalid.at("/venue_id", "unknown_venue", "The organization has no such venue")
