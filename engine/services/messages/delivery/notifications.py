"""Messages as those who may read them do, and what servers and providers said of them later."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.domain.catalogue.errors import EventUnknown
from engine.domain.messages import bounces
from engine.domain.messages.notifications import Channel, EventCounts, Notification, Status
from engine.foundation import logs
from engine.foundation.bearer import Person
from engine.foundation.ids import is_id
from engine.foundation.metrics import labelled
from engine.foundation.news import News
from engine.services.accounts.access import Access
from engine.services.messages.delivery.courier import MESSAGES
from engine.services.money.orders import Orders
from engine.stores.catalogue import events
from engine.stores.database import Pool
from engine.stores.messages import notifications as store
from engine.stores.messages import undelivered
from engine.stores.messages.undelivered import MailRefusal
from engine.stores.money.orders import OrderStore

UNREACHED_D: Final = 30
NO_SUCH_MAILBOX: Final = 550
_log = logs.get("notifications")


class Notifications:
    """Reads, and notes what became of them."""

    def __init__(self, *, pool: Pool, access: Access, orders: Orders, book: OrderStore, order_news: News) -> None:
        self._pool = pool
        self._access = access
        self._orders = orders
        self._book = book
        self._order_news = order_news

    async def of_order(self, order_id: str, *, person: Person | None, token: str | None) -> list[Notification]:
        """What was told about an order, newest first, to those who may read it; staff see why one failed.

        Unauthenticated, NotFound, CapabilityWrong.
        """
        order = await self._orders.read(order_id, person=person, token=token)
        to_staff = await self._orders.staff_reads(order, person)
        return await store.of_order(self._pool, order.id, to_staff=to_staff)

    async def of_event(
        self,
        person: Person,
        event_id: str,
        *,
        status: str | None = None,
        kind: str | None = None,
        before: str | None = None,
        limit: int,
    ) -> list[Notification]:
        """Up to limit + 1 messages of an event, newest first, to who may read its orders. EventUnknown, Forbidden."""
        await self._require(person, event_id)
        return await store.of_event(self._pool, event_id, status=status, kind=kind, before=before, limit=limit)

    async def counts(self, person: Person, event_id: str) -> EventCounts:
        """How many of its messages stand where. EventUnknown, Forbidden."""
        await self._require(person, event_id)
        return await store.counts(self._pool, event_id)

    async def unreached(self, person: Person, organization_id: str, event_ids: Sequence[str]) -> dict[str, int]:
        """By event: how many messages of the last UNREACHED_D days failed; none for who may not read orders."""
        if not event_ids or not await self._access.may(person, organization_id, "orders.read"):
            return {}
        return await store.unreached(self._pool, event_ids, UNREACHED_D)

    async def came_back(self, message_id: str, raw: bytes) -> bool:
        """Note what a returned mail says; False if it says nothing final, or of no mail that is known.

        An address that nobody reads gets nothing any more that can be left out, and its order says so.
        """
        told = bounces.read(raw)
        if told is None:
            return False
        status: Status = "delivered" if told.verdict == "delivered" else "bounced"
        row = await store.returned(self._pool, message_id, status, told.said)
        if row is None:
            return False
        labelled(MESSAGES, "email", status).inc()
        _log.info("mail_came_back", message=message_id, verdict=told.verdict, kind=row["kind"])
        if told.verdict == "gone":
            await store.suppress(self._pool, row["recipient"], told.said)
        if status == "bounced" and row["order_id"] is not None:
            await self._tell(row["order_id"], row["recipient"], row["kind"], told.said)
        return True

    async def told_by_provider(self, channel: Channel, provider_id: str, status: Status, said: str) -> bool:
        """Note what a provider says became of a text; False if it says nothing new."""
        is_new = await store.told_by_provider(self._pool, channel, provider_id, status, said)
        if is_new:
            labelled(MESSAGES, channel, status).inc()
        return is_new

    async def forget(self) -> None:
        """Delete a part of what was kept long enough."""
        await store.forget(self._pool)

    async def _tell(self, order_id: str, recipient: str, kind: str, said: str) -> None:
        """On the order and in the log, unless its address was corrected meanwhile."""
        order = await self._book.read(order_id)
        if order is None or order.buyer_email.lower() != recipient.lower():
            return
        async with self._pool.acquire() as db:
            is_new = await undelivered.keep(db, order, kind, MailRefusal(NO_SUCH_MAILBOX, said))
        if is_new:
            await self._order_news.changed(order.id)

    async def _require(self, person: Person, event_id: str) -> None:
        organization_id = await events.organization_of(self._pool, event_id) if is_id("evt", event_id) else None
        if organization_id is None:
            raise EventUnknown
        await self._access.require(person, organization_id, "orders.read", hidden=EventUnknown)
