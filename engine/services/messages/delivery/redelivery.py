"""Sending an order's tickets again: to the same address, or to the one that was meant when a wrong one was typed.

A corrected address ends every link that the wrong one was sent, and is written to whatever came back from the other.
"""

from __future__ import annotations

from typing import Final

from engine.domain.errands import MailTickets
from engine.domain.errors import AddressNotCarried, LinksEndedTooOften, LinksJustMailed, OrderUnpaid
from engine.domain.money.buyers import checked_address
from engine.domain.money.orders import Order
from engine.domain.order_states import SOLD
from engine.domain.tickets.order_links import GENERATIONS_MAX
from engine.foundation.bearer import Person
from engine.foundation.errors import Invalid
from engine.foundation.ids import new_id
from engine.foundation.news import News
from engine.services.accounts.access import Access
from engine.services.money.orders import Orders
from engine.stores import activity, outbox
from engine.stores.database import Pool
from engine.stores.mail_server import MailServerGateway
from engine.stores.messages import notifications, redelivery
from engine.stores.money.orders import end_links, lock

SENT_AGAIN_MAX: Final = 5  # of an order
SENT_AGAIN_WITHIN_S: Final = 3_600


class Redelivery:
    """For who may change orders."""

    def __init__(
        self, *, pool: Pool, access: Access, orders: Orders, order_news: News, mail_server: MailServerGateway
    ) -> None:
        self._pool = pool
        self._access = access
        self._orders = orders
        self._order_news = order_news
        self._mail_server = mail_server

    async def send_again(self, person: Person, order_id: str, address: str) -> Order:
        """Mail the tickets to ``address``, which is the order's from now on; the order as it is then.

        Invalid at /email; OrderUnpaid if it has no tickets to send; LinksJustMailed beyond
        SENT_AGAIN_MAX in an hour, LinksEndedTooOften. NotFound, CapabilityWrong, Forbidden.
        """
        order = await self._orders.read(order_id, person=person, token=None)
        await self._access.require(person, order.organization_id, "orders.write")
        email = checked_address(address, "/email")
        if not await self._mail_server.carries(email):
            raise Invalid.at("/email", AddressNotCarried.code, AddressNotCarried.title)
        async with self._pool.acquire() as db, db.transaction():
            before = await lock(db, order.id)
            if before.status not in SOLD:
                raise OrderUnpaid
            wait_s = await redelivery.wait_s(db, order.id, SENT_AGAIN_MAX, SENT_AGAIN_WITHIN_S)
            if wait_s > 0:
                raise LinksJustMailed(retry_after_s=wait_s)
            is_corrected = email != before.buyer_email.lower()
            if is_corrected and before.link_generation >= GENERATIONS_MAX:
                raise LinksEndedTooOften
            if is_corrected:
                await redelivery.correct(db, order.id, before.buyer_email, email)
                await end_links(db, order.id)
            await notifications.lift(db, email)
            await redelivery.clear_refusal(db, order.id)
            await outbox.add(db, order.id, MailTickets(order.id, asked=True, again=new_id("ask")))
            await activity.record(
                db, person, "order.sent_again", order.id, event_id=order.event_id, order_number=order.order_number,
                corrected=is_corrected,
            )  # fmt: skip
            after = await lock(db, order.id)
        await self._order_news.changed(order.id)
        return after
