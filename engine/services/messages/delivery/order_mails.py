"""What all mails about an order have in common: whose it is, how it looks, what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aiosmtplib import SMTPException

import hotpath_rs
from engine.domain.messages.notifications import Note
from engine.domain.money.orders import Order
from engine.domain.order_states import EVER_PAID
from engine.domain.sale.ticket_groups import groups_of
from engine.foundation.news import News
from engine.foundation.speech.tongue import spoken
from engine.services.messages.delivery.courier import Courier
from engine.services.messages.heads import Head, Sender
from engine.services.messages.letters import Paper, Picture, written
from engine.services.messages.mail_brand import LOGO_WIDTH
from engine.services.messages.mail_templates import words
from engine.services.messages.order_facts import OrderFacts, OrderFactsReader
from engine.services.messages.recipients import to
from engine.stores.database import Pool
from engine.stores.messages import undelivered
from engine.stores.messages.undelivered import refusal_of

COVER_WIDTH = 640  # of the picture that heads a mail


class OrderMails:
    """Composes and hands over. ``facts`` reads what mails tell."""

    def __init__(
        self,
        *,
        courier: Courier,
        pool: Pool,
        facts: OrderFactsReader,
        news: News,
        keyring: hotpath_rs.Keyring,
        sender: str,
        engine_url: str,
    ) -> None:
        self.facts = facts
        self._courier = courier
        self._pool = pool
        self._news = news
        self._platform = keyring.platform()
        self._sender = Sender(sender)
        self._engine_url = engine_url.rstrip("/")

    async def send(
        self,
        facts: OrderFacts,
        kind: str,
        subject: str,
        about: str,
        *,
        template: str = "",
        more: Mapping[str, Any] | None = None,
        pictures: Sequence[Picture] = (),
        papers: Sequence[Paper] = (),
        cause: str = "",
        again: str = "",
    ) -> None:
        """Hand it over, in the language that is spoken; what was sent for this cause before is not sent again.

        ``about`` is what it tells of, ``again`` names a wish to have the same once more. What the server will never
        take is not tried again: the buyer and the organizer are told.
        """
        order, mark = facts.order, f"{about}.{kind}"
        if not order.buyer_email:  # the box office was told none
            return
        recipient = to(order.buyer_name if _is_known(order) else "", order.buyer_email)
        head = Head(self._sender, recipient, subject, mark)
        letter = written(head, *words(template or kind, {**self._context(facts), **(more or {})}), pictures, papers)
        note = Note(
            cause=f"{cause or mark}.{again}" if again else cause or mark,
            kind=kind,
            recipient=order.buyer_email,
            locale=spoken().tag,
            subject=subject,
            attachments=tuple([paper.name for paper in papers]),
            order_id=order.id,
            event_id=order.event_id,
        )
        try:
            await self._courier.carry(letter, note, head.message_id)
        except SMTPException as error:
            refusal = refusal_of(error)
            if refusal is None:
                raise
            async with self._pool.acquire() as db:
                is_new = await undelivered.keep(db, order, kind, refusal)
            if is_new:
                await self._news.changed(order.id)

    def order_url(self, order: Order) -> str:
        """The order's page, opened by the link's token."""
        return f"{self._engine_url}/order/{order.id}#token={order.link.mint(self._platform)}"

    def _context(self, facts: OrderFacts) -> dict[str, Any]:
        order, event = facts.order, facts.event
        return {
            "order": order,
            "name": order.buyer_name if _is_known(order) else "",
            "groups": groups_of(order.lines, event.listed),
            "names": event.names,
            "seller": event.seller,
            "logo_url": self._engine_url + event.seller.logo.path(LOGO_WIDTH) if event.seller.logo else None,
            "cover_url": self._engine_url + event.seller.cover.path(COVER_WIDTH) if event.seller.cover else None,
            "order_url": self.order_url(order),
            "event_url": f"{self._engine_url}/e/{event.seller.slug}",
        }


def _is_known(order: Order) -> bool:
    """Whether the buyer paid: the address of an order that nobody paid for may be a stranger's, its name a message."""
    return order.status in EVER_PAID and order.amount_cents > 0
