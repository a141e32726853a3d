"""Drawing a seating chart in the browser: its page, and what the page's scripts ask."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import orjson
from aiohttp import web
from msgspec import Struct

from admin import chart_places, frame, reach, sample_charts
from admin.visit import Visit
from engine.domain.catalogue.charts import files, tables
from engine.domain.catalogue.media import plans
from engine.domain.catalogue.venues import ChartFacts, Venue
from engine.foundation import http
from engine.foundation.errors import Invalid, PreconditionFailed
from engine.services.catalogue.venues import folded_chart, read_chart


class Told(Struct, frozen=True):
    """A fault or a doubt: where by pointer, and where in words."""

    pointer: str
    code: str
    message: str
    place: str


class Checked(Struct, frozen=True, kw_only=True):
    """Whether a chart is in order; ``warnings`` keep nobody from selling by it."""

    units: int = 0
    faults: tuple[Told, ...] = ()
    warnings: tuple[Told, ...] = ()


class Kept(Checked, frozen=True, kw_only=True):
    sections: int
    etag: str


class Imported(Checked, frozen=True, kw_only=True):
    """``notes`` say what of the file is not in the chart."""

    chart: dict[str, Any]
    format: str
    notes: tuple[str, ...]


async def show(visit: Visit) -> web.Response:
    """The page; with a sample to begin with, or the chart as kept, which its script reads."""
    venue = await reach.venue(visit)
    plan = await visit.services.catalogue.plans.get(visit.person, venue.id)
    return await visit.page(
        "venues/builder.html",
        plan=msgspec.json.encode(plans.shown(plan)).decode() if plan is not None else "",
        venue=venue,
        samples=sample_charts.SAMPLES,
        sample=sample_charts.text(visit.query.get("sample", "")),
        may_write=await visit.may(venue.organization_id, "venues.write"),
    )


async def check(visit: Visit) -> web.Response:
    """What is wrong with a chart, by the rules it is kept by; nothing is kept."""
    await reach.venue(visit, "venues.write")
    given = visit.form.get("file", "").encode()
    try:
        facts = await asyncio.to_thread(_facts, given)
    except Invalid as refusal:
        return _answer(_faulty(given, refusal))
    return _answer(Checked(units=facts.units, warnings=_told(orjson.loads(given), facts)))


async def keep(visit: Visit) -> web.Response:
    """Keep a chart. 422 with its faults; 412 if another one was kept since this one was opened."""
    venue = await reach.venue(visit, "venues.write")
    given = visit.form.get("file", "").encode()
    if visit.form.get("etag", "") != (venue.chart_etag or ""):
        raise PreconditionFailed
    try:
        facts = await visit.services.catalogue.venues.put_chart(visit.person, venue.id, given)
    except Invalid as refusal:
        return _answer(_faulty(given, refusal), status=422)
    warnings = _told(orjson.loads(given), facts)
    return _answer(Kept(units=facts.units, warnings=warnings, sections=len(facts.sections), etag=facts.etag))


async def read_file(visit: Visit) -> web.Response:
    """The chart in a file of any kind that is known. 422 with the faults of the file, or of its chart."""
    await reach.venue(visit, "venues.write")
    data = visit.form.get("file", "").encode()
    try:
        brought = await asyncio.to_thread(files.read, data)
    except Invalid as refusal:
        return _answer(_faulty(b"", refusal), status=422)
    given = orjson.dumps(brought.chart)
    try:
        facts = await asyncio.to_thread(_facts, given)
    except Invalid as refusal:
        return _answer(_faulty(given, refusal), status=422)
    warnings = _told(brought.chart, facts)
    imported = Imported(
        units=facts.units, warnings=warnings, chart=brought.chart, format=brought.format, notes=brought.notes
    )
    return _answer(imported)


async def export_table(visit: Visit) -> web.Response:
    """The chart as a table for spreadsheets."""
    venue = await reach.venue(visit)
    chart, _ = await visit.services.catalogue.venues.chart(visit.person, venue.id)
    body = await asyncio.to_thread(lambda: tables.written(orjson.loads(chart)))
    return web.Response(body=body, content_type="text/csv", charset="utf-8", headers=_attached(venue, "csv"))


def _facts(given: bytes) -> ChartFacts:
    return read_chart(folded_chart(given))


def _faulty(given: bytes, refusal: Invalid) -> Checked:
    try:
        chart = orjson.loads(given)
    except orjson.JSONDecodeError:
        chart = None
    return Checked(faults=tuple(_each(chart, refusal.errors)))


def _told(chart: Any, facts: ChartFacts) -> tuple[Told, ...]:
    warnings = ({"pointer": w.pointer, "code": w.code, "message": w.message} for w in facts.warnings)
    return tuple(_each(chart, warnings))


def _each(chart: Any, faults: Iterable[Mapping[str, str]]) -> Iterable[Told]:
    for fault in faults:
        pointer, message = fault["pointer"], fault["message"]
        place = chart_places.words(chart, pointer, message) if chart is not None else _line(pointer)
        yield Told(pointer, fault["code"], message, place)


def _line(pointer: str) -> str:
    """``/lines/3/x`` of a table is ``Line 3, x``."""
    steps = pointer.strip("/").split("/")
    return ", ".join([f"Line {steps[1]}", *steps[2:]]) if steps[0] == "lines" and len(steps) > 1 else ""


def _answer(value: Checked, status: int = 200) -> web.Response:
    return http.json(value, status, headers=frame.GUARDS)


def _attached(venue: Venue, ending: str) -> dict[str, str]:
    name = f'attachment; filename="{venue.id}-chart.{ending}"'
    return {"Content-Disposition": name, "Cache-Control": "private, no-store"}
