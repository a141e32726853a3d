"""Sets the stage for a rehearsal: an event of its own, big enough for everybody who comes, and a device at its gate."""

from __future__ import annotations

import datetime as dt
import math
import secrets
import time
from dataclasses import dataclass

from loadtest import calamity, limits
from loadtest.arrivals import Profile
from loadtest.plan import TicketType
from loadtest.shop import Obj, Shop, ShopRefused

UNITS_PER_BUYER = 2.6  # a party is 2.2 on average (users/taste.py): nearly everybody can be served, the last cannot
SEATED_SHARE = 0.72
SECTION_ROWS, ROW_SEATS = 40, 50
GATE = "Rehearsal"
SOLD_BEFORE_CENTS = 5_000


@dataclass(frozen=True, slots=True)
class Stage:
    """What the generators need to know about the event. `fresh` events have sold nothing before."""

    event_id: str
    ticket_types: list[TicketType]
    room: bool
    identity: bool
    device_id: str
    device_secret: str
    fresh: bool


@dataclass(frozen=True, slots=True)
class SoldBefore:
    """Units that nobody of the rehearsal is offered: the last `tickets` of the chart, from `first_unit` on."""

    ticket_type_id: str
    first_unit: int
    tickets: int
    cents: int


def build(
    shop: Shop, profile: Profile, *, rate_per_min: int, capacity: int, sold_before: int = 0
) -> tuple[Stage, SoldBefore | None]:
    """Create organization, venue, chart, event, ticket types, on-sale and device, and publish.

    `rate_per_min` and `capacity` are the room's: it lets in what the shop can carry, whatever stands outside.
    `sold_before`: this many units more, for tickets that were sold long ago.
    """
    mark = secrets.token_hex(4)
    organization = shop.call("POST", "/v1/organizations", {"name": f"Rehearsal {mark}", "slug": f"rehearsal-{mark}"})
    venue = shop.call("POST", "/v1/venues", {
        "organization_id": organization["id"], "name": "Rehearsal Hall", "address": "1 Stage Door", "city": "Vancouver",
        "region": "BC", "country": "CA", "lat": 49.28, "lng": -123.12, "timezone": "America/Vancouver",
    })  # fmt: skip
    units = math.ceil(profile.total * UNITS_PER_BUYER)
    sections = max(1, math.ceil(units * SEATED_SHARE / (SECTION_ROWS * ROW_SEATS)))
    shop.call("PUT", f"/v1/venues/{venue['id']}/seating-chart", drawn := chart(units, sections, sold_before))
    now = dt.datetime.now(dt.UTC)
    event = shop.call("POST", "/v1/events", {
        "organization_id": organization["id"], "venue_id": venue["id"], "title": f"Rehearsal {mark}",
        "summary": "A rehearsal of the on-sale", "description": "Nobody will perform.", "category": "Concert",
        "tags": ["rehearsal"], "starts_at": _text(now + dt.timedelta(hours=1)),
        "ends_at": _text(now + dt.timedelta(hours=5)), "timezone": "America/Vancouver", "currency": "CAD",
        "hold_ttl_s": 600, "orphan_policy": "lenient", "taxes": [{"name": "GST", "rate_bp": 500}],
        "fee": {"rate_bp": 600, "fixed_cents": 0, "paid_by": "buyer"}, "max_tickets_per_buyer": 8,
    })  # fmt: skip
    kinds = [
        _ticket_type(shop, event["id"], "Seat", 6_500, [f"Stalls {number + 1}" for number in range(sections)]),
        _ticket_type(shop, event["id"], "Floor", 4_500, ["Floor"]),
    ]
    before = None
    if sold_before:
        kind = _ticket_type(shop, event["id"], "Sold before", SOLD_BEFORE_CENTS, [calamity.SOLD_SECTION])
        before = SoldBefore(kind, capacity_of(drawn) - sold_before, sold_before, SOLD_BEFORE_CENTS)
    shop.call("PUT", f"/v1/events/{event['id']}/on-sale", {
        "opens_at": _text(now - dt.timedelta(seconds=5)), "closes_at": _text(now + dt.timedelta(minutes=50)),
        "room": {
            "enabled": True, "capacity": capacity, "rate_per_min": rate_per_min,
            "claim_ttl_s": 120, "session_ttl_s": 600, "identity": "email", "challenge": "none",
        },
    })  # fmt: skip
    shop.call("POST", f"/v1/events/{event['id']}/publish", {})
    device = shop.call("POST", f"/v1/events/{event['id']}/devices", {"name": "Rehearsal gate", "gates": [GATE]})
    seats = TicketType(kinds[0], seat_pairs=_pairs(sections), max_per_order=8)
    floor = TicketType(kinds[1], general=True, max_per_order=8)
    return Stage(event["id"], [seats, floor], True, True, device["device_id"], device["secret"], True), before


def visit(shop: Shop, event_id: str, *, device_id: str, device_secret: str) -> Stage:
    """Look at an event that exists: what it sells and whether it has a room."""
    event = shop.call("GET", f"/v1/events/{event_id}")
    kinds = [
        TicketType(
            str(found["id"]), general=found.get("type") == "GA", max_per_order=int(found.get("max_per_order") or 4)
        )
        for found in event.get("ticket_types", [])
    ]
    if not kinds:
        raise ShopRefused(f"event {event_id} has no ticket types on sale")
    room = _opened(shop, str(event.get("id", event_id)))
    return Stage(
        str(event.get("id", event_id)), kinds, room is not None, room is not None, device_id, device_secret, False
    )


def _opened(shop: Shop, event_id: str) -> Obj | None:
    """The room's status once it is open, None if there is no room. The recorded surge begins at the opening."""
    deadline = time.monotonic() + limits.ROOM_OPENS_MAX_S
    while True:
        room = shop.room(event_id)
        if room is None or room.get("phase") == "open":
            return room
        if room.get("phase") in {"closed", "sold_out"} or time.monotonic() >= deadline:
            raise ShopRefused(f"the room of {event_id} is {room.get('phase')}, not open")
        time.sleep(0.5)


def add_device(shop: Shop, stage: Stage) -> Stage:
    """The same stage with a gate device of its own; somebody must have logged in."""
    device = shop.call("POST", f"/v1/events/{stage.event_id}/devices", {"name": "Rehearsal gate"})
    return Stage(
        stage.event_id,
        stage.ticket_types,
        stage.room,
        stage.identity,
        device["device_id"],
        device["secret"],
        stage.fresh,
    )


def capacity_of(drawn: Obj) -> int:
    """How many units a chart has."""
    rows = sum(row["count"] for section in drawn["sections"] for row in section.get("rows", []))
    return int(rows + sum(section.get("capacity", 0) for section in drawn["sections"]))


def chart(units: int, sections: int, sold_before: int = 0) -> Obj:
    """`sections` blocks of 2,000 seats (one smaller if fewer are enough), a floor for the rest, the sold last."""
    seated = math.ceil(units * SEATED_SHARE)
    blocks = []
    for number in range(sections):
        rows = min(SECTION_ROWS, max(2, math.ceil(seated / ROW_SEATS) - number * SECTION_ROWS))
        blocks.append({
            "name": f"Stalls {number + 1}", "kind": "seated",
            "rows": [
                {"name": str(row + 1), "y": row + 1.0 + 60 * number, "first": 1, "count": ROW_SEATS,
                 "x0": -ROW_SEATS / 2 + 0.5, "pitch": 1.0, "aisle_after": [ROW_SEATS // 2]}
                for row in range(rows)
            ],
        })  # fmt: skip
    floor = {"name": "Floor", "kind": "general", "capacity": max(4, units - seated)}
    sold = [{"name": calamity.SOLD_SECTION, "kind": "general", "capacity": sold_before}] if sold_before else []
    return {"focal_point": {"x": 0.0, "y": -5.0}, "sections": [*blocks, floor, *sold]}


def _pairs(sections: int) -> list[tuple[str, str]]:
    """Neighbours a choosy buyer might name: the pairs around the middle of the front rows of each section."""
    return [
        (f"Stalls {section + 1}/{row + 1}/{seat}", f"Stalls {section + 1}/{row + 1}/{seat + 1}")
        for section in range(sections)
        for row in range(2)
        for seat in range(1, ROW_SEATS, 2)
        if seat != ROW_SEATS // 2
    ]


def _ticket_type(shop: Shop, event_id: str, name: str, price_cents: int, categories: list[str]) -> str:
    made = shop.call("POST", f"/v1/events/{event_id}/ticket-types", {
        "name": name, "price_cents": price_cents, "categories": categories, "max_per_order": 8,
        "visibility": "public", "taxable": True,
    })  # fmt: skip
    return str(made["id"])


def _text(instant: dt.datetime) -> str:
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
