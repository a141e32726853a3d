"""The dates of an event: repeating it, and its series."""

from __future__ import annotations

from aiohttp import web

from admin import formats, reach
from admin.forms import filled
from admin.forms.series import UNITS, WEEKDAYS, SeriesForm
from admin.visit import Visit, address
from engine.domain.catalogue.events import Event


async def show(visit: Visit) -> web.Response:
    return await _dates(visit, await reach.event(visit), filled.fresh(SeriesForm, every=1, unit="WEEKLY"))


async def create(visit: Visit) -> web.Response:
    """Drafts of the event on the dates of a rule."""
    event = await reach.event(visit, "events.write")
    form = filled.read(SeriesForm, visit.form)
    made = await form.carry_out(
        lambda typed: visit.services.catalogue.series.create(visit.person, event.id, typed.given())
    )
    if made is None:
        return await _dates(visit, event, form)
    note = f"{formats.counted(len(made.event_ids), 'date')} now. The new ones are drafts."
    return await visit.go(address("events", event.id, "dates"), note)


async def publish(visit: Visit) -> web.Response:
    """Every draft of the series that lacks nothing."""
    event = await reach.event(visit, "events.publish")
    path = address("events", event.id, "dates")
    if event.series_id is None:
        return await visit.go(path, "This event is in no series.", tone="bad")
    done = await visit.services.catalogue.series.publish(visit.person, event.series_id)
    note = f"{len(done.published)} published."
    if done.incomplete:
        left = formats.counted(len(done.incomplete), "date stays a draft", "dates stay drafts")
        note += f" {left}: {formats.missing(done.incomplete[0].missing)}."
    return await visit.go(path, note, tone="bad" if done.incomplete else "good")


async def _dates(visit: Visit, event: Event, form: filled.Filled[SeriesForm]) -> web.Response:
    series = None
    if event.series_id is not None:
        series = await visit.services.catalogue.series.get(visit.person, event.series_id)
    return await visit.page(
        "events/dates.html", event=event, series=series, form=form, units=UNITS, weekdays=WEEKDAYS, status=form.status
    )
