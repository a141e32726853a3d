"""Payments: opening one for an order, and the one way in which an order becomes paid.

Webhook, client and reconciler all come to ``converge``: the intent is read afresh at the provider, checked against the
order, judged, and applied in one idempotent transaction. Nobody's word but the provider's settles anything.

An order is closed only after the provider said that it can never be charged any more. Money that still arrives for a
closed order gets its units back if they are free, and else is returned in full at once.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

from prometheus_client import Counter, Gauge

from engine.domain.errors import OrderExpired, OrderNotPayable, PaymentMismatch, PaymentRefused, ProviderUnavailable
from engine.domain.money import payments as rules
from engine.domain.money.orders import Order
from engine.domain.money.payments import Intent, Verdict
from engine.domain.order_states import CLOSED, EVER_PAID, OPEN, TERMINAL_WITHIN_S
from engine.foundation import logs
from engine.foundation.clock import now
from engine.foundation.errors import NotFound
from engine.foundation.idempotency import Answer, Once
from engine.foundation.ids import is_id
from engine.foundation.metrics import labelled
from engine.foundation.news import News
from engine.services.money.lane import OPENING, READING, TURN_WAIT_MAX_S, PaymentLane
from engine.services.money.reclaim import Reclaim
from engine.services.money.refunds import Refunds
from engine.services.outbox import Outbox
from engine.stores.money.orders import OrderStore
from engine.stores.money.payments import PaymentStore, Settlement
from engine.stores.money.stripe_gateway import StripeGateway
from engine.stores.money.webhook_events import Received

RECONCILED_PER_STEP = 100
RECONCILE_CONCURRENCY = 8
RECONCILE_AGAIN_S = 15.0
KEY_REUSED = "idempotency_error"  # the provider's word: the order was asked for with other facts, and may be paid
LOOK_WAIT_MAX_S = 1.0  # looking early must not keep payments waiting
OPENED_MAX = 2_000  # orders whose payment this process opened and has yet to hear of, with their lines

_SETTLED = Counter("onsale_orders_settled_total", "Orders that became paid", ["how"])
_CLOSED = Counter("onsale_orders_closed_total", "Orders that ended unpaid", ["how"])
_LATE = Gauge("onsale_orders_unsettled_late", "Open orders whose deadline passed more than 120 s ago")
_log = logs.get("payments")


@dataclass(slots=True)
class Told:
    """An event on its way to its order: ``kept`` once it was written with what it led to.

    ``was_here``: it had been written before.
    """

    event: Received
    kept: bool = False
    was_here: bool = False


@dataclass(frozen=True, slots=True)
class Keeping:
    """What the buyer is answered, to be kept in the statement that keeps the payment."""

    once: Once
    answer_of: Callable[[Intent], Answer]


class Payments:
    """Orders and their payments brought together."""

    def __init__(
        self,
        *,
        store: PaymentStore,
        orders: OrderStore,
        news: News,
        gateway: StripeGateway,
        lane: PaymentLane,
        outbox: Outbox,
        reclaims: Reclaim,
        refunds: Refunds,
    ) -> None:
        self._store = store
        self._orders = orders
        self._news = news
        self._gateway = gateway
        self._lane = lane
        self._outbox = outbox
        self._reclaims = reclaims
        self._refunds = refunds
        self._opening: dict[str, asyncio.Task[Intent]] = {}
        self._opened: OrderedDict[str, Order] = OrderedDict()

    async def open(self, order: Order, keeping: Keeping | None = None) -> Intent:
        """The order's payment, created once. ProviderUnavailable keeps the order and its units: ask again.

        ``keeping`` is written with it, unless somebody else had begun to open it.

        OrderExpired if the order ended meanwhile; its payment is then cancelled and its secret never leaves us.
        PaymentRefused ends the order and gives its units back: asking again would be refused again.
        """
        task = self._opening.get(order.id)
        if task is None:
            task = self._opening[order.id] = asyncio.get_running_loop().create_task(self._open(order, keeping))
            task.add_done_callback(lambda _: self._opening.pop(order.id, None))
        return await asyncio.shield(task)

    async def converge(
        self,
        order_id: str,
        *,
        intent_id: str | None = None,
        told: Told | None = None,
        turn_wait_max_s: float = TURN_WAIT_MAX_S,
        endpoint: str = READING,
    ) -> Order:
        """Bring the order in line with the provider; the order as it is afterwards.

        ``intent_id`` is a claim, checked against the order. NotFound if there is no such order (yet). ``endpoint``
        names the line in which the provider is asked. ``told``: the event that pointed here.
        """
        order = self._as_opened(order_id, intent_id) if told is not None else None
        opened_here = order is not None
        order = order or await self._read(order_id)
        known = order.payment_intent_id or intent_id
        if intent_id is not None and known != intent_id:
            raise PaymentMismatch(order_id=order_id)
        if order.status in EVER_PAID or known is None:
            return order
        intent = await self._lane.run(
            endpoint, lambda: self._gateway.read_intent(known), turn_wait_max_s=turn_wait_max_s
        )
        if opened_here and rules.judge(intent) is not Verdict.SETTLE:
            order = await self._read(order_id)
        return await self._apply(order, intent, told)

    async def settle_free(self, order: Order) -> Order:
        """An order of zero is paid at once, without the provider."""
        assert order.amount_cents == 0, "only what costs nothing is settled without the provider"
        return await self._settle(order, None, None)

    async def cancel(self, order_id: str, *, actor_kind: str, actor_id: str) -> Order:
        """Buyer or organizer gives up: cancelled at the provider first. OrderNotPayable if it is too late."""
        order = await self._read(order_id)
        if order.status == "cancelled":
            return order
        if order.status not in OPEN:
            raise OrderNotPayable(order_status=order.status)
        note = "cancelled_by_" + actor_kind
        order = await self._close(order, status="cancelled", note=note, actor=(actor_kind, actor_id))
        if order.status != "cancelled":
            raise OrderNotPayable(order_status=order.status)
        return order

    async def reconcile(self) -> int:
        """One step over open orders that are due: each is settled, closed, or looked at again; how many were due."""
        due = await self._store.claim_due(RECONCILED_PER_STEP, again_in_s=RECONCILE_AGAIN_S)
        gate = asyncio.Semaphore(RECONCILE_CONCURRENCY)

        async def one(order_id: str) -> None:
            async with gate:
                await self._reconcile_one(order_id)

        await asyncio.gather(*(one(order_id) for order_id in due))
        late = await self._store.count_late(TERMINAL_WITHIN_S)
        _LATE.set(late)
        if late:
            _log.error("orders_unsettled_late", orders=late, late_s=TERMINAL_WITHIN_S)
        return len(due)

    async def _reconcile_one(self, order_id: str) -> None:
        try:
            order = await self._read(order_id)
            if order.status not in OPEN:
                return
            if order.amount_cents == 0:
                await self.settle_free(order)
            elif order.overdue(now()):
                await self._close(order, status="expired", note="expired", actor=("system", ""))
            else:
                await self.converge(order_id, turn_wait_max_s=LOOK_WAIT_MAX_S)
        except Exception as error:  # noqa: BLE001 - one order's trouble must not stop the others; it is due again soon
            _log.warning("reconcile_failed", order_id=order_id, error=repr(error))

    async def _open(self, order: Order, keeping: Keeping | None) -> Intent:
        try:
            intent = await self._create(order)
        except PaymentRefused as refused:
            if refused.facts.get("provider_code") != KEY_REUSED:
                await self._end(order, "cancelled", "refused_by_the_provider", ("system", ""))
            raise
        answer = keeping.answer_of(intent) if keeping else None
        if await self._orders.attach(order.id, intent.id, intent.client_secret, answer):
            if keeping is not None:
                keeping.once.kept = True
            self._opened[order.id] = replace(order, payment_intent_id=intent.id, client_secret=intent.client_secret)
            if len(self._opened) > OPENED_MAX:
                self._opened.popitem(last=False)
        else:
            ended = await self._read(order.id)
            if ended.status in CLOSED:
                await self._lane.run("payment_intents.cancel", lambda: self._gateway.cancel_intent(intent.id))
                raise OrderExpired
        return intent

    def _as_opened(self, order_id: str, intent_id: str | None) -> Order | None:
        """The order as it was when its payment was opened here, once; None if that was elsewhere, or another payment.

        What settling needs of it never changes, and settling looks whether it is open still. So the first who tells
        that it is paid needs no other look.
        """
        order = self._opened.pop(order_id, None)
        return order if order is not None and order.payment_intent_id == intent_id else None

    async def _create(self, order: Order) -> Intent:
        """Create, or learn again by the same idempotency key, the order's intent."""
        return await self._lane.run(
            OPENING,
            lambda: self._gateway.create_intent(
                order_id=order.id,
                order_number=order.order_number,
                user_id=order.user_id,
                amount_cents=order.amount_cents,
                currency=order.currency,
                receipt_email=order.buyer_email,
                payment_method_id=order.payment_method_id,
                destination_account=order.destination_account,
                application_fee_cents=min(order.price.get("service_fee_cents", 0), order.amount_cents),
            ),
        )

    async def _close(self, order: Order, *, status: str, note: str, actor: tuple[str, str]) -> Order:
        """Cancelled at the provider first; whatever it answers decides."""
        intent_id = order.payment_intent_id
        if intent_id is None:
            try:
                intent_id = (await self._create(order)).id
            except PaymentRefused as refused:
                if refused.facts.get("provider_code") == KEY_REUSED:
                    raise
                return await self._end(order, status, note, actor)
        intent = await self._lane.run("payment_intents.cancel", lambda: self._gateway.cancel_intent(intent_id))
        if rules.judge(intent) is Verdict.CLOSE:
            return await self._end(order, status, note, actor)
        if rules.judge(intent) is Verdict.OPEN:
            raise ProviderUnavailable("The payment could not be cancelled yet", retry_after_s=3)
        return await self._apply(order, intent, None)

    async def _apply(self, order: Order, intent: Intent, told: Told | None) -> Order:
        try:
            rules.check(
                intent,
                order_id=order.id,
                intent_id=order.payment_intent_id,
                amount_cents=order.amount_cents,
                currency=order.currency,
            )
        except PaymentMismatch:
            _log.error("payment_mismatch", order_id=order.id, intent_id=intent.id)
            raise
        verdict = rules.judge(intent)
        if verdict is Verdict.SETTLE:
            return await self._settle(order, intent.id, told)
        if order.status not in OPEN:
            return order
        if verdict is Verdict.CLOSE:
            status = "expired" if order.overdue(now()) else "cancelled"
            return await self._end(order, status, "cancelled_at_the_provider", ("system", ""))
        await self._store.note(order.id, processing=verdict is Verdict.WAIT, error=intent.error)
        await self._news.changed(order.id)
        return await self._read(order.id)

    async def _settle(self, order: Order, intent_id: str | None, told: Told | None) -> Order:
        lines = tuple(line.line for line in order.lines)
        settled = await self._store.settle(Settlement(order.id, intent_id, lines, told.event if told else None))
        if settled is not None:
            if told is not None and settled.was_here is not None:
                told.kept, told.was_here = True, settled.was_here
            labelled(_SETTLED, "free" if intent_id is None else "paid").inc()
            await self._news.changed(order.id)
            await self._outbox.at_once(settled.errands)
            return replace(
                order,
                status="paid",
                paid_at=settled.paid_at,
                payment_error=None,
                payment_intent_id=order.payment_intent_id or intent_id,
            )
        order = await self._read(order.id)
        if order.status in CLOSED and intent_id is not None:
            return await self._paid_late(order, intent_id)
        return order

    async def _paid_late(self, order: Order, intent_id: str) -> Order:
        """Money for a closed order: its units again if they are free, else all of it back."""
        taken = await self._reclaims.take(order)
        if taken is not None:
            hold_id, units = taken
            errands = await self._store.reclaim(order, intent_id, units, hold_id)
            if errands is not None:
                labelled(_SETTLED, "reclaimed").inc()
                await self._news.changed(order.id)
                _log.warning("paid_after_expiry_reclaimed", order_id=order.id)
                await self._outbox.at_once(errands)
                return await self._read(order.id)
        refund_id = await self._store.lost(order, intent_id)
        if refund_id is not None:
            labelled(_SETTLED, "refunded").inc()
            await self._news.changed(order.id)
            _log.warning("paid_after_expiry_refunded", order_id=order.id, refund_id=refund_id)
            await self._refunds.push(refund_id)
        return await self._read(order.id)

    async def _end(self, order: Order, status: str, note: str, actor: tuple[str, str]) -> Order:
        errands = await self._store.end(order.id, status=status, note=note, actor_kind=actor[0], actor_id=actor[1])
        if errands is not None:
            labelled(_CLOSED, status).inc()
            await self._news.changed(order.id)
            await self._outbox.at_once(errands)
        return await self._read(order.id)

    async def _read(self, order_id: str) -> Order:
        order = await self._orders.read(order_id) if is_id("ord", order_id) else None
        if order is None:
            raise NotFound("There is no such order")
        return order
