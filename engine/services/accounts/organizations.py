"""Organizations and who works for them. There is always an owner."""

from __future__ import annotations

import secrets

from msgspec import UNSET

from engine.domain.accounts.errors import (
    FoundingReserved,
    LastOwner,
    MemberUnknown,
    NameLooksTaken,
    OrganizationInUse,
    OrganizationSuspended,
    OrganizationUnknown,
    SecondFactorNeeded,
    SlugTaken,
    TooManyOfThem,
)
from engine.domain.accounts.organizations import (
    ORGANIZATIONS_PER_PERSON_MAX,
    Member,
    NewOrganization,
    Organization,
    OrganizationChange,
    RoleChange,
    fold,
    fold_look,
)
from engine.domain.slugs import slug_of
from engine.domain.versions import expect
from engine.foundation import folding
from engine.foundation.bearer import Person
from engine.foundation.errors import PreconditionFailed
from engine.foundation.ids import new_id
from engine.services.accounts.access import Access
from engine.stores import activity
from engine.stores.accounts import invitations as invitations_store
from engine.stores.accounts import organizations as store
from engine.stores.accounts import second_factors as factors_store
from engine.stores.database import Connection, Pool, columns_of

SLUG_TRIES_MAX = 5
LOOK_ALIKES_MAX = 100  # compared with a new name


class Organizations:
    """Making organizations, and what their people may. ``open_to_all`` False: the platform's admins found them.

    ``own_machine``: sites on this machine may show events, for those who try it out.
    """

    def __init__(self, *, pool: Pool, access: Access, open_to_all: bool = True, own_machine: bool = False) -> None:
        self._pool = pool
        self._access = access
        self._open_to_all = open_to_all
        self._own_machine = own_machine

    async def create(self, person: Person, given: NewOrganization) -> Organization:
        """A new organization owned by this person. SlugTaken if the slug they chose is in use.

        NameLooksTaken; TooManyOfThem for everybody but the platform's admins, who open houses for others.
        FoundingReserved if they alone may; OrganizationSuspended for an owner of a suspended one.
        """
        if not self._open_to_all and not person.is_admin:
            raise FoundingReserved
        fold(given)
        async with self._pool.acquire() as db, db.transaction():
            owned = 0 if person.is_admin else await store.organization_count(db, person.user_id)
            if owned >= ORGANIZATIONS_PER_PERSON_MAX:
                raise TooManyOfThem(limit=ORGANIZATIONS_PER_PERSON_MAX)
            if not person.is_admin and await store.owns_suspended(db, person.user_id):
                raise OrganizationSuspended("An organization of yours is suspended: ask the platform about it first")
            await self._check_look(db, given.name)
            organization_id = await self._insert(db, given)
            await store.add_member(db, organization_id, person.user_id, "owner")
            await activity.record(db, person, "organization.created", organization_id, name=given.name)
        return await self.get(person, organization_id)

    async def get(self, person: Person, organization_id: str) -> Organization:
        """OrganizationUnknown to everybody outside; SecondFactorNeeded to a member who must have one."""
        if person.key is not None:
            await self._access.require(person, organization_id, "organization.read", hidden=OrganizationUnknown)
        found = await store.get(self._pool, organization_id, person.user_id)
        if found is None or (found.role is None and not person.is_admin and person.key is None):
            raise OrganizationUnknown
        if found.role is not None and found.require_second_factor and not await self._has_factor(person):
            raise SecondFactorNeeded
        return found

    async def of_person(self, person: Person, after: str, limit: int) -> list[Organization]:
        """Those the person works for; all of them for a platform admin."""
        if person.is_admin:
            return await store.everyone(self._pool, after, limit)
        return await store.of_person(self._pool, person.user_id, after, limit)

    async def change(
        self, person: Person, organization_id: str, expected: str, given: OrganizationChange
    ) -> Organization:
        """PreconditionFailed if it moved on; SlugTaken; NameLooksTaken; Invalid for a colour that cannot be read.

        SecondFactorNeeded if who asks members for one has none.
        """
        fold(given)
        fold_look(given, own_machine=self._own_machine)
        found = await self.get(person, organization_id)
        await self._access.require(person, organization_id, "organization.write")
        if given.payouts not in {UNSET, found.payouts}:
            await self._access.require(person, organization_id, "payouts.write")
        if given.require_second_factor is True and not await self._has_factor(person):
            raise SecondFactorNeeded("Set up your own second factor first")
        expect(expected, found.version)
        async with self._pool.acquire() as db, db.transaction():
            if isinstance(given.slug, str) and await store.slug_owner(db, given.slug) not in {None, organization_id}:
                raise SlugTaken
            if isinstance(given.name, str):
                await self._check_look(db, given.name, organization_id)
            if not await store.change(db, organization_id, found.version, given):
                raise PreconditionFailed
            if isinstance(given.name, str):
                await store.set_look(db, organization_id, folding.look(given.name))
            changed = await store.get(db, organization_id, person.user_id)
            assert changed is not None, "it was changed a moment ago"
            facts = activity.turned(found, changed, columns_of(given))
            await activity.record(db, person, "organization.changed", organization_id, **facts)
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

    async def set_role(self, person: Person, organization_id: str, user_id: str, given: RoleChange) -> Member:
        """Give a member another role. LastOwner if nobody would own it any more.

        Who may no longer invite has invited nobody: what they left pending is called back.
        """
        await self._access.require(person, organization_id, "members.write", hidden=OrganizationUnknown)
        async with self._pool.acquire() as db, db.transaction():
            await store.lock(db, organization_id)
            member = await self._member(db, organization_id, user_id)
            if given.role != "owner":
                await self._keep_an_owner(db, organization_id, member)
                await invitations_store.revoke_by(db, organization_id, user_id)
            await store.set_role(db, organization_id, user_id, given.role)
            facts = {"user_id": user_id, "email": member.email, "role": given.role, "was": {"role": member.role}}
            await activity.record(db, person, "member.role_set", organization_id, **facts)
            return await self._member(db, organization_id, user_id)

    async def remove_member(self, person: Person, organization_id: str, user_id: str) -> None:
        """Let somebody out; everybody may leave by themselves. LastOwner."""
        if person.user_id != user_id:
            await self._access.require(person, organization_id, "members.write", hidden=OrganizationUnknown)
        async with self._pool.acquire() as db, db.transaction():
            await store.lock(db, organization_id)
            member = await self._member(db, organization_id, user_id)
            await self._keep_an_owner(db, organization_id, member)
            await invitations_store.revoke_by(db, organization_id, user_id)
            await store.remove_member(db, organization_id, user_id)
            await activity.record(db, person, "member.removed", organization_id, user_id=user_id, email=member.email)

    async def _has_factor(self, person: Person) -> bool:
        return await factors_store.is_on(self._pool, person.user_id)

    async def _insert(self, db: Connection, given: NewOrganization) -> str:
        slug = given.slug or slug_of(given.name)
        for _ in range(SLUG_TRIES_MAX):
            organization_id = new_id("org")
            if await store.insert(db, organization_id, slug, given, folding.look(given.name)):
                return organization_id
            if given.slug is not None:
                break
            slug = f"{slug_of(given.name)}-{secrets.token_hex(3)}"
        raise SlugTaken

    async def _check_look(self, db: Connection, name: str, own_id: str = "") -> None:
        """NameLooksTaken if it looks like another's name or short name and is written with other letters."""
        look, written = folding.look(name), name.lower()
        others = await store.looking_like(db, look, "-".join(look.split()), own_id, LOOK_ALIKES_MAX)
        if any(other.lower() != written for other in others):
            raise NameLooksTaken

    async def _member(self, db: Connection, organization_id: str, user_id: str) -> Member:
        member = await store.member(db, organization_id, user_id)
        if member is None:
            raise MemberUnknown
        return member

    async def _keep_an_owner(self, db: Connection, organization_id: str, member: Member) -> None:
        if member.role == "owner" and await store.owners(db, organization_id) == 1:
            raise LastOwner
