"""Webhooks: stored once under their event id and handled at once; what cannot be handled yet is parked and repeated.

The news that an order is paid is tried first and stored with the tickets it leads to, in one transaction; what comes to
nothing is stored then, before the provider is answered. All other kinds are stored first. Copies wait for the first.

An event only says where to look. Its effect comes from reading the provider afresh, so copies, reordering and late
arrival all end in the same place.

SignatureRefused 400 webhook_signature_invalid
"""

from __future__ import annotations

import asyncio

from prometheus_client import Counter

from engine.domain.errors import PaymentMismatch, PaymentRefused
from engine.domain.money.orders import Order
from engine.domain.money.provider_events import about, read_event
from engine.foundation import logs
from engine.foundation.errors import Malformed, NotFound
from engine.foundation.ids import is_id
from engine.foundation.metrics import labelled
from engine.services.money.disputes import Disputes
from engine.services.money.lane import TURN_WAIT_MAX_S
from engine.services.money.payments import Payments, Told
from engine.services.money.payouts.connect import Connect
from engine.services.money.refunds import Refunds
from engine.stores.money.orders import OrderStore
from engine.stores.money.stripe_gateway import SignatureWrong, StripeGateway
from engine.stores.money.webhook_events import DeadEvent, Received, WebhookEventStore

AT_ONCE_TIMEOUT_S = 8.0  # the provider waits for our answer; what takes longer is the worker's
AT_ONCE_TURN_WAIT_MAX_S = 4.0  # a turn that was taken must be used: less than the timeout leaves room for the call
RETRY_TIMEOUT_S = 30.0
RETRIED_PER_STEP = 100
RETRY_CONCURRENCY = 8
PAID = "payment_intent.succeeded"
ACCOUNT = "account.updated"
NO_SUCH_PAYMENT = "resource_missing"  # the provider's word
LED_TO = ("checkout.session.", "refund.", "charge.refund", "charge.dispute.")  # kinds that name a payment of ours

_EVENTS = Counter("onsale_webhooks_total", "Webhook events by outcome", ["kind", "outcome"])
_log = logs.get("webhooks")


class SignatureRefused(Malformed):
    code, title = "webhook_signature_invalid", "The signature does not verify"


class Webhooks:
    """Receives and repeats the payment provider's events."""

    def __init__(
        self,
        *,
        store: WebhookEventStore,
        orders: OrderStore,
        gateway: StripeGateway,
        payments: Payments,
        refunds: Refunds,
        disputes: Disputes,
        connect: Connect,
    ) -> None:
        self._store = store
        self._orders = orders
        self._gateway = gateway
        self._payments = payments
        self._refunds = refunds
        self._disputes = disputes
        self._connect = connect
        self._under_way: dict[str, asyncio.Task[bool]] = {}

    async def receive(self, body: bytes, signature: str, correlation_id: str) -> bool:
        """Store a signed event, then handle it; False if it was here before. SignatureRefused.

        What is signed is taken, whatever it says: refused, the provider would send it again for days.
        """
        try:
            self._gateway.verify(body, signature)
        except SignatureWrong as error:
            labelled(_EVENTS, "unknown", "bad_signature").inc()
            raise SignatureRefused from error
        read = read_event(body)
        if read is None:
            labelled(_EVENTS, "unknown", "unreadable").inc()
            _log.warning("webhook_unreadable", body_bytes=len(body))
            return True
        event = Received(read.id, read.kind, read.object_id, read.payload, correlation_id)
        before = self._under_way.get(event.id)
        if before is not None:
            await asyncio.wait([before])
            return await self._receive(event, told=None)
        task = self._under_way[event.id] = asyncio.get_running_loop().create_task(
            self._receive(event, told=Told(event) if event.kind == PAID else None)
        )
        task.add_done_callback(lambda done: self._over(event.id, done))
        return await asyncio.shield(task)

    async def step(self) -> int:
        """Repeat what is due; how many there were."""
        due = await self._store.claim_due(RETRIED_PER_STEP)
        gate = asyncio.Semaphore(RETRY_CONCURRENCY)

        async def one(event: Received) -> None:
            async with gate:
                await self._end(event, await self._try(event, RETRY_TIMEOUT_S, TURN_WAIT_MAX_S))

        await asyncio.gather(*(one(event) for event in due))
        return len(due)

    async def forget(self) -> int:
        """Empty old events of what they say about buyers; how many."""
        return await self._store.forget()

    async def dead(self, limit: int) -> list[DeadEvent]:
        """The dead letters, oldest first."""
        return await self._store.dead(limit)

    async def replay(self, event_id: str) -> DeadEvent | None:
        """Requeue a dead letter. Returns it as it was, or None if it is not dead."""
        return await self._store.replay(event_id)

    async def _receive(self, event: Received, *, told: Told | None) -> bool:
        """False if it was here before. ``told``: it is tried first, and kept in one transaction with its effect."""
        label, outcome = _label(event.kind), None
        if told is not None:
            outcome = await self._try(event, AT_ONCE_TIMEOUT_S, AT_ONCE_TURN_WAIT_MAX_S, told)
            if told.kept:
                labelled(_EVENTS, label, "repeated" if told.was_here else "processed").inc()
                return not told.was_here
        if not await self._store.store(event):
            labelled(_EVENTS, label, "repeated").inc()
            return False
        if outcome is None:
            outcome = await self._try(event, AT_ONCE_TIMEOUT_S, AT_ONCE_TURN_WAIT_MAX_S)
        await self._end(event, outcome)
        return True

    def _over(self, event_id: str, task: asyncio.Task[bool]) -> None:
        if self._under_way.get(event_id) is task:
            del self._under_way[event_id]
        if not task.cancelled():
            task.exception()  # who sent it may be gone

    async def _try(
        self, event: Received, timeout_s: float, turn_wait_max_s: float, told: Told | None = None
    ) -> bool | Exception:
        """Whether it is about something of ours, or why that could not be done."""
        try:
            async with asyncio.timeout(timeout_s):
                return await self._effect(event, turn_wait_max_s, told)
        except Exception as error:  # noqa: BLE001 - it is stored: whatever went wrong, it is repeated
            return error

    async def _end(self, event: Received, outcome: bool | Exception) -> None:
        """Write what became of a stored event."""
        label = _label(event.kind)
        try:
            if isinstance(outcome, Exception):
                raise outcome
            await self._store.processed(event.id, ignored=not outcome)
            labelled(_EVENTS, label, "processed" if outcome else "ignored").inc()
        except Exception as error:  # noqa: BLE001 - as above
            if _is_about_nothing(error):
                await self._store.processed(event.id, ignored=True, note=repr(error))
                labelled(_EVENTS, label, "mismatch").inc()
                return
            dead = await self._park(event, error)
            labelled(_EVENTS, label, "dead" if dead else "parked").inc()
            _log.warning("webhook_parked", event_id=event.id, kind=event.kind, dead=dead, error=repr(error))

    async def _park(self, event: Received, error: Exception) -> bool:
        try:
            return await self._store.park(event.id, repr(error))
        except Exception as again:  # noqa: BLE001 - the row is due again by itself after its head start
            _log.warning("webhook_park_failed", event_id=event.id, error=repr(again))
            return False

    async def _effect(self, event: Received, turn_wait_max_s: float, told: Told | None) -> bool:
        """Do what the event points at; False if it is none of ours."""
        if event.kind == ACCOUNT:
            return event.object_id is not None and await self._connect.converge(event.object_id)
        if not event.kind.startswith(("payment_intent.", *LED_TO)):
            return False
        facts = about(event.kind, event.payload)
        order = await self._converge(facts.order_id, facts.intent_id, told, turn_wait_max_s)
        if order is None:
            return False
        if event.kind.startswith(("refund.", "charge.refund")):
            await self._refunds.converge(order)
        elif event.kind.startswith("charge.dispute."):
            await self._disputes.converge(order)
        return True

    async def _converge(
        self, order_id: str | None, intent_id: str | None, told: Told | None, turn_wait_max_s: float
    ) -> Order | None:
        """The order behind an intent, brought in line; None if it is none of ours. NotFound: not ours *yet*."""
        if not is_id("ord", order_id):
            order = await self._orders.of_intent(intent_id) if intent_id else None
            if order is None:
                return None
            order_id = order.id
        try:
            return await self._payments.converge(
                str(order_id), intent_id=intent_id, told=told, turn_wait_max_s=turn_wait_max_s
            )
        except NotFound:
            _log.info("webhook_before_its_order", order_id=order_id)
            raise


def _is_about_nothing(error: Exception) -> bool:
    """Whether the payment is another order's, or the provider itself knows of none: asking again says the same."""
    unknown = isinstance(error, PaymentRefused) and error.facts.get("provider_code") == NO_SUCH_PAYMENT
    return unknown or isinstance(error, PaymentMismatch)


def _label(kind: str) -> str:
    """The event's family: metric labels must stay few."""
    family = kind.partition(".")[0]
    return family if family in {"payment_intent", "charge", "refund", "checkout"} else "other"
