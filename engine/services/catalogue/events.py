"""Events: drafts, publication, cancellation, and what the world may see of them."""

from __future__ import annotations

import secrets
from typing import Any, Protocol

import msgspec

from engine.domain.accounts.errors import TooManyOfThem
from engine.domain.catalogue.charts import standing
from engine.domain.catalogue.entry_rules import EntryRules
from engine.domain.catalogue.errors import (
    EventArchived,
    EventFrozen,
    EventHasOrders,
    EventIncomplete,
    EventNotDraft,
    EventNotPublished,
    EventUnknown,
)
from engine.domain.catalogue.event_copy import EventCopy, copied, copied_type, mover
from engine.domain.catalogue.event_news import EventNews, moves, time_and_place
from engine.domain.catalogue.events import (
    EVENTS_PER_ORGANIZATION_MAX,
    FROZEN_FIELDS,
    Event,
    EventChange,
    NewEvent,
    OwnEvents,
    check,
    fold,
)
from engine.domain.catalogue.media.images import Picture
from engine.domain.catalogue.phases import Phase
from engine.domain.catalogue.pricing.discount_rules import check_types
from engine.domain.catalogue.ticket_types import TicketTypeRow, check_price, price_range
from engine.domain.catalogue.venues import ChartFacts
from engine.domain.slugs import slug_of
from engine.domain.versions import expect
from engine.foundation.bearer import Person
from engine.foundation.clock import rfc3339
from engine.foundation.errors import Invalid
from engine.foundation.ids import is_id, new_id
from engine.services.accounts.access import Access
from engine.services.catalogue.entry_rules import check_names
from engine.services.catalogue.venues import read_chart
from engine.services.outbox import Outbox
from engine.stores import activity
from engine.stores.accounts import organizations
from engine.stores.catalogue import event_news, on_sales, ticket_types, venues
from engine.stores.catalogue import events as store
from engine.stores.catalogue.media import images
from engine.stores.database import Connection, Pool

SLUG_TRIES_MAX = 5
COMPLETED_PER_STEP = 100
TAKEN_DOWN = "This event was taken down by the platform. Tickets that were bought stay valid"
CARD_COVER_WIDTH = 640


class EventInventory(Protocol):
    """What an event tells of itself to those who sell it (services/sale/inventory.py)."""

    async def changed(self, event_id: str) -> None:
        """Its terms changed: every process reads them again."""

    async def load(self, event_id: str) -> None:
        """It was published: its units may be sold."""


class Events:
    """Everything about an event but its ticket types, on-sale and allotments."""

    def __init__(
        self, *, pool: Pool, access: Access, inventory: EventInventory, outbox: Outbox, engine_url: str
    ) -> None:
        self._pool = pool
        self._access = access
        self._inventory = inventory
        self._outbox = outbox
        self._engine_url = engine_url

    async def get(self, person: Person | None, id_or_slug: str, *, hidden_too: bool = False) -> Event:
        """The event by id or slug. EventUnknown for a draft of somebody else's.

        So is one that the platform took down, unless ``hidden_too``: for those who bought of it.
        """
        find = store.get if is_id("evt", id_or_slug) else store.by_slug
        event = await find(self._pool, id_or_slug)
        if event is None:
            raise EventUnknown
        taken_down = event.hidden_at is not None and not hidden_too
        if event.status != "draft" and not taken_down:
            return event
        if not await self._access.may(person, event.organization_id, "events.read"):
            raise EventUnknown(TAKEN_DOWN, taken_down=True) if taken_down and event.status != "draft" else EventUnknown
        return event

    async def news(self, event: Event) -> list[EventNews]:
        """What its ticket holders were told of it, oldest first."""
        return await event_news.of_event(self._pool, event.id)

    async def of_organization(
        self, person: Person, organization_id: str, before: str | None, limit: int, phase: Phase | None = None
    ) -> list[Event]:
        """An organization's events, drafts too, newest first; of one phase, else all but the archived ones."""
        await self._access.require(person, organization_id, "events.read")
        return await store.of_organization(self._pool, organization_id, before, limit, phase)

    async def searched(self, person: Person, wanted: OwnEvents) -> list[Event]:
        """An organization's events by title and phase, drafts too, in the order that is asked for."""
        await self._access.require(person, wanted.organization_id, "events.read")
        return await store.searched(self._pool, wanted)

    async def create(self, person: Person, given: NewEvent) -> Event:
        """A draft. Invalid with every broken field; the venue must be the organization's own."""
        await self._access.require(person, given.organization_id, "events.write")
        await self._access.check_active(given.organization_id)
        async with self._pool.acquire() as db, db.transaction():
            return await self.created(db, person, given)

    async def created(self, db: Connection, person: Person, given: NewEvent) -> Event:
        """The same inside a transaction, for a person who may."""
        fold(given)
        check(given)
        venue = await venues.get(db, given.venue_id)
        if venue is None or venue.organization_id != given.organization_id:
            raise Invalid.at("/venue_id", "unknown_venue", "The organization has no such venue")
        if await store.count_of(db, given.organization_id) >= EVENTS_PER_ORGANIZATION_MAX:
            raise TooManyOfThem(limit=EVENTS_PER_ORGANIZATION_MAX)
        given.timezone = given.timezone or venue.timezone
        event_id = await self._insert(db, given)
        await check_names(db, event_id, given.entry_rules, under="/entry_rules")
        check_types(given.discount_rules, ())
        await activity.record(db, person, "event.created", event_id, organization_id=given.organization_id)
        return await self.locked(db, event_id)

    async def copy(self, person: Person, event_id: str, given: EventCopy) -> Event:
        """A draft of the same event on another date, with its ticket types and pictures.

        Codes and allotments stay behind.
        """
        event = await self.writable(person, event_id)
        async with self._pool.acquire() as db, db.transaction():
            return await self.copied(db, person, event, given)

    async def copied(self, db: Connection, person: Person, event: Event, given: EventCopy) -> Event:
        """The same inside a transaction, for a person who may."""
        move = mover(event, given.starts_at)
        rows = await ticket_types.of_event(db, event.id)
        type_ids = {row.id: new_id("tt") for row in rows}
        draft = copied(event, given, type_ids)
        fold(draft)
        check(draft)
        copy_id = await self._insert(db, draft)
        for row in rows:
            await ticket_types.add(db, type_ids[row.id], copy_id, copied_type(row, move))
        await _copy_images(db, event, copy_id)
        await activity.record(db, person, "event.copied", copy_id, from_event=event.id)
        return await self.refresh(db, copy_id)

    async def change(
        self, person: Person, event_id: str, expected: str, given: EventChange, message: str = ""
    ) -> Event:
        """Change what is given. EventFrozen for what publication fixed; PreconditionFailed if it moved on.

        If a published event's time or place changes, everybody who has a ticket is told, with the ``message``.
        """
        await self.writable(person, event_id, selling=False)
        async with self._pool.acquire() as db, db.transaction():
            event = await self.locked(db, event_id)
            expect(expected, event.version)
            changed = await self.changed(db, person, event, given, message)
        await self.tell(changed)
        return changed

    async def changed(
        self, db: Connection, person: Person, event: Event, given: EventChange, message: str = ""
    ) -> Event:
        """The same under the event's lock, for a person who may; the caller tells every process."""
        _check_frozen(event, given)
        fold(given)
        check(given, before=event)
        if isinstance(given.venue_id, str):
            venue = await venues.get(db, given.venue_id)
            if venue is None or venue.organization_id != event.organization_id:
                raise Invalid.at("/venue_id", "unknown_venue", "The organization has no such venue")
        if isinstance(given.entry_rules, EntryRules):
            await check_names(db, event.id, given.entry_rules, under="/entry_rules")
        if isinstance(given.discount_rules, list):
            check_types(given.discount_rules, [kind.id for kind in await ticket_types.of_event(db, event.id)])
        if isinstance(given.cover_image_id, str) and await images.get(db, event.id, given.cover_image_id) is None:
            raise Invalid.at("/cover_image_id", "unknown_image", "The event has no such picture")
        await store.change(db, event.id, given)
        changed = await self.refresh(db, event.id)
        if {"currency", "fee", "taxes", "tax_mode"} & set(_given(given)):
            await self._check_prices(db, changed)
        if moves(event, given):
            before, after = time_and_place(event), time_and_place(changed)
            await event_news.record(db, event.id, "changed", before, after, message.strip(), person.user_id)
        await activity.record(db, person, "event.changed", event.id, **activity.turned(event, changed, _given(given)))
        return changed

    async def delete(self, person: Person, event_id: str, expected: str) -> None:
        """Only a draft that nobody ordered from. EventNotDraft, EventHasOrders."""
        await self.writable(person, event_id, selling=False)
        async with self._pool.acquire() as db, db.transaction():
            event = await self.locked(db, event_id)
            expect(expected, event.version)
            if event.status != "draft":
                raise EventNotDraft(event_status=event.status)
            if await store.has_orders(db, event_id):
                raise EventHasOrders
            errands = await images.delete(db, event_id, await images.of_event(db, event_id))
            await store.delete(db, event_id)
            await activity.record(
                db, person, "event.deleted", event_id, organization_id=event.organization_id, title=event.title
            )
        await self.tell(event)
        await self._outbox.at_once(errands)

    async def publish(self, person: Person, event_id: str) -> Event:
        """Show it to the world and let it sell. EventIncomplete says what is missing. Twice is fine."""
        await self.writable(person, event_id, "events.publish", selling=False)
        async with self._pool.acquire() as db, db.transaction():
            event = await self.locked(db, event_id)
            if event.status not in {"draft", "published"}:
                raise EventNotDraft(event_status=event.status)
            if event.status == "draft":
                event = await self.bring_out(db, event, person)
        await self.brought_out(event_id)
        return event

    async def bring_out(self, db: Connection, event: Event, person: Person | None) -> Event:
        """Publish a draft under its lock; ``person`` None: it was planned. EventArchived, EventIncomplete."""
        if event.archived_at is not None:
            raise EventArchived
        await store.publish(db, event.id, await self._check_complete(db, event))
        await on_sales.set_live(db, event.id, self.card(event), live=event.hidden_at is None)
        await activity.record(db, person, "event.published", event.id)
        return await self.refresh(db, event.id)

    async def brought_out(self, event_id: str) -> None:
        """It is published, durably: every process hears of it, and its units may be sold."""
        await self._inventory.changed(event_id)
        await self._inventory.load(event_id)

    async def unpublish(self, person: Person, event_id: str) -> Event:
        """Make it a draft again. EventHasOrders once anybody ordered: then it can only be cancelled."""
        await self.writable(person, event_id, "events.publish", selling=False)
        async with self._pool.acquire() as db, db.transaction():
            event = await self.locked(db, event_id)
            if event.status not in {"draft", "published"}:
                raise EventNotPublished(event_status=event.status)
            if await store.has_orders(db, event_id):
                raise EventHasOrders
            if event.status == "published":
                await store.unpublish(db, event_id)
                await on_sales.set_live(db, event_id, self.card(event), live=False)
                await activity.record(db, person, "event.unpublished", event_id)
                event = await self.locked(db, event_id)
        await self._inventory.changed(event_id)
        return event

    async def cancel(self, person: Person, event_id: str, message: str = "") -> Event:
        """Stop selling for good; paid orders are refunded by the worker. EventNotPublished. Twice is fine.

        Everybody who has a ticket is told once, with the ``message``.
        """
        await self.writable(person, event_id, "events.publish", selling=False)
        async with self._pool.acquire() as db, db.transaction():
            event = await self.locked(db, event_id)
            if event.status not in {"published", "cancelled"}:
                raise EventNotPublished(event_status=event.status)
            if event.status == "published":
                await store.cancel(db, event_id)
                await on_sales.set_live(db, event_id, self.card(event), live=False)
                place = time_and_place(event)
                await event_news.record(db, event_id, "cancelled", place, place, message.strip(), person.user_id)
                await store.queue_cancelled(db, event_id)
                await activity.record(db, person, "event.cancelled", event_id)
                event = await self.locked(db, event_id)
        await self._inventory.changed(event_id)
        return event

    async def complete_past(self) -> int:
        """Complete events that ended over a day ago, at most COMPLETED_PER_STEP of them; how many."""
        over = await store.complete_past(self._pool, COMPLETED_PER_STEP)
        for event_id in over:
            await activity.record(self._pool, None, "event.completed", event_id)
            await self._inventory.changed(event_id)
        return len(over)

    async def writable(
        self, person: Person, event_id: str, permission: Any = "events.write", *, selling: bool = True
    ) -> Event:
        """The event, if the person may write it. EventUnknown for a hidden one, Forbidden for a public one.

        ``selling``: what they write offers something, so OrganizationSuspended if their organization may not.
        """
        event = await self.get(person, event_id)
        await self._access.require(person, event.organization_id, permission)
        if selling:
            await self._access.check_active(event.organization_id)
        return event

    async def locked(self, db: Connection, event_id: str) -> Event:
        """The event, kept from changing until the transaction ends. EventUnknown."""
        event = await store.lock(db, event_id)
        if event is None:
            raise EventUnknown
        return event

    async def refresh(self, db: Connection, event_id: str) -> Event:
        """After a change of the event or its types: keep prices and the queue page's card in step with it."""
        event = await self.locked(db, event_id)
        prices = price_range(await ticket_types.of_event(db, event_id), event)
        await store.set_prices(db, event_id, *prices)
        await on_sales.set_card(db, event_id, self.card(event))
        return msgspec.structs.replace(event, price_from_cents=prices[0], price_to_cents=prices[1])

    async def tell(self, event: Event) -> None:
        """Let every process know, if the event was ever published."""
        if event.published_at is not None:
            await self._inventory.changed(event.id)

    def card(self, event: Event) -> dict[str, Any]:
        """What the queue page shows of an event."""
        return {
            "title": event.title,
            "slug": event.slug,
            "venue": event.venue.name,
            "city": event.venue.city,
            "starts_at": rfc3339(event.starts_at),
            "timezone": event.timezone,
            "shop_url": f"{self._engine_url}/e/{event.slug}/shop",
            "cover": _card_cover(event.cover) if event.cover is not None else None,
        }

    async def _insert(self, db: Connection, given: NewEvent) -> str:
        slug = slug_of(given.title)
        for _ in range(SLUG_TRIES_MAX):
            event_id = new_id("evt")
            if await store.insert(db, event_id, slug, given):
                return event_id
            slug = f"{slug_of(given.title)}-{secrets.token_hex(3)}"
        raise AssertionError("random slugs do not collide five times")

    async def _check_prices(self, db: Connection, event: Event) -> None:
        """Invalid if the event's new terms leave a ticket type at a price that nobody can pay."""
        for kind in await ticket_types.of_event(db, event.id):
            try:
                check_price(kind, event)
            except Invalid as refusal:
                raise Invalid.at("/currency", refusal.errors[0]["code"], f"{kind.name}: {refusal.detail}") from refusal

    async def _check_complete(self, db: Connection, event: Event) -> tuple[bytes, ChartFacts] | None:
        """EventIncomplete with all that is missing. Returns the chart of an event that needs none of its venue."""
        missing = []
        categories = set(await store.categories(db, event.id))
        types = await ticket_types.of_event(db, event.id)
        places = standing.places(event.capacity, [kind.capacity for kind in types], has_chart=bool(categories))
        if not categories and places is None:
            missing.append("seating_chart")
        if not types:
            missing.append("ticket_types")
        elif (categories or places) and any(not categories.issuperset(kind.categories) for kind in types):
            missing.append("ticket_type_categories")
        if any(not _payable(kind, event) for kind in types):
            missing.append("ticket_type_prices")
        if event.on_sale is None:
            missing.append("on_sale")
        if await organizations.status(db, event.organization_id) != "active":
            missing.append("organization_active")
        sells = any(kind.price_cents for kind in types)
        if sells and not await organizations.may_be_paid(db, event.organization_id):
            missing.append("connect")
        if missing:
            raise EventIncomplete(f"Missing: {', '.join(missing)}", missing=missing)
        if places is None:
            return None
        floor = standing.chart(places)
        return floor, read_chart(floor)


def _card_cover(cover: Picture) -> dict[str, Any]:
    """One small print, at the engine's address: a queue page is asked for by everybody at once."""
    return {
        "path": cover.webp_path(CARD_COVER_WIDTH),
        "alt": cover.alt,
        "width": min(CARD_COVER_WIDTH, cover.width),
        "height": cover.height_of(CARD_COVER_WIDTH),
    }


async def _copy_images(db: Connection, event: Event, copy_id: str) -> None:
    """The copy shows what its original shows, under ids of its own."""
    rows = [(row, new_id("img")) for row in await images.of_event(db, event.id)]
    await images.copy(db, rows, copy_id)
    cover = next((image_id for row, image_id in rows if row.cover), None)
    if cover is not None:
        await images.set_cover(db, copy_id, cover)


def _payable(kind: TicketTypeRow, event: Event) -> bool:
    try:
        check_price(kind, event)
    except Invalid:
        return False
    return True


def _given(given: EventChange) -> list[str]:
    return [name for name in given.__struct_fields__ if getattr(given, name) is not msgspec.UNSET]


def _check_frozen(event: Event, given: EventChange) -> None:
    if event.status in {"cancelled", "completed"} or event.archived_at is not None:
        said = "archived" if event.archived_at is not None else event.status
        raise EventFrozen(f"The event is {said}", fields=_given(given), event_status=event.status)
    if event.published_at is None:
        return
    frozen = [name for name in FROZEN_FIELDS if getattr(given, name) not in {msgspec.UNSET, getattr(event, name)}]
    if frozen:
        raise EventFrozen(fields=frozen)
