"""The chart of an event without seats: one floor with the places that the event says, or its ticket types together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

FLOOR: Final = "General admission"
PLACES_MAX: Final = 200_000  # of a chart


def places(capacity: int | None, caps: Sequence[int | None], *, has_chart: bool) -> int | None:
    """How many places a standing event has; None if it sells from a chart, or if nobody has said how many.

    An event's own ``capacity`` counts wherever it takes place. Without one, and at a venue without a chart, the limits
    of its ticket types are added up if each has one.
    """
    if capacity is not None:
        return capacity
    if has_chart or not caps:
        return None
    total = _sum(caps)
    return total if total and total <= PLACES_MAX else None


def chart(capacity: int) -> bytes:
    """A chart of one floor."""
    floor = {"name": FLOOR, "kind": "general", "capacity": capacity}
    return msgspec.json.encode({"focal_point": {"x": 0, "y": 0}, "sections": [floor]})


def _sum(caps: Iterable[int | None]) -> int | None:
    total = 0
    for cap in caps:
        if cap is None:
            return None
        total += cap
    return total
