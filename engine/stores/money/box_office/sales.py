"""Sales at the box office in the ledger: order, units, payment, tickets and errands in one transaction, or nothing.

The statements are those of an order that is opened and of one that is paid; between them the counter's payment is
written. So nobody ever sees an order of the box office that is not paid.
"""

from __future__ import annotations

from dataclasses import replace

import asyncpg

from engine.domain.errands import MailTickets, UnitsOrdered
from engine.domain.money.box_office.sales import CounterPayment
from engine.domain.money.orders import NewOrder
from engine.foundation.bearer import Person
from engine.foundation.idempotency import LOCK_S
from engine.foundation.ids import new_id
from engine.stores import activity
from engine.stores.database import Connection, Database, Pool
from engine.stores.money.order_rows import as_json, line_of, wanted
from engine.stores.money.orders import LOOK_FIRST_S, PLACE
from engine.stores.money.payments import SETTLE
from engine.stores.outbox import AT_ONCE_DELAY_S, OutboxRow

_COLUMNS = "order_id, event_id, kind, amount_cents, received_cents, reference, note, taken_by, drawer_id, created_at"
_DRAWER = "SELECT id FROM cash_drawers WHERE event_id = $1 AND opened_by = $2 AND closed_at IS NULL FOR SHARE"
_ADD = f"INSERT INTO counter_payments ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, now())"
_NOBODY_TO_WRITE_TO = "DELETE FROM outbox WHERE id = $1"


class _Taken(Exception):  # noqa: N818 - an answer: the transaction is taken back
    """The hold was ordered before."""


class CounterStore:
    """Writes and reads what the box office sold."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def sell(self, order: NewOrder, payment: CounterPayment, actor: Person) -> list[OutboxRow] | None:
        """Write the paid order; the errands, to be done at once. None if a unit has an owner, or the hold was ordered.

        Cash goes into the actor's open drawer for the event, if there is one.
        """
        try:
            async with self._pool.acquire() as db, db.transaction():
                return await _sell(db, order, payment, actor)
        except (asyncpg.UniqueViolationError, _Taken):
            return None


async def of_order(db: Database, order_id: str) -> CounterPayment | None:
    """How the order was paid at the counter; None if it was not."""
    row = await db.fetchrow(f"SELECT {_COLUMNS} FROM counter_payments WHERE order_id = $1", order_id)
    return None if row is None else CounterPayment(**dict(row))


async def _sell(db: Connection, order: NewOrder, payment: CounterPayment, actor: Person) -> list[OutboxRow]:
    ordered = UnitsOrdered(order.event_id, order.id, order.hold_id, tuple(line.unit for line in order.lines))
    placed = await db.fetchrow(
        PLACE,
        as_json([wanted(order, ordered, None)]),
        as_json([line_of(order, line) for line in order.lines]),
        AT_ONCE_DELAY_S,
        LOOK_FIRST_S,
        LOCK_S,
    )
    if placed is None or not placed["placed"]:
        raise _Taken
    if payment.kind == "cash":
        payment = replace(payment, drawer_id=await db.fetchval(_DRAWER, order.event_id, actor.user_id))
    await db.execute(
        _ADD, payment.order_id, payment.event_id, payment.kind, payment.amount_cents, payment.received_cents,
        payment.reference, payment.note, payment.taken_by, payment.drawer_id,
    )  # fmt: skip
    lines = [line.line for line in order.lines]
    rows = await db.fetch(
        SETTLE,
        [order.id],
        [None],
        [order.id] * len(lines),
        lines,
        [new_id("tkt") for _ in lines],
        [],
        AT_ONCE_DELAY_S,
        [],
        [],
        [],
        [],
        [],
    )
    if not order.buyer_email:
        for row in rows:
            if row["topic"] == MailTickets.topic:
                await db.execute(_NOBODY_TO_WRITE_TO, row["id"])
    await activity.record(
        db, actor, "order.sold_at_box_office", order.id, kind=payment.kind, amount_cents=payment.amount_cents
    )
    told = [OutboxRow(row["id"], row["topic"], order.id, row["payload"]) for row in rows]
    return [
        OutboxRow(placed["errand_id"], UnitsOrdered.topic, order.id, ordered),
        *(row for row in told if order.buyer_email or row.topic != MailTickets.topic),
    ]
