"""Mail to buyers: tickets, refunds, an order that ran out. Written from the ledger at the moment of sending.

A message's id is made from what it tells, so a mail that is sent twice shows once in most mailboxes.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

from aiosmtplib import SMTPException

import hotpath_rs
from engine.domain.catalogue.events import Event
from engine.domain.errands import MailOrderExpired, MailRefund, MailRefundDeclined, MailTickets
from engine.domain.money.orders import Order
from engine.domain.order_states import EVER_PAID
from engine.domain.sale.places import place
from engine.domain.sale.ticket_groups import groups_of
from engine.foundation.news import News
from engine.foundation.speech.tongue import say, speaking
from engine.services.catalogue.calendars import ICS, ics
from engine.services.messages.heads import Head, Sender
from engine.services.messages.letters import Paper, Picture, written
from engine.services.messages.mail_brand import LOGO_WIDTH
from engine.services.messages.mail_templates import words
from engine.services.messages.order_facts import OrderFacts, OrderFactsReader
from engine.services.messages.recipients import to
from engine.services.money.aftersale.asked_refunds import AskedRefunds
from engine.services.money.refunds import Refunds
from engine.services.outbox import Doing, Outbox
from engine.services.tickets.tickets import Tickets
from engine.stores.database import Pool
from engine.stores.messages import undelivered
from engine.stores.messages.mail import MailGateway
from engine.stores.messages.undelivered import refusal_of
from engine.stores.money.orders import OrderStore

COVER_WIDTH = 640  # of the picture that heads a mail
INLINE_CODES_MAX = 12  # more tickets than this are in the PDF only: mailboxes refuse large messages


class Mail:
    """Composes and hands over."""

    def __init__(
        self,
        *,
        mailer: MailGateway,
        pool: Pool,
        orders: OrderStore,
        news: News,
        tickets: Tickets,
        refunds: Refunds,
        asked_refunds: AskedRefunds,
        keyring: hotpath_rs.Keyring,
        sender: str,
        engine_url: str,
    ) -> None:
        self._mailer = mailer
        self._pool = pool
        self._orders = orders
        self._news = news
        self._tickets = tickets
        self._facts = OrderFactsReader(pool=pool, orders=orders, tickets=tickets)
        self._refunds = refunds
        self._asked_refunds = asked_refunds
        self._platform = keyring.platform()
        self._sender = Sender(sender)
        self._engine_url = engine_url.rstrip("/")

    def register(self, outbox: Outbox) -> None:
        """Take the errands."""
        outbox.on(MailTickets, self.tickets, of_several=self.tickets_of_several)
        outbox.on(MailRefund, self.refund)
        outbox.on(MailRefundDeclined, self.refund_declined)
        outbox.on(MailOrderExpired, self.order_expired)

    async def tickets(self, errand: MailTickets, _repeated: bool) -> None:
        """The order's tickets: codes inline, all of them as PDF.

        Nothing is sent if none is live any more, or if a stranger's address was mailed enough (``mails_tickets``).
        """
        [send] = await self.tickets_of_several([errand])
        await send()

    async def tickets_of_several(self, errands: Sequence[MailTickets]) -> list[Doing]:
        """What is to be done for each of these errands; what all of them tell is read at once."""
        found = await self._facts.with_tickets([errand.order_id for errand in errands])
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
            context = self._context(facts)
            context["tickets"] = [
                {"cid": picture.cid, "place": place(page.section, page.seat), "ticket_type_name": page.ticket_type_name}
                for picture, page in zip(pictures, shown, strict=True)
            ]
            subject = say("Your tickets for %(title)s", title=facts.event.seller.title)
            await self._send(order, "tickets", subject, order.id, context, pictures, papers)

    async def refund(self, errand: MailRefund, _repeated: bool) -> None:
        refund = await self._refunds.read(errand.refund_id)
        facts = await self._facts.of(refund.order_id)
        order, seller, context = facts.order, facts.event.seller, self._context(facts)
        cancelled = seller.status == "cancelled"
        context |= {
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
            await self._send(order, "refund", subject, refund.id, context)

    async def refund_declined(self, errand: MailRefundDeclined, _repeated: bool) -> None:
        """What the organizer answered to a buyer who asked to give tickets back."""
        asked = await self._asked_refunds.read(errand.request_id)
        facts = await self._facts.of(asked.order_id)
        with speaking(facts.order.locale):
            subject = say("Your refund request for %(title)s", title=facts.event.seller.title)
            context = self._context(facts) | {"asked": asked}
            await self._send(facts.order, "refund_declined", subject, asked.id, context)

    async def order_expired(self, errand: MailOrderExpired, _repeated: bool) -> None:
        """Nothing is sent if the order was paid after all."""
        facts = await self._facts.of(errand.order_id)
        order = facts.order
        if order.status != "expired":
            return
        with speaking(order.locale):
            subject = say("Your order for %(title)s was not paid", title=facts.event.seller.title)
            await self._send(order, "order_expired", subject, order.id, self._context(facts))

    async def _send(
        self,
        order: Order,
        template: str,
        subject: str,
        about: str,
        context: dict[str, Any],
        pictures: Sequence[Picture] = (),
        papers: Sequence[Paper] = (),
    ) -> None:
        """Hand it over, in the language that is spoken; to nobody if the box office was told no address.

        What the server will never take is not tried again: the buyer and the organizer are told.
        """
        if not order.buyer_email:
            return
        recipient = to(order.buyer_name if _is_known(order) else "", order.buyer_email)
        head = Head(self._sender, recipient, subject, f"{about}.{template}")
        letter = written(head, *words(template, context), pictures, papers)
        try:
            await self._mailer.send(letter)
        except SMTPException as error:
            refusal = refusal_of(error)
            if refusal is None:
                raise
            async with self._pool.acquire() as db:
                is_new = await undelivered.keep(db, order, template, refusal)
            if is_new:
                await self._news.changed(order.id)

    def _calendar(self, event: Event | None) -> list[Paper]:
        return [Paper("event.ics", ics(event.title, self._engine_url, [event]), ICS)] if event is not None else []

    def _context(self, facts: OrderFacts) -> dict[str, Any]:
        order, event = facts.order, facts.event
        token = order.link.mint(self._platform)
        return {
            "order": order,
            "name": order.buyer_name if _is_known(order) else "",
            "groups": groups_of(order.lines, event.listed),
            "names": event.names,
            "seller": event.seller,
            "logo_url": self._engine_url + event.seller.logo.path(LOGO_WIDTH) if event.seller.logo else None,
            "cover_url": self._engine_url + event.seller.cover.path(COVER_WIDTH) if event.seller.cover else None,
            "order_url": f"{self._engine_url}/order/{order.id}#token={token}",
            "event_url": f"{self._engine_url}/e/{event.seller.slug}",
        }


def _is_known(order: Order) -> bool:
    """Whether the buyer paid: the address of an order that nobody paid for may be a stranger's, its name a message."""
    return order.status in EVER_PAID and order.amount_cents > 0
