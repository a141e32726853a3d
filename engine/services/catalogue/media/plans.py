"""The picture that a seating chart is traced from: put, laid under the seats, taken away. Members alone see it."""

from __future__ import annotations

from engine.domain.accounts.organizations import Permission
from engine.domain.catalogue.errors import VenueUnknown
from engine.domain.catalogue.media.images import ImageUnknown
from engine.domain.catalogue.media.plans import Plan, PlanPlace
from engine.domain.catalogue.venues import Venue
from engine.foundation.bearer import Person
from engine.foundation.ids import new_id
from engine.services.accounts.access import Access
from engine.services.catalogue.media.images import ReadUpload, Uploads, file_of, kept_files
from engine.services.outbox import Outbox
from engine.stores import activity
from engine.stores.catalogue import venues
from engine.stores.catalogue.media import plans as store
from engine.stores.catalogue.media.files import ImageFiles
from engine.stores.database import Pool


class Plans:
    """One a venue, for those who may read its organization's venues; changed by those who may write them."""

    def __init__(self, *, pool: Pool, access: Access, uploads: Uploads, files: ImageFiles, outbox: Outbox) -> None:
        self._pool = pool
        self._access = access
        self._uploads = uploads
        self._files = files
        self._outbox = outbox

    async def get(self, person: Person, venue_id: str) -> Plan | None:
        """None if the venue has no plan. VenueUnknown to everybody outside of its organization."""
        await self._venue(person, venue_id, "venues.read")
        return await store.get(self._pool, venue_id)

    async def put(self, person: Person, venue_id: str, place: PlanPlace, read: ReadUpload) -> Plan:
        """The venue's plan from now on. Refuses as ``Images.add`` does; nothing was changed then."""
        venue = await self._venue(person, venue_id, "venues.write")
        async with self._uploads.turn(venue.organization_id):
            async with self._uploads.body(read) as upload:
                developed = await self._uploads.develop(file_of(upload))
            async with (
                kept_files(self._files, new_id("img"), developed) as digest,
                self._pool.acquire() as db,
                db.transaction(),
            ):
                plan, errands = await store.put(db, venue_id, digest, developed, place)
                await activity.record(db, person, "venue.plan_put", venue_id)
        await self._outbox.at_once(errands)
        return plan

    async def move(self, person: Person, venue_id: str, place: PlanPlace) -> None:
        """Lay it elsewhere, or make it fainter. ImageUnknown if there is none."""
        await self._venue(person, venue_id, "venues.write")
        if not await store.move(self._pool, venue_id, place):
            raise ImageUnknown

    async def delete(self, person: Person, venue_id: str) -> None:
        """Nothing if there is none."""
        await self._venue(person, venue_id, "venues.write")
        async with self._pool.acquire() as db, db.transaction():
            errands = await store.delete(db, venue_id)
            if errands:
                await activity.record(db, person, "venue.plan_deleted", venue_id)
        await self._outbox.at_once(errands)

    async def _venue(self, person: Person, venue_id: str, permission: Permission) -> Venue:
        venue = await venues.get(self._pool, venue_id)
        if venue is None:
            raise VenueUnknown
        await self._access.require(person, venue.organization_id, permission, hidden=VenueUnknown)
        return venue
