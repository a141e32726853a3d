"""Refunds: cents are claimed in the ledger, then given back at the provider, then felt by order, tickets and units.

Tickets of refunded lines stop admitting at once; their units are free again only when the provider has accepted the
refund. A refund the provider refuses gives the cents and the tickets back. Refunds made at the provider's own desk are
taken over as they are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from prometheus_client import Counter

from engine.domain.errors import OrderNotRefundable, PaymentRefused, RefundExceedsPaid, SwitchedOff
from engine.domain.money import refunds as rules
from engine.domain.money.orders import Order
from engine.domain.money.payments import ProviderRefund
from engine.domain.money.refund_requests import RefundRequest, parts_of
from engine.domain.money.refunds import Refund
from engine.domain.order_states import EVER_PAID, REFUNDABLE
from engine.foundation import logs
from engine.foundation.bearer import Person
from engine.foundation.clock import now
from engine.foundation.errors import NotFound
from engine.foundation.idempotency import KEPT_H
from engine.foundation.ids import id_from_bytes, is_id, new_id
from engine.services.accounts.access import Access
from engine.services.money.lane import PaymentLane
from engine.services.outbox import Outbox
from engine.stores import activity, outbox
from engine.stores.database import Connection, Pool
from engine.stores.money import orders as order_store
from engine.stores.money import refunds as store
from engine.stores.money.orders import OrderStore
from engine.stores.money.stripe_gateway import StripeGateway
from engine.stores.outbox import AT_ONCE_DELAY_S, Errand

ID_BYTES = 16
REFUNDS_PER_STEP = 50
PUSH_CONCURRENCY = 4
PUSH_IN_S = 10.0  # the worker leaves a fresh refund to the process that made it

_REFUNDS = Counter("onsale_refunds_total", "Refunds by outcome", ["outcome"])
_log = logs.get("refunds")


class Refunds:
    """Gives money back."""

    def __init__(
        self,
        *,
        pool: Pool,
        orders: OrderStore,
        gateway: StripeGateway,
        lane: PaymentLane,
        outbox: Outbox,
        access: Access,
        enabled: bool = True,
    ) -> None:
        self._pool = pool
        self._orders = orders
        self._gateway = gateway
        self._lane = lane
        self._outbox = outbox
        self._access = access
        self._enabled = enabled

    async def create(
        self, actor: Person, order_id: str, request: RefundRequest, *, once_as: bytes | None = None
    ) -> Refund:
        """Refund by an organizer. RefundExceedsPaid where less is left, OrderNotRefundable where nothing was paid.

        The answer may still be pending: the provider is asked again until it knows. ``once_as`` (the scope of an
        idempotency key) names the refund: whoever lost the answer and asks again gets the same one, not a second.
        """
        if not self._enabled:
            raise SwitchedOff("Refunds are switched off", retry_after_s=60)
        order = await self._orders.read(order_id) if is_id("ord", order_id) else None
        if order is None:
            raise NotFound("There is no such order")
        await self._access.require(actor, order.organization_id, "refunds.write", hidden=NotFound)
        refund_id = await self.claim(order_id, request, actor, once_as=once_as)
        await self._try_push(refund_id)
        return await self.read(refund_id)

    async def of_order(self, order_id: str) -> list[Refund]:
        """Oldest first; the caller has checked who asks."""
        return await store.of_order(self._pool, order_id)

    async def read(self, refund_id: str) -> Refund:
        refund = await store.read(self._pool, refund_id)
        if refund is None:
            raise NotFound("There is no such refund")
        return refund

    async def push(self, refund_id: str) -> None:
        """Put a pending refund to the provider, under its own id as idempotency key, and apply the answer."""
        refund = await store.read(self._pool, refund_id)
        if refund is None or refund.status != "pending":
            return
        order = await self._orders.read(refund.order_id)
        assert order is not None
        intent_id = order.payment_intent_id
        assert intent_id is not None, "a paid order without a payment"
        try:
            answer = await self._lane.run(
                "refunds.create",
                lambda: self._gateway.refund(
                    refund_id=refund.id,
                    order_id=order.id,
                    intent_id=intent_id,
                    amount_cents=refund.amount_cents,
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
        due = await store.claim_due(self._pool, REFUNDS_PER_STEP)
        gate = asyncio.Semaphore(PUSH_CONCURRENCY)

        async def one(refund_id: str) -> None:
            async with gate:
                await self._try_push(refund_id)

        await asyncio.gather(*(one(refund_id) for refund_id in due))
        return len(due)

    async def converge(self, order: Order) -> None:
        """Bring the ledger in line with the provider's refunds of this order, whoever made them."""
        intent_id = order.payment_intent_id
        if intent_id is None or order.status not in EVER_PAID:
            return
        found = await self._lane.run("refunds.list", lambda: self._gateway.refunds_of(intent_id))
        known = await store.of_order(self._pool, order.id)
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
        """Claim the cents and stop the tickets; the refund's id. It is put to the provider by whoever comes first.

        ``actor`` None is the system itself.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            order = await order_store.read(connection, order_id, lock=True)
            assert order is not None
            refund_id = id_from_bytes("ref", once_as[:ID_BYTES]) if once_as is not None else new_id("ref")
            known = await store.read(connection, refund_id) if once_as is not None else None
            if known is not None and known.created_at > now() - timedelta(hours=KEPT_H):
                return known.id
            if known is not None:
                refund_id = new_id("ref")
            so_far = await store.refunded(connection, order_id)
            left_cents = order.amount_cents - so_far.total_cents
            if order.status not in EVER_PAID or order.amount_cents == 0:
                raise OrderNotRefundable(order_status=order.status)
            if order.status not in REFUNDABLE or left_cents <= 0:
                raise RefundExceedsPaid(refundable_cents=0)
            tickets = await store.tickets(connection, order_id)
            parts, ticket_ids = parts_of(order, so_far, request, tickets)
            await store.add(
                connection,
                refund_id,
                order_id,
                parts,
                ticket_ids=ticket_ids,
                reason=request.reason,
                created_by=actor.user_id if actor else "system",
                push_in_s=PUSH_IN_S if actor else 0,
            )
            units = await store.turn_tickets(connection, order_id, ticket_ids, to="refunded")
            await activity.record(
                connection, actor, "refund.requested", order_id, refund_id=refund_id, amount_cents=parts.total_cents
            )
            errands = await _tell_gates(connection, order, units)
        await self._outbox.at_once(errands)
        return refund_id

    async def _take_over(self, order_id: str, answer: ProviderRefund) -> Refund | None:
        """A refund that was made at the provider gets its row; None where it is more than we know to be left."""
        async with self._pool.acquire() as connection, connection.transaction():
            order = await order_store.read(connection, order_id, lock=True)
            assert order is not None
            if any(refund.provider_refund_id == answer.id for refund in await store.of_order(connection, order_id)):
                return None
            so_far = await store.refunded(connection, order_id)
            left_cents = order.amount_cents - so_far.total_cents
            if answer.status in {"failed", "canceled"} or not 0 < answer.amount_cents <= left_cents:
                _log.error("provider_refund_does_not_fit", order_id=order_id, provider_refund_id=answer.id)
                return None
            parts = rules.of_amount(answer.amount_cents, paid=order.paid_parts, refunded=so_far)
            refund_id = new_id("ref")
            await store.add(
                connection, refund_id, order_id, parts, ticket_ids=(), reason=answer.reason or "made at the provider",
                created_by="provider", provider_refund_id=answer.id, push_in_s=store.RETRY_MAX_S,
            )  # fmt: skip
            return await store.read(connection, refund_id)

    async def _apply(self, refund: Refund, answer: ProviderRefund) -> None:
        if answer.status in {"failed", "canceled"}:
            await self._fail(replace(refund, provider_refund_id=answer.id), f"the provider says {answer.status}")
        elif answer.status == "succeeded":
            await self._succeed(refund, answer.id)

    async def _succeed(self, refund: Refund, provider_refund_id: str) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            order = await order_store.read(connection, refund.order_id, lock=True)
            assert order is not None
            if not await store.succeeded(connection, refund.id, provider_refund_id):
                return
            status = await store.total(connection, order.id)
            errands = []
            if status == "refunded":
                every = [ticket["id"] for ticket in await store.tickets(connection, order.id)]
                units = await store.turn_tickets(connection, order.id, every, to="refunded")
                errands += await _tell_gates(connection, order, units)
            freed = await store.free_units(connection, order.id)
            if freed:
                payload = {
                    "event_id": order.event_id,
                    "units": [unit for unit, _ in freed],
                    "types": [kind for _, kind in freed],
                    "op_id": refund.id,
                }
                errands.append(
                    await outbox.add(connection, "inventory.free", order.id, payload, delay_s=AT_ONCE_DELAY_S)
                )
            await outbox.add(connection, "mail.refund", order.id, {"refund_id": refund.id})
            await activity.record(
                connection, None, "refund.succeeded", order.id, refund_id=refund.id, amount_cents=refund.amount_cents
            )
        _REFUNDS.labels("succeeded").inc()
        await self._outbox.at_once(errands)

    async def _fail(self, refund: Refund, error: str) -> None:
        """The cents are refundable again; tickets whose units were not let go admit again."""
        async with self._pool.acquire() as connection, connection.transaction():
            order = await order_store.read(connection, refund.order_id, lock=True)
            assert order is not None
            standing = await store.read(connection, refund.id)  # it may have succeeded since it was looked at
            had_succeeded = standing is not None and standing.status == "succeeded"
            if not await store.failed(connection, refund.id, error):
                return
            await store.total(connection, order.id)
            units = []
            if not had_succeeded:
                units = await store.turn_tickets(
                    connection, order.id, refund.ticket_ids, to="valid", when=("refunded",)
                )
            errands = await _tell_gates(connection, order, units)
            await activity.record(connection, None, "refund.failed", order.id, refund_id=refund.id, error=error)
        _REFUNDS.labels("failed").inc()
        _log.error("refund_failed", order_id=order.id, refund_id=refund.id, error=error, after_success=had_succeeded)
        await self._outbox.at_once(errands)

    async def _try_push(self, refund_id: str) -> None:
        try:
            await self.push(refund_id)
        except Exception as error:  # noqa: BLE001 - it stays pending and is due again
            _log.warning("refund_waits", refund_id=refund_id, error=repr(error))


async def _tell_gates(connection: Connection, order: Order, units: Sequence[int]) -> list[Errand]:
    if not units:
        return []
    payload = {"event_id": order.event_id, "units": list(units)}
    return [await outbox.add(connection, "tickets.changed", order.id, payload, delay_s=AT_ONCE_DELAY_S)]
