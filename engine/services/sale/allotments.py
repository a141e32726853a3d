"""Allotments: setting free units of an event apart for a channel, and giving them back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import hotpath_rs
from engine.domain.accounts.errors import TooManyOfThem
from engine.domain.catalogue.errors import AllotmentUnknown, ChartMissing, EventUnknown, UnitsTaken
from engine.domain.catalogue.events import Event
from engine.domain.fields import fault
from engine.domain.sale.allotments import ALLOTMENTS_MAX, Allotment, AllotmentChange, NewAllotment, check_codes
from engine.domain.sale.charts import unit_of
from engine.domain.sale.inventory import FREE
from engine.domain.versions import expect
from engine.foundation.bearer import Person
from engine.foundation.connections import HotRedis
from engine.foundation.errors import Invalid, PreconditionFailed
from engine.foundation.ids import new_id
from engine.services.accounts.access import Access
from engine.services.catalogue.events import Events
from engine.services.sale.inventory import Inventory
from engine.stores import activity, keys
from engine.stores.catalogue import events as events_store
from engine.stores.database import Connection, Pool, Record, columns_of
from engine.stores.sale import allotments as store

NAMED_MAX = 100  # seats named in a refusal


class Allotments:
    """Disjoint sets of units. What is sold or held when an allotment is made cannot be in it."""

    def __init__(self, *, pool: Pool, hot: HotRedis, access: Access, events: Events, inventory: Inventory) -> None:
        self._pool = pool
        self._hot = hot
        self._access = access
        self._events = events
        self._inventory = inventory

    async def of_event(self, person: Person, event_id: str) -> list[Allotment]:
        """The organizer's view of all allotments of an event."""
        event = await self._events.get(person, event_id)
        await self._access.require(person, event.organization_id, "allotments.read")
        rows = await store.of_event(self._pool, event.id)
        if not rows:
            return []
        seat_map = await self._seat_map(event.id)
        return [_allotment(row, seat_map) for row in rows]

    async def create(self, person: Person, event_id: str, given: NewAllotment) -> Allotment:
        """Set units apart. Invalid for unknown seats or sections; UnitsTaken names what is not free."""
        check_codes(given)
        await self._writable(person, event_id)
        seat_map = await self._seat_map(event_id)
        async with self._pool.acquire() as db, db.transaction():
            event = await events_store.lock(db, event_id)
            if event is None:
                raise EventUnknown
            units = await self._choose(db, event, seat_map, given)
            number = await store.free_number(db, event_id, ALLOTMENTS_MAX)
            if number is None:
                raise TooManyOfThem(limit=ALLOTMENTS_MAX)
            row = await store.insert(db, new_id("alt"), event_id, number, units, given)
            await activity.record(
                db, person, "allotment.created", row["id"], event_id=event_id, name=given.name, units=len(units)
            )
        await self._relot(event)
        return _allotment(row, seat_map)

    async def change(self, person: Person, allotment_id: str, expected: str, given: AllotmentChange) -> Allotment:
        """Rename it, or open it to others. PreconditionFailed if it moved on."""
        check_codes(given)
        row, event = await self._found(person, allotment_id)
        expect(expected, row["version"])
        async with self._pool.acquire() as db, db.transaction():
            changed = await store.change(db, allotment_id, row["version"], given)
            if changed is None:
                raise PreconditionFailed
            given_columns = columns_of(given)
            was = {name: row[name] for name in given_columns if row[name] != given_columns[name]}
            now = {name: given_columns[name] for name in was}
            await activity.record(db, person, "allotment.changed", allotment_id, event_id=event.id, now=now, was=was)
        await self._events.tell(event)
        return _allotment(changed, await self._seat_map(event.id))

    async def release(self, person: Person, allotment_id: str, expected: str) -> None:
        """Give its units back to everybody; those sold from it stay sold."""
        row, event = await self._found(person, allotment_id)
        expect(expected, row["version"])
        async with self._pool.acquire() as db, db.transaction():
            await store.delete(db, allotment_id)
            await activity.record(db, person, "allotment.released", allotment_id, event_id=event.id)
        await self._relot(event)

    async def _relot(self, event: Event) -> None:
        if event.published_at is not None:
            await self._inventory.changed(event.id)
            await self._inventory.relot(event.id)

    async def _writable(self, person: Person, event_id: str) -> Event:
        return await self._events.writable(person, event_id, "allotments.write")

    async def _found(self, person: Person, allotment_id: str) -> tuple[Record, Event]:
        row = await store.get(self._pool, allotment_id)
        event = await events_store.get(self._pool, row["event_id"]) if row is not None else None
        if row is None or event is None:
            raise AllotmentUnknown
        await self._access.require(person, event.organization_id, "allotments.write", hidden=AllotmentUnknown)
        return row, event

    async def _seat_map(self, event_id: str) -> hotpath_rs.SeatMap:
        chart = await events_store.chart(self._pool, event_id)
        if chart is None:
            raise ChartMissing
        return await asyncio.to_thread(hotpath_rs.SeatMap.parse, chart)

    async def _choose(
        self, db: Connection, event: Event, seat_map: hotpath_rs.SeatMap, given: NewAllotment
    ) -> list[int]:
        if given.seats is not None and given.section is None and given.quantity is None:
            units = _named(seat_map, given.seats)
            taken = await self._taken(db, event, units)
            if taken:
                names = [seat_map.seat(unit) for unit in units if unit in taken][:NAMED_MAX]
                raise UnitsTaken(seats=names, taken=len(taken))
            return units
        if given.section is None or given.quantity is None or given.seats is not None:
            raise Invalid.at("/seats", "ambiguous", "Name seats, or a section and a quantity")
        section = next((section for section in seat_map.sections if section.name == given.section), None)
        if section is None:
            raise Invalid.at("/section", "unknown_section", "The seating chart has no such section")
        places = range(section.first_unit, section.first_unit + section.units)
        taken = await self._taken(db, event, places)
        free = [unit for unit in places if unit not in taken]
        if len(free) < given.quantity:
            raise UnitsTaken("The section has fewer free places than that", free=len(free), taken=len(taken))
        return free[-given.quantity :]

    async def _taken(self, db: Connection, event: Event, units: Iterable[int]) -> set[int]:
        """Units in another allotment, sold, being paid for, or held right now."""
        wanted = set(units)
        taken = wanted & await store.taken_units(db, event.id)
        taken.update(await events_store.live_units(db, event.id, sorted(wanted)))
        unit_map = await self._hot.command(b"GET", keys.unit_map(event.id)) if event.published_at else None
        if unit_map:
            taken.update(unit for unit in wanted if unit < len(unit_map) and unit_map[unit] < FREE)
        return taken


def _named(seat_map: hotpath_rs.SeatMap, seats: list[str]) -> list[int]:
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


def _allotment(row: Record, seat_map: hotpath_rs.SeatMap) -> Allotment:
    seats = [seat_map.seat(unit) for unit in row["units"]]
    return Allotment(
        id=row["id"],
        event_id=row["event_id"],
        number=row["number"],
        name=row["name"],
        units=len(row["units"]),
        seats=tuple(seat for seat in seats if seat is not None),
        open_to=tuple(row["open_to"]),
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
