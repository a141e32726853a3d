"""The logo of an organization: one picture, which stands wherever its name sells something."""

from __future__ import annotations

from engine.domain.accounts.errors import OrganizationUnknown
from engine.domain.catalogue.media.images import Image, ImageUnknown, source_digest
from engine.foundation.bearer import Person
from engine.foundation.ids import new_id
from engine.services.accounts.access import Access
from engine.services.catalogue.media.images import Images, ReadUpload, Uploads, file_of, given_of, kept_files
from engine.services.outbox import Outbox
from engine.stores import activity
from engine.stores.accounts import organizations
from engine.stores.catalogue.media import images as store
from engine.stores.catalogue.media.files import ImageFiles
from engine.stores.database import Pool


class Logos:
    """Put, read and taken away by those who may write the organization; everybody sees it."""

    def __init__(
        self, *, pool: Pool, access: Access, images: Images, uploads: Uploads, files: ImageFiles, outbox: Outbox
    ) -> None:
        self._pool = pool
        self._access = access
        self._images = images
        self._uploads = uploads
        self._files = files
        self._outbox = outbox

    async def get(self, organization_id: str) -> Image:
        """ImageUnknown if it has none, or there is no such organization."""
        row = await store.logo_of(self._pool, organization_id)
        if row is None:
            raise ImageUnknown
        return self._images.shown(row)

    async def put(self, person: Person, organization_id: str, read: ReadUpload) -> Image:
        """The logo from now on; without ``alt`` it is called as the organization is. Refuses as ``Images.add`` does."""
        await self._access.require(person, organization_id, "organization.write", hidden=OrganizationUnknown)
        organization = await organizations.get(self._pool, organization_id, person.user_id)
        if organization is None:
            raise OrganizationUnknown
        async with self._uploads.turn(organization_id):
            async with self._uploads.body(read) as upload:
                file, given = file_of(upload), given_of(upload, alt=organization.name)
                developed = await self._uploads.develop(file)
            image_id = new_id("img")
            async with (
                kept_files(self._files, image_id, developed) as digest,
                self._pool.acquire() as db,
                db.transaction(),
            ):
                await organizations.lock(db, organization_id)
                before = await store.logo_of(db, organization_id)
                errands = await store.delete(db, organization_id, [before] if before is not None else [])
                digests = (digest, source_digest(file))
                await store.insert(
                    db, image_id, (organization_id, None), digests=digests, developed=developed, given=given
                )
                await activity.record(db, person, "organization.logo_put", organization_id, image_id=image_id)
                row = await store.logo_of(db, organization_id)
        assert row is not None, "it was just kept"
        await self._outbox.at_once(errands)
        return self._images.shown(row)

    async def delete(self, person: Person, organization_id: str) -> None:
        """Nothing if there is none."""
        await self._access.require(person, organization_id, "organization.write", hidden=OrganizationUnknown)
        async with self._pool.acquire() as db, db.transaction():
            row = await store.logo_of(db, organization_id)
            if row is None:
                return
            errands = await store.delete(db, organization_id, [row])
            await activity.record(db, person, "organization.logo_deleted", organization_id)
        await self._outbox.at_once(errands)
