"""When the world sees an event: planned publication, the link that shows a draft before, and the archive after."""

from __future__ import annotations

from urllib.parse import urlencode

import hotpath_rs
from engine.domain.catalogue.errors import EventArchived, EventIncomplete, EventNotDraft, EventNotOver, PreviewOver
from engine.domain.catalogue.events import Event
from engine.domain.catalogue.phases import ARCHIVABLE
from engine.domain.catalogue.programme import publication as rules
from engine.domain.catalogue.programme.publication import PREVIEW_VALID, PreviewLink, PublicationPlan
from engine.domain.catalogue.ticket_types import TicketType, priced
from engine.foundation.bearer import Person
from engine.foundation.clock import now
from engine.services.catalogue.events import Events
from engine.stores import activity
from engine.stores.catalogue import events as events_store
from engine.stores.catalogue import ticket_types
from engine.stores.catalogue.programme import publication as store
from engine.stores.database import Pool

DUE_PER_STEP = 20


class Publication:
    """Every plan is in the ledger: it survives restarts, and any worker carries it out."""

    def __init__(self, *, pool: Pool, events: Events, platform: hotpath_rs.PlatformKeys, engine_url: str) -> None:
        self._pool = pool
        self._events = events
        self._platform = platform
        self._engine_url = engine_url

    async def plan(self, person: Person, event_id: str, given: PublicationPlan) -> Event:
        """Publish the draft then, if it is complete then; a new plan replaces it. EventNotDraft, EventArchived."""
        await self._events.writable(person, event_id, "events.publish")
        async with self._pool.acquire() as db, db.transaction():
            event = await self._events.locked(db, event_id)
            if event.status != "draft":
                raise EventNotDraft(event_status=event.status)
            if event.archived_at is not None:
                raise EventArchived
            rules.check(given, event, now())
            await store.plan(db, event_id, given.publish_at)
            await activity.record(
                db, person, "event.publication_planned", event_id, publish_at=given.publish_at.isoformat()
            )
            return await self._events.locked(db, event_id)

    async def unplan(self, person: Person, event_id: str) -> Event:
        """Call a plan off, or forget that one failed. Twice is fine."""
        await self._events.writable(person, event_id, "events.publish", selling=False)
        async with self._pool.acquire() as db, db.transaction():
            event = await self._events.locked(db, event_id)
            if event.publish_at is None and event.publication_failed is None:
                return event
            await store.plan(db, event_id, None)
            await activity.record(db, person, "event.publication_unplanned", event_id)
            return await self._events.locked(db, event_id)

    async def step(self) -> int:
        """Publish the drafts that are due, at most DUE_PER_STEP of them; returns how many were."""
        due = await store.due(self._pool, DUE_PER_STEP)
        for event_id in due:
            if await self._carry_out(event_id):
                await self._events.brought_out(event_id)
        return len(due)

    async def archive(self, person: Person, event_id: str, *, archived: bool) -> Event:
        """Put away what is over, cancelled or was never shown, or take it out again. EventNotOver. Twice is fine."""
        await self._events.writable(person, event_id, "events.publish", selling=False)
        async with self._pool.acquire() as db, db.transaction():
            event = await self._events.locked(db, event_id)
            if (event.archived_at is not None) == archived:
                return event
            if archived and event.phase not in ARCHIVABLE:
                raise EventNotOver(phase=event.phase)
            await store.archive(db, event_id, archived=archived)
            await activity.record(db, person, "event.archived" if archived else "event.restored", event_id)
            return await self._events.locked(db, event_id)

    async def link(self, person: Person, event_id: str) -> PreviewLink:
        """A link that shows the event as it is to everybody who has it, for PREVIEW_VALID."""
        event = await self._events.writable(person, event_id, selling=False)
        expires_at = now() + PREVIEW_VALID
        query = urlencode({"token": rules.mint(self._platform, event.id, expires_at)})
        await activity.record(self._pool, person, "event.preview_linked", event.id)
        return PreviewLink(url=f"{self._engine_url}/preview?{query}", expires_at=expires_at)

    async def previewed(self, token: str) -> tuple[Event, list[TicketType]]:
        """The event that a link shows, with all its ticket types. PreviewOver."""
        try:
            event_id = rules.read(self._platform, token, now())
        except hotpath_rs.TokenError as refused:
            raise PreviewOver from refused
        event = await events_store.get(self._pool, event_id)
        if event is None or event.archived_at is not None:
            raise PreviewOver
        rows = await ticket_types.of_event(self._pool, event_id)
        return event, [priced(row, event) for row in rows]

    async def note_sold_out(self, event_id: str, *, sold_out: bool) -> None:
        """Keep what the shop shows, for lists: the worker looked."""
        await store.note_sold_out(self._pool, event_id, sold_out=sold_out)

    async def _carry_out(self, event_id: str) -> bool:
        """Whether the draft was published. What it lacks is noted, and the plan is over."""
        async with self._pool.acquire() as db, db.transaction():
            event = await self._events.locked(db, event_id)
            if event.status != "draft" or not await store.is_due(db, event_id):
                return False
            try:
                await self._events.bring_out(db, event, None)
            except EventIncomplete as refusal:
                missing = refusal.facts["missing"]
                await store.fail(db, event_id, missing)
                await activity.record(db, None, "event.publication_failed", event_id, missing=missing)
                return False
            return True
