"""Organizations and who works for them. There is always an owner."""

from __future__ import annotations

import secrets

from engine.domain.accounts.errors import (
    AlreadyMember,
    LastOwner,
    MemberUnknown,
    OrganizationInUse,
    OrganizationUnknown,
    SlugTaken,
    TooManyOfThem,
)
from engine.domain.accounts.organizations import (
    MEMBERS_MAX,
    ORGANIZATIONS_PER_PERSON_MAX,
    Member,
    NewMember,
    NewOrganization,
    Organization,
    OrganizationChange,
    RoleChange,
)
from engine.domain.accounts.people import email_normal
from engine.domain.slugs import slug_of
from engine.domain.versions import expect
from engine.foundation.bearer import Person
from engine.foundation.errors import Invalid, PreconditionFailed
from engine.foundation.ids import new_id
from engine.services.accounts.access import Access
from engine.stores import activity
from engine.stores.accounts import organizations as store
from engine.stores.accounts import people as people_store
from engine.stores.database import Connection, Pool

SLUG_TRIES_MAX = 5


class Organizations:
    """Making organizations, and letting people in and out of them."""

    def __init__(self, *, pool: Pool, access: Access) -> None:
        self._pool = pool
        self._access = access

    async def create(self, person: Person, given: NewOrganization) -> Organization:
        """A new organization owned by this person. SlugTaken if the slug they chose is in use.

        TooManyOfThem for everybody but the platform's admins, who open houses for others.
        """
        async with self._pool.acquire() as db, db.transaction():
            owned = 0 if person.is_admin else await store.organization_count(db, person.user_id)
            if owned >= ORGANIZATIONS_PER_PERSON_MAX:
                raise TooManyOfThem(limit=ORGANIZATIONS_PER_PERSON_MAX)
            organization_id = await self._insert(db, given)
            await store.add_member(db, organization_id, person.user_id, "owner")
            await activity.record(db, person, "organization.created", organization_id, name=given.name)
        return await self.get(person, organization_id)

    async def get(self, person: Person, organization_id: str) -> Organization:
        """OrganizationUnknown to everybody outside."""
        found = await store.get(self._pool, organization_id, person.user_id)
        if found is None or (found.role is None and not person.is_admin):
            raise OrganizationUnknown
        return found

    async def of_person(self, person: Person, after: str, limit: int) -> list[Organization]:
        """Those the person works for; all of them for a platform admin."""
        if person.is_admin:
            return await store.everyone(self._pool, after, limit)
        return await store.of_person(self._pool, person.user_id, after, limit)

    async def change(
        self, person: Person, organization_id: str, expected: str, given: OrganizationChange
    ) -> Organization:
        """PreconditionFailed if it moved on; SlugTaken."""
        found = await self.get(person, organization_id)
        await self._access.require(person, organization_id, "organization.write")
        expect(expected, found.version)
        async with self._pool.acquire() as db, db.transaction():
            if isinstance(given.slug, str) and await store.slug_owner(db, given.slug) not in {None, organization_id}:
                raise SlugTaken
            if not await store.change(db, organization_id, found.version, given):
                raise PreconditionFailed
            await activity.record(db, person, "organization.changed", organization_id)
        return await self.get(person, organization_id)

    async def delete(self, person: Person, organization_id: str, expected: str) -> None:
        """An owner's to do, while there is nothing in it. OrganizationInUse, PreconditionFailed."""
        await self._access.require(person, organization_id, "members.write", hidden=OrganizationUnknown)
        async with self._pool.acquire() as db, db.transaction():
            await store.lock(db, organization_id)
            expect(expected, (await self.get(person, organization_id)).version)
            if await store.is_used(db, organization_id):
                raise OrganizationInUse
            await store.delete(db, organization_id)
            await activity.record(db, person, "organization.deleted", organization_id)

    async def members(self, person: Person, organization_id: str, after: str, limit: int) -> list[Member]:
        """Who works here, by user id."""
        await self._access.require(person, organization_id, "members.read", hidden=OrganizationUnknown)
        return await store.members(self._pool, organization_id, after, limit)

    async def add_member(self, person: Person, organization_id: str, given: NewMember) -> Member:
        """Let somebody in who registered before. Invalid at /email if nobody has that address; AlreadyMember."""
        await self._access.require(person, organization_id, "members.write", hidden=OrganizationUnknown)
        async with self._pool.acquire() as db, db.transaction():
            await store.lock(db, organization_id)
            if await store.member_count(db, organization_id) >= MEMBERS_MAX:
                raise TooManyOfThem(limit=MEMBERS_MAX)
            row = await people_store.secrets_of(db, email_normal(given.email))
            if row is None:
                raise Invalid.at("/email", "nobody_registered", "Nobody registered with this e-mail address")
            if not await store.add_member(db, organization_id, row["id"], given.role):
                raise AlreadyMember
            await activity.record(db, person, "member.added", organization_id, user_id=row["id"], role=given.role)
            return await self._member(db, organization_id, row["id"])

    async def set_role(self, person: Person, organization_id: str, user_id: str, given: RoleChange) -> Member:
        """Give a member another role. LastOwner if nobody would own it any more."""
        await self._access.require(person, organization_id, "members.write", hidden=OrganizationUnknown)
        async with self._pool.acquire() as db, db.transaction():
            await store.lock(db, organization_id)
            member = await self._member(db, organization_id, user_id)
            if given.role != "owner":
                await self._keep_an_owner(db, organization_id, member)
            await store.set_role(db, organization_id, user_id, given.role)
            await activity.record(db, person, "member.role_set", organization_id, user_id=user_id, role=given.role)
            return await self._member(db, organization_id, user_id)

    async def remove_member(self, person: Person, organization_id: str, user_id: str) -> None:
        """Let somebody out; everybody may leave by themselves. LastOwner."""
        if person.user_id != user_id:
            await self._access.require(person, organization_id, "members.write", hidden=OrganizationUnknown)
        async with self._pool.acquire() as db, db.transaction():
            await store.lock(db, organization_id)
            member = await self._member(db, organization_id, user_id)
            await self._keep_an_owner(db, organization_id, member)
            await store.remove_member(db, organization_id, user_id)
            await activity.record(db, person, "member.removed", organization_id, user_id=user_id)

    async def _insert(self, db: Connection, given: NewOrganization) -> str:
        slug = given.slug or slug_of(given.name)
        for _ in range(SLUG_TRIES_MAX):
            organization_id = new_id("org")
            if await store.insert(db, organization_id, slug, given):
                return organization_id
            if given.slug is not None:
                break
            slug = f"{slug_of(given.name)}-{secrets.token_hex(3)}"
        raise SlugTaken

    async def _member(self, db: Connection, organization_id: str, user_id: str) -> Member:
        member = await store.member(db, organization_id, user_id)
        if member is None:
            raise MemberUnknown
        return member

    async def _keep_an_owner(self, db: Connection, organization_id: str, member: Member) -> None:
        if member.role == "owner" and await store.owners(db, organization_id) == 1:
            raise LastOwner
