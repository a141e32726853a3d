"""Venues and their seating charts."""

from __future__ import annotations

import asyncio

import msgspec

import hotpath_rs
from engine.domain.catalogue.charts import names, places
from engine.domain.catalogue.errors import ChartMissing, VenueInUse, VenueUnknown
from engine.domain.catalogue.venues import (
    ChartFacts,
    ChartSection,
    NewVenue,
    Venue,
    VenueChange,
    check,
    fold,
)
from engine.domain.versions import expect
from engine.foundation.bearer import Person
from engine.foundation.errors import Invalid, PreconditionFailed
from engine.foundation.ids import is_id, new_id
from engine.services.accounts.access import Access
from engine.stores import activity
from engine.stores.catalogue import on_sales
from engine.stores.catalogue import venues as store
from engine.stores.database import Pool, columns_of


class Venues:
    """Venues belong to an organization; a stranger sees those if something public takes place."""

    def __init__(self, *, pool: Pool, access: Access) -> None:
        self._pool = pool
        self._access = access

    async def create(self, person: Person, given: NewVenue) -> Venue:
        """A new venue. Invalid with every broken field."""
        await self._access.require(person, given.organization_id, "venues.write")
        fold(given)
        check(given)
        async with self._pool.acquire() as db, db.transaction():
            venue = await store.insert(db, new_id("ven"), given)
            await activity.record(db, person, "venue.created", venue.id, organization_id=given.organization_id)
        return venue

    async def get(self, person: Person | None, venue_id: str) -> Venue:
        """VenueUnknown to strangers unless an event made it public."""
        return await self._seen(person, await store.get(self._pool, venue_id))

    async def named(self, person: Person | None, id_or_slug: str) -> Venue:
        """The same by the name in its page's address, or by its id."""
        find = store.get if is_id("ven", id_or_slug) else store.by_slug
        return await self._seen(person, await find(self._pool, id_or_slug))

    async def _seen(self, person: Person | None, venue: Venue | None) -> Venue:
        if venue is None:
            raise VenueUnknown
        if not await self._access.may(person, venue.organization_id, "venues.read") and not await store.is_public(
            self._pool, venue.id
        ):
            raise VenueUnknown
        return venue

    async def of_organization(self, person: Person, organization_id: str, after: str, limit: int) -> list[Venue]:
        """An organization's venues by id."""
        await self._access.require(person, organization_id, "venues.read")
        return await store.of_organization(self._pool, organization_id, after, limit)

    async def change(self, person: Person, venue_id: str, expected: str, given: VenueChange) -> Venue:
        """Change what is given. PreconditionFailed if it moved on."""
        venue = await self._writable(person, venue_id)
        expect(expected, venue.version)
        fold(given)
        check(given)
        async with self._pool.acquire() as db, db.transaction():
            changed = await store.change(db, venue_id, venue.version, given)
            if changed is None:
                raise PreconditionFailed
            await on_sales.set_venue_on_cards(db, venue_id)
            facts = activity.turned(venue, changed, columns_of(given))
            await activity.record(db, person, "venue.changed", venue_id, **facts)
        return changed

    async def delete(self, person: Person, venue_id: str, expected: str) -> None:
        """VenueInUse if events take place there."""
        venue = await self._writable(person, venue_id)
        expect(expected, venue.version)
        async with self._pool.acquire() as db, db.transaction():
            if await store.is_used(db, venue_id):
                raise VenueInUse
            if not await store.delete(db, venue_id, venue.version):
                raise PreconditionFailed
            await activity.record(
                db, person, "venue.deleted", venue_id, organization_id=venue.organization_id, name=venue.name
            )

    async def put_chart(self, person: Person, venue_id: str, chart: bytes) -> ChartFacts:
        """Keep a seating chart. Invalid with a pointer for every fault in it.

        Events that were published keep the chart they were published with.
        """
        await self._writable(person, venue_id)
        kept = await asyncio.to_thread(folded_chart, chart)
        facts = await asyncio.to_thread(read_chart, kept)
        async with self._pool.acquire() as db, db.transaction():
            await store.put_chart(db, venue_id, kept, facts)
            await activity.record(db, person, "venue.chart_put", venue_id, units=facts.units, etag=facts.etag)
        return facts

    async def chart(self, person: Person | None, venue_id: str) -> tuple[bytes, str]:
        """The chart as given, its names folded, and its etag. ChartMissing."""
        await self.get(person, venue_id)
        found = await store.chart(self._pool, venue_id)
        if found is None:
            raise ChartMissing
        return found

    async def _writable(self, person: Person, venue_id: str) -> Venue:
        venue = await self.get(person, venue_id)
        await self._access.require(person, venue.organization_id, "venues.write")
        return venue


def folded_chart(chart: bytes) -> bytes:
    """The chart with its names as they are kept; as it is if that changes nothing, or if it is no JSON."""
    try:
        decoded = msgspec.json.decode(chart)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return chart
    return msgspec.json.encode(decoded) if names.fold(decoded) else chart


def read_chart(chart: bytes) -> ChartFacts:
    """What a chart holds whose names are folded. Invalid with a pointer for every fault."""
    try:
        seat_map = hotpath_rs.SeatMap.parse(chart)
    except hotpath_rs.ChartError as error:
        raise Invalid(
            "The seating chart has faults",
            errors=[{"pointer": pointer, "code": code, "message": message} for pointer, code, message in error.errors],
        ) from error
    stands = msgspec.json.decode(chart, type=places.Places)
    decoded = msgspec.json.decode(chart)
    faults = places.misplaced(stands) + names.unfit(decoded) + names.look_alikes(decoded)
    if faults:
        raise Invalid("The seating chart has faults", errors=faults)
    return ChartFacts(
        units=seat_map.units,
        sections=tuple(
            ChartSection(
                name=section.name,
                kind=section.kind,
                category=section.category,
                first_unit=section.first_unit,
                units=section.units,
            )
            for section in seat_map.sections
        ),
        categories=tuple(seat_map.categories),
        etag=seat_map.etag,
        warnings=places.doubtful(stands),
    )
