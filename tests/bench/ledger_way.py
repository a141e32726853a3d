"""What the ledger is asked for one paid order, straight at the stores: no HTTP, no provider, no Redis.

For what belongs to Postgres alone: its settings, and the cost of each part of the way.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg

from engine.domain.money.orders import NewOrder, OrderLine, new_number
from engine.foundation import embedded
from engine.foundation.clock import now
from engine.foundation.idempotency import Answer, Claim
from engine.foundation.ids import new_id
from engine.foundation.migrate import migrate
from engine.foundation.postgres import open_postgres
from engine.stores.money.order_reads import OrderReadStore
from engine.stores.money.orders import Ask, OrderStore
from engine.stores.money.payments import PaymentStore, Settlement
from engine.stores.money.webhook_events import Received
from engine.stores.outbox import OutboxRow, OutboxStore
from tests import factories
from tests.bench.sales import EVERYTHING
from tests.bench.stage import MIGRATIONS, descendants

UNITS = 200_000  # as many as a section may have
PER_ORDER = 2
ANSWER_BYTES = 700  # of POST /v1/orders
EVENT_CHARS = 1_200  # of the provider's document, next to what we read of it
_PRICE = {
    "currency": "CAD", "face_cents": 15_000, "service_fee_cents": 900, "taxes": {"GST": 795}, "total_cents": 16_695,
    "lines": [{"face_cents": 7_500, "fee_cents": 450, "taxes": {"GST": 398}, "total_cents": 8_348}] * PER_ORDER,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ledger:
    """A Postgres of its own with an event to sell, and the stores that write to it."""

    server: embedded.Server
    pool: asyncpg.Pool
    event_id: str
    ticket_type_id: str
    orders: OrderStore
    payments: PaymentStore
    reads: OrderReadStore
    errands: OutboxStore
    numbers: itertools.count[int]

    @property
    def pids(self) -> list[int]:
        return descendants(self.server.process.pid)

    async def walk(self, orders: int, at_once: int) -> None:
        """``orders`` buyers, ``at_once`` at a time, each until it has looked at its tickets."""
        left = iter(range(orders))

        async def buyers() -> None:
            for _ in left:
                await self._buy(next(self.numbers))

        await asyncio.gather(*(buyers() for _ in range(at_once)))

    async def _buy(self, number: int) -> None:
        order = self._order(number)
        await self.orders.before(Ask(self.event_id, order.hold_id, order.buyer_email, EVERYTHING, order.lease_id))
        claim = Claim(secrets.token_bytes(32), secrets.token_bytes(32), secrets.token_bytes(12))
        placed = await self.orders.place(order, claim)
        self._done(placed.errands)
        intent_id = f"pi_{secrets.token_hex(12)}"
        answer = Answer(claim.scope, 201, "application/json", {}, b"x" * ANSWER_BYTES)
        await self.orders.attach(order.id, intent_id, f"{intent_id}_secret", answer)
        await self.orders.read(order.id)
        told: dict[str, Any] = {"id": intent_id, "metadata": {"order_id": order.id}, "rest": "x" * EVENT_CHARS}
        event = Received(f"evt_{secrets.token_hex(12)}", "payment_intent.succeeded", intent_id, told)
        settled = await self.payments.settle(Settlement(order.id, intent_id, tuple(range(PER_ORDER)), event))
        if settled is None:
            raise RuntimeError(f"{order.id} was not open")
        self._done(settled.errands)
        await self.reads.heads([order.id])
        await self.reads.tickets([order.id])

    def _done(self, errands: list[OutboxRow] | tuple[OutboxRow, ...]) -> None:
        for errand in errands:
            self.errands.done(errand)

    def _order(self, number: int) -> NewOrder:
        lines = tuple(
            OrderLine(line, number * PER_ORDER + line, self.ticket_type_id, "Floor", None, 7_500, 0, 450,
                      {"GST": 398}, 8_348)
            for line in range(PER_ORDER)
        )  # fmt: skip
        return NewOrder(
            id=new_id("ord"), number=new_number(), event_id=self.event_id, hold_id=new_id("hld"), user_id=None,
            buyer_name="Ada Lovelace", buyer_email=f"ada-{number}@example.test", consents={}, currency="CAD",
            amount_cents=16_695, price=_PRICE, lines=lines, expires_at=now() + timedelta(minutes=10),
            lease_id=secrets.token_bytes(16), ip_address="127.0.0.1", buyer_units_max=EVERYTHING,
            counted_for=secrets.token_bytes(12),
        )  # fmt: skip


@contextlib.asynccontextmanager
async def opened(folder: Path, settings: dict[str, str] | None = None) -> AsyncIterator[Ledger]:
    """The bundled Postgres with these settings next to its own; it ends with the block."""
    async with contextlib.AsyncExitStack() as stack:
        server = embedded.start_postgres(folder, settings=settings)
        stack.callback(server.stop)
        dsn = embedded.create_database(server, "onsale")
        migrate(dsn, MIGRATIONS)
        pool = await open_postgres(dsn)
        stack.push_async_callback(pool.close)
        event_id, (kind,) = await factories.event(
            pool, factories.chart(factories.general("Floor", UNITS)), [{"categories": ["Floor"], "price_cents": 7_500}]
        )
        orders, payments, errands = OrderStore(pool), PaymentStore(pool), OutboxStore(pool)
        for store in (orders, payments, errands):
            stack.push_async_callback(store.close)
        yield Ledger(
            server, pool, event_id, kind, orders, payments, OrderReadStore(pool), errands, itertools.count()
        )  # fmt: skip
