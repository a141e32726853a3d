"""Refunds in the ledger: a pending row claims the cents, then the provider, then the effect on order and tickets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from engine.domain.errands import MailRefund, UnitsFreed
from engine.domain.money import refunds as rules
from engine.domain.money.orders import Order
from engine.domain.money.payments import ProviderRefund
from engine.domain.money.refund_requests import RefundRequest, check_refundable, parts_of
from engine.domain.money.refunds import Parts, Refund
from engine.foundation.bearer import Person
from engine.foundation.clock import now
from engine.foundation.idempotency import KEPT_H
from engine.foundation.ids import new_id
from engine.stores import activity, outbox
from engine.stores.database import Connection, Database, Pool
from engine.stores.money import balances, disputes, orders
from engine.stores.outbox import AT_ONCE_DELAY_S, OutboxRow
from engine.stores.tickets import tickets

PUSH_IN_S = 10.0  # the worker leaves a fresh refund to the process that made it
RETRY_FIRST_S, RETRY_MAX_S = 3, 300
ERROR_CHARS_MAX = 500

_COLUMNS = """
SELECT id, order_id, amount_cents, net_cents, taxes, ticket_ids, reason, message, provider_refund_id, status, error,
       created_by, created_at, settled_at FROM refunds
"""
_ADD = """
INSERT INTO refunds
    (id, order_id, amount_cents, net_cents, taxes, ticket_ids, reason, message, created_by, provider_refund_id, push_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, now() + make_interval(secs => $11))
"""
_SETTLED = """
UPDATE refunds SET status = 'succeeded', settled_at = now(), provider_refund_id = $2, error = NULL
 WHERE id = $1 AND status <> 'succeeded' RETURNING amount_cents
"""
_FAILED = """
UPDATE refunds SET status = 'failed', error = $2, settled_at = now() WHERE id = $1 AND status <> 'failed' RETURNING id
"""
_RETURNED = "SELECT coalesce(sum(amount_cents), 0)::bigint FROM refunds WHERE order_id = $1 AND status = 'succeeded'"
_CLAIM = """
UPDATE refunds
   SET attempts = attempts + 1, push_at = now() + make_interval(secs => least($3, $2 * power(2, least(attempts, 20))))
 WHERE id = ANY(ARRAY(SELECT id FROM refunds WHERE status = 'pending' AND push_at <= now()
                       ORDER BY push_at LIMIT $1 FOR UPDATE SKIP LOCKED))
RETURNING id
"""
_AT_COUNTER = "SELECT EXISTS (SELECT FROM counter_payments WHERE order_id = $1)"
_FREE = """
UPDATE order_units u SET live = false FROM tickets t
 WHERE t.order_id = $1 AND t.status = 'refunded' AND u.order_id = t.order_id AND u.line = t.line AND u.live
   AND NOT EXISTS (SELECT FROM refunds r
                    WHERE r.order_id = $1 AND r.status NOT IN ('succeeded', 'failed') AND t.id = ANY(r.ticket_ids))
RETURNING u.unit, u.ticket_type_id
"""
LIVE_TICKETS = ("valid", "used", "transfer_pending", "blocked")


class DoesNotFit(Exception):  # noqa: N818 - an answer, handled by the service
    """The provider gave back what we do not know to be left."""


class RefundStore:
    """Claims refunds and applies what became of them: each is one transaction over order, tickets, units and errands.

    The errands are for the caller to do at once.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def read(self, refund_id: str) -> Refund | None:
        return await _read(self._pool, refund_id)

    async def paid_at_counter(self, order_id: str) -> bool:
        """Whether the order was paid at the box office: then its money is returned by hand."""
        return bool(await self._pool.fetchval(_AT_COUNTER, order_id))

    async def of_order(self, order_id: str) -> list[Refund]:
        """Oldest first."""
        return await _of_order(self._pool, order_id)

    async def claim_due(self, limit: int) -> list[str]:
        """Pending refunds to be put to the provider now, with growing pauses."""
        return [row["id"] for row in await self._pool.fetch(_CLAIM, limit, RETRY_FIRST_S, RETRY_MAX_S)]

    async def claim(
        self, order_id: str, request: RefundRequest, actor: Person | None, *, once_id: str | None = None
    ) -> tuple[str, list[OutboxRow]]:
        """Claim the cents and stop the tickets; (the refund's id, errands). ``actor`` None is the system itself.

        OrderNotRefundable, RefundExceedsPaid, Invalid. A refund that has ``once_id`` since less than KEPT_H is found
        again, and nothing is claimed.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            order = await orders.lock(connection, order_id)
            known = await _read(connection, once_id) if once_id is not None else None
            if known is not None and known.created_at > now() - timedelta(hours=KEPT_H):
                return known.id, []
            refund_id = once_id if once_id is not None and known is None else new_id("ref")
            errands = await claim(connection, order, request, actor, refund_id, push_in_s=PUSH_IN_S if actor else 0)
            return refund_id, errands

    async def take_over(self, order_id: str, answer: ProviderRefund) -> Refund | None:
        """Give a refund that was made at the provider its row; None if it has one by now. DoesNotFit."""
        async with self._pool.acquire() as connection, connection.transaction():
            order = await orders.lock(connection, order_id)
            if any(refund.provider_refund_id == answer.id for refund in await _of_order(connection, order_id)):
                return None
            so_far = await balances.gone(connection, order_id)
            if answer.refused or not 0 < answer.amount_cents <= order.amount_cents - so_far.total_cents:
                raise DoesNotFit
            parts = rules.of_amount(answer.amount_cents, paid=order.paid_parts, refunded=so_far)
            refund_id = new_id("ref")
            await add(
                connection, refund_id, order_id, parts, ticket_ids=(), reason=answer.reason or "made at the provider",
                created_by="provider", provider_refund_id=answer.id, push_in_s=RETRY_MAX_S,
            )  # fmt: skip
            return await _read(connection, refund_id)

    async def succeed(self, refund: Refund, provider_refund_id: str | None) -> list[OutboxRow] | None:
        """The money went back: order, tickets and units feel it. Returns the errands; None if it was so already.

        ``provider_refund_id`` is None for what cost nothing, or is returned by hand. Once every cent is back, whatever
        was paid for ends; a ticket that cost nothing ends with it unless the refund named others.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            order = await orders.lock(connection, refund.order_id)
            if await connection.fetchval(_SETTLED, refund.id, provider_refund_id) is None:
                return None
            errands: list[OutboxRow] = []
            left_cents = order.amount_cents - order.charged_back_cents - await connection.fetchval(_RETURNED, order.id)
            if order.amount_cents and left_cents <= 0:
                every = [
                    ticket["id"]
                    for ticket in await tickets.lines_of(connection, order.id)
                    if order.lines[ticket["line"]].total_cents or not refund.ticket_ids
                ]
                units = await tickets.turn(connection, order.id, every, to="refunded", when=LIVE_TICKETS)
                errands += await tickets.changed(connection, order.event_id, order.id, units)
            await balances.restate(connection, order.id)
            freed = await connection.fetch(_FREE, order.id)
            if freed:
                errand = UnitsFreed(
                    event_id=order.event_id,
                    units=tuple(row["unit"] for row in freed),
                    types=tuple(row["ticket_type_id"] for row in freed),
                    op_id=refund.id,
                )
                errands.append(await outbox.add(connection, order.id, errand, delay_s=AT_ONCE_DELAY_S))
            await outbox.add(connection, order.id, MailRefund(refund.id))
            await activity.record(
                connection, None, "refund.succeeded", order.id, refund_id=refund.id, amount_cents=refund.amount_cents
            )
            return errands

    async def fail(self, refund: Refund, error: str) -> tuple[bool, list[OutboxRow]] | None:
        """The cents are refundable again; tickets whose units were not let go admit again.

        Returns (whether it had succeeded before, errands); None if it had failed already.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            order = await orders.lock(connection, refund.order_id)
            standing = await _read(connection, refund.id)  # it may have succeeded since it was looked at
            had_succeeded = standing is not None and standing.status == "succeeded"
            if await connection.fetchval(_FAILED, refund.id, error[:ERROR_CHARS_MAX]) is None:
                return None
            units = []
            if not had_succeeded:
                units = await tickets.turn(connection, order.id, refund.ticket_ids, to="valid", when=("refunded",))
            units += await disputes.claim_again(connection, order)
            await balances.restate(connection, order.id)
            errands = await tickets.changed(connection, order.event_id, order.id, units)
            await activity.record(connection, None, "refund.failed", order.id, refund_id=refund.id, error=error)
            return had_succeeded, errands


async def claim(
    db: Connection,
    order: Order,
    request: RefundRequest,
    actor: Person | None,
    refund_id: str,
    *,
    push_in_s: float,
    by: str | None = None,
) -> list[OutboxRow]:
    """Claim what is asked of an order whose row the caller has locked; its errands. ``by`` if it is not the actor."""
    so_far, lines = await balances.gone(db, order.id), await tickets.lines_of(db, order.id)
    check_refundable(order, so_far, lines)
    parts, ticket_ids = parts_of(order, so_far, request, lines)
    await add(
        db,
        refund_id,
        order.id,
        parts,
        ticket_ids=ticket_ids,
        reason=request.reason,
        message=request.message,
        created_by=by or (actor.user_id if actor else "system"),
        push_in_s=push_in_s,
    )
    units = await tickets.turn(db, order.id, ticket_ids, to="refunded", when=LIVE_TICKETS)
    await activity.record(db, actor, "refund.requested", order.id, refund_id=refund_id, amount_cents=parts.total_cents)
    return await tickets.changed(db, order.event_id, order.id, units)


async def add(
    db: Connection,
    refund_id: str,
    order_id: str,
    parts: Parts,
    *,
    ticket_ids: Sequence[str],
    reason: str,
    created_by: str,
    message: str | None = None,
    provider_refund_id: str | None = None,
    push_in_s: float,
) -> None:
    """Claim these cents of the order; the caller has its row locked."""
    await db.execute(
        _ADD, refund_id, order_id, parts.total_cents, parts.net_cents, parts.taxes, list(ticket_ids), reason, message,
        created_by, provider_refund_id, push_in_s,
    )  # fmt: skip


async def _read(db: Database, refund_id: str) -> Refund | None:
    row = await db.fetchrow(_COLUMNS + " WHERE id = $1", refund_id)
    return None if row is None else Refund(**dict(row))


async def _of_order(db: Database, order_id: str) -> list[Refund]:
    rows = await db.fetch(_COLUMNS + " WHERE order_id = $1 ORDER BY created_at, id", order_id)
    return [Refund(**dict(row)) for row in rows]
