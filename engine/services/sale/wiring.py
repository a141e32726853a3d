"""The wiring of the sale, in two steps: the catalogue tells the inventory of its changes, and the sale asks both."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from engine.services.accounts.wiring import Accounts
from engine.services.catalogue.wiring import Catalogue
from engine.services.common import Common
from engine.services.sale.allotments import Allotments
from engine.services.sale.availability import Availability
from engine.services.sale.crowding import Crowding
from engine.services.sale.holds import Holds
from engine.services.sale.inventory import Inventory
from engine.services.sale.selling import Selling
from engine.services.sale.staff.blocks import Blocks
from engine.services.sale.staff.holds import StaffHolds
from engine.services.sale.takers import Takers
from engine.stores.sale.holds import HoldStore
from engine.stores.sale.selling import SellingStore


@dataclass(frozen=True, slots=True)
class Units:
    """The first step: what is known of units and of the terms they sell on."""

    hold_store: HoldStore
    selling: Selling
    inventory: Inventory


@dataclass(frozen=True, slots=True)
class Sale:
    """Inventory, holds, and the terms of selling. ``followers`` run until cancelled: they keep snapshots fresh."""

    hold_store: HoldStore
    selling: Selling
    inventory: Inventory
    availability: Availability
    holds: Holds
    staff_holds: StaffHolds
    allotments: Allotments
    blocks: Blocks
    crowding: Crowding
    followers: tuple[Callable[[], Awaitable[None]], ...]


def open_units(common: Common) -> Units:
    """Make them; nothing needs closing."""
    selling_store, hold_store = (
        SellingStore(common.pool),
        HoldStore(common.hot, block_units_max=common.settings.block_units_max),
    )
    selling = Selling(store=selling_store, keyring=common.settings.keyring, redis=common.redis)
    inventory = Inventory(hot=common.hot, redis=common.redis, holds=hold_store, store=selling_store, selling=selling)
    return Units(hold_store=hold_store, selling=selling, inventory=inventory)


def open_sale(
    stack: contextlib.AsyncExitStack, common: Common, accounts: Accounts, catalogue: Catalogue, units: Units
) -> Sale:
    """Make them; what must be closed goes on the stack."""
    settings, selling, inventory = common.settings, units.selling, units.inventory
    accounts.flags.follow_switches(selling.outdate)
    availability = Availability(hot=common.hot, redis=common.redis, selling=selling)
    takers = Takers(
        common.limits.of("hold"),
        bearers=common.bearers,
        trust_forwarded=settings.trust_forwarded,
        lifted_for_loopback=settings.rehearsal,
    )
    holds = Holds(
        store=units.hold_store,
        selling=selling,
        inventory=inventory,
        availability=availability,
        takers=takers,
        switches=accounts.flags.switches,
    )
    staff_holds = StaffHolds(store=units.hold_store, inventory=inventory, switches=accounts.flags.switches)
    for kept in (inventory, holds, staff_holds):
        stack.push_async_callback(kept.close)
    return Sale(
        hold_store=units.hold_store,
        selling=selling,
        inventory=inventory,
        availability=availability,
        holds=holds,
        allotments=Allotments(
            pool=common.pool,
            hot=common.hot,
            access=accounts.access,
            events=catalogue.events,
            inventory=inventory,
        ),
        staff_holds=staff_holds,
        blocks=Blocks(
            pool=common.pool,
            hot=common.hot,
            access=accounts.access,
            events=catalogue.events,
            inventory=inventory,
        ),
        crowding=Crowding(hot=common.hot),
        followers=(selling.listen, selling.watch, availability.listen, holds.usual.keep_policies),
    )
