"""The payment provider's books next to ours: what it took and gave back, order by order.

Read only. One account is one shop's: a payment with an order id that we do not know is money without an order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from engine.domain.money.payments import Taken
from engine.domain.order_states import EVER_PAID
from engine.foundation.errors import Unavailable
from engine.services.money.lane import PaymentLane
from engine.stores.insight.audit import AuditStore
from engine.stores.money.stripe_gateway import StripeGateway

PAGES_MAX = 2_000  # 200,000 payments
PATIENCE_S = 5.0
OLDER_S = 3_600  # a payment is made after its order, by clocks that may differ


@dataclass(frozen=True, slots=True)
class Books:
    """What was read; ``problem`` says why it is not everything."""

    by_order: dict[str, list[Taken]] = field(default_factory=dict)
    strays: list[Taken] = field(default_factory=list)  # kept for orders that do not exist
    problem: str | None = None

    @property
    def payments(self) -> int:
        return sum(map(len, self.by_order.values()))


class ProviderBooks:
    """Reads them, page by page, at the pace of the payment lane."""

    def __init__(self, *, gateway: StripeGateway, lane: PaymentLane, store: AuditStore) -> None:
        self._gateway = gateway
        self._lane = lane
        self._store = store

    async def read(self) -> Books:
        since_s = await self._store.first_order_s()
        if since_s is None:
            return Books()
        found: dict[str, list[Taken]] = defaultdict(list)
        problem = await self._fill(found, since_s - OLDER_S)
        known = await self._store.known_orders(list(found))
        strays = [
            taken
            for order_id, rows in found.items()
            if order_id not in known
            for taken in rows
            if taken.captured_cents > taken.refunded_cents
        ]
        return Books(dict(found), strays, problem)

    async def _fill(self, found: dict[str, list[Taken]], since_s: int) -> str | None:
        after: str | None = None
        for _ in range(PAGES_MAX):
            ask = partial(self._gateway.taken, since_s, after)
            try:
                page, after = await self._lane.run("payment_intents.list", ask, patience_s=PATIENCE_S)
            except Unavailable as away:
                return f"the payment provider did not answer: {away}"
            for taken in page:
                found[taken.order_id].append(taken)
            if after is None:
                return None
        return f"more than {PAGES_MAX} pages of payments: the older ones were not read"


def differences(orders: Iterable[Any], books: Books) -> Iterator[str]:
    """Where the provider's books and the ledger's orders say different things."""
    for order in orders:
        payments: Sequence[Taken] = books.by_order.get(order["id"], ())
        for taken in payments:
            if taken.intent_id != order["payment_intent_id"]:
                yield from _foreign(order, taken)
            elif order["status"] in EVER_PAID:
                yield from _kept(order, taken)
            elif order["late"] and taken.captured_cents > taken.refunded_cents:
                yield (
                    f"money: {order['id']} is {order['status']}, the provider keeps "
                    f"{taken.captured_cents - taken.refunded_cents} {taken.currency} of it under {taken.intent_id}"
                )


def without_order(taken: Taken) -> str:
    return (
        f"money: the provider keeps {taken.captured_cents - taken.refunded_cents} {taken.currency} under "
        f"{taken.intent_id} for {taken.order_id}, which does not exist"
    )


def _foreign(order: Any, taken: Taken) -> Iterator[str]:
    if taken.captured_cents > taken.refunded_cents:
        yield (
            f"money: the provider captured {taken.captured_cents} {taken.currency} for {order['id']} under "
            f"{taken.intent_id}, which is not its payment ({order['payment_intent_id']})"
        )


def _kept(order: Any, taken: Taken) -> Iterator[str]:
    if taken.captured_cents != order["amount_cents"] or taken.currency != order["currency"]:
        yield (
            f"money: {order['id']} is {order['amount_cents']} {order['currency']}, the provider captured "
            f"{taken.captured_cents} {taken.currency} under {taken.intent_id}"
        )
    if not order["refunds_done_cents"] <= taken.refunded_cents <= order["refunds_cents"]:
        yield (
            f"money: {order['id']} has refunds of {order['refunds_cents']}, the provider gave back "
            f"{taken.refunded_cents} under {taken.intent_id}"
        )
