"""What somebody bought as a guest is theirs once they proved address and account; before, an account has nothing of it.

A click on the mailed link alone is no such proof: whose account it is the clicker need not know.
"""

from __future__ import annotations

from engine.domain.errands import AddressVerified, MailOwnOrders, MailTickets
from engine.domain.order_states import SOLD
from engine.foundation.ids import new_id
from engine.foundation.news import News
from engine.services.outbox import Outbox
from engine.stores import outbox as outbox_store
from engine.stores.database import Pool
from engine.stores.money import guest_orders as store

ORDERS_PER_PAGE = 200
PAGES_MAX = 500
MAILED_AGAIN_MAX = 10


class GuestOrders:
    """Handles AddressVerified, where repeating finds only what is left, and MailOwnOrders."""

    def __init__(self, *, pool: Pool, news: News) -> None:
        self._pool = pool
        self._news = news

    def register(self, outbox: Outbox) -> None:
        """Take the errand."""
        outbox.on(AddressVerified, self.attach)
        outbox.on(MailOwnOrders, self.mail_again)

    async def attach(self, errand: AddressVerified, _repeated: bool) -> None:
        for _ in range(PAGES_MAX):
            order_ids = await store.attach(self._pool, errand.user_id, ORDERS_PER_PAGE)
            await self._news.changed(*order_ids)
            if len(order_ids) < ORDERS_PER_PAGE:
                return

    async def mail_again(self, errand: MailOwnOrders, _repeated: bool) -> None:
        """Order a mail for each of the soonest MAILED_AGAIN_MAX: only who reads the address's mail gets anything."""
        for order_id in await store.to_mail(self._pool, errand.email, sorted(SOLD), MAILED_AGAIN_MAX):
            await outbox_store.add(self._pool, order_id, MailTickets(order_id, asked=True, again=new_id("ask")))
