"""The client's word that it has paid: one look at the provider a second for each order, however many ask.

Anybody who asks while a look is still waiting for its time shares it. Nobody shares one that has begun: what was read
may be older than the payment. A look takes its turn in the lane behind all that the provider itself told us of.
"""

from __future__ import annotations

import asyncio

from engine.domain.errors import PaymentMismatch, ProviderUnavailable
from engine.domain.money.orders import Order
from engine.domain.order_states import EVER_PAID
from engine.services.money.lane import LOOKING, PaymentLane
from engine.services.money.payments import Payments

LOOKS_MAX = 500  # orders of one process whose look waits for its time
LOOK_WAIT_MAX_S = 2.0  # several processes may have been asked about one order


class Confirms:
    """Brings orders in line with the provider when their buyers say so."""

    def __init__(self, *, payments: Payments, lane: PaymentLane) -> None:
        self._payments = payments
        self._lane = lane
        self._waiting: dict[str, asyncio.Task[Order]] = {}
        self._under_way: dict[str, asyncio.Task[Order]] = {}

    async def confirm(self, order: Order, intent_id: str) -> Order:
        """The order as it is after the provider was asked, if it need be. The caller has checked who asks.

        PaymentMismatch if the payment is another order's; ProviderUnavailable if too many ask.
        """
        if order.payment_intent_id is not None and order.payment_intent_id != intent_id:
            raise PaymentMismatch(order_id=order.id)
        if order.status in EVER_PAID:
            return order
        task = self._waiting.get(order.id)
        if task is None:
            if len(self._waiting) >= LOOKS_MAX:
                raise ProviderUnavailable("Too many payments are being looked at", retry_after_s=2)
            task = self._waiting[order.id] = asyncio.get_running_loop().create_task(self._look(order.id, intent_id))
            task.add_done_callback(lambda done: self._over(order.id, done))
        return await asyncio.shield(task)

    async def _look(self, order_id: str, intent_id: str) -> Order:
        before = self._under_way.get(order_id)
        if before is not None:
            await asyncio.wait([before])
        await self._lane.once_a_second(order_id, wait_max_s=LOOK_WAIT_MAX_S)
        task = self._waiting.pop(order_id)
        self._under_way[order_id] = task
        return await self._payments.converge(order_id, intent_id=intent_id, endpoint=LOOKING)

    def _over(self, order_id: str, task: asyncio.Task[Order]) -> None:
        for tasks in (self._waiting, self._under_way):
            if tasks.get(order_id) is task:
                del tasks[order_id]
        if not task.cancelled():
            task.exception()  # everybody who asked may be gone
