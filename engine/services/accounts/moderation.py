"""What the platform's admins may do to accounts and organizations: shut them, and open them again."""

from __future__ import annotations

from typing import Any

from engine.domain.accounts.errors import MemberUnknown, OrganizationUnknown
from engine.domain.errands import SalesSwitched, ViewOver
from engine.foundation.bearer import Person
from engine.foundation.ended_sessions import EndedSessions
from engine.foundation.errors import Forbidden
from engine.services.outbox import Outbox
from engine.stores import activity, outbox
from engine.stores.accounts import moderation as store
from engine.stores.accounts import people as people_store
from engine.stores.database import Pool


class Moderation:
    """For platform admins alone: everybody else hears Forbidden."""

    def __init__(self, *, pool: Pool, outbox: Outbox, ended: EndedSessions) -> None:
        self._pool = pool
        self._outbox = outbox
        self._ended = ended

    async def people(self, person: Person, search: str | None, before: str | None, limit: int) -> list[dict[str, Any]]:
        """Accounts by address or name, newest first."""
        _require(person)
        return await store.people(self._pool, search, before, limit)

    async def set_disabled(self, person: Person, user_id: str, *, disabled: bool) -> None:
        """Shut an account, whose sessions end at once, or open it again. MemberUnknown; admins are made elsewhere."""
        _require(person)
        async with self._pool.acquire() as db, db.transaction():
            if not await store.set_disabled(db, user_id, disabled=disabled):
                raise MemberUnknown("There is no such account, or it is a platform admin's")
            ended = await people_store.revoke_all(db, user_id) if disabled else []
            await activity.record(db, person, "account.disabled" if disabled else "account.enabled", user_id)
        await self._ended.tell(ended)

    def register(self, outbox: Outbox) -> None:
        """Take the errand."""
        outbox.on(ViewOver, self.view_over)

    async def begin_view(self, person: Person, user_id: str, for_s: int) -> None:
        """A platform admin views the platform as this person, for ``for_s`` seconds at most.

        MemberUnknown for one of their own, and the shut.
        """
        _require(person)
        async with self._pool.acquire() as db, db.transaction():
            if not await store.is_viewable(db, user_id):
                raise MemberUnknown("There is no such account, it is shut, or it is a platform admin's")
            await activity.record(db, person, "account.viewed_as", user_id)
            begun = await store.last_view(db, user_id)
            await outbox.add(db, user_id, ViewOver(person.user_id, user_id, begun), delay_s=for_s)

    async def end_view(self, person: Person, user_id: str) -> None:
        """They are themselves again."""
        _require(person)
        await activity.record(self._pool, person, "account.view_ended", user_id)

    async def view_over(self, errand: ViewOver, _repeated: bool) -> None:
        """A view that nobody ended has run out: the log says that it ended."""
        async with self._pool.acquire() as db, db.transaction():
            if not await store.is_view_ended(db, errand.admin_id, errand.user_id, errand.begun):
                admin = Person(errand.admin_id, is_admin=True)
                await activity.record(db, admin, "account.view_ended", errand.user_id, ran_out=True)

    async def set_suspended(self, person: Person, organization_id: str, *, suspended: bool, reason: str = "") -> None:
        """A suspended organization offers and sells nothing, in every process within a second; its gates go on.

        Its people read the ``reason``.
        """
        _require(person)
        async with self._pool.acquire() as db, db.transaction():
            if not await store.set_status(db, organization_id, "suspended" if suspended else "active", reason.strip()):
                raise OrganizationUnknown
            action = "organization.suspended" if suspended else "organization.reinstated"
            facts = {"reason": reason.strip()} if reason.strip() else {}
            await activity.record(db, person, action, organization_id, **facts)
            errand = await outbox.add(
                db, organization_id, SalesSwitched(organization_id), delay_s=outbox.AT_ONCE_DELAY_S
            )
        await self._outbox.at_once([errand])


def _require(person: Person) -> None:
    if not person.is_admin:
        raise Forbidden("Only platform admins may do this")
