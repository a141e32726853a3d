"""What an event asks at the checkout: set by its organizer, as a whole."""

from __future__ import annotations

import msgspec

from engine.domain.catalogue.errors import EventFrozen, EventUnknown
from engine.domain.catalogue.questions import EventQuestions, QuestionsChange, kept
from engine.foundation.bearer import Person
from engine.services.catalogue.events import Events
from engine.stores import activity
from engine.stores.catalogue import questions as store
from engine.stores.database import Pool


class EventsQuestions:
    """Reads and sets them."""

    def __init__(self, *, pool: Pool, events: Events) -> None:
        self._pool = pool
        self._events = events

    async def get(self, person: Person, event_id: str) -> EventQuestions:
        """What the event asks and asked, for its organizers. EventUnknown, Forbidden."""
        await self._events.writable(person, event_id, selling=False)
        found = await store.get(self._pool, event_id)
        if found is None:
            raise EventUnknown
        return found

    async def put(self, person: Person, event_id: str, given: QuestionsChange) -> EventQuestions:
        """Ask these from now on. Invalid; EventFrozen if nobody can buy it any more."""
        await self._events.writable(person, event_id, selling=False)
        async with self._pool.acquire() as db, db.transaction():
            event = await self._events.locked(db, event_id)
            if event.status in {"cancelled", "completed"}:
                raise EventFrozen(f"The event is {event.status}", event_status=event.status)
            before = await store.get(db, event_id)
            assert before is not None, "it is locked"
            questions = kept(given.questions, before.questions, published=event.published_at is not None)
            named = before.named_tickets if given.named_tickets is msgspec.UNSET else given.named_tickets
            await store.put(db, event_id, questions, named)
            await activity.record(db, person, "event.questions_set", event_id, asked=len(given.questions))
            after = await store.get(db, event_id)
            assert after is not None, "it is locked"
        await self._events.tell(event)
        return after
