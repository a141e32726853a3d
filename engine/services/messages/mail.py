"""Mail to buyers: tickets, refunds, a payment that failed, an order that ran out.

Written from the ledger at the moment of sending. A message's id is made from what it tells, so a mail that is sent
twice shows once in most mailboxes.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta

from engine.domain.catalogue.events import Event
from engine.domain.errands import MailOrderExpired, MailPaymentFailed, MailRefund, MailRefundDeclined, MailTickets
from engine.domain.order_states import EVER_PAID
from engine.domain.sale.places import place
from engine.foundation.clock import now
from engine.foundation.ids import new_id
from engine.foundation.speech.tongue import say, speaking
from engine.services.catalogue.calendars import ICS, ics
from engine.services.messages.delivery.order_mails import OrderMails
from engine.services.messages.letters import Paper, Picture
from engine.services.messages.order_facts import OrderFacts
from engine.services.money.aftersale.asked_refunds import AskedRefunds
from engine.services.money.refunds import Refunds
from engine.services.outbox import Doing, Outbox
from engine.services.tickets.tickets import Tickets
from engine.stores.money.orders import OrderStore

INLINE_CODES_MAX = 12  # more tickets than this are in the PDF only: mailboxes refuse large messages
LEFT_TO_PAY_MIN = timedelta(seconds=30)  # a link that ends before it is read helps nobody
HASH_CHARS = 32


class Mail:
    """Says what stands in each."""

    def __init__(
        self,
        *,
        mails: OrderMails,
        orders: OrderStore,
        tickets: Tickets,
        refunds: Refunds,
        asked_refunds: AskedRefunds,
        engine_url: str,
    ) -> None:
        self._mails = mails
        self._orders = orders
        self._tickets = tickets
        self._refunds = refunds
        self._asked_refunds = asked_refunds
        self._engine_url = engine_url.rstrip("/")

    def register(self, outbox: Outbox) -> None:
        """Take the errands."""
        outbox.on(MailTickets, self.tickets, of_several=self.tickets_of_several)
        outbox.on(MailRefund, self.refund)
        outbox.on(MailRefundDeclined, self.refund_declined)
        outbox.on(MailOrderExpired, self.order_expired)
        outbox.on(MailPaymentFailed, self.payment_failed)

    async def tickets(self, errand: MailTickets, _repeated: bool) -> None:
        """The order's tickets: codes inline, all of them as PDF.

        Nothing is sent if none is live any more, or if a stranger's address was mailed enough (``mails_tickets``).
        """
        [send] = await self.tickets_of_several([errand])
        await send()

    async def tickets_of_several(self, errands: Sequence[MailTickets]) -> list[Doing]:
        """What is to be done for each of these errands; what all of them tell is read at once."""
        found = await self._mails.facts.with_tickets([errand.order_id for errand in errands])
        small = [facts.tickets for facts in found.values() if 0 < len(facts.tickets) <= INLINE_CODES_MAX]
        await self._tickets.print_ahead([self._tickets.document(pages) for pages in small])
        of_events = {facts.order.event_id: facts.event.event for facts in found.values()}
        calendars = {event_id: self._calendar(event) for event_id, event in of_events.items()}
        return [
            functools.partial(self._send_tickets, errand, found.get(errand.order_id), calendars) for errand in errands
        ]

    async def _send_tickets(
        self, errand: MailTickets, facts: OrderFacts | None, calendars: Mapping[str, Sequence[Paper]]
    ) -> None:
        assert facts is not None, "an errand for an order that is not there"
        order, pages = facts.order, facts.tickets
        if not errand.asked and not await self._orders.mails_tickets(order):
            return
        if not pages or order.status not in EVER_PAID:
            return
        shown = pages[:INLINE_CODES_MAX]
        pictures = [Picture(f"code{index}", self._tickets.image(page, "png")) for index, page in enumerate(shown)]
        sheet = await self._tickets.printed(self._tickets.document(pages))
        papers = [Paper(f"tickets-{order.order_number}.pdf", sheet), *calendars[order.event_id]]
        with speaking(order.locale):
            listed = [
                {"cid": picture.cid, "place": place(page.section, page.seat), "ticket_type_name": page.ticket_type_name}
                for picture, page in zip(pictures, shown, strict=True)
            ]
            subject = say("Your tickets for %(title)s", title=facts.event.seller.title)
            await self._mails.send(
                facts, "tickets", subject, order.id, more={"tickets": listed}, pictures=pictures, papers=papers,
                again=errand.again or (new_id("ask") if errand.asked else ""),
            )  # fmt: skip

    async def refund(self, errand: MailRefund, _repeated: bool) -> None:
        refund = await self._refunds.read(errand.refund_id)
        facts = await self._mails.facts.of(refund.order_id)
        order, seller = facts.order, facts.event.seller
        cancelled = seller.status == "cancelled"
        more = {
            "refund": refund,
            "late": order.closing_note == "paid_after_expiry_refunded",
            "cancelled": cancelled,
        }
        with speaking(order.locale):
            subject = (
                say("Cancelled: refund for %(title)s", title=seller.title)
                if cancelled
                else say("Refund for %(title)s", title=seller.title)
            )
            await self._mails.send(facts, "refund", subject, refund.id, more=more)

    async def refund_declined(self, errand: MailRefundDeclined, _repeated: bool) -> None:
        """What the organizer answered to a buyer who asked to give tickets back."""
        asked = await self._asked_refunds.read(errand.request_id)
        facts = await self._mails.facts.of(asked.order_id)
        with speaking(facts.order.locale):
            subject = say("Your refund request for %(title)s", title=facts.event.seller.title)
            await self._mails.send(facts, "refund_declined", subject, asked.id, more={"asked": asked})

    async def order_expired(self, errand: MailOrderExpired, _repeated: bool) -> None:
        """Nothing is sent if the order was paid after all."""
        facts = await self._mails.facts.of(errand.order_id)
        order = facts.order
        if order.status != "expired":
            return
        with speaking(order.locale):
            subject = say("Your order for %(title)s was not paid", title=facts.event.seller.title)
            await self._mails.send(facts, "order_expired", subject, order.id)

    async def payment_failed(self, errand: MailPaymentFailed, _repeated: bool) -> None:
        """The link that continues the order, once an event and address: nobody proved to read it.

        Nothing is sent if the order was paid meanwhile, or is about to end.
        """
        facts = await self._mails.facts.of(errand.order_id)
        order = facts.order
        if order.status != "pending" or not order.payment_error or order.expires_at <= now() + LEFT_TO_PAY_MIN:
            return
        buyer = hashlib.sha256(order.buyer_email.lower().encode()).hexdigest()[:HASH_CHARS]
        with speaking(order.locale):
            subject = say("Your payment for %(title)s did not go through", title=facts.event.seller.title)
            await self._mails.send(
                facts, "payment_failed", subject, order.id, cause=f"{order.event_id}.{buyer}.payment_failed",
                more={"until": order.expires_at},
            )  # fmt: skip

    def _calendar(self, event: Event | None) -> list[Paper]:
        return [Paper("event.ics", ics(event.title, self._engine_url, [event]), ICS)] if event is not None else []
