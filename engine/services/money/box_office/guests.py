"""Guest lists: tickets given away by the list, and who of the guests is in.

A list is looked through before anything is done: one fault, and no guest gets a ticket. Once every line is whole, each
is an order of its own; what the inventory still refuses (somebody bought the last place meanwhile) is a fault of that
line, and the others stand. A list that breaks off is continued by sending it again under its key.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Final

from engine.domain.catalogue.errors import EventUnknown
from engine.domain.money.box_office.guests import (
    FAULTS_MAX,
    Guest,
    GuestFault,
    GuestListRead,
    Invited,
    Line,
    check,
)
from engine.domain.money.box_office.sales import CounterSale, GivenPayment
from engine.domain.sale.holds import HoldItem
from engine.domain.sale.inventory import eligible_lots
from engine.domain.sale.selling import SellingEvent
from engine.foundation.bearer import Person
from engine.foundation.errors import Refusal
from engine.foundation.ids import is_id
from engine.services.accounts.access import Access
from engine.services.money.box_office.sales import BoxOffice
from engine.services.sale.inventory import Inventory
from engine.services.sale.staff.holds import StaffHolds
from engine.stores import activity
from engine.stores.catalogue import events
from engine.stores.database import Pool
from engine.stores.money.box_office import guests as store

LISTED_MAX: Final = 10_000
AT_ONCE_MAX: Final = 8  # guests of one list whose tickets are made at the same time: an on-sale may be running


class Guests:
    """Reads guest lists, for those who may give comps."""

    def __init__(
        self, *, pool: Pool, access: Access, box_office: BoxOffice, holds: StaffHolds, inventory: Inventory
    ) -> None:
        self._pool = pool
        self._access = access
        self._box_office = box_office
        self._holds = holds
        self._inventory = inventory

    async def read_in(
        self,
        actor: Person,
        event_id: str,
        lines: Sequence[Line],
        *,
        note: str,
        dry_run: bool = False,
        once_as: bytes | None = None,
    ) -> GuestListRead:
        """Give every guest their tickets; nothing for a list with faults. ``dry_run``: only say what would happen.

        EventUnknown, Forbidden; SalesClosed, SwitchedOff if nothing of the event is given away at all.
        """
        event = await self._box_office.event(actor, event_id, "comps.write")
        self._holds.check_selling(event)
        invited, faults = check(event, lines)
        faults += await self._refused(event, invited)
        if faults or dry_run:
            return _read(0, 0, faults, dry_run=dry_run)
        gate, made = asyncio.Semaphore(AT_ONCE_MAX), list[Invited]()

        async def one(guest: Invited) -> GuestFault | None:
            async with gate:
                fault = await self._give(actor, event, guest, note, once_as)
            if fault is None:
                made.append(guest)
            return fault

        told = await asyncio.gather(*map(one, invited))
        tickets = sum(guest.quantity for guest in made)
        await activity.record(
            self._pool, actor, "guest_list.read_in", event.id, event_id=event.id, guests=len(made), tickets=tickets
        )
        return _read(len(made), tickets, [fault for fault in told if fault is not None], dry_run=False)

    async def of_event(self, actor: Person, event_id: str, search: str | None = None) -> list[Guest]:
        """Those whom tickets were given to, by name; at most LISTED_MAX."""
        organization_id = await events.organization_of(self._pool, event_id) if is_id("evt", event_id) else None
        if organization_id is None:
            raise EventUnknown
        await self._access.require(actor, organization_id, "comps.read", hidden=EventUnknown)
        return await store.of_event(self._pool, event_id, search or None, LISTED_MAX)

    async def _refused(self, event: SellingEvent, invited: Sequence[Invited]) -> list[GuestFault]:
        """What the event's terms and its free places refuse, as far as it is known before."""
        faults: list[GuestFault] = []
        states = await self._inventory.unit_map(event.id) or b""
        lots = set(eligible_lots(event.staff_allotments(comps=True)))
        left: dict[tuple[int, ...], int] = {}
        for guest in invited:
            try:
                await self._holds.price(event, (HoldItem(guest.kind.id, guest.quantity),))
            except Refusal as refusal:
                faults.append(_fault(guest, refusal))
                continue
            places = guest.kind.categories
            if places not in left:
                left[places] = sum(
                    state in lots and event.category_of[unit] in places for unit, state in enumerate(states)
                )
            if guest.quantity > left[places]:
                said = f"Only {left[places]} places are left of {guest.kind.name}"
                faults.append(GuestFault(line=guest.number, code="sold_out", message=said))
                continue
            left[places] -= guest.quantity
        return faults

    async def _give(
        self, actor: Person, event: SellingEvent, guest: Invited, note: str, once_as: bytes | None
    ) -> GuestFault | None:
        sale = CounterSale(
            items=(HoldItem(guest.kind.id, guest.quantity),),
            payment=GivenPayment(kind="comp"),
            name=guest.name,
            email=guest.email,
            note=note,
        )
        key = hashlib.sha256(once_as + guest.number.to_bytes(4, "big")).digest() if once_as is not None else None
        try:
            await self._box_office.settle(actor, event, sale, once_as=key)
        except Refusal as refusal:
            return _fault(guest, refusal)
        return None


def _fault(guest: Invited, refusal: Refusal) -> GuestFault:
    return GuestFault(line=guest.number, code=refusal.code, message=str(refusal.detail or refusal.title))


def _read(created: int, tickets: int, faults: Sequence[GuestFault], *, dry_run: bool) -> GuestListRead:
    told = sorted(faults, key=lambda fault: fault.line)
    return GuestListRead(
        dry_run=dry_run,
        created=created,
        tickets=tickets,
        faults=tuple(told[:FAULTS_MAX]),
        faults_total=len(told),
    )
