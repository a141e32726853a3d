"""Live counts of an event: each place is sold, being paid for, held, set apart or free, by section and ticket type.

Counted from this process's own copy of the inventory map, at most REMEMBERED_S old: twenty consoles cost one count.
"""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from admin.trace import Trace
from engine.domain.sale.inventory import BLOCKED, FREE, HELD, ORDERED, SOLD
from engine.domain.sale.selling import SellingEvent
from engine.services.wiring import Services

REMEMBERED_S: Final = 0.9
REMEMBERED_MAX: Final = 200
_OPEN_HOUSE: Final = frozenset({FREE, FREE + 1})


@dataclass(frozen=True, slots=True)
class Count:
    """A part of the house. ``apart`` are free places in allotments, ``blocked`` are sold to nobody."""

    name: str
    total: int
    sold: int
    ordered: int
    held: int
    apart: int
    free: int
    blocked: int

    @property
    def parts(self) -> list[tuple[str, int]]:
        """For a bar, the surest first."""
        return [("sold", self.sold), ("ordered", self.ordered), ("held", self.held), ("apart", self.apart)]


@dataclass(frozen=True, slots=True)
class TypeCount:
    """A ticket type: how many are gone (sold, being paid for or held) and how many it can still sell."""

    id: str
    name: str
    gone: int
    free: int

    @property
    def total(self) -> int:
        return self.gone + self.free


@dataclass(frozen=True, slots=True)
class Live:
    """The house as it is now."""

    version: int
    house: Count
    sections: tuple[Count, ...]
    ticket_types: tuple[TypeCount, ...]


class Figures:
    """Counts events and remembers the counts for a moment."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.trace = Trace()
        self._known: OrderedDict[str, tuple[float, Live]] = OrderedDict()

    async def live(self, event_id: str) -> Live:
        """The counts. NotFound before the event was first published; Unavailable while its map is rebuilt."""
        known = self._known.get(event_id)
        if known is not None and time.monotonic() - known[0] < REMEMBERED_S:
            return known[1]
        live = await self._count(event_id)
        self._known[event_id] = (time.monotonic(), live)
        self._known.move_to_end(event_id)
        if len(self._known) > REMEMBERED_MAX:
            self._known.popitem(last=False)
        return live

    async def _count(self, event_id: str) -> Live:
        event = await self._services.sale.selling.get(event_id)
        exact = await self._services.sale.availability.exact(event_id)
        unit_map = await self._services.sale.availability.map(event_id)
        rows = [
            TypeCount(id=row["id"], name=row["name"], gone=row["taken_of_type"], free=row["free"])
            for row in exact["ticket_types"]
        ]
        return Live(exact["version"], _house(unit_map), _sections(event, unit_map), tuple(rows))


def _house(unit_map: bytes) -> Count:
    return _sum("The whole house", unit_map)


def _sections(event: SellingEvent, unit_map: bytes) -> tuple[Count, ...]:
    return tuple(
        _sum(section.name, unit_map[section.first_unit : section.first_unit + section.units])
        for section in event.seat_map.sections
    )


def _sum(name: str, states: Iterable[int]) -> Count:
    counts = Counter(states)
    free = sum(counts[state] for state in _OPEN_HOUSE)
    return Count(
        name=name,
        total=counts.total(),
        sold=counts[SOLD],
        ordered=counts[ORDERED],
        held=counts[HELD],
        apart=sum(count for state, count in counts.items() if state >= FREE) - free,
        free=free,
        blocked=counts[BLOCKED],
    )
