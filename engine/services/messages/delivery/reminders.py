"""Reminders to ticket holders, a day before and on the day: by mail, and by text to those who asked for it.

A job sees which are due and leaves one errand an event; it orders the messages page by page, in the lane of what can
wait. Each looks again before it leaves: an event that was cancelled or moved, an order that was given back, a ticket
that nobody has any more is not reminded of.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Final

from engine.domain.catalogue.events import Event
from engine.domain.errands import MailReminder, RemindHolders, TextReminder
from engine.domain.messages.notifications import Note
from engine.domain.messages.reminders import SAME_DAY, due
from engine.domain.order_states import SOLD
from engine.foundation.clock import now, to_ms
from engine.foundation.speech.tongue import say, speaking
from engine.services.messages.delivery.channels import Channels
from engine.services.messages.delivery.order_mails import OrderMails
from engine.services.messages.order_facts import OrderFacts
from engine.services.messages.tellings import moment
from engine.services.outbox import Doing, Outbox
from engine.stores.database import Pool
from engine.stores.messages import reminders as store

ORDERS_PER_PAGE: Final = 200
PAGE_PAUSE_S: Final = 1.0


class Reminders:
    """Sees what is due, and reminds."""

    def __init__(self, *, pool: Pool, mails: OrderMails, channels: Channels) -> None:
        self._pool = pool
        self._mails = mails
        self._channels = channels

    def register(self, outbox: Outbox) -> None:
        """Take the errands."""
        outbox.on(RemindHolders, self.remind_holders)
        outbox.on(MailReminder, self.mail, of_several=self.mail_several)
        outbox.on(TextReminder, self.text)

    async def step(self) -> int:
        """Leave an errand for each reminder that came due; 0, so that the next look waits its interval."""
        at = now()
        for event in await store.starting(self._pool):
            reached = [(moment, kind) for kind, moment in due(event.starts_at, event.timezone).items() if moment <= at]
            if not reached:
                continue
            moment, kind = max(reached)
            if kind in event.ordered:
                continue
            errand = RemindHolders(event.id, kind, to_ms(event.starts_at), to_ms(moment))
            async with self._pool.acquire() as db, db.transaction():
                await store.order(db, errand)
        return 0

    async def remind_holders(self, errand: RemindHolders, _repeated: bool) -> None:
        """Order one page of messages; the next page is an errand of its own."""
        async with self._pool.acquire() as db, db.transaction():
            await store.order_page(db, errand, ORDERS_PER_PAGE, PAGE_PAUSE_S, self._channels.open)

    async def mail(self, errand: MailReminder, _repeated: bool) -> None:
        """By mail."""
        [send] = await self.mail_several([errand])
        await send()

    async def mail_several(self, errands: Sequence[MailReminder]) -> list[Doing]:
        """What is to be done for each of these errands; what they tell is read at once."""
        found = await self._mails.facts.with_tickets([errand.order_id for errand in errands])
        return [functools.partial(self._mail, errand, found.get(errand.order_id)) for errand in errands]

    async def _mail(self, errand: MailReminder, facts: OrderFacts | None) -> None:
        if facts is None or not _still_on(errand, facts):
            return
        with speaking(facts.order.locale):
            subject = _subject(errand.kind, facts.event.seller.title)
            about = f"{facts.order.id}.{errand.starts_at_ms}"
            more = {"tickets": len(facts.tickets), "same_day": errand.kind == SAME_DAY}
            await self._mails.send(facts, errand.kind, subject, about, template="reminder", more=more)

    async def text(self, errand: TextReminder, _repeated: bool) -> None:
        """By text, in one sentence with the way to the tickets."""
        found = await self._mails.facts.with_tickets([errand.order_id])
        facts = found.get(errand.order_id)
        phone = await store.phone_of(self._pool, errand.order_id)
        if facts is None or phone is None or not _still_on(errand, facts):
            return
        order, seller = facts.order, facts.event.seller
        with speaking(order.locale):
            words = say(
                "%(title)s: %(when)s, %(venue)s. Your tickets: %(link)s",
                title=seller.title,
                when=moment(seller.starts_at, seller.timezone),
                venue=seller.venue,
                link=self._mails.order_url(order),
            )
            cause = f"{order.id}.{errand.starts_at_ms}.{errand.kind}.{errand.channel}"
            note = Note(
                cause=cause,
                kind=errand.kind,
                channel=self._channels.named(errand.channel),
                recipient=phone,
                locale=order.locale,
                order_id=order.id,
                event_id=order.event_id,
            )
            await self._channels.send(note, words)


def _still_on(errand: MailReminder | TextReminder, facts: OrderFacts) -> bool:
    """Whether somebody will come with this order's tickets to this start, and was to be reminded."""
    event: Event | None = facts.event.event
    return (
        event is not None
        and event.status == "published"
        and event.reminders
        and to_ms(event.starts_at) == errand.starts_at_ms
        and event.starts_at > now()
        and facts.order.status in SOLD
        and any(page.status in store.ADMITTING for page in facts.tickets)
    )


def _subject(kind: str, title: str) -> str:
    if kind == SAME_DAY:
        return say("Today: %(title)s", title=title)
    return say("Reminder: %(title)s", title=title)
