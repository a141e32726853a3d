"""What an event asks at the checkout: set by its organizer, as a whole, for other dates of its series as well."""

from __future__ import annotations

import msgspec

from engine.domain.catalogue.errors import EventFrozen, EventNotInSeries, EventUnknown
from engine.domain.catalogue.events import Event
from engine.domain.catalogue.programme.series import Apply
from engine.domain.catalogue.questions import EventQuestions, QuestionsChange, for_sibling, kept
from engine.foundation.bearer import Person
from engine.services.catalogue.events import Events
from engine.stores import activity
from engine.stores.catalogue import events as events_store
from engine.stores.catalogue import questions as store
from engine.stores.catalogue.programme import series as series_store
from engine.stores.database import Connection, Database, Pool


class EventsQuestions:
    """Reads and sets them."""

    def __init__(self, *, pool: Pool, events: Events) -> None:
        self._pool = pool
        self._events = events

    async def get(self, person: Person, event_id: str) -> EventQuestions:
        """What the event asks and asked, for its organizers. EventUnknown, Forbidden."""
        await self._events.writable(person, event_id, selling=False)
        return await _of(self._pool, event_id)

    async def put(self, person: Person, event_id: str, given: QuestionsChange, apply: Apply = "this") -> EventQuestions:
        """Ask these from now on: at this event, at it and the later ones of its series, or at all that are not over.

        All of them, or none. What is cancelled or archived asks what it asked. Invalid; EventFrozen if nobody can buy
        this one any more; EventNotInSeries.
        """
        await self._events.writable(person, event_id, selling=False)
        async with self._pool.acquire() as db, db.transaction():
            event, others = await self._locked(db, event_id, apply)
            if event.status in {"cancelled", "completed"}:
                raise EventFrozen(f"The event is {event.status}", event_status=event.status)
            before = await _of(db, event_id)
            await self._ask(db, person, event, given, before)
            for other in others:
                theirs, published = await _of(db, other.id), other.published_at is not None
                change = for_sibling(given, before.questions, theirs.questions, published=published)
                await self._ask(db, person, other, change, theirs)
            after = await _of(db, event_id)
        for one in (event, *others):
            await self._events.tell(one)
        return after

    async def _locked(self, db: Connection, event_id: str, apply: Apply) -> tuple[Event, list[Event]]:
        """The event and the others that change with it, kept from changing until the transaction ends."""
        if apply == "this":
            return await self._events.locked(db, event_id), []
        found = await events_store.get(db, event_id)
        if found is None or found.series_id is None:
            raise EventNotInSeries
        dates = await series_store.lock(db, found.series_id, found.starts_at if apply == "following" else None)
        event = next((one for one in dates if one.id == event_id), found)
        return event, [one for one in dates if one.id != event_id]

    async def _ask(
        self, db: Connection, person: Person, event: Event, given: QuestionsChange, before: EventQuestions
    ) -> None:
        questions = kept(given.questions, before.questions, published=event.published_at is not None)
        named = before.named_tickets if given.named_tickets is msgspec.UNSET else given.named_tickets
        await store.put(db, event.id, questions, named)
        await activity.record(db, person, "event.questions_set", event.id, asked=len(given.questions))


async def _of(db: Database, event_id: str) -> EventQuestions:
    """What an event asks and asked. EventUnknown."""
    found = await store.get(db, event_id)
    if found is None:
        raise EventUnknown
    return found
