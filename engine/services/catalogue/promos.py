"""Promo codes of an event: making, changing, and telling a buyer what one takes off."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import hotpath_rs
from engine.domain.accounts.errors import TooManyOfThem
from engine.domain.accounts.organizations import Permission, roles_that_may
from engine.domain.catalogue.errors import EventUnknown, PromoCodeTaken, PromoCodeUnknown, PromoCodeUsed, PromoUsedUp
from engine.domain.catalogue.events import Event
from engine.domain.catalogue.pricing import bulk_codes
from engine.domain.catalogue.promos import (
    PROMOS_MAX,
    NewPromo,
    PromoAnswer,
    PromoChange,
    PromoCode,
    PromoUse,
    check_terms,
    check_types,
)
from engine.domain.catalogue.ticket_types import priced
from engine.domain.errors import PromoInvalid
from engine.domain.versions import expect
from engine.foundation import sheets
from engine.foundation.bearer import Person
from engine.foundation.clock import now
from engine.foundation.errors import Invalid
from engine.foundation.folding import code_folded
from engine.foundation.ids import new_id
from engine.services.accounts.access import Access
from engine.services.catalogue.events import Events
from engine.stores import activity
from engine.stores.catalogue import events as events_store
from engine.stores.catalogue import promos as store
from engine.stores.catalogue import ticket_types
from engine.stores.database import Connection, Pool, columns_of


class Promos:
    """The organizer's codes. Uses are reserved with holds, not here."""

    def __init__(self, *, pool: Pool, access: Access, events: Events, keyring: hotpath_rs.Keyring) -> None:
        self._pool = pool
        self._keyring = keyring
        self._access = access
        self._events = events

    async def of_event(self, person: Person, event_id: str) -> list[PromoCode]:
        """All codes of an event with how often each was used and what it took off."""
        event = await self._events.get(person, event_id)
        await self._access.require(person, event.organization_id, "promos.read")
        return await store.of_event(self._pool, event.id)

    async def get(self, person: Person, promo_id: str) -> PromoCode:
        """One code. PromoCodeUnknown to everybody outside the organization."""
        return (await self._found(person, promo_id, write=False))[0]

    async def of_organizations(
        self, person: Person, organization_id: str | None, after: str, limit: int
    ) -> list[PromoCode]:
        """Codes by id, of one organization or of all that the person works for; everybody's for a platform admin."""
        if person.key is not None and organization_id is None:
            organization_id = person.key.organization_id
        if organization_id is not None:
            await self._access.require(person, organization_id, "promos.read")
        user_id = None if person.is_admin or person.key is not None else person.user_id
        return await store.of_organizations(
            self._pool, user_id, roles_that_may("promos.read"), organization_id, after, limit
        )

    async def uses(self, person: Person, promo_id: str, before: str | None, limit: int) -> list[PromoUse]:
        """The orders that carry a code, newest first."""
        promo, _ = await self._found(person, promo_id, write=False)
        return await store.uses(self._pool, promo.id, before, limit)

    async def codes(self, person: Person, promo_id: str) -> AsyncGenerator[bytes, None]:
        """All of many codes as CSV, with how often each was used. PromoCodeUnknown if it is a single one."""
        promo, _ = await self._found(person, promo_id, write=False)
        if promo.count is None:
            raise PromoCodeUnknown
        used, digest = await store.slips_used(self._pool, promo.id), self._keyring.event(promo.event_id).identity_digest
        slips = [bulk_codes.slip_of(digest, promo.id, place) for place in range(promo.count)]
        rows = [[bulk_codes.shown(promo.code, slip), used.get(place, 0)] for place, slip in enumerate(slips)]

        async def pieces() -> AsyncGenerator[bytes, None]:
            yield sheets.begun(("code", "used"))
            yield sheets.rows(rows)

        return pieces()

    async def create(self, person: Person, event_id: str, given: NewPromo) -> PromoCode:
        """A new code, at other events of the organization too if it says so. PromoCodeTaken; Invalid with every fault.

        All or nothing; the answer is the code of the event that was named first.
        """
        more = given.event_ids if isinstance(given.event_ids, list) else []
        event_ids = sorted({event_id, *more})
        organizations = {
            (await self._events.writable(person, each, "promos.write")).organization_id for each in event_ids
        }
        if len(organizations) > 1:
            raise Invalid.at("/event_ids", "unknown_event", "Events of one organization share a code")
        events, promos = list[Event](), dict[str, PromoCode]()
        async with self._pool.acquire() as db, db.transaction():
            for each in event_ids:
                event = await self._locked(db, each)
                promos[each] = await self._made(db, person, event, given)
                events.append(event)
        for event in events:
            await self._events.tell(event)
        return promos[event_id]

    async def _made(self, db: Connection, person: Person, event: Event, given: NewPromo) -> PromoCode:
        """The code at one event, under its lock."""
        check_terms(given, event.currency)
        check_types(given, await self._hidden(db, event.id))
        known = await store.of_event(db, event.id)
        if len(known) >= PROMOS_MAX:
            raise TooManyOfThem(limit=PROMOS_MAX)
        if code_folded(given.code) in {code_folded(each.code) for each in known}:
            raise PromoCodeTaken(event_id=event.id)
        promo_id = new_id("pro")
        if not await store.insert(db, promo_id, event.id, given):
            raise PromoCodeTaken(event_id=event.id)
        await activity.record(db, person, "promo.created", promo_id, event_id=event.id, code=given.code)
        return await self._again(db, promo_id)

    async def _hidden(self, db: Connection, event_id: str) -> dict[str, bool]:
        """Of each ticket type of the event, whether it is hidden."""
        return {kind.id: kind.visibility == "hidden" for kind in await ticket_types.of_event(db, event_id)}

    async def change(self, person: Person, promo_id: str, expected: str, given: PromoChange) -> PromoCode:
        """Change what is given; orders keep the discount they were made with. PreconditionFailed if it moved on."""
        _, event = await self._found(person, promo_id, write=True)
        async with self._pool.acquire() as db, db.transaction():
            event = await self._locked(db, event.id)
            before = await self._again(db, promo_id)
            expect(expected, before.version)
            check_terms(given, event.currency, before)
            check_types(given, await self._hidden(db, event.id))
            await store.change(db, promo_id, given)
            promo = await self._again(db, promo_id)
            facts = activity.turned(before, promo, columns_of(given))
            await activity.record(db, person, "promo.changed", promo_id, event_id=event.id, code=before.code, **facts)
        await self._events.tell(event)
        return promo

    async def delete(self, person: Person, promo_id: str, expected: str) -> None:
        """Only before its event was first published: a code's place in the list names its counter. PromoCodeUsed."""
        _, event = await self._found(person, promo_id, write=True)
        async with self._pool.acquire() as db, db.transaction():
            event = await self._locked(db, event.id)
            expect(expected, (await self._again(db, promo_id)).version)
            if event.published_at is not None:
                raise PromoCodeUsed
            await store.delete(db, promo_id)
            await activity.record(db, person, "promo.deleted", promo_id, event_id=event.id)

    async def answer(self, event_id: str, code: str) -> PromoAnswer:
        """What a code takes off now. PromoInvalid, PromoExpired, PromoUsedUp."""
        event = await self._events.get(None, event_id)
        found = await self._typed(event.id, code)
        found.check(now())
        kinds = await ticket_types.of_event(self._pool, event.id) if found.unlocks else []
        return PromoAnswer(
            code=found.code,
            kind=found.kind,
            value=found.value,
            valid_until=found.valid_until,
            min_amount_cents=found.min_amount_cents,
            min_quantity=found.min_quantity,
            ticket_type_ids=found.ticket_type_ids,
            unlocks=tuple(priced(kind, event) for kind in kinds if kind.id in found.unlocks),
        )

    async def _typed(self, event_id: str, code: str) -> PromoCode:
        """The promo code that a buyer typed, itself or one of many. PromoInvalid; PromoUsedUp if that one is."""
        found, folded = await store.by_code(self._pool, event_id, code), code_folded(code)
        if found is not None and found.count is None:
            return found
        many = await store.by_code(self._pool, event_id, folded[: -bulk_codes.SLIP_CHARS])
        if many is None or many.count is None:
            raise PromoInvalid
        digest, slip = self._keyring.event(event_id).identity_digest, folded[-bulk_codes.SLIP_CHARS :]
        place = bulk_codes.place_of(digest, many.id, slip, many.count)
        if place is None:
            raise PromoInvalid
        if (await store.slips_used(self._pool, many.id)).get(place, 0) >= (many.max_uses or 1):
            raise PromoUsedUp
        return many

    async def _found(self, person: Person, promo_id: str, *, write: bool) -> tuple[PromoCode, Event]:
        promo = await store.get(self._pool, promo_id)
        event = await events_store.get(self._pool, promo.event_id) if promo is not None else None
        if promo is None or event is None:
            raise PromoCodeUnknown
        permission: Permission = "promos.write" if write else "promos.read"
        await self._access.require(person, event.organization_id, permission, hidden=PromoCodeUnknown)
        return promo, event

    async def _locked(self, db: Connection, event_id: str) -> Event:
        event = await events_store.lock(db, event_id)
        if event is None:
            raise EventUnknown
        return event

    async def _again(self, db: Connection, promo_id: str) -> PromoCode:
        promo = await store.get(db, promo_id)
        if promo is None:
            raise PromoCodeUnknown
        return promo
