"""Venues, and drawing their seating charts before they are kept."""

from __future__ import annotations

import asyncio

import orjson
from aiohttp import web

import hotpath_rs
from admin import formats, reach, sample_charts, seat_picture
from admin.forms import filled
from admin.forms import venues as forms
from admin.forms.venues import ChartForm, VenueChangeForm, VenueForm
from admin.seat_picture import Picture
from admin.visit import Visit, address
from engine.domain.catalogue.errors import ChartMissing
from engine.domain.catalogue.event_search import ListingFilter
from engine.domain.catalogue.venues import Venue
from engine.foundation.errors import Conflict
from engine.services.catalogue.venues import folded_chart, read_chart

EVENTS_SHOWN_MAX = 50
CHART_SHOWN_BYTES_MAX = 512 * 1024  # larger ones are not put back into the text field


async def list_all(visit: Visit) -> web.Response:
    organization = await reach.organization(visit, "venues.read")
    rows = await visit.services.catalogue.venues.of_organization(
        visit.person, organization.id, visit.query.get("after", ""), reach.PAGE + 1
    )
    page, more = reach.cut(rows)
    may_write = await visit.may(organization.id, "venues.write")
    return await visit.page("venues/list.html", organization=organization, venues=page, more=more, may_write=may_write)


async def show_new(visit: Visit) -> web.Response:
    organization = await reach.organization(visit, "venues.write")
    return await visit.page("venues/new.html", organization=organization, form=filled.Filled())


async def create(visit: Visit) -> web.Response:
    organization = await reach.organization(visit, "venues.write")
    form = filled.read(VenueForm, visit.form)
    made = await form.carry_out(
        lambda typed: visit.services.catalogue.venues.create(visit.person, typed.given(organization.id))
    )
    if made is None:
        return await visit.page("venues/new.html", organization=organization, form=form, status=422)
    return await visit.go(address("venues", made.id, "chart"), f"{made.name} is there. Now its seating chart.")


async def show(visit: Visit) -> web.Response:
    venue = await reach.venue(visit)
    return await _venue(visit, venue, forms.of(venue))


async def change(visit: Visit) -> web.Response:
    venue = await reach.venue(visit, "venues.write")
    form = filled.read(VenueChangeForm, visit.form)
    changed = await form.carry_out(
        lambda typed: visit.services.catalogue.venues.change(visit.person, venue.id, typed.version, typed.changed())
    )
    if changed is None:
        return await _venue(visit, venue, form)
    return await visit.go(address("venues", venue.id), "Saved.")


async def delete(visit: Visit) -> web.Response:
    venue = await reach.venue(visit, "venues.write")
    try:
        await visit.services.catalogue.venues.delete(visit.person, venue.id, visit.form.get("version", ""))
    except Conflict as refusal:
        return await visit.go(address("venues", venue.id), str(refusal.detail), tone="bad")
    return await visit.go(address("o", venue.organization_id, "venues"), f"{venue.name} is deleted.")


async def show_chart(visit: Visit) -> web.Response:
    """The chart as kept, or a sample to begin with."""
    venue = await reach.venue(visit)
    chart = sample_charts.text(visit.query.get("sample", "")).encode() or await _kept(visit, venue) or b""
    return await _chart(visit, venue, filled.fresh(ChartForm, chart=_shown(chart)), chart)


async def preview_chart(visit: Visit) -> web.Response:
    """The picture of what was typed, or its faults; nothing is kept."""
    venue = await reach.venue(visit, "venues.write")
    form = _typed_chart(visit)
    picture = await form.carry_out(lambda typed: _checked(typed.given))
    if visit.is_partial:
        return visit.piece("venues/picture.html", form=form, picture=picture, saved=False)
    return await _chart(visit, venue, form, form.form.given if picture is not None and form.form else b"")


async def put_chart(visit: Visit) -> web.Response:
    venue = await reach.venue(visit, "venues.write")
    form = _typed_chart(visit)
    facts = await form.carry_out(
        lambda typed: visit.services.catalogue.venues.put_chart(visit.person, venue.id, typed.given)
    )
    if facts is None:
        return await _chart(visit, venue, form, b"")
    places, sections = formats.counted(facts.units, "place"), formats.counted(len(facts.sections), "section")
    note = f"The chart is saved: {places} in {sections}."
    if facts.warnings:
        note += f" Look again: {facts.warnings[0].message}."
    if len(facts.warnings) > 1:
        note += f" ({len(facts.warnings) - 1} more like it.)"
    return await visit.go(address("venues", venue.id, "chart"), note)


async def export_chart(visit: Visit) -> web.Response:
    """The chart as it was given, to keep or to use elsewhere."""
    venue = await reach.venue(visit)
    chart, _ = await visit.services.catalogue.venues.chart(visit.person, venue.id)
    headers = {
        "Content-Disposition": f'attachment; filename="{venue.id}-chart.json"',
        "Cache-Control": "private, no-store",
    }
    return web.Response(body=chart, content_type="application/json", headers=headers)


async def _kept(visit: Visit, venue: Venue) -> bytes | None:
    try:
        return (await visit.services.catalogue.venues.chart(visit.person, venue.id))[0]
    except ChartMissing:
        return None


async def _checked(chart: bytes) -> Picture:
    """The picture. Invalid with a pointer for every fault."""
    kept = await asyncio.to_thread(folded_chart, chart)
    await asyncio.to_thread(read_chart, kept)
    return await asyncio.to_thread(seat_picture.draw, chart)


async def _venue(visit: Visit, venue: Venue, form: filled.Filled[VenueChangeForm]) -> web.Response:
    chart = await _kept(visit, venue)
    picture = await asyncio.to_thread(seat_picture.draw, chart) if chart else None
    here = ListingFilter(venue_id=venue.id)
    coming = await visit.services.catalogue.discovery.published(here, None, EVENTS_SHOWN_MAX)
    return await visit.page(
        "venues/show.html",
        venue=venue,
        form=form,
        picture=picture,
        coming=[found.card for found in coming],
        may_write=await visit.may(venue.organization_id, "venues.write"),
        status=form.status,
    )


async def _chart(visit: Visit, venue: Venue, form: filled.Filled[ChartForm], chart: bytes) -> web.Response:
    picture = None
    if chart:
        try:
            picture = await asyncio.to_thread(seat_picture.draw, chart)
        except hotpath_rs.ChartError:
            picture = None
    return await visit.page(
        "venues/chart.html",
        venue=venue,
        form=form,
        picture=picture,
        samples=sample_charts.SAMPLES,
        may_write=await visit.may(venue.organization_id, "venues.write"),
        status=form.status,
    )


def _typed_chart(visit: Visit) -> filled.Filled[ChartForm]:
    """The form, with an uploaded chart in the text field: if it is refused, it can be mended there."""
    form = filled.read(ChartForm, visit.form)
    text = form.value("file")
    if text and len(text) <= CHART_SHOWN_BYTES_MAX:
        form.values = {**form.values, "chart": [text]}
    return form


def _shown(chart: bytes) -> str:
    """A chart for people's eyes: indented if it is small enough."""
    if not chart or len(chart) > CHART_SHOWN_BYTES_MAX:
        return ""
    return orjson.dumps(orjson.loads(chart), option=orjson.OPT_INDENT_2).decode()
