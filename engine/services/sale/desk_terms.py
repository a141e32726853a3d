"""An event's terms as the Rust hold desk reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

import hotpath_rs
from engine.domain.sale.selling import TAPE_PARTY_MAX, Columns, TicketTypeTerms, buyer_units_max, tape_name
from engine.foundation.clock import to_ms

ADMISSION_LEEWAY_MS = 2_000
NEVER_MS = 2**63 - 1


def desk_terms(event: Columns, kinds: Sequence[TicketTypeTerms], seat_map: hotpath_rs.SeatMap) -> bytes:
    """JSON of the terms; an event that is not on sale opens never."""
    published = event["status"] == "published" and event["opens_at"] is not None
    never_closes = NEVER_MS if published else 0
    categories = seat_map.category_map()
    policy = {"off": 0, "lenient": 2}.get(event["orphan_policy"], 1)
    return orjson.dumps({
        "event_id": event["id"],
        "hold_ttl_ms": event["hold_ttl_s"] * 1000,
        "opens_at_ms": to_ms(event["opens_at"]) if published else NEVER_MS,
        "closes_at_ms": to_ms(event["closes_at"]) if published and event["closes_at"] else never_closes,
        "room_enabled": bool(event["room_enabled"]),
        "admission_leeway_ms": ADMISSION_LEEWAY_MS,
        "max_per_buyer": buyer_units_max(event["max_tickets_per_buyer"], kinds),
        "types": [
            {
                "id": kind.id,
                "number": kind.number,
                "price_cents": kind.price_cents,
                "max_per_order": kind.max_per_order,
                "sales_start_at_ms": kind.sales_start_at_ms or 0,
                "sales_end_at_ms": kind.sales_end_at_ms or NEVER_MS,
                "capacity": kind.capacity,
                "policy": policy,
                "pick": _pick(kind, seat_map, categories),
            }
            for kind in kinds
        ],
    })  # fmt: skip


def _pick(kind: TicketTypeTerms, seat_map: hotpath_rs.SeatMap, categories: bytes) -> Any:
    """One general-admission section: its lowest free numbers. Seats alone: their tapes. Anything else: planned."""
    if kind.counted:
        return "planned"  # which price step it is at, only the full path finds out
    wanted = bytes(kind.categories)
    used = [
        section
        for section in seat_map.sections
        if any(
            wanted.count(bytes([c])) for c in set(categories[section.first_unit : section.first_unit + section.units])
        )
    ]
    if used and all(section.kind == "seated" for section in used):
        sizes = range(1, min(kind.max_per_order, TAPE_PARTY_MAX) + 1)
        return {"tape": {"names": [tape_name(seat_map.etag, kind.categories, None, size) for size in sizes]}}
    if len(used) == 1:
        return {"general": {"first": used[0].first_unit, "size": used[0].units}}
    return "planned"
