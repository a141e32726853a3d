"""Templates of events, and lists of events read in."""

from __future__ import annotations

from collections.abc import Mapping

from engine.domain.accounts.errors import TooManyOfThem
from engine.domain.catalogue.entry_rules import EntryRules
from engine.domain.catalogue.errors import TemplateNameTaken, TemplateUnknown
from engine.domain.catalogue.events import Event, EventChange
from engine.domain.catalogue.programme import imports
from engine.domain.catalogue.programme.imports import (
    FAULTS_MAX,
    EventImport,
    EventRow,
    EventsImported,
    ImportedEvent,
    RowFault,
    event_of,
    faults_of,
    moment_of,
    rows_of,
)
from engine.domain.catalogue.programme.templates import (
    TEMPLATES_MAX,
    EventTemplate,
    FromTemplate,
    NewTemplate,
    TemplateDocument,
    made_of,
    template_of,
)
from engine.domain.catalogue.venues import Venue
from engine.foundation.bearer import Person
from engine.foundation.errors import Invalid
from engine.foundation.folding import text_folded
from engine.foundation.ids import new_id
from engine.services.accounts.access import Access
from engine.services.catalogue.entry_rules import check_names
from engine.services.catalogue.events import Events
from engine.stores import activity
from engine.stores.catalogue import events as events_store
from engine.stores.catalogue import on_sales, ticket_types, venues
from engine.stores.catalogue.programme import templates as store
from engine.stores.catalogue.programme.templates import Kept
from engine.stores.database import Connection, Pool

VENUES_MAX = 1_000  # of one organization, that a list may name


class _DryRun(Exception):  # noqa: N818 - ends a transaction, no error
    """Nothing of what was tried is kept."""


class Templates:
    """What is made from a template or a list are drafts: nothing is shown before somebody publishes it."""

    def __init__(self, *, pool: Pool, access: Access, events: Events) -> None:
        self._pool = pool
        self._access = access
        self._events = events

    async def save(self, person: Person, event_id: str, given: NewTemplate) -> EventTemplate:
        """Keep an event, its ticket types and its on-sale as a template. TemplateNameTaken, TooManyOfThem."""
        event = await self._events.writable(person, event_id)
        async with self._pool.acquire() as db, db.transaction():
            event = await self._events.locked(db, event_id)
            if len(await store.of_organization(db, event.organization_id)) >= TEMPLATES_MAX:
                raise TooManyOfThem(limit=TEMPLATES_MAX)
            document = template_of(event, await ticket_types.of_event(db, event_id), await on_sales.get(db, event_id))
            kept = await store.insert(db, new_id("tpl"), event.organization_id, given.name.strip(), document)
            if kept is None:
                raise TemplateNameTaken
            await activity.record(
                db, person, "template.created", kept.shown.id, organization_id=event.organization_id, name=given.name
            )
        return kept.shown

    async def of_organization(self, person: Person, organization_id: str) -> list[EventTemplate]:
        """All of them, by name."""
        await self._access.require(person, organization_id, "events.read")
        return [kept.shown for kept in await store.of_organization(self._pool, organization_id)]

    async def delete(self, person: Person, template_id: str) -> None:
        """Forget one; events made from it stay. TemplateUnknown."""
        kept = await self._found(person, template_id)
        async with self._pool.acquire() as db, db.transaction():
            await store.delete(db, template_id)
            await activity.record(
                db, person, "template.deleted", template_id,
                organization_id=kept.shown.organization_id, name=kept.shown.name,
            )  # fmt: skip

    async def make(self, person: Person, template_id: str, given: FromTemplate) -> Event:
        """A draft of a template on a date. TemplateUnknown; Invalid if its venue is gone or a price cannot be paid."""
        kept = await self._found(person, template_id)
        await self._access.check_active(kept.shown.organization_id)
        async with self._pool.acquire() as db, db.transaction():
            return await self._make(db, person, kept.document, given)

    async def read_in(self, person: Person, organization_id: str, given: EventImport) -> EventsImported:
        """Make a draft of each row that is whole: a row with a fault makes nothing, and the others are made.

        A row whose external id an event of the organization has is passed over, so a list may be read in again.
        Invalid if the list itself cannot be read.
        """
        await self._access.require(person, organization_id, "events.write")
        await self._access.check_active(organization_id)
        rows = rows_of(given.csv)
        created: dict[str, str | None] = {}
        faults: list[RowFault] = []
        known: list[str] = []
        try:
            async with self._pool.acquire() as db, db.transaction():
                places = await self._places(db, organization_id)
                kept = await store.of_organization(db, organization_id)
                templates = {text_folded(one.shown.name): one for one in kept}
                there = await store.known(db, organization_id, [row.external_id for row in rows])
                for row in rows:
                    if row.external_id in there:
                        known.append(row.external_id)
                        continue
                    try:
                        if row.external_id in created:
                            raise Invalid.at("/external_id", "duplicate", "An earlier row has this external id")
                        async with db.transaction():
                            created[row.external_id] = await self._row(db, person, row, places, templates)
                    except Invalid as refusal:
                        faults += faults_of(row, refusal)
                if given.dry_run:
                    raise _DryRun
                if created:
                    await activity.record(db, person, "events.imported", organization_id, created=len(created))
        except _DryRun:
            created = dict.fromkeys(created)
        made = [ImportedEvent(external_id=name, event_id=event_id) for name, event_id in created.items()]
        return EventsImported(dry_run=given.dry_run, created=made, known=known, faults=faults[:FAULTS_MAX])

    async def _row(
        self,
        db: Connection,
        person: Person,
        row: EventRow,
        places: Mapping[str, Venue],
        templates: Mapping[str, Kept],
    ) -> str:
        """The id of the draft that a row makes."""
        imports.check(row)
        venue = places.get(row.cells["venue"]) or places.get(text_folded(row.cells["venue"]))
        if venue is None:
            raise Invalid.at("/venue", "unknown_venue", "The organization has no such venue, or two of that name")
        if "template" in row.cells:
            kept = templates.get(text_folded(row.cells["template"]))
            if kept is None:
                raise Invalid.at("/template", "unknown_template", "The organization has no such template")
            starts_at = moment_of(row, "starts_at", venue.timezone)
            given = FromTemplate(starts_at=starts_at, title=row.cells["title"], venue_id=venue.id)
            event = await self._make(db, person, kept.document, given)
        else:
            event = await self._events.created(db, person, event_of(row, venue))
        await store.name_event(db, event.id, row.external_id)
        return event.id

    async def _make(self, db: Connection, person: Person, template: TemplateDocument, given: FromTemplate) -> Event:
        type_ids = {kind.id: new_id("tt") for kind in template.ticket_types}
        made = made_of(template, given, type_ids)
        rules, made.event.entry_rules = made.event.entry_rules, EntryRules()
        discounts, made.event.discount_rules = made.event.discount_rules, []
        event = await self._events.created(db, person, made.event)
        for type_id, kind in made.ticket_types:
            await ticket_types.add(db, type_id, event.id, kind)
        await check_names(db, event.id, rules, under="/entry_rules")
        await events_store.change(db, event.id, EventChange(entry_rules=rules, discount_rules=discounts))
        event = await self._events.refresh(db, event.id)
        if made.on_sale is not None:
            await on_sales.put(db, event, made.on_sale, self._events.card(event))
        return await self._events.locked(db, event.id)

    async def _found(self, person: Person, template_id: str) -> Kept:
        kept = await store.get(self._pool, template_id)
        if kept is None:
            raise TemplateUnknown
        await self._access.require(person, kept.shown.organization_id, "events.write", hidden=TemplateUnknown)
        return kept

    async def _places(self, db: Connection, organization_id: str) -> dict[str, Venue]:
        """The organization's venues by id, and by name if no two have it."""
        found = await venues.of_organization(db, organization_id, "", VENUES_MAX)
        names = [text_folded(venue.name) for venue in found]
        by_name = {name: venue for name, venue in zip(names, found, strict=True) if names.count(name) == 1}
        return {venue.id: venue for venue in found} | by_name
