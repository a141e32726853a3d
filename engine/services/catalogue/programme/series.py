"""Series: made of one event by a rule, changed together, published together."""

from __future__ import annotations

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from engine.domain.accounts.errors import TooManyOfThem
from engine.domain.catalogue.errors import (
    EventFrozen,
    EventIncomplete,
    EventInSeries,
    EventNotInSeries,
    SeriesUnknown,
)
from engine.domain.catalogue.event_copy import EventCopy
from engine.domain.catalogue.events import EVENTS_PER_ORGANIZATION_MAX, Event, EventChange
from engine.domain.catalogue.on_sales import OnSale
from engine.domain.catalogue.programme import series as rules
from engine.domain.catalogue.programme.recurrence import occurrences
from engine.domain.catalogue.programme.series import (
    EVENTS_MAX,
    Apply,
    NewSeries,
    NotPublished,
    Series,
    SeriesDate,
    SeriesMade,
    SeriesPublished,
)
from engine.domain.versions import expect
from engine.foundation.bearer import Person
from engine.foundation.clock import now
from engine.foundation.ids import new_id
from engine.services.accounts.access import Access
from engine.services.catalogue.events import Events
from engine.stores import activity
from engine.stores.catalogue import events as events_store
from engine.stores.catalogue import on_sales, ticket_types
from engine.stores.catalogue.media import images
from engine.stores.catalogue.programme import series as store
from engine.stores.catalogue.programme.series import SeriesRow
from engine.stores.database import Connection, Pool


class SeriesOfEvents:
    """Every event of a series is one like any other: it sells, opens its gates and is refunded by itself."""

    def __init__(self, *, pool: Pool, access: Access, events: Events) -> None:
        self._pool = pool
        self._access = access
        self._events = events

    async def create(self, person: Person, event_id: str, given: NewSeries) -> SeriesMade:
        """Drafts of the event on the dates of a rule, with its ticket types and its on-sale. All of them, or none.

        Invalid for a rule that is none, has no end or makes too many; EventInSeries, EventFrozen, TooManyOfThem.
        """
        await self._events.writable(person, event_id)
        async with self._pool.acquire() as db, db.transaction():
            event = await self._events.locked(db, event_id)
            if event.series_id is not None:
                raise EventInSeries(series_id=event.series_id)
            if event.status not in {"draft", "published"} or event.archived_at is not None:
                raise EventFrozen(f"The event is {event.phase}", event_status=event.status)
            starts = occurrences(given, event.starts_at, event.timezone)
            known = await events_store.count_of(db, event.organization_id)
            if known + len(starts) - 1 > EVENTS_PER_ORGANIZATION_MAX:
                raise TooManyOfThem(limit=EVENTS_PER_ORGANIZATION_MAX)
            series_id, on_sale = new_id("ser"), await on_sales.get(db, event_id)
            await store.insert(db, series_id, event.organization_id, given.rrule)
            ids = [event_id]
            for starts_at in starts[1:]:
                copy = await self._events.copied(db, person, event, EventCopy(starts_at=starts_at))
                await self._put_on_sale(db, on_sale, event, copy)
                ids.append(copy.id)
            await store.join(db, series_id, ids)
            await activity.record(
                db, person, "series.created", event_id, rrule=given.rrule, events=len(ids), series_id=series_id
            )
        return SeriesMade(series_id=series_id, event_ids=ids)

    async def get(self, person: Person | None, series_id: str) -> Series:
        """What the public sees of it; drafts too for its organizer. SeriesUnknown if nothing of it is shown."""
        series, events = await self._found(person, series_id)
        moment = now()
        told = next((event for event in events if event.ends_at > moment), events[-1])
        return Series(
            id=series.id,
            organization_id=series.organization_id,
            rrule=series.rrule,
            title=told.title,
            summary=told.summary,
            description=told.description,
            venue=told.venue.name,
            city=told.venue.city,
            events=[
                SeriesDate(**{name: getattr(event, name) for name in SeriesDate.__struct_fields__}) for event in events
            ],
        )

    async def change(
        self, person: Person, event_id: str, expected: str, given: EventChange, message: str, apply: Apply
    ) -> Event:
        """As a change of one event, for the others of its series as well: all of them, or none.

        What is over or cancelled stays as it was. EventNotInSeries; PreconditionFailed if this event moved on.
        """
        if apply == "this":
            return await self._events.change(person, event_id, expected, given, message)
        await self._events.writable(person, event_id, selling=False)
        async with self._pool.acquire() as db, db.transaction():
            found = await events_store.get(db, event_id)
            if found is None or found.series_id is None:
                raise EventNotInSeries
            locked = await store.lock(db, found.series_id, found.starts_at if apply == "following" else None)
            event = next((one for one in locked if one.id == event_id), found)
            expect(expected, event.version)
            types = {row.name: row.id for row in await ticket_types.of_event(db, event_id)}
            changed = [await self._events.changed(db, person, event, given, message)]
            for other in locked:
                if other.id != event_id:
                    names = {row.name: row.id for row in await ticket_types.of_event(db, other.id)}
                    type_ids = {own: names[name] for name, own in types.items() if name in names}
                    theirs = rules.change_for(given, event, other, type_ids)
                    theirs = replace(theirs, cover_image_id=await _cover_for(db, given, event, other))
                    changed.append(await self._events.changed(db, person, other, theirs, message))
        for one in changed:
            await self._events.tell(one)
        return changed[0]

    async def publish(self, person: Person, series_id: str) -> SeriesPublished:
        """Publish its drafts, each by itself: what lacks something stays one, and is told."""
        series, events = await self._found(person, series_id)
        await self._access.require(person, series.organization_id, "events.publish")
        published, incomplete = [], []
        for event in events:
            if event.phase != "draft" or event.ends_at <= now():
                continue
            try:
                published.append((await self._events.publish(person, event.id)).id)
            except EventIncomplete as refusal:
                incomplete.append(NotPublished(event_id=event.id, missing=refusal.facts["missing"]))
        return SeriesPublished(published=published, incomplete=incomplete)

    async def _found(self, person: Person | None, series_id: str) -> tuple[SeriesRow, list[Event]]:
        series = await store.get(self._pool, series_id)
        if series is None:
            raise SeriesUnknown
        events = await store.events_of(self._pool, series_id, EVENTS_MAX)
        if not await self._access.may(person, series.organization_id, "events.read"):
            events = [event for event in events if event.status != "draft"]
            events = [event for event in events if event.archived_at is None and event.hidden_at is None]
        if not events:
            raise SeriesUnknown
        return series, events

    async def _put_on_sale(self, db: Connection, on_sale: OnSale | None, event: Event, copy: Event) -> None:
        if on_sale is not None:
            given = rules.on_sale_for(on_sale, event, copy.starts_at)
            await on_sales.put(db, copy, given, self._events.card(copy))


async def _cover_for(db: Connection, given: EventChange, event: Event, other: Event) -> str | UnsetType | None:
    """The same picture among another date's own; its cover stays if it has no such picture."""
    if not isinstance(given.cover_image_id, str):
        return given.cover_image_id
    chosen = await images.get(db, event.id, given.cover_image_id)
    theirs = await images.of_event(db, other.id)
    same = (one for one in theirs if chosen is not None and one.picture.digest == chosen.picture.digest)
    return next((one.picture.id for one in same), UNSET)
