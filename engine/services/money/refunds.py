"""Refunds: cents are claimed in the ledger, then given back at the provider, then felt by order, tickets and units.

Tickets of refunded lines stop admitting at once; their units are free again only when the provider has accepted the
refund. A refund the provider refuses gives the cents and the tickets back. What cost nothing is given back in the same
way, without the provider; so is what was paid at the box office, which somebody returns by hand. Refunds made at the
provider's own desk are taken over as they are.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from prometheus_client import Counter

from engine.domain.errors import PaymentRefused, SwitchedOff
from engine.domain.money.orders import Order
from engine.domain.money.payments import ProviderRefund
from engine.domain.money.refund_requests import RefundRequest
from engine.domain.money.refunds import Refund
from engine.domain.order_states import EVER_PAID
from engine.foundation import logs
from engine.foundation.bearer import Person
from engine.foundation.errors import NotFound
from engine.foundation.ids import id_from_bytes, is_id
from engine.foundation.news import News
from engine.services.accounts.access import Access
from engine.services.accounts.flags import Switches
from engine.services.money.lane import PaymentLane
from engine.services.outbox import Outbox
from engine.stores.money.orders import OrderStore
from engine.stores.money.refunds import DoesNotFit, RefundStore
from engine.stores.money.stripe_gateway import StripeGateway
from engine.stores.outbox import OutboxRow

ID_BYTES = 16
REFUNDS_PER_STEP = 50
PUSH_CONCURRENCY = 4

_REFUNDS = Counter("onsale_refunds_total", "Refunds by outcome", ["outcome"])
_log = logs.get("refunds")


class Refunds:
    """Gives money back."""

    def __init__(
        self,
        *,
        store: RefundStore,
        orders: OrderStore,
        news: News,
        gateway: StripeGateway,
        lane: PaymentLane,
        outbox: Outbox,
        access: Access,
        switches: Switches | None = None,
    ) -> None:
        self._store = store
        self._orders = orders
        self._news = news
        self._gateway = gateway
        self._lane = lane
        self._outbox = outbox
        self._access = access
        self._switches = switches or Switches()

    async def create(
        self, actor: Person, order_id: str, request: RefundRequest, *, once_as: bytes | None = None
    ) -> Refund:
        """Refund by an organizer. RefundExceedsPaid if less is left, OrderNotRefundable if nothing was paid.

        The answer may still be pending: the provider is asked again until it knows. ``once_as`` (the scope of an
        idempotency key) names the refund: anybody who lost the answer and asks again gets the same one, not a second.
        """
        if not self._switches.refunds:
            raise SwitchedOff("Refunds are switched off", retry_after_s=60)
        order = await self._orders.read(order_id) if is_id("ord", order_id) else None
        if order is None:
            raise NotFound("There is no such order")
        await self._access.require(actor, order.organization_id, "refunds.write", hidden=NotFound)
        refund_id = await self.claim(order_id, request, actor, once_as=once_as)
        await self._try_push(refund_id)
        return await self.read(refund_id)

    async def begin(self, order_id: str, refund_id: str, errands: list[OutboxRow]) -> None:
        """Tell of a refund that was claimed just now and put it to the provider; if that fails, it is due again."""
        await self._news.changed(order_id)
        await self._outbox.at_once(errands)
        await self._try_push(refund_id)

    async def of_order(self, order_id: str) -> list[Refund]:
        """Oldest first; the caller has checked who asks."""
        return await self._store.of_order(order_id)

    async def read(self, refund_id: str) -> Refund:
        refund = await self._store.read(refund_id)
        if refund is None:
            raise NotFound("There is no such refund")
        return refund

    async def push(self, refund_id: str) -> None:
        """Put a pending refund to the provider, under its own id as idempotency key, and apply the answer."""
        refund = await self._store.read(refund_id)
        if refund is None or refund.status != "pending":
            return
        if refund.amount_cents == 0:  # what cost nothing is given back without the provider
            await self._succeed(refund, None)
            return
        order = await self._orders.read(refund.order_id)
        assert order is not None
        intent_id = order.payment_intent_id
        if intent_id is None:
            assert await self._store.paid_at_counter(order.id), "a paid order without a payment"
            await self._succeed(refund, None)  # returned by hand, over the counter
            return
        try:
            answer = await self._lane.run(
                "refunds.create",
                lambda: self._gateway.refund(
                    refund_id=refund.id,
                    order_id=order.id,
                    intent_id=intent_id,
                    amount_cents=refund.amount_cents,
                    currency=order.currency,
                    from_account=order.destination_account is not None,
                    with_fee=order.price.get("service_fee_cents", 0) > 0,
                ),
            )
        except PaymentRefused as refused:
            await self._fail(refund, str(refused.detail))
            return
        await self._apply(refund, answer)

    async def step(self) -> int:
        """Put due pending refunds to the provider (again); how many there were."""
        due = await self._store.claim_due(REFUNDS_PER_STEP)
        gate = asyncio.Semaphore(PUSH_CONCURRENCY)

        async def one(refund_id: str) -> None:
            async with gate:
                await self._try_push(refund_id)

        await asyncio.gather(*(one(refund_id) for refund_id in due))
        return len(due)

    async def converge(self, order: Order) -> None:
        """Bring the ledger in line with the provider's refunds of this order, anybody who made them."""
        intent_id = order.payment_intent_id
        if intent_id is None or order.status not in EVER_PAID:
            return
        found = await self._lane.run("refunds.list", lambda: self._gateway.refunds_of(intent_id))
        known = await self._store.of_order(order.id)
        by_id = {refund.id: refund for refund in known}
        by_provider_id = {refund.provider_refund_id: refund for refund in known}
        for answer in found:
            refund = by_provider_id.get(answer.id) or by_id.get(answer.refund_id or "")
            refund = refund or await self._take_over(order.id, answer)
            if refund is not None:
                await self._apply(refund, answer)

    async def claim(
        self, order_id: str, request: RefundRequest, actor: Person | None = None, *, once_as: bytes | None = None
    ) -> str:
        """Claim the cents and stop the tickets; the refund's id. It is put to the provider by anybody who comes first.

        ``actor`` None is the system itself.
        """
        once_id = id_from_bytes("ref", once_as[:ID_BYTES]) if once_as is not None else None
        refund_id, errands = await self._store.claim(order_id, request, actor, once_id=once_id)
        await self._news.changed(order_id)
        await self._outbox.at_once(errands)
        return refund_id

    async def _take_over(self, order_id: str, answer: ProviderRefund) -> Refund | None:
        """A refund that was made at the provider gets its row; None if it is more than we know to be left."""
        try:
            taken = await self._store.take_over(order_id, answer)
        except DoesNotFit:
            _log.error("provider_refund_does_not_fit", order_id=order_id, provider_refund_id=answer.id)
            return None
        await self._news.changed(order_id)
        return taken

    async def _apply(self, refund: Refund, answer: ProviderRefund) -> None:
        if answer.refused:
            await self._fail(replace(refund, provider_refund_id=answer.id), f"the provider says {answer.status}")
        elif answer.status == "succeeded":
            await self._succeed(refund, answer.id)

    async def _succeed(self, refund: Refund, provider_refund_id: str | None) -> None:
        errands = await self._store.succeed(refund, provider_refund_id)
        if errands is not None:
            _REFUNDS.labels("succeeded").inc()
            await self._news.changed(refund.order_id)
            await self._outbox.at_once(errands)

    async def _fail(self, refund: Refund, error: str) -> None:
        failed = await self._store.fail(refund, error)
        if failed is None:
            return
        after_success, errands = failed
        _REFUNDS.labels("failed").inc()
        await self._news.changed(refund.order_id)
        _log.error(
            "refund_failed", order_id=refund.order_id, refund_id=refund.id, error=error, after_success=after_success
        )
        await self._outbox.at_once(errands)

    async def _try_push(self, refund_id: str) -> None:
        try:
            await self.push(refund_id)
        except Exception as error:  # noqa: BLE001 - it stays pending and is due again
            _log.warning("refund_waits", refund_id=refund_id, error=repr(error))
