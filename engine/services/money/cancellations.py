"""A cancelled event gives everybody their money back: a refund in full is claimed for every paid order, page by page.

The refunds themselves go to the provider in the pace of its lane (jobs/refund_push.py). Orders still being paid are
made due, so that the reconciler cancels them at the provider; what was free is simply cancelled.
"""

from __future__ import annotations

from engine.domain.errands import EventCancelled
from engine.domain.errors import OrderNotRefundable, RefundExceedsPaid
from engine.domain.money.refund_requests import RefundRequest
from engine.foundation.news import News
from engine.services.money.refunds import Refunds
from engine.services.outbox import Outbox
from engine.stores.database import Pool
from engine.stores.money import cancellations as store

ORDERS_PER_PAGE = 100
PAGES_MAX = 1_000
REASON = "event_cancelled"


class Cancellations:
    """Handles EventCancelled; repeating it finds only what is left."""

    def __init__(self, *, pool: Pool, refunds: Refunds, news: News, outbox: Outbox) -> None:
        self._pool = pool
        self._refunds = refunds
        self._news = news
        self._outbox = outbox

    def register(self, outbox: Outbox) -> None:
        """Take the errand."""
        outbox.on(EventCancelled, self.event_cancelled)

    async def event_cancelled(self, errand: EventCancelled, _repeated: bool) -> None:
        event_id = errand.event_id
        await store.make_due(self._pool, event_id)
        for _ in range(PAGES_MAX):
            errands = await store.cancel_free(self._pool, event_id, ORDERS_PER_PAGE, REASON)
            await self._news.changed(*{errand.key for errand in errands})
            await self._outbox.at_once(errands)
            if not errands:
                break
        for _ in range(PAGES_MAX):
            order_ids = await store.unreturned(self._pool, event_id, ORDERS_PER_PAGE)
            for order_id in order_ids:
                await self._claim(order_id)
            if not order_ids:
                break

    async def _claim(self, order_id: str) -> None:
        try:
            await self._refunds.claim(order_id, RefundRequest(REASON))
        except (OrderNotRefundable, RefundExceedsPaid):
            return  # somebody else returned it meanwhile
