"""Blocks: single places of a published event kept from sale, and put on sale again.

The ledger notes a block while the event's blocks are locked; the map takes it in one script, all or nothing, so a hold
and a block never meet on one place. What somebody has is never blocked. The map is told before the ledger commits: a
process that dies between leaves places that nobody buys (the audit names them), never ones that are sold and blocked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import hotpath_rs
from engine.domain.catalogue.errors import ChartMissing, EventNotPublished, UnitsTaken
from engine.domain.catalogue.events import Event
from engine.domain.errors import UnitsNotBlocked
from engine.domain.fields import fault
from engine.domain.sale.blocks import Block, UnitsBlock, UnitsBlocked, UnitsNamed, UnitsUnblock
from engine.domain.sale.charts import unit_of
from engine.domain.sale.inventory import FREE
from engine.foundation import logs
from engine.foundation.bearer import Person
from engine.foundation.connections import HotRedis
from engine.foundation.errors import Invalid
from engine.services.accounts.access import Access
from engine.services.catalogue.events import Events
from engine.services.sale.inventory import Inventory
from engine.stores import activity
from engine.stores.catalogue import events as events_store
from engine.stores.database import Pool
from engine.stores.sale import blocks as store

NAMED_MAX = 100  # seats named in a refusal

_log = logs.get("blocks")


class Blocks:
    """Blocks places and frees them, for those who may set places apart."""

    def __init__(self, *, pool: Pool, hot: HotRedis, access: Access, events: Events, inventory: Inventory) -> None:
        self._pool = pool
        self._hot = hot
        self._access = access
        self._events = events
        self._inventory = inventory

    async def of_event(self, person: Person, event_id: str) -> list[Block]:
        """What is blocked, in the chart's order."""
        event = await self._events.get(person, event_id)
        await self._access.require(person, event.organization_id, "allotments.read")
        rows = await store.of_event(self._pool, event.id)
        if not rows:
            return []
        seat_map = await self._seat_map(event.id)
        return [
            Block(
                unit=row["unit"],
                section=_section(seat_map, row["unit"]),
                seat=seat_map.seat(row["unit"]),
                reason=row["reason"],
                created_at=row["created_at"],
            )
            for row in rows
        ]

    async def block(self, person: Person, event_id: str, given: UnitsBlock) -> UnitsBlocked:
        """Keep places from sale. Invalid for unknown ones; UnitsTaken names what is sold, held or blocked already."""
        event = await self._published(person, event_id, selling=False)
        seat_map = await self._seat_map(event.id)
        async with self._pool.acquire() as db, db.transaction():
            await store.lock(db, event.id)
            already = await store.blocked_units(db, event.id)
            units = await self._chosen(event, seat_map, given, of=None)
            sold = await events_store.live_units(db, event.id, units)
            taken = sorted({*sold, *(already & set(units))})
            if not taken:
                await store.block(db, event.id, units, given.reason, person.user_id)
                taken = await self._in_map(event.id, units, blocked=True)
            if taken:
                raise UnitsTaken(seats=_names(seat_map, taken), taken=len(taken))
            await activity.record(
                db, person, "units.blocked", event.id, event_id=event.id, units=len(units), reason=given.reason
            )
        # A rebuild that read the ledger before this commit wrote a map without the block: say it once more.
        taken = await self._in_map(event.id, units, blocked=True)
        if taken:
            _log.warning("blocked_units_taken", event_id=event.id, units=taken[:NAMED_MAX])
        return self._said(event, seat_map, units, len(already) + len(units))

    async def unblock(self, person: Person, event_id: str, given: UnitsUnblock) -> UnitsBlocked:
        """Put blocked places on sale again, in the allotments that they are in. UnitsNotBlocked names the others."""
        event = await self._published(person, event_id, selling=True)
        seat_map = await self._seat_map(event.id)
        async with self._pool.acquire() as db, db.transaction():
            await store.lock(db, event.id)
            already = await store.blocked_units(db, event.id)
            units = await self._chosen(event, seat_map, given, of=already)
            others = [unit for unit in units if unit not in already]
            if others:
                raise UnitsNotBlocked(seats=_names(seat_map, others), units=len(others))
            await store.unblock(db, event.id, units)
            await activity.record(
                db, person, "units.unblocked", event.id, event_id=event.id, units=len(units), reason=given.reason
            )
        await self._in_map(event.id, units, blocked=False)
        return self._said(event, seat_map, units, len(already) - len(units))

    async def _published(self, person: Person, event_id: str, *, selling: bool) -> Event:
        event = await self._events.writable(person, event_id, "allotments.write", selling=selling)
        if event.status != "published":
            raise EventNotPublished(event_status=event.status)
        return event

    async def _in_map(self, event_id: str, units: Sequence[int], *, blocked: bool) -> list[int]:
        return await self._inventory.fenced(
            event_id, lambda epoch: store.in_map(self._hot, event_id, epoch, units, blocked=blocked)
        )

    async def _seat_map(self, event_id: str) -> hotpath_rs.SeatMap:
        chart = await events_store.chart(self._pool, event_id)
        if chart is None:
            raise ChartMissing
        return await asyncio.to_thread(hotpath_rs.SeatMap.parse, chart)

    async def _chosen(
        self, event: Event, seat_map: hotpath_rs.SeatMap, given: UnitsNamed, *, of: set[int] | None
    ) -> list[int]:
        """The units that are named, or the last of the section that are in ``of`` (None: that are free). Invalid."""
        if given.seats is not None and given.section is None and given.quantity is None:
            return _named(seat_map, given.seats)
        if given.section is None or given.quantity is None or given.seats is not None:
            raise Invalid.at("/seats", "ambiguous", "Name seats, or a section and a quantity")
        section = next((section for section in seat_map.sections if section.name == given.section), None)
        if section is None:
            raise Invalid.at("/section", "unknown_section", "The seating chart has no such section")
        places = range(section.first_unit, section.first_unit + section.units)
        if of is None:
            states = await self._inventory.unit_map(event.id) or b""
            found = [unit for unit in places if unit < len(states) and states[unit] >= FREE]
            if len(found) < given.quantity:
                raise UnitsTaken("The section has fewer free places than that", free=len(found))
        else:
            found = [unit for unit in places if unit in of]
            if len(found) < given.quantity:
                raise UnitsNotBlocked("Fewer places of the section are blocked than that", units=len(found))
        return found[-given.quantity :]

    def _said(self, event: Event, seat_map: hotpath_rs.SeatMap, units: Sequence[int], blocked: int) -> UnitsBlocked:
        return UnitsBlocked(event_id=event.id, units=len(units), seats=tuple(_names(seat_map, units)), blocked=blocked)


def _named(seat_map: hotpath_rs.SeatMap, seats: Sequence[str]) -> list[int]:
    """The unit of each seat. Invalid at each that the chart does not have, or that is named twice."""
    units, faults = dict[int, None](), []
    for index, seat in enumerate(seats):
        unit = unit_of(seat_map, seat)
        if unit is None:
            faults.append(fault(f"/seats/{index}", "unknown_seat", "The seating chart has no such seat"))
            continue
        if unit in units:
            faults.append(fault(f"/seats/{index}", "duplicate", "This seat is named twice"))
        units[unit] = None
    if faults:
        raise Invalid(errors=faults[:NAMED_MAX])
    return sorted(units)


def _names(seat_map: hotpath_rs.SeatMap, units: Sequence[int]) -> list[str]:
    """The names of those that have one, at most NAMED_MAX."""
    names = (seat_map.seat(unit) for unit in units)
    return [name for name in names if name is not None][:NAMED_MAX]


def _section(seat_map: hotpath_rs.SeatMap, unit: int) -> str:
    return next(each.name for each in seat_map.sections if each.first_unit <= unit < each.first_unit + each.units)
