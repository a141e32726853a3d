"""Orders: what a buyer does from the moment of paying on.

Opening: the hold's life becomes the order's (Redis) -> the order and its units are durable (Postgres) -> the payment
is created in the lane, and meanwhile the map is told. A request that breaks off anywhere is continued by repeating it:
one hold is one order, for ever.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace

import hotpath_rs
from engine.domain.errands import MailTickets
from engine.domain.errors import (
    AddressNotCarried,
    BuyerLimit,
    CapabilityWrong,
    HoldExpired,
    LinksEndedTooOften,
    LinksJustMailed,
    OrderExpired,
    OrderOpen,
    OrderUnpaid,
    PromoExhausted,
    PromoPerBuyer,
    SalesClosed,
    SeatTaken,
    SwitchedOff,
)
from engine.domain.money.new_orders import Buyer, check_as_shown, check_known, check_told, new_order
from engine.domain.money.order_status import OrderHead, OrderStatus, status_of
from engine.domain.money.orders import (
    LinksEnded,
    OpenedOrder,
    Order,
    OrderRow,
    OwnOrderRow,
)
from engine.domain.money.payments import Intent
from engine.domain.money.receipts import Receipt, ReceiptRefund, receipt_of
from engine.domain.order_states import CLOSED, EVER_PAID, OPEN, SOLD
from engine.domain.prices import Price
from engine.domain.sale.holds import Hold, HoldRequest
from engine.domain.tickets.order_links import GENERATIONS_MAX, LINKS_MAILED_AGAIN_S
from engine.foundation.bearer import Person
from engine.foundation.clock import from_ms, now, now_ms, to_ms
from engine.foundation.errors import Conflict, Invalid, NotFound, Unauthenticated
from engine.foundation.idempotency import Answer, Once
from engine.foundation.ids import is_id, new_id
from engine.foundation.news import News
from engine.services.accounts.access import Access
from engine.services.accounts.flags import Switches
from engine.services.money.order_reads import KnownOrder, OrderReads
from engine.services.money.payments import Keeping, Payments
from engine.services.outbox import Outbox
from engine.services.sale.hold_prices import listed
from engine.services.sale.holds import Holds
from engine.services.sale.inventory import Inventory
from engine.services.sale.selling import Selling
from engine.stores import activity, outbox
from engine.stores.catalogue import events, promos, ticket_types
from engine.stores.database import Pool
from engine.stores.mail_server import MailServerGateway
from engine.stores.money.orders import Ask, OrderStore, end_links, links_mailed_wait_s

NUMBER_TRIES = 3


class Orders:
    """Opens, continues, reads and lists orders. ``switches`` may stop new ones."""

    def __init__(
        self,
        *,
        pool: Pool,
        book: OrderStore,
        reads: OrderReads,
        news: News,
        holds: Holds,
        inventory: Inventory,
        selling: Selling,
        payments: Payments,
        outbox: Outbox,
        access: Access,
        keyring: hotpath_rs.Keyring,
        mail_server: MailServerGateway,
        publishable_key: str,
        switches: Switches | None = None,
    ) -> None:
        self._pool = pool
        self._book = book
        self._reads = reads
        self._news = news
        self._holds = holds
        self._inventory = inventory
        self._selling = selling
        self._payments = payments
        self._outbox = outbox
        self._access = access
        self._platform = keyring.platform()
        self._mail_server = mail_server
        self._publishable_key = publishable_key
        self._switches = switches or Switches()

    async def quote(self, request: HoldRequest) -> Price:
        """What these items would cost now; nothing is set aside."""
        return await self._holds.quote(request)

    async def open_new(
        self,
        hold_id: str,
        hold_token: str | None,
        buyer: Buyer,
        once: Once,
        answer: Callable[[OpenedOrder], Answer],
        *,
        payment_method_id: str | None = None,
    ) -> OpenedOrder | None:
        """As ``open``, for a hold that nobody began to pay; None if it is anything else, or another was faster.

        The key is claimed in the statement that writes the order, its ``answer`` kept in the one that writes the
        payment. A hold that nobody began to pay has neither: what is not new is asked for again by ``open``.
        """
        try:
            hold = await self._holds.of_token(hold_id, hold_token)
        except HoldExpired:
            return None
        if hold.state != "held" or not self._switches.selling:
            return None
        order, claimed = await self._place(hold, hold_token, buyer, payment_method_id, once)
        if order is None or not claimed:
            return None
        return await self._pay(order, self._keeping(order, once, answer))

    def _keeping(self, order: Order, once: Once, answer: Callable[[OpenedOrder], Answer]) -> Keeping:
        return Keeping(once, lambda intent: answer(self._opened(_with_payment(order, intent))))

    async def open(
        self, hold_id: str, hold_token: str | None, buyer: Buyer, *, payment_method_id: str | None = None
    ) -> OpenedOrder:
        """The order of this hold with what the buyer needs to pay it. Repeating continues the same order.

        HoldExpired, OrderExpired; OrderOpen; SeatTaken if the ledger knows another owner; PriceChanged; SalesClosed if
        the event is no longer there to be sold; ProviderUnavailable keeps order and units: ask again. AddressNotCarried
        if no mail can be written to the buyer; Invalid for what they told, or left out; AccountRequired. What cannot be
        charged (``check_chargeable``) and what the provider refuses (PaymentRefused) gives its units back at once.
        """
        try:
            hold = await self._holds.of_token(hold_id, hold_token)
        except HoldExpired:
            return await self._continue(hold_id)
        if hold.state == "ordered":
            return await self._continue(hold_id)
        if not self._switches.selling and hold.state == "held":
            raise SwitchedOff("Checkout is switched off", retry_after_s=60)
        for _ in range(NUMBER_TRIES):
            placed, _claimed = await self._place(hold, hold_token, buyer, payment_method_id)
            if placed is not None:
                return await self._pay(placed)
            known = await self._became(hold_id)
            if known is not None:
                return await self._pay(known)
        raise SeatTaken(seats=[line.seat or line.section for line in hold.lines])

    async def _place(
        self,
        hold: Hold,
        hold_token: str | None,
        buyer: Buyer,
        payment_method_id: str | None,
        once: Once | None = None,
    ) -> tuple[Order | None, bool]:
        """(the order of this hold, whether the claim was written with it); None if the ledger has another owner of it.

        That may be the hold's own order. Refuses as ``open`` says.
        """
        event = await self._selling.get(hold.event_id)
        check_known(event, buyer)
        try:
            check_as_shown(event, hold)
        except (Invalid, Conflict) as refusal:
            return await self._known_or_refused(hold.id, hold_token, refusal), False
        told = check_told(event, hold, buyer.told)
        if not await self._mail_server.carries(buyer.email):
            raise AddressNotCarried
        most = event.max_tickets_per_buyer
        await self._check_before(most, hold, buyer)
        promo = event.promo(hold.promo_code)
        if promo is not None and promo.per_buyer_max is not None:
            await self._check_promo(promo.id, promo.per_buyer_max, buyer)
        record, deadline_ms = await self._inventory.order(hold.event_id, hold.id)
        hold = self._holds.view(event, hold.id, record)
        slip = await self._inventory.slip(event.id, hold.id) if promo is not None and promo.count is not None else None
        order = new_order(hold, buyer, deadline_ms, payment_method_id, most, told, slip)
        if once is not None:
            once.claimed = True  # it may be: if the ledger's word is lost, nobody knows
        placed = await self._book.place(order, once.claim if once is not None else None)
        if placed.beyond_limit:  # other orders of this address were opened since it was looked at
            raise BuyerLimit(max_tickets_per_buyer=most)
        if placed.promo_used:  # by another hold that was placed with the same one of many codes
            raise PromoExhausted
        if placed.beyond_promo:
            raise PromoPerBuyer(per_buyer_max=promo.per_buyer_max if promo is not None else None)
        if not placed.placed:
            return None, False
        await self._outbox.soon(order.id, placed.errands)
        opened = order.opened(
            organization_id=event.organization_id,
            destination_account=placed.destination_account,
            event_ends_at=from_ms(event.ends_at_ms),
        )
        return opened, placed.claimed

    async def _known_or_refused(self, hold_id: str, hold_token: str | None, refusal: Invalid | Conflict) -> Order:
        """The order this hold became before its event changed; else the refusal is raised."""
        known = await self._became(hold_id)
        if known is not None:
            return known
        if isinstance(refusal, Invalid):  # it can never be paid: nobody waits for its end
            await self._holds.release(hold_id, hold_token)
        raise refusal

    async def pay(self, order_id: str, *, person: Person | None, token: str | None) -> OpenedOrder:
        """The order with what its buyer needs to pay it; its payment is created if it has none. OrderExpired."""
        return await self._pay(await self.own(order_id, person=person, token=token))

    async def of_payment(self, payment_id: str, *, person: Person | None, token: str | None) -> Order:
        """The order that this payment pays, for those who may read it. NotFound."""
        if person is None and token is None:
            raise Unauthenticated
        known = await self._book.of_intent(payment_id)
        if known is None:
            raise NotFound("There is no such payment")
        return await self.read(known.id, person=person, token=token)

    async def of_hold(self, hold_id: str, hold_token: str | None) -> OpenedOrder:
        """The order that this hold became, to be paid still. HoldExpired if it became none; OrderExpired."""
        with contextlib.suppress(HoldExpired):  # the hold is over, and its order may be there all the same
            await self._holds.of_token(hold_id, hold_token)
        return await self._continue(hold_id)

    async def _check_before(self, most: int | None, hold: Hold, buyer: Buyer) -> None:
        """BuyerLimit if this e-mail address would own more of the event than one buyer may; OrderOpen.

        That is if the admission has an order that is not paid yet: one keeps units unpaid once.
        Asked before the hold's life becomes the order's; the ledger decides (`orders_buyer_limit`,
        `orders_one_open_per_lease`).
        """
        if most is None and hold.lease_id is None:
            return
        before = await self._book.before(Ask(hold.event_id, hold.id, buyer.email, most, hold.lease_id))
        if most is not None and before.owned + len(hold.lines) > most:
            raise BuyerLimit(max_tickets_per_buyer=most, owned=before.owned)
        if before.open_order is not None:
            raise OrderOpen(order_id=before.open_order[0], order_number=before.open_order[1])

    async def _check_promo(self, promo_id: str, most: int, buyer: Buyer) -> None:
        """PromoPerBuyer if this address has used the code as often as one buyer may; the ledger decides, as above."""
        if await promos.of_buyer(self._pool, promo_id, buyer.email) >= most:
            raise PromoPerBuyer(per_buyer_max=most)

    async def read(self, order_id: str, *, person: Person | None, token: str | None) -> Order:
        """The order for its owner: the capability, the signed-in buyer, or who may read the organization's orders."""
        if person is None and token is None:
            raise Unauthenticated
        order = await self._book.read(order_id) if is_id("ord", order_id) else None
        if order is None:
            raise NotFound("There is no such order")
        await self.require_read(order, person, token)
        return order

    async def look(self, order_id: str, *, person: Person | None, token: str | None) -> KnownOrder:
        """As ``read``, for those who only look: how far the order is, from memory if it is there."""
        if person is None and token is None:
            raise Unauthenticated
        known = await self._reads.read(order_id) if is_id("ord", order_id) else None
        if known is None:
            raise NotFound("There is no such order")
        await self.require_read(known.head, person, token)
        return known

    async def require_read(self, order: Order | OrderHead, person: Person | None, token: str | None) -> None:
        """CapabilityWrong if who asks may not read the order."""
        if self.owns(order, person, token):
            return
        if person is None or not await self._access.may(person, order.organization_id, "orders.read"):
            raise CapabilityWrong

    async def own(self, order_id: str, *, person: Person | None, token: str | None) -> Order:
        """The order for its buyer alone. Unauthenticated, NotFound, CapabilityWrong."""
        order = await self.read(order_id, person=person, token=token)
        if not self.owns(order, person, token):
            raise CapabilityWrong
        return order

    def owns(self, order: Order | OrderHead, person: Person | None, token: str | None) -> bool:
        """Whether the asker is the buyer, by capability or by name."""
        opened = order.link.opens(self._platform, token, now())
        return opened or (person is not None and person.user_id == order.user_id)

    async def shows_codes(self, order: Order | OrderHead, person: Person | None, token: str | None) -> bool:
        """Whether those who may read the order may see its tickets' codes: its buyer, and who may change orders."""
        return self.owns(order, person, token) or await self._access.may(person, order.organization_id, "orders.write")

    async def end_links(self, order_id: str, *, person: Person | None, token: str | None) -> LinksEnded:
        """End every link to the order that was given out, its hold's too.

        For the buyer, who gets a new one in the answer, and for who may change orders: the buyer of a paid one is then
        mailed it, once in LINKS_MAILED_AGAIN_S. LinksEndedTooOften, LinksJustMailed.
        """
        order = await self.read(order_id, person=person, token=token)
        owner = self.owns(order, person, token)
        if not owner:
            assert person is not None
            await self._access.require(person, order.organization_id, "orders.write")
        if order.link_generation >= GENERATIONS_MAX:
            raise LinksEndedTooOften
        async with self._pool.acquire() as connection, connection.transaction():
            order = await end_links(connection, order.id)
            if not owner and order.status in SOLD:
                wait_s = await links_mailed_wait_s(connection, order.id, LINKS_MAILED_AGAIN_S)
                if wait_s > 0:
                    raise LinksJustMailed(retry_after_s=wait_s)
                await outbox.add(connection, order.id, MailTickets(order.id, asked=True, again=new_id("ask")))
            await activity.record(
                connection, person, "order.links_ended", order.id, by="buyer" if owner else "organizer"
            )
        await self._news.changed(order.id)
        return LinksEnded(order_id=order.id, order_token=order.link.mint(self._platform) if owner else None)

    async def mails_tickets(self, order: Order) -> bool:
        """Whether the order's tickets are mailed as soon as it is paid; if not, its page has them."""
        return await self._book.mails_tickets(order)

    async def staff_reads(self, order: Order, person: Person | None) -> bool:
        """Whether who asks works for the organization: staff read what the buyer is not told."""
        return person is not None and await self._access.may(person, order.organization_id, "orders.read")

    async def returns(self, order: Order) -> list[ReceiptRefund]:
        """The order's refunds that succeeded, as its buyer reads them, oldest first."""
        return await self._book.returns_of(order.id)

    async def event_of(self, ticket_type_id: str) -> str:
        """The event that sells this ticket type. NotFound."""
        kind = await ticket_types.get(self._pool, ticket_type_id)
        if kind is None:
            raise NotFound("There is no such ticket type")
        return kind.event_id

    async def receipt(self, order: Order) -> Receipt:
        """What was paid and returned, tax by tax, to which legal entity. OrderUnpaid if nothing was."""
        if order.status not in EVER_PAID:
            raise OrderUnpaid(order_status=order.status)
        seller = await events.seller_of(self._pool, order.event_id)
        prices = listed(await self._selling.get(order.event_id))
        return receipt_of(order, seller, await self._book.returns_of(order.id), prices)

    async def status(self, order: Order) -> OrderStatus:
        """What hold, payment and tickets do, each apart."""
        counts = await self._book.ticket_counts(order.id) if order.status not in OPEN else {}
        return status_of(order, counts)

    async def cancel(self, order_id: str, *, person: Person | None, token: str | None) -> Order:
        """Give up before paying. OrderNotPayable if it is paid or its payment is under way."""
        order = await self.read(order_id, person=person, token=token)
        owner = self.owns(order, person, token)
        if not owner:
            assert person is not None
            await self._access.require(person, order.organization_id, "orders.write")
        kind = "user" if owner else "organizer"
        return await self._payments.cancel(order_id, actor_kind=kind, actor_id=person.user_id if person else "")

    async def of_event(
        self, person: Person, event_id: str, *, search: str | None, status: str | None, before: str | None, limit: int
    ) -> list[OrderRow]:
        """Up to limit + 1 orders of an organizer's event, newest first."""
        organization_id = await events.organization_of(self._pool, event_id) if is_id("evt", event_id) else None
        if organization_id is None:
            raise NotFound("There is no such event")
        await self._access.require(person, organization_id, "orders.read", hidden=NotFound)
        return await self._book.search(event_id, search=search, status=status, before=before, limit=limit)

    async def of_person(self, person: Person, *, before: str | None, limit: int) -> list[OwnOrderRow]:
        """Up to limit + 1 orders of the signed-in buyer, newest first."""
        return await self._book.of_person(person.user_id, before=before, limit=limit)

    async def token_for(self, order_id: str, person: Person) -> str:
        """The token that opens an order of this person's own. NotFound, Forbidden as for ``own``."""
        order = await self.own(order_id, person=person, token=None)
        return order.link.mint(self._platform)

    async def _continue(self, hold_id: str) -> OpenedOrder:
        """The order this hold became before. HoldExpired if it became none, or leads there no longer."""
        order = await self._became(hold_id)
        if order is None:
            raise HoldExpired
        return await self._pay(order)

    async def _became(self, hold_id: str) -> Order | None:
        """The order of this hold, if there is one. HoldExpired if the hold's token opens it no longer."""
        order = await self._book.of_hold(hold_id)
        if order is not None and not order.opens_to_hold(now()):
            raise HoldExpired
        return order

    async def _pay(self, order: Order, keeping: Keeping | None = None) -> OpenedOrder:
        if order.status in CLOSED:
            raise OrderExpired
        if order.status in OPEN and (await self._selling.get(order.event_id)).status == "suspended":
            raise SalesClosed("Nothing of this event is sold at the moment")
        if order.status in OPEN and order.amount_cents == 0:
            order = await self._payments.settle_free(order)
        elif order.status in OPEN and order.client_secret is None:
            order = _with_payment(order, await self._payments.open(order, keeping))
        await self._outbox.done_for(order.id)
        return self._opened(order)

    def _opened(self, order: Order) -> OpenedOrder:
        return OpenedOrder(
            order_id=order.id,
            order_number=order.order_number,
            order_token=order.link.mint(self._platform),
            event_id=order.event_id,
            status=order.status,
            amount_cents=order.amount_cents,
            currency=order.currency,
            client_secret=order.client_secret if order.status in OPEN else None,
            payment_intent_id=order.payment_intent_id,
            publishable_key=self._publishable_key,
            expires_at=order.expires_at,
            expires_at_ms=to_ms(order.expires_at),
            server_now_ms=now_ms(),
        )


def _with_payment(order: Order, intent: Intent) -> Order:
    return replace(order, payment_intent_id=intent.id, client_secret=intent.client_secret)
