"""News of an event to everybody who has a ticket: another time or place, old and new next to each other; cancelled.

Who is to hear it was written down with the news. Pages of RECIPIENTS_PER_PAGE mails are ordered from the outbox, with a
pause between them, so that ten thousand of them never stand in front of somebody's tickets. Each address hears once
what it has not heard yet: news that came while its mail was waiting leaves with it, as one change. The organizer's own
words go to those who paid or proved their address; to everybody else only from an organizer who did either.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from aiosmtplib import SMTPException

import hotpath_rs
from engine.domain.catalogue.event_news import Told, together
from engine.domain.errands import MailEventNews, TellHolders
from engine.domain.messages.notifications import Note
from engine.foundation.folding import NotAnAddress, email_folded
from engine.foundation.news import News
from engine.foundation.speech.tongue import say, speaking, spoken
from engine.foundation.world.languages import DEFAULT
from engine.services.messages.delivery.courier import Courier
from engine.services.messages.heads import Head, Sender
from engine.services.messages.letters import written
from engine.services.messages.mail_brand import LOGO_WIDTH
from engine.services.messages.mail_templates import words
from engine.services.messages.recipients import to
from engine.services.outbox import Outbox
from engine.stores.catalogue import event_news as store
from engine.stores.catalogue import events
from engine.stores.database import Connection, Pool
from engine.stores.messages import undelivered
from engine.stores.messages.letter import Letter
from engine.stores.messages.undelivered import refusal_of
from engine.stores.money import event_holders
from engine.stores.money.event_holders import HeldOrder

RECIPIENTS_PER_PAGE: Final = 200
PAGE_PAUSE_S: Final = 1.0
SEND_MAX_S: Final = 12.0  # the ledger ends a transaction that is idle for 15 (foundation/postgres.py)
HASH_CHARS: Final = 32
SENDING_MAX: Final = 3  # each keeps a connection to the ledger while the mail server thinks


class EventNewsMail:
    """Tells ticket holders."""

    def __init__(
        self,
        *,
        courier: Courier,
        pool: Pool,
        order_news: News,
        keyring: hotpath_rs.Keyring,
        sender: str,
        engine_url: str,
    ) -> None:
        self._courier = courier
        self._pool = pool
        self._order_news = order_news
        self._platform = keyring.platform()
        self._sender = Sender(sender)
        self._engine_url = engine_url.rstrip("/")
        self._sending = asyncio.Semaphore(SENDING_MAX)

    def register(self, outbox: Outbox) -> None:
        """Take the errands."""
        outbox.on(TellHolders, self.tell_holders)
        outbox.on(MailEventNews, self.send)

    async def tell_holders(self, errand: TellHolders, _repeated: bool) -> None:
        """Order one page of mails; the next page is an errand of its own."""
        async with self._pool.acquire() as db, db.transaction():
            await store.order_mails(db, errand.news_id, errand.after, RECIPIENTS_PER_PAGE, PAGE_PAUSE_S)

    async def send(self, errand: MailEventNews, _repeated: bool) -> None:
        """All that this address has not heard yet, in one mail; nothing if that comes to nothing.

        It counts as told once the mail server has the mail: the note of it ends with the same transaction.
        """
        async with self._sending, self._pool.acquire() as db, db.transaction():
            news = await store.take(db, errand.event_id, errand.email)
            told = together(news)
            if told is None or not told.says_something:
                return
            if told.message and not await event_holders.hears_message(db, errand.event_id, errand.email):
                told = msgspec.structs.replace(told, message="")
            orders = await event_holders.orders_of(db, errand.event_id, errand.email)
            ready = await self._letter(db, errand, told, news[-1].id, orders)
            if ready is not None:
                await self._send(*ready, orders)

    async def _send(self, letter: Letter, note: Note, message_id: str, orders: Sequence[HeldOrder]) -> None:
        """Hand it over. What the server will never take is not tried again: the buyer and the organizer are told."""
        try:
            async with asyncio.timeout(SEND_MAX_S):
                await self._courier.carry(letter, note, message_id)
        except SMTPException as error:
            refusal = refusal_of(error)
            if refusal is None:
                raise
            for order in orders:
                async with self._pool.acquire() as db:
                    is_new = await undelivered.keep(db, order, "event_news", refusal)
                if is_new:
                    await self._order_news.changed(order.id)

    async def _letter(
        self, db: Connection, errand: MailEventNews, told: Told, news_id: int, orders: Sequence[HeldOrder]
    ) -> tuple[Letter, Note, str] | None:
        """The mail, what it tells, its Message-ID; None if the address cannot be one: no server will ever take it."""
        try:
            user, _, host = email_folded(errand.email).rpartition("@")
        except NotAnAddress:
            return None
        seller = await events.seller_of(db, errand.event_id)
        context: dict[str, Any] = {
            "told": told,
            "seller": seller,
            "logo_url": self._engine_url + seller.logo.path(LOGO_WIDTH) if seller.logo else None,
            # An address that never paid may be a stranger's, and the name next to it a message to them.
            "name": next((order.buyer_name for order in orders if order.amount_cents), ""),
            "paid": any(order.amount_cents for order in orders),
            "orders": [(order.order_number, self._order_url(order)) for order in orders],
            "event_url": f"{self._engine_url}/e/{seller.slug}",
        }
        template = f"event_{told.kind}"
        mark = f"{errand.event_id}.{news_id}.{user}.{host}.{template}"
        with speaking(_language_of(orders)):
            subject = (
                say("%(title)s is cancelled", title=seller.title)
                if told.kind == "cancelled"
                else say("%(title)s has changed", title=seller.title)
            )
            head = Head(self._sender, to("", f"{user}@{host}"), subject, mark)
            reader = hashlib.sha256(errand.email.encode()).hexdigest()[:HASH_CHARS]
            note = Note(
                cause=f"{errand.event_id}.{news_id}.{reader}.{template}",
                kind=template,
                recipient=f"{user}@{host}",
                locale=spoken().tag,
                subject=subject,
                order_id=orders[-1].id if orders else None,
                event_id=errand.event_id,
            )
            return written(head, *words(template, context)), note, head.message_id

    def _order_url(self, order: HeldOrder) -> str:
        return f"{self._engine_url}/order/{order.id}#token={order.link.mint(self._platform)}"


def _language_of(orders: Sequence[HeldOrder]) -> str:
    """That of the newest order: somebody who bought in two languages chose this one last."""
    return orders[-1].locale if orders else DEFAULT
