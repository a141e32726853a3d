"""Mail to buyers: tickets, refunds, an order that ran out. Written from the ledger at the moment of sending.

A message's id is made from what it tells, so a mail that is sent twice shows once in most mailboxes.
"""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any
from zoneinfo import ZoneInfo

import babel.dates
from aiosmtplib import SMTPException

import hotpath_rs
from engine.domain.catalogue.ticket_types import all_in_cents
from engine.domain.errands import MailOrderExpired, MailRefund, MailTickets
from engine.domain.money.orders import Order
from engine.domain.order_states import EVER_PAID
from engine.domain.sale.ticket_groups import groups_of
from engine.foundation.clock import now
from engine.foundation.news import News
from engine.foundation.world import currencies
from engine.services.messages.letters import Paper, Picture, written
from engine.services.messages.mail_templates import domain_of, open_templates
from engine.services.messages.recipients import to
from engine.services.money.refunds import Refunds
from engine.services.outbox import Outbox
from engine.services.tickets.tickets import Tickets
from engine.stores.catalogue import events, ticket_types
from engine.stores.database import Pool
from engine.stores.messages import undelivered
from engine.stores.messages.mail import MailGateway
from engine.stores.messages.undelivered import refusal_of
from engine.stores.money.orders import OrderStore

LOCALE = "en_CA"
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
        keyring: hotpath_rs.Keyring,
        sender: str,
        engine_url: str,
    ) -> None:
        self._mailer = mailer
        self._pool = pool
        self._orders = orders
        self._news = news
        self._tickets = tickets
        self._refunds = refunds
        self._platform = keyring.platform()
        self._sender = sender
        self._engine_url = engine_url.rstrip("/")
        self._domain = domain_of(sender)
        self._templates = open_templates()
        self._templates.filters |= {"money": money, "moment": moment}

    def register(self, outbox: Outbox) -> None:
        """Take the errands."""
        outbox.on(MailTickets, self.tickets)
        outbox.on(MailRefund, self.refund)
        outbox.on(MailOrderExpired, self.order_expired)

    async def tickets(self, errand: MailTickets, _repeated: bool) -> None:
        """The order's tickets: codes inline, all of them as PDF.

        Nothing is sent if none is live any more, or if a stranger's address was mailed enough (``mails_tickets``).
        """
        order = await self._order(errand.order_id)
        if not errand.asked and not await self._orders.mails_tickets(order):
            return
        pages = [page for page in await self._tickets.of_order(order.id) if self._tickets.code(page) is not None]
        if not pages or order.status not in EVER_PAID:
            return
        shown = pages[:INLINE_CODES_MAX]
        context = await self._context(order)
        context["tickets"] = [
            {"cid": f"code{index}", "place": page.seat or page.section, "ticket_type_name": page.ticket_type_name}
            for index, page in enumerate(shown)
        ]
        pictures = [Picture(f"code{index}", self._tickets.image(page, "png")) for index, page in enumerate(shown)]
        sheet = await self._tickets.printed(self._tickets.document(pages))
        head = self._head(order, "tickets", f"Your tickets for {context['seller'].title}", order.id)
        papers = [Paper(f"tickets-{order.order_number}.pdf", sheet)]
        content = written(head, *self._words("tickets", context), pictures, papers)
        await self._send(head, order, "tickets", content)

    async def refund(self, errand: MailRefund, _repeated: bool) -> None:
        refund = await self._refunds.read(errand.refund_id)
        order = await self._order(refund.order_id)
        context = await self._context(order)
        context |= {"refund": refund, "late": order.closing_note == "paid_after_expiry_refunded"}
        cancelled = context["seller"].status == "cancelled"
        context["cancelled"] = cancelled
        subject = f"{'Cancelled: refund' if cancelled else 'Refund'} for {context['seller'].title}"
        await self._send(self._message(order, "refund", subject, refund.id, context), order, "refund")

    async def order_expired(self, errand: MailOrderExpired, _repeated: bool) -> None:
        """Nothing is sent if the order was paid after all."""
        order = await self._order(errand.order_id)
        if order.status != "expired":
            return
        context = await self._context(order)
        subject = f"Your order for {context['seller'].title} was not paid"
        await self._send(self._message(order, "order_expired", subject, order.id, context), order, "order_expired")

    async def _send(self, message: EmailMessage, order: Order, kind: str, content: bytes | None = None) -> None:
        """Hand it over. What the server will never take is not tried again: the buyer and the organizer are told."""
        try:
            await self._mailer.send(message, content)
        except SMTPException as error:
            refusal = refusal_of(error)
            if refusal is None:
                raise
            async with self._pool.acquire() as db:
                is_new = await undelivered.keep(db, order, kind, refusal)
            if is_new:
                await self._news.changed(order.id)

    async def _order(self, order_id: str) -> Order:
        order = await self._orders.read(order_id)
        assert order is not None, "an errand for an order that is not there"
        return order

    async def _context(self, order: Order) -> dict[str, Any]:
        seller = await events.seller_of(self._pool, order.event_id)
        token = order.link.mint(self._platform)
        return {
            "order": order,
            "greeted": f"Hello {order.buyer_name}" if _is_known(order) else "Hello",
            **await self._groups(order),
            "seller": seller,
            "order_url": f"{self._engine_url}/order/{order.id}#token={token}",
            "event_url": f"{self._engine_url}/e/{seller.slug}",
        }

    async def _groups(self, order: Order) -> dict[str, Any]:
        """Equal tickets together, and what their types are called."""
        kinds = await ticket_types.of_event(self._pool, order.event_id)
        event = await events.get(self._pool, order.event_id)
        listed = {kind.id: all_in_cents(kind, event) for kind in kinds} if event is not None else {}
        return {"groups": groups_of(order.lines, listed), "names": {kind.id: kind.name for kind in kinds}}

    def _message(self, order: Order, template: str, subject: str, about: str, context: dict[str, Any]) -> EmailMessage:
        message, (text, html) = self._head(order, template, subject, about), self._words(template, context)
        message.set_content(text)
        message.add_alternative(html, subtype="html")
        return message

    def _words(self, template: str, context: dict[str, Any]) -> tuple[str, str]:
        """What the mail says, as text and as HTML."""
        text, html = (self._templates.get_template(f"{template}.{kind}.jinja") for kind in ("txt", "html"))
        return text.render(context), html.render(context)

    def _head(self, order: Order, template: str, subject: str, about: str) -> EmailMessage:
        """The mail's fields, without its content."""
        message = EmailMessage()
        message["Subject"] = _one_line(subject)
        message["From"] = self._sender
        message["To"] = to(order.buyer_name if _is_known(order) else "", order.buyer_email)
        message["Date"] = format_datetime(now())
        message["Message-ID"] = f"<{about}.{template}@{self._domain}>"
        message["Auto-Submitted"] = "auto-generated"
        return message


def _is_known(order: Order) -> bool:
    """Whether the buyer paid: the address of an order that nobody paid for may be a stranger's, its name a message."""
    return order.status in EVER_PAID and order.amount_cents > 0


def _one_line(text: str) -> str:
    """Without what would end a header."""
    return " ".join(text.split())


def money(cents: int, currency: str) -> str:
    """``$33.94`` as the buyer reads it; never used to calculate."""
    return currencies.money(cents, currency, LOCALE)


def moment(at: datetime, timezone: str) -> str:
    """``Friday, November 20, 2026 at 8:00 p.m. PST`` at the place of the event."""
    local = at.astimezone(ZoneInfo(timezone))
    day = babel.dates.format_date(local, "full", locale=LOCALE)
    hour = babel.dates.format_time(local, "short", tzinfo=ZoneInfo(timezone), locale=LOCALE)
    return f"{day}, {hour} {local.tzname()}"
