"""The on-sale of an event: its window and its waiting room's settings."""

from __future__ import annotations

from typing import Any

from engine.domain.catalogue.errors import EventFrozen, EventUnknown, OnSaleMissing, OnSaleRunning
from engine.domain.catalogue.on_sales import NewOnSale, OnSale, RoomPace, check, with_codes_spelled
from engine.foundation.bearer import Person
from engine.services.accounts.access import Access
from engine.services.catalogue.events import Events
from engine.stores import activity
from engine.stores.catalogue import events as events_store
from engine.stores.catalogue import on_sales as store
from engine.stores.database import Pool


class OnSales:
    """One on-sale an event."""

    def __init__(self, *, pool: Pool, access: Access, events: Events) -> None:
        self._pool = pool
        self._access = access
        self._events = events

    async def get(self, person: Person | None, id_or_slug: str) -> OnSale:
        """Its codes for those alone who may set them. OnSaleMissing; EventUnknown for a foreign draft."""
        event = await self._events.get(person, id_or_slug)
        on_sale = await store.get(self._pool, event.id)
        if on_sale is None:
            raise OnSaleMissing
        if on_sale.room.codes and not await self._access.may(person, on_sale.organization_id, "events.write"):
            return on_sale.for_guests()
        return on_sale

    async def put(self, person: Person, event_id: str, given: NewOnSale) -> OnSale:
        """Set the window and the room. Invalid if times are out of order; OnSaleRunning once the queue was drawn."""
        await self._events.writable(person, event_id)
        given = with_codes_spelled(given)
        async with self._pool.acquire() as db, db.transaction():
            event = await events_store.lock(db, event_id)
            if event is None:
                raise EventUnknown
            if event.status in {"cancelled", "completed"}:
                raise EventFrozen(f"The event is {event.status}", event_status=event.status)
            check(given, event.ends_at)
            before = await store.get(db, event_id)
            moved = before is not None and (before.opens_at, before.prequeue_opens_at) != (
                given.opens_at,
                given.prequeue_opens_at,
            )
            if moved and await store.is_drawn(db, event_id):
                raise OnSaleRunning
            on_sale = await store.put(db, event, given, self._events.card(event))
            facts = _turned(before, on_sale) if before is not None else {"room_enabled": given.room.enabled}
            await activity.record(db, person, "on_sale.put", event_id, **facts)
        await self._events.tell(event)
        return on_sale


def _turned(before: OnSale, after: OnSale) -> dict[str, Any]:
    """What of the window and the room is another now; the codes are nobody's to read in a log."""
    window = activity.turned(before, after, ("prequeue_opens_at", "opens_at", "closes_at", "account"))
    room = activity.turned(before.room, after.room, RoomPace.__struct_fields__)
    return {name: window[name] | room[name] for name in ("now", "was")}
