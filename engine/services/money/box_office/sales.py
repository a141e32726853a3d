"""Selling at the box office: a hold without a queue, an order that is paid as it is written, tickets in the answer.

The same inventory and the same ledger as everybody's; no payment provider. A request that breaks off anywhere is
continued by repeating it under its key: one key is one hold, and one hold is one order, for ever.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import Final

import hotpath_rs
from engine.domain.accounts.organizations import Permission
from engine.domain.catalogue.errors import EventUnknown
from engine.domain.errors import AddressNotCarried, HoldExpired, PriceChanged, SeatTaken
from engine.domain.money.box_office.sales import (
    CounterPayment,
    CounterSale,
    check,
    check_received,
    comp_price,
)
from engine.domain.money.new_orders import Buyer, new_order
from engine.domain.money.orders import Order
from engine.domain.sale.holds import Hold
from engine.domain.sale.selling import SellingEvent
from engine.foundation.bearer import Person
from engine.foundation.callers import UNKNOWN, Caller
from engine.foundation.errors import NotFound
from engine.foundation.ids import is_id
from engine.foundation.news import News
from engine.services.accounts.access import Access
from engine.services.outbox import Outbox
from engine.services.sale.inventory import Inventory
from engine.services.sale.selling import Selling
from engine.services.sale.staff.holds import StaffHolds
from engine.stores.catalogue import events
from engine.stores.database import Pool
from engine.stores.mail_server import MailServerGateway
from engine.stores.money.box_office import sales as store
from engine.stores.money.box_office.sales import CounterStore
from engine.stores.money.orders import OrderStore

KEY_BYTES: Final = 16  # of a sale that came without a key: it cannot be continued


@dataclass(frozen=True, slots=True)
class Sold:
    """A sale as it stands in the ledger. ``order_token`` opens it to the buyer."""

    order: Order
    payment: CounterPayment
    order_token: str


class BoxOffice:
    """Sells over the counter, for those who may: ``box_office.write``, and ``comps.write`` for what is given away."""

    def __init__(
        self,
        *,
        pool: Pool,
        store: CounterStore,
        book: OrderStore,
        news: News,
        holds: StaffHolds,
        inventory: Inventory,
        selling: Selling,
        outbox: Outbox,
        access: Access,
        mail_server: MailServerGateway,
        platform: hotpath_rs.PlatformKeys,
    ) -> None:
        self._pool = pool
        self._store = store
        self._book = book
        self._news = news
        self._holds = holds
        self._inventory = inventory
        self._selling = selling
        self._outbox = outbox
        self._access = access
        self._mail_server = mail_server
        self._platform = platform

    async def event(self, actor: Person, event_id: str, permission: Permission) -> SellingEvent:
        """The event as it is sold, for those who may. EventUnknown, Forbidden."""
        organization_id = await events.organization_of(self._pool, event_id) if is_id("evt", event_id) else None
        if organization_id is None:
            raise EventUnknown
        await self._access.require(actor, organization_id, permission, hidden=EventUnknown)
        try:
            return await self._selling.get(event_id)
        except NotFound as unknown:  # a draft: nothing of it is sold
            raise EventUnknown from unknown

    async def sell(
        self,
        actor: Person,
        event_id: str,
        sale: CounterSale,
        *,
        caller: Caller = UNKNOWN,
        once_as: bytes | None = None,
    ) -> Sold:
        """Sell and settle at once. ``once_as`` names the sale: asked for again it is the same one.

        The refusals of a hold for what is asked; Invalid for a comp without a reason, and for too little cash;
        AddressNotCarried; PriceChanged; SeatTaken if the ledger knows another owner.
        """
        event = await self.event(actor, event_id, "comps.write" if sale.is_comp else "box_office.write")
        order_id = await self.settle(actor, event, sale, caller=caller, once_as=once_as)
        await self._outbox.done_for(order_id)
        order, payment = await self._book.read(order_id), await store.of_order(self._pool, order_id)
        assert order is not None, "an order that is not there"
        assert payment is not None, "an order of the box office without its payment"
        return Sold(order, payment, order.link.mint(self._platform))

    async def settle(
        self,
        actor: Person,
        event: SellingEvent,
        sale: CounterSale,
        *,
        caller: Caller = UNKNOWN,
        once_as: bytes | None = None,
    ) -> str:
        """As ``sell``, once it is known that the actor may; the order's id, while the map is being told."""
        check(sale)
        self._holds.check_selling(event)
        if not sale.is_comp:
            check_received(sale.payment, await self._holds.price(event, sale.items))
        if sale.email and not await self._mail_server.carries(sale.email):
            raise AddressNotCarried
        key = once_as or secrets.token_bytes(KEY_BYTES)
        hold = await self._holds.place(event, sale.items, key=key, comps=sale.is_comp)
        if hold.state != "held":
            known = await self._book.of_hold(hold.id)
            if known is not None:
                return known.id
            if hold.state != "ordering":
                raise HoldExpired
        if not sale.is_comp and hold.price.total_cents != hold.held_cents:
            await self._holds.release(hold)
            raise PriceChanged(held_cents=hold.held_cents, total_cents=hold.price.total_cents)
        return await self._write(actor, event, hold, sale, caller)

    async def payment_of(self, order_id: str) -> CounterPayment | None:
        """How the order was paid at the counter; None if it was not. Who asks was checked with the order."""
        return await store.of_order(self._pool, order_id)

    async def _write(self, actor: Person, event: SellingEvent, hold: Hold, sale: CounterSale, caller: Caller) -> str:
        _, deadline_ms = await self._inventory.order(event.id, hold.id)
        if sale.is_comp:
            hold = replace(hold, price=comp_price(hold.price))
        buyer = Buyer(name=sale.name, email=sale.email, consents={}, caller=caller, locale=sale.locale)
        order = new_order(hold, buyer, deadline_ms, None, None)
        payment = CounterPayment(
            order_id=order.id,
            event_id=event.id,
            kind=sale.payment.kind,
            amount_cents=order.amount_cents,
            received_cents=sale.payment.received_cents,
            reference=sale.payment.reference,
            note=sale.note.strip(),
            taken_by=actor.user_id,
        )
        errands = await self._store.sell(order, payment, actor)
        if errands is None:  # another process was faster, or the ledger knows another owner
            known = await self._book.of_hold(hold.id)
            if known is None:
                raise SeatTaken(seats=[line.seat or line.section for line in hold.lines])
            return known.id
        await self._news.changed(order.id)
        await self._outbox.soon(order.id, errands)
        return order.id
