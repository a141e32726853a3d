"""Complaints of the public, and events that the platform takes down and brings back.

A hidden event is in no list and has no page, and nothing of it is sold in any process within a second. Its tickets stay
valid, its gates go on, its money can be given back, and its people see it with the reason.
"""

from __future__ import annotations

from engine.domain.catalogue.complaints import REASON_CHARS_MAX, Complaint, NewComplaint, State, check
from engine.domain.catalogue.errors import ComplaintUnknown
from engine.domain.catalogue.events import Event
from engine.domain.errands import SalesSwitched
from engine.foundation.bearer import Person
from engine.foundation.errors import Forbidden, Invalid
from engine.foundation.ids import new_id
from engine.services.catalogue.events import EventInventory, Events
from engine.services.outbox import Outbox
from engine.stores import activity, outbox
from engine.stores.catalogue import complaints as store
from engine.stores.database import Pool


class Complaints:
    """Anybody may file one; all else is for platform admins: others hear Forbidden."""

    def __init__(self, *, pool: Pool, events: Events, inventory: EventInventory, outbox: Outbox) -> None:
        self._pool = pool
        self._events = events
        self._inventory = inventory
        self._outbox = outbox

    async def file(self, event_id: str, given: NewComplaint) -> None:
        """Keep what somebody reports of a public event. EventUnknown, Invalid."""
        check(given)
        event = await self._events.get(None, event_id)
        await store.insert(self._pool, new_id("cmp"), event.id, given)

    async def of_state(self, person: Person, state: State, before: str | None, limit: int) -> list[Complaint]:
        """Newest first."""
        _require(person)
        return await store.of_state(self._pool, state, before, limit)

    async def counts(self, person: Person) -> dict[State, int]:
        """How many there are of each state that has any."""
        _require(person)
        return await store.counts(self._pool)

    async def decide(self, person: Person, complaint_id: str, state: State) -> None:
        """Dismiss an open one, or note that something was done. ComplaintUnknown if it is none, or decided."""
        _require(person)
        async with self._pool.acquire() as db, db.transaction():
            event_id = await store.decide(db, complaint_id, state, person.user_id)
            if event_id is None:
                raise ComplaintUnknown
            action = "complaint.dismissed" if state == "dismissed" else "complaint.acted"
            await activity.record(db, person, action, complaint_id, about=event_id)

    async def hide(self, person: Person, event_id: str, reason: str) -> Event:
        """Take an event down; its people read why. What was reported of it is decided by that. Twice is fine."""
        _require(person)
        reason = reason.strip()
        if not 0 < len(reason) <= REASON_CHARS_MAX:
            raise Invalid.at("/reason", "missing", f"Say why, in at most {REASON_CHARS_MAX} characters")
        return await self._turn(person, event_id, reason)

    async def bring_back(self, person: Person, event_id: str) -> Event:
        """Show a hidden event again, and let it sell if it may. Twice is fine."""
        _require(person)
        return await self._turn(person, event_id, None)

    async def _turn(self, person: Person, event_id: str, reason: str | None) -> Event:
        async with self._pool.acquire() as db, db.transaction():
            event = await self._events.locked(db, event_id)
            if (event.hidden_at is None) == (reason is None):
                return event
            await store.set_hidden(db, event.id, reason)
            facts = {"reason": reason} if reason is not None else {}
            action = "event.hidden" if reason is not None else "event.brought_back"
            await activity.record(db, person, action, event.id, **facts)
            if reason is not None:
                await store.decide_all(db, event.id, "acted", person.user_id)
            switched = SalesSwitched(event.organization_id)
            errand = await outbox.add(db, event.organization_id, switched, delay_s=outbox.AT_ONCE_DELAY_S)
            event = await self._events.locked(db, event.id)
        await self._inventory.changed(event.id)
        await self._outbox.at_once([errand])
        return event


def _require(person: Person) -> None:
    if not person.is_admin:
        raise Forbidden("Only platform admins may do this")
