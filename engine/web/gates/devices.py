"""Scanners of an event, and its entry rules, for the organizer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from aiohttp import web
from msgspec import Meta

from engine.domain.catalogue.entry_rules import GATES_MAX, EntryRules, GateName
from engine.domain.gates.devices import Device
from engine.foundation import bodies, http, lists
from engine.foundation.errors import Forbidden, NotFound
from engine.foundation.lists import PAGE_DEFAULT, PAGE_MAX
from engine.services.appkeys import DEVICES, GATE_EVENTS
from engine.services.gates.devices import TooManyDevices
from engine.web import auth
from engine.web.route import Route

DEVICE_NAME_CHARS_MAX = 100


class NewDevice(msgspec.Struct, kw_only=True):
    """``gates`` empty: the scanner may stand at every gate."""

    name: Annotated[str, Meta(max_length=DEVICE_NAME_CHARS_MAX, pattern=r"^[^\x00-\x1f]*\S[^\x00-\x1f]*$")]
    gates: Annotated[list[GateName], Meta(max_length=GATES_MAX)] = []


class DeviceDocument(msgspec.Struct, kw_only=True):
    device_id: str
    event_id: str
    name: str
    gates: list[str]
    created_at: datetime
    last_seen_at: datetime | None
    revoked_at: datetime | None


class DeviceCreated(DeviceDocument, kw_only=True):
    """``secret`` is shown this once; ``credential`` is what the scanner sends after ``Authorization: Device``."""

    secret: str
    credential: str


class DeviceList(msgspec.Struct):
    data: list[DeviceDocument]
    next_cursor: str | None
    has_more: bool


class ListQuery(msgspec.Struct):
    limit: Annotated[int, Meta(ge=1, le=PAGE_MAX)] = PAGE_DEFAULT
    cursor: str | None = None


_new_device = msgspec.json.Decoder(NewDevice)
_entry_rules = msgspec.json.Decoder(EntryRules)


async def create_device(request: web.Request) -> web.Response:
    """Register a scanner; its secret is shown once."""
    given = await bodies.body(request, _new_device)
    event_id = request.match_info["event_id"]
    device, secret = await request.config_dict[DEVICES].create(
        auth.person(request), event_id, given.name.strip(), given.gates
    )
    document = {**_document(device), "secret": secret, "credential": f"{device.id}.{secret}"}
    return http.json(document, status=201, headers={"Cache-Control": "no-store"})


async def list_devices(request: web.Request) -> web.Response:
    """An event's scanners, revoked ones too."""
    query = bodies.query(request, ListQuery)
    rows = await request.config_dict[DEVICES].of_event(
        auth.person(request), request.match_info["event_id"], lists.cursor_decode(query.cursor) or "", query.limit + 1
    )
    page: dict[str, Any] = lists.page(rows, query.limit, lambda device: device.id)
    return http.json({**page, "data": [_document(device) for device in page["data"]]})


async def revoke_device(request: web.Request) -> web.Response:
    """End a scanner's right to scan; effective everywhere within a second."""
    at = request.match_info
    await request.config_dict[DEVICES].revoke(auth.person(request), at["event_id"], at["device_id"])
    return web.Response(status=204)


async def get_entry_rules(request: web.Request) -> web.Response:
    """Re-entry, limits, daily emptying and whose gate is whose."""
    rules = await request.config_dict[GATE_EVENTS].rules(auth.person(request), request.match_info["event_id"])
    return http.json(_rules(rules))


async def put_entry_rules(request: web.Request) -> web.Response:
    """Replace the entry rules of an event."""
    rules = await bodies.body(request, _entry_rules)
    event_id = request.match_info["event_id"]
    return http.json(_rules(await request.config_dict[GATE_EVENTS].set_rules(auth.person(request), event_id, rules)))


def _rules(rules: EntryRules) -> dict[str, Any]:
    """All fields, those at their defaults too."""
    gates = {
        name: {"sections": rule.sections, "ticket_type_ids": rule.ticket_type_ids} for name, rule in rules.gates.items()
    }
    return {**msgspec.structs.asdict(rules), "gates": gates}


def _document(device: Device) -> dict[str, Any]:
    return {
        "device_id": device.id,
        "event_id": device.event_id,
        "name": device.name,
        "gates": list(device.gates),
        "created_at": device.created_at,
        "last_seen_at": device.last_seen_at,
        "revoked_at": device.revoked_at,
    }


_NO = (Forbidden, NotFound)
_AT, _RULES = "/v1/events/{event_id}/devices", "/v1/events/{event_id}/entry-rules"

ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        _AT,
        create_device,
        "organizer",
        "operate",
        needs="devices.write",
        takes=NewDevice,
        gives=DeviceCreated,
        status=201,
    ).refuses(*_NO, TooManyDevices),
    Route(
        "GET", _AT, list_devices, "organizer", "operate", needs="devices.read", gives=DeviceList, query=ListQuery
    ).refuses(*_NO),
    Route(
        "DELETE", _AT + "/{device_id}", revoke_device, "organizer", "operate", needs="devices.write", status=204
    ).refuses(*_NO),
    Route("GET", _RULES, get_entry_rules, "organizer", "operate", needs="devices.read", gives=EntryRules).refuses(*_NO),
    Route(
        "PUT", _RULES, put_entry_rules, "organizer", "operate", needs="events.write", takes=EntryRules, gives=EntryRules
    ).refuses(*_NO),
)
