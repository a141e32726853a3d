"""Cash drawers: opened with a float, closed with a count, and how far count and ledger are apart."""

from __future__ import annotations

from engine.domain.accounts.organizations import Permission
from engine.domain.catalogue.errors import EventUnknown
from engine.domain.errors import DrawerClosed, DrawerOpen
from engine.domain.money.box_office.drawers import Drawer, DrawerClosing, DrawerOpening
from engine.foundation.bearer import Person
from engine.foundation.ids import is_id, new_id
from engine.services.accounts.access import Access
from engine.stores import activity
from engine.stores.catalogue import events
from engine.stores.database import Pool
from engine.stores.money.box_office import drawers as store


class Drawers:
    """One open drawer a person and event."""

    def __init__(self, *, pool: Pool, access: Access) -> None:
        self._pool = pool
        self._access = access

    async def open(self, actor: Person, event_id: str, given: DrawerOpening) -> Drawer:
        """Begin with a float. DrawerOpen if the actor has one open already."""
        await self._require(actor, event_id, "box_office.write")
        async with self._pool.acquire() as db, db.transaction():
            drawer_id = new_id("drw")
            is_new = await store.open_new(db, drawer_id, event_id, actor.user_id, given.float_cents)
            drawer = await store.open_of(db, event_id, actor.user_id)
            if not is_new:
                raise DrawerOpen(drawer_id=drawer.id if drawer is not None else None)
            assert drawer is not None
            await activity.record(
                db, actor, "cash_drawer.opened", drawer_id, event_id=event_id, float_cents=given.float_cents
            )
            return drawer

    async def close(self, actor: Person, event_id: str, given: DrawerClosing) -> Drawer:
        """End with a count: what the ledger expects is frozen with it. DrawerClosed if the actor has none open."""
        await self._require(actor, event_id, "box_office.write")
        async with self._pool.acquire() as db, db.transaction():
            drawer = await store.lock_open(db, event_id, actor.user_id)
            if drawer is None:
                raise DrawerClosed
            closed = await store.close(db, drawer, given.counted_cents)
            await activity.record(
                db,
                actor,
                "cash_drawer.closed",
                drawer.id,
                event_id=event_id,
                counted_cents=given.counted_cents,
                difference_cents=closed.difference_cents,
            )
            return closed

    async def own(self, actor: Person, event_id: str) -> Drawer | None:
        """The actor's open drawer for the event."""
        await self._require(actor, event_id, "box_office.read")
        return await store.open_of(self._pool, event_id, actor.user_id)

    async def of_event(self, actor: Person, event_id: str) -> list[Drawer]:
        """Everybody's drawers of the event, newest first."""
        await self._require(actor, event_id, "box_office.read")
        return await store.of_event(self._pool, event_id)

    async def _require(self, actor: Person, event_id: str, permission: Permission) -> None:
        organization_id = await events.organization_of(self._pool, event_id) if is_id("evt", event_id) else None
        if organization_id is None:
            raise EventUnknown
        await self._access.require(actor, organization_id, permission, hidden=EventUnknown)
