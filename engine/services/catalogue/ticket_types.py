"""Ticket types of an event."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from engine.domain.accounts.errors import TooManyOfThem
from engine.domain.catalogue.errors import CapacityBelowSold, EventFrozen, EventNotDraft, TicketTypeUnknown
from engine.domain.catalogue.events import Event, EventChange
from engine.domain.catalogue.pricing.price_steps import PriceStep, numbered
from engine.domain.catalogue.ticket_types import (
    FROZEN_FIELDS,
    NUMBERS_MAX,
    TICKET_TYPES_MAX,
    NewTicketType,
    TicketType,
    TicketTypeChange,
    TicketTypeRow,
    check,
    check_price,
    fold,
    priced,
)
from engine.domain.versions import expect
from engine.foundation.bearer import Person
from engine.foundation.ids import new_id
from engine.services.accounts.access import Access
from engine.services.catalogue.events import Events
from engine.stores import activity
from engine.stores.catalogue import events as events_store
from engine.stores.catalogue import ticket_types as store
from engine.stores.database import Connection, Pool, columns_of


class TicketTypes:
    """What is priced and sold. Hidden types are listed to the organizer only.

    They are sold to those who know their id, or show a code that unlocks them.
    """

    def __init__(self, *, pool: Pool, access: Access, events: Events) -> None:
        self._pool = pool
        self._access = access
        self._events = events

    async def of_event(self, person: Person | None, id_or_slug: str) -> list[TicketType]:
        """An event's types in the order they are shown."""
        event = await self._events.get(person, id_or_slug)
        rows = await store.of_event(self._pool, event.id)
        if not await self._access.may(person, event.organization_id, "events.read"):
            rows = [row for row in rows if row.visibility == "public"]
        return [priced(row, event) for row in rows]

    async def hidden(self, event: Event, ids: Collection[str]) -> list[TicketType]:
        """Those of these ids that are the event's hidden types, for somebody who was given them."""
        rows = await store.of_event(self._pool, event.id) if ids else []
        return [priced(row, event) for row in rows if row.visibility == "hidden" and row.id in ids]

    async def get(self, person: Person | None, ticket_type_id: str) -> TicketType:
        """One type. TicketTypeUnknown if its event is a draft of somebody else's."""
        row, event = await self._found(person, ticket_type_id)
        return priced(row, event)

    async def create(self, person: Person, event_id: str, given: NewTicketType) -> TicketType:
        """A new type. Invalid with every broken field; its categories must be in the seating chart."""
        await self._events.writable(person, event_id)
        fold(given)
        async with self._pool.acquire() as db, db.transaction():
            event = await self._locked(db, event_id)
            known = await events_store.categories(db, event_id)
            check(given, known)
            types = await store.of_event(db, event_id)
            numbers = await store.next_numbers(db, event_id, 1 + len(given.price_steps))
            if len(types) >= TICKET_TYPES_MAX or numbers[-1] >= NUMBERS_MAX:
                raise TooManyOfThem(limit=TICKET_TYPES_MAX)
            row = await store.insert(db, new_id("tt"), event_id, numbers, given)
            check_price(row, event)
            await self._events.refresh(db, event_id)
            await activity.record(db, person, "ticket_type.created", row.id, event_id=event_id, cents=row.price_cents)
        await self._events.tell(event)
        return priced(row, event)

    async def change(self, person: Person, ticket_type_id: str, expected: str, given: TicketTypeChange) -> TicketType:
        """Change what is given. EventFrozen for categories after publication; CapacityBelowSold; PreconditionFailed."""
        before, event = await self._writable(person, ticket_type_id)
        await self._access.check_active(event.organization_id)
        fold(given)
        async with self._pool.acquire() as db, db.transaction():
            event = await self._locked(db, event.id)
            before = await self._again(db, ticket_type_id)
            expect(expected, before.version)
            _check_frozen(event, before, given)
            check(given, await events_store.categories(db, event.id), before)
            if isinstance(given.capacity, int):
                sold = await store.live_sold(db, ticket_type_id)
                if given.capacity < sold:
                    raise CapacityBelowSold(sold=sold)
            row = await store.change(db, ticket_type_id, given, await self._steps(db, event, before, given))
            if isinstance(given.price_cents, int) or isinstance(given.price_steps, list):
                check_price(row, event)
            await self._events.refresh(db, event.id)
            facts = activity.turned(before, row, columns_of(given))
            await activity.record(db, person, "ticket_type.changed", row.id, event_id=event.id, name=row.name, **facts)
        await self._events.tell(event)
        return priced(row, event)

    async def delete(self, person: Person, ticket_type_id: str, expected: str) -> None:
        """Only of a draft that was never published: afterwards end its sales or hide it. EventNotDraft."""
        _, event = await self._writable(person, ticket_type_id)
        async with self._pool.acquire() as db, db.transaction():
            event = await self._locked(db, event.id)
            row = await self._again(db, ticket_type_id)
            expect(expected, row.version)
            if event.published_at is not None:
                raise EventNotDraft("Tickets of this type may be held or sold", event_status=event.status)
            await store.delete(db, ticket_type_id)
            left = await store.of_event(db, event.id)
            rules = event.entry_rules.with_types({kind.id: kind.id for kind in left})
            if rules != event.entry_rules:
                await events_store.change(db, event.id, EventChange(entry_rules=rules))
            await self._events.refresh(db, event.id)
            await activity.record(db, person, "ticket_type.deleted", row.id, event_id=event.id, name=row.name)

    async def _steps(
        self, db: Connection, event: Event, before: TicketTypeRow, given: TicketTypeChange
    ) -> tuple[PriceStep, ...] | None:
        """The price steps that are given, those with a new name under new numbers; None if none are given."""
        if not isinstance(given.price_steps, list):
            return None
        known = {step.name for step in before.price_steps}
        fresh = sum(step.name not in known for step in given.price_steps)
        numbers = await store.next_numbers(db, event.id, fresh) if fresh else []
        if numbers and numbers[-1] >= NUMBERS_MAX:
            raise TooManyOfThem(limit=NUMBERS_MAX)
        return numbered(given.price_steps, before.price_steps, numbers)

    async def _found(self, person: Person | None, ticket_type_id: str) -> tuple[TicketTypeRow, Event]:
        row = await store.get(self._pool, ticket_type_id)
        if row is None:
            raise TicketTypeUnknown
        event = await events_store.get(self._pool, row.event_id)
        assert event is not None, "a ticket type lives with its event"
        if event.status == "draft" and not await self._access.may(person, event.organization_id, "events.read"):
            raise TicketTypeUnknown
        return row, event

    async def _writable(self, person: Person, ticket_type_id: str) -> tuple[TicketTypeRow, Event]:
        row, event = await self._found(person, ticket_type_id)
        await self._access.require(person, event.organization_id, "events.write")
        return row, event

    async def _locked(self, db: Connection, event_id: str) -> Event:
        event = await events_store.lock(db, event_id)
        if event is None:
            raise TicketTypeUnknown
        return event

    async def _again(self, db: Connection, ticket_type_id: str) -> TicketTypeRow:
        row = await store.get(db, ticket_type_id)
        if row is None:
            raise TicketTypeUnknown
        return row


def _check_frozen(event: Event, before: TicketTypeRow, given: TicketTypeChange) -> None:
    if event.status in {"cancelled", "completed"}:
        raise EventFrozen(f"The event is {event.status}", event_status=event.status)
    categories = given.categories
    if event.published_at is not None and isinstance(categories, Sequence) and tuple(categories) != before.categories:
        raise EventFrozen(fields=list(FROZEN_FIELDS))
