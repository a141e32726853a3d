"""Publishing terms and privacy policies, and reading them: the newest, or any that somebody once accepted.

A version is never changed. Orders and accounts name the versions that stood when they were made; the statements that
write them look these up themselves.
"""

from __future__ import annotations

from datetime import datetime

from engine.domain.accounts.errors import OrganizationUnknown
from engine.domain.accounts.policies import PLATFORM, Kind, NewPolicy, Policy
from engine.domain.versions import expect
from engine.foundation.bearer import Person
from engine.foundation.errors import Forbidden
from engine.services.accounts.access import Access
from engine.stores import activity
from engine.stores.accounts import policies as store
from engine.stores.database import Pool


class Policies:
    """``owner`` is an organization's id, PLATFORM for the platform's own."""

    def __init__(self, *, pool: Pool, access: Access) -> None:
        self._pool = pool
        self._access = access

    async def shown(self, owner: str, kind: Kind, version: int | None = None) -> Policy | None:
        """This version, or the newest; None if it was never published."""
        return await store.shown(self._pool, owner or None, kind, version)

    async def versions(self, owner: str, kind: Kind) -> list[tuple[int, datetime]]:
        """(version, when it was published), the newest first."""
        return await store.versions(self._pool, owner or None, kind)

    async def organization(self, slug: str) -> tuple[str, str]:
        """(id, name) of the organization whose pages have this slug. OrganizationUnknown."""
        found = await store.named(self._pool, slug)
        if found is None:
            raise OrganizationUnknown
        return found

    async def publish(self, person: Person, owner: str, kind: Kind, given: NewPolicy) -> int:
        """The next version; the same text again is none. Its number.

        Forbidden, OrganizationUnknown; PreconditionFailed if another was published since this one was written.
        """
        if owner == PLATFORM and not person.is_admin:
            raise Forbidden("Only platform admins may do this")
        if owner != PLATFORM:
            await self._access.require(person, owner, "organization.write", hidden=OrganizationUnknown)
        async with self._pool.acquire() as db, db.transaction():
            await store.lock(db, owner or None)
            newest = await store.shown(db, owner or None, kind, None)
            before = newest.version if newest is not None else 0
            if newest is not None and newest.text == given.text:
                return before
            expect(str(given.version), before)
            await store.put(db, owner or None, kind, before + 1, given.text, person.user_id)
            action = "organization.policy_published" if owner else "platform.policy_published"
            await activity.record(db, person, action, owner or "platform", kind=kind, version=before + 1)
        return before + 1
