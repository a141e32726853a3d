"""What gates and their organizers read: the offline bundle, the revocation feed, attendance, offline conflicts."""

from __future__ import annotations

import dataclasses
from typing import Any

from aiohttp import web

from engine.domain.gates.attempts import Scanner
from engine.foundation import bodies, http, lists
from engine.foundation.bearer import Person
from engine.foundation.errors import Forbidden, Malformed, NotFound
from engine.services.appkeys import ATTENDANCE, DEVICES, GATE_BUNDLES, GATE_EVENTS
from engine.web import auth
from engine.web.gates.gates_shapes import (
    AttendanceDocument,
    BundleDocument,
    Changes,
    ChangesQuery,
    Conflicts,
    ConflictsQuery,
    EntriesPage,
    EntriesQuery,
    LogQuery,
    OwnDevice,
    ScanLog,
)
from engine.web.gates.scans import clock, device
from engine.web.route import Route

NUMBER_CHARS_MAX = 18


async def get_own_device(request: web.Request) -> web.Response:
    """Who am I: for a scanner that was just given its credential."""
    scanner = await device(request)
    event = await request.config_dict[GATE_EVENTS].get(scanner.event_id)
    document = {
        "device_id": scanner.device_id,
        "name": scanner.name,
        "gates": list(scanner.gates or event.entry.rules.gates),
        "event_id": event.id,
        "event_title": event.title,
        "venue": event.venue,
        "starts_at": event.starts_at,
        "ends_at": event.ends_at,
        "timezone": event.timezone,
        "bundle_key": request.config_dict[GATE_BUNDLES].public_key,
        "bound_to": list(scanner.gates),
    }
    return http.json(document, headers={"Cache-Control": "no-store", **clock()})


async def get_bundle(request: web.Request) -> web.Response:
    """The signed bundle for offline gates."""
    scanner = await device(request)
    bundle = await request.config_dict[GATE_BUNDLES].read(scanner.event_id)
    await request.config_dict[DEVICES].synced(scanner, bundle.cursor_seq, with_bundle=True)
    if http.fresh(request, bundle.etag):
        return http.not_modified(bundle.etag)
    headers = {"ETag": f'"{bundle.etag}"', "Cache-Control": "private, no-cache"}
    response = web.Response(body=bundle.body, content_type="application/json", headers=headers)
    response.enable_compression()
    return response


async def list_revocations(request: web.Request) -> web.Response:
    """Changes in tickets' standing after ``since``, oldest first."""
    scanner = await device(request)
    query = bodies.query(request, ChangesQuery)
    rows = await request.config_dict[GATE_BUNDLES].changes(scanner.event_id, query.since, query.limit)
    await request.config_dict[DEVICES].synced(scanner, query.since)
    data = rows[: query.limit]
    cursor = data[-1]["seq"] if data else query.since
    return http.json({"data": data, "cursor": cursor, "has_more": len(rows) > query.limit})


async def list_entries(request: web.Request) -> web.Response:
    """Who came in and left since, for gates that may lose the network."""
    scanner = await device(request)
    query = bodies.query(request, EntriesQuery)
    page = await request.config_dict[GATE_BUNDLES].entries(scanner.event_id, query.since)
    document = {
        "data": [dataclasses.asdict(ticket) for ticket in page.tickets],
        "cursor": page.cursor,
        "again_from": page.again_from,
        "has_more": page.has_more,
    }
    return http.json(document, headers={"Cache-Control": "no-store", **clock()})


async def get_attendance(request: web.Request) -> web.Response:
    """Who came, who is inside, by type and by gate."""
    asker = await _asker(request)
    counts = await request.config_dict[ATTENDANCE].read(asker, request.match_info["event_id"])
    return http.json(counts, headers={"Cache-Control": "no-store"})


async def list_scans(request: web.Request) -> web.Response:
    """The log of every attempt, newest first."""
    query = bodies.query(request, LogQuery)
    person, event_id = auth.person(request), request.match_info["event_id"]
    rows = await request.config_dict[ATTENDANCE].log(
        person, event_id, _number(query.cursor), query.ticket_id, query.result, query.limit + 1
    )
    page: dict[str, Any] = lists.page(rows, query.limit, lambda row: str(row["id"]))
    return http.json(page, headers={"Cache-Control": "no-store"})


async def list_conflicts(request: web.Request) -> web.Response:
    """Tickets that let two heads in offline; ``format=csv`` gives the table."""
    query = bodies.query(request, ConflictsQuery)
    asker, event_id = await _asker(request), request.match_info["event_id"]
    attendance = request.config_dict[ATTENDANCE]
    if query.format == "csv":
        disposition = {"Content-Disposition": f'attachment; filename="conflicts-{event_id}.csv"'}
        body = await attendance.conflicts_csv(asker, event_id)
        return web.Response(body=body, content_type="text/csv", charset="utf-8", headers=disposition)
    rows = await attendance.conflicts(asker, event_id, _number(query.cursor), query.limit + 1)
    page: dict[str, Any] = lists.page(rows, query.limit, lambda row: str(row["id"]))
    return http.json(page)


async def _asker(request: web.Request) -> Person | Scanner:
    """A scanner of this event, or a signed-in person."""
    return await device(request) if auth.device_text(request) is not None else auth.person(request)


def _number(cursor: str | None) -> int:
    text = lists.cursor_decode(cursor) or "0"
    if not text.isdecimal() or len(text) > NUMBER_CHARS_MAX:
        raise Malformed("The cursor is not one of ours")
    return int(text)


_NO = (Forbidden, NotFound)
_AT = "/v1/events/{event_id}"

ROUTES: tuple[Route, ...] = (
    Route("GET", "/v1/devices/me", get_own_device, "device", "gate", gives=OwnDevice),
    Route("GET", f"{_AT}/gate-bundle", get_bundle, "device", "gate", gives=BundleDocument).refuses(*_NO),
    Route("GET", f"{_AT}/revocations", list_revocations, "device", "gate", gives=Changes, query=ChangesQuery)
    .refuses(*_NO)
    .also(f"{_AT}/gate-bundle/revocations"),
    Route("GET", f"{_AT}/entries", list_entries, "device", "gate", gives=EntriesPage, query=EntriesQuery).refuses(*_NO),
    Route(
        "GET",
        f"{_AT}/attendance",
        get_attendance,
        "organizer",
        "operate",
        needs="attendance.read",
        to_scanner=True,
        gives=AttendanceDocument,
    ).refuses(*_NO),
    Route(
        "GET",
        f"{_AT}/checkins",
        list_scans,
        "organizer",
        "operate",
        needs="attendance.read",
        gives=ScanLog,
        query=LogQuery,
    ).refuses(*_NO, Malformed),
    Route(
        "GET",
        f"{_AT}/checkins/conflicts",
        list_conflicts,
        "organizer",
        "operate",
        needs="attendance.read",
        to_scanner=True,
        gives=Conflicts,
        query=ConflictsQuery,
        also_gives=("text/csv",),
    ).refuses(*_NO, Malformed),
)
