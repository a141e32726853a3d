"""What operators see and do: the room's figures, and its controls, in force within a second."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from engine.foundation import bodies, errors, http
from engine.foundation.bearer import Person
from engine.foundation.connections import HotRedis
from engine.foundation.leases import tell_changed
from waitingroom import asking
from waitingroom.appkeys import LEDGER, REDIS
from waitingroom.endpoint import ENDPOINT, room_of
from waitingroom.errors import RoomAway
from waitingroom.room import Room
from waitingroom.shapes import ConsoleAnswer, Controls

MESSAGE_BYTES_MAX = 400  # the status document stays under 1.5 KB
_controls = msgspec.json.Decoder(Controls)


async def change_controls(request: web.Request) -> web.Response:
    """Rate, capacity, pause, message, open now, beacon."""
    room = await room_of(request)
    person = await asking.operator(request, room)
    given = await bodies.body(request, _controls, asking.BODY_BYTES_MAX)
    changes = _changes(room, given)
    if changes:
        await _put_in_force(request, room, changes, person)
    return http.json(figures(room))


async def read_console(request: web.Request) -> web.Response:
    """The figures of the room."""
    room = await room_of(request)
    await asking.operator(request, room)
    return http.json(figures(room), headers={"Cache-Control": "no-store"})


def figures(room: Room) -> ConsoleAnswer:
    """What is known here of the room right now. RoomAway before the first snapshot."""
    snapshot = room.board.snapshot
    if snapshot is None:
        raise RoomAway
    called = snapshot.claims + snapshot.noshows
    return ConsoleAnswer(
        phase=snapshot.phase,
        rate_per_min=snapshot.rate_per_min,
        capacity=snapshot.capacity,
        paused=snapshot.paused,
        message=snapshot.message,
        queued=snapshot.tail - snapshot.serving,
        waiting=snapshot.waiting,
        called=snapshot.serving,
        leases=snapshot.leases,
        offers=snapshot.offers,
        admitted=snapshot.claims,
        admitted_per_s=round(room.gauges.admitted_per_s, 3),
        no_shows=snapshot.noshows,
        no_show_share=round(snapshot.noshows / called, 4) if called else 0.0,
        left=snapshot.left,
        abandon_share=round(snapshot.left / snapshot.tail, 4) if snapshot.tail else 0.0,
        wait_error_share=room.gauges.wait_error_share,
        units_free=snapshot.free if snapshot.free >= 0 else None,
        limited_by=snapshot.binding,
        epoch=snapshot.epoch,
        serving=snapshot.serving,
        tail=snapshot.tail,
        server_now_ms=room.board.now_ms(),
    )


def _changes(room: Room, given: Controls) -> dict[str, Any]:
    """The controls to store. Conflict if the draw has been fixed, Invalid if a text is too long."""
    changes: dict[str, Any] = {}
    for name in ("rate_per_min", "capacity", "paused"):
        value = getattr(given, name)
        if value is not None:
            changes[name] = value
    if given.message is not None:
        message = " ".join(given.message.split())
        if len(message.encode()) > MESSAGE_BYTES_MAX:
            raise errors.Invalid.at("/message", "too_long", f"At most {MESSAGE_BYTES_MAX} bytes")
        changes["message"] = message
    snapshot = room.board.snapshot
    opened = snapshot is not None and snapshot.base_phase in {"drawing", "open"}
    drawn = snapshot is not None and snapshot.seed is not None
    if given.open_now and not opened:
        changes["opened_at_ms"] = room.board.now_ms()
    if given.beacon_name is not None:
        if snapshot is None or snapshot.base_phase != "scheduled":
            raise errors.Conflict("A beacon is named before anybody can join")
        changes["beacon_name"] = given.beacon_name.strip()
    if given.beacon is not None:
        if drawn or not (room.rules.beacon_name or changes.get("beacon_name")):
            raise errors.Conflict("A beacon is delivered before the draw, and only where one was named")
        changes["beacon"] = given.beacon.strip()
    return changes


def deeds(changes: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """What the activity log says of changed controls: (action, its facts), one line a kind of thing."""
    told: dict[str, dict[str, Any]] = {}
    for name, value in changes.items():
        match name:
            case "paused":
                told["room.paused" if value else "room.resumed"] = {}
            case "opened_at_ms":
                told["room.opened"] = {}
            case "beacon" | "beacon_name":
                told.setdefault("room.beacon_set", {})[name] = value
            case "message":
                told["room.message_set"] = {"message": value}
            case _:
                told.setdefault("room.pace_set", {})[name] = value
    return list(told.items())


async def _put_in_force(request: web.Request, room: Room, changes: dict[str, Any], person: Person) -> None:
    """Postgres first, then this process, then the others; and a step at once, so that it shows."""
    await request.config_dict[LEDGER].keep_controls(room.event_id, changes, person, deeds(changes))
    rooms = request.app[ENDPOINT].rooms
    await rooms.reload(room.event_id)
    await rooms.step(room.event_id)
    redis: HotRedis = request.config_dict[REDIS]
    await tell_changed(redis, room.event_id)
