"""Refund requests of buyers in the ledger: asked, then refunded at once or answered by the organizer.

Each is one transaction that holds the order's row, then its tickets: a scan that enters at the same moment is before it
or after it, and of two requests for one ticket the second finds the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from engine.domain.errands import MailRefundDeclined
from engine.domain.errors import RefundRequestDecided
from engine.domain.money.asked_refunds import AskedRefund, OwnTicket, Returnable, check_open, chosen, returned
from engine.domain.money.orders import Order
from engine.domain.money.refund_requests import RefundRequest
from engine.foundation.bearer import Person
from engine.foundation.clock import now
from engine.foundation.ids import new_id
from engine.stores import activity, outbox
from engine.stores.catalogue import events
from engine.stores.database import Connection, Database, Pool
from engine.stores.money import balances, orders, refunds
from engine.stores.outbox import OutboxRow

BUYER: Final = "buyer"  # who made a refund that the event's policy allows
_READ = """
SELECT q.id, q.order_id, o.order_number, q.event_id, e.organization_id, q.ticket_ids, q.worth_cents, q.amount_cents,
       o.currency, q.reason, q.status, q.refund_id, q.message, q.created_at, q.decided_at
  FROM refund_requests q JOIN orders o ON o.id = q.order_id JOIN events e ON e.id = q.event_id
"""
_OF_ORGANIZATION = """
 WHERE e.organization_id = $1 AND ($2::text IS NULL OR q.status = $2) AND ($3::text IS NULL OR q.id < $3)
 ORDER BY q.id DESC LIMIT $4
"""
_TICKETS = """
SELECT t.id, t.line, t.status, t.checked_in_at IS NOT NULL AS used, t.handed_on > 0 AS handed_on,
       EXISTS (SELECT FROM refund_requests q
                WHERE q.order_id = t.order_id AND q.status = 'requested' AND t.id = ANY(q.ticket_ids)) AS asked
  FROM tickets t WHERE t.order_id = $1 ORDER BY t.line
"""
_WORTH_BEFORE = """
SELECT coalesce(sum(q.worth_cents), 0)::bigint FROM refund_requests q
 WHERE q.order_id = $1 AND q.status <> 'declined'
   AND (SELECT r.status FROM refunds r WHERE r.id = q.refund_id) IS DISTINCT FROM 'failed'
"""
_ADD = """
INSERT INTO refund_requests (id, order_id, event_id, ticket_ids, worth_cents, amount_cents, reason, status, refund_id,
                             decided_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, CASE WHEN $9::text IS NOT NULL THEN now() END)
"""
_DECIDE = """
UPDATE refund_requests SET status = $2, refund_id = $3, message = $4, decided_by = $5, decided_at = now() WHERE id = $1
"""


class AskedRefundStore:
    """Takes requests and the organizer's answers. The errands given are for the caller to do at once."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def read(self, request_id: str) -> AskedRefund | None:
        return await _read(self._pool, request_id)

    async def of_order(self, order_id: str) -> list[AskedRefund]:
        """Oldest first."""
        rows = await self._pool.fetch(_READ + " WHERE q.order_id = $1 ORDER BY q.created_at, q.id", order_id)
        return [_of_row(row) for row in rows]

    async def of_organization(
        self, organization_id: str, status: str | None, before: str | None, limit: int
    ) -> list[AskedRefund]:
        """Newest first, those after a position; of one status or of all."""
        rows = await self._pool.fetch(_READ + _OF_ORGANIZATION, organization_id, status, before, limit)
        return [_of_row(row) for row in rows]

    async def returnable(self, order: Order) -> Returnable:
        """What decides what of an order may be given back, as it is at this moment."""
        async with self._pool.acquire() as connection:
            return await _returnable(connection, order)

    async def ask(
        self, order_id: str, ticket_ids: Sequence[str] | None, reason: str, person: Person | None
    ) -> tuple[AskedRefund, list[OutboxRow]]:
        """Take a buyer's request; refunded in the same transaction if the event's policy does so by itself.

        Refuses as ``check_open`` and ``chosen`` of the domain say, and nothing is written.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            order = await orders.lock(connection, order_id)
            given = await _returnable(connection, order, locked=True)
            check_open(given, now())
            parts = returned(given, chosen(given, ticket_ids))
            ids = [part.ticket_id for part in parts]
            amount_cents = sum(part.amount_cents for part in parts)
            refund_id, errands = None, []
            if given.policy.mode == "automatic":
                refund_id = new_id("ref")
                wanted = RefundRequest(reason, lines=ids, lines_cents=amount_cents)
                errands = await refunds.claim(
                    connection, order, wanted, person, refund_id, push_in_s=refunds.PUSH_IN_S, by=BUYER
                )
            request_id = new_id("rrq")
            await connection.execute(
                _ADD, request_id, order.id, order.event_id, ids, sum(part.worth_cents for part in parts), amount_cents,
                reason, "requested" if refund_id is None else "refunded", refund_id,
            )  # fmt: skip
            await activity.record(
                connection, person, "refund.asked", order.id, request_id=request_id, amount_cents=amount_cents
            )
            return await _known(connection, request_id), errands

    async def approve(
        self, request_id: str, person: Person, message: str | None
    ) -> tuple[AskedRefund, list[OutboxRow]]:
        """Give back what was asked for. RefundRequestDecided; a ticket that was used meanwhile refuses as at asking."""
        async with self._pool.acquire() as connection, connection.transaction():
            asked, order = await _lock(connection, request_id)
            given = await _returnable(connection, order, locked=True, without=asked.id)
            chosen(given, asked.ticket_ids)
            refund_id = new_id("ref")
            wanted = RefundRequest(
                asked.reason, lines=asked.ticket_ids, lines_cents=min(asked.amount_cents, given.left_cents),
                message=message,
            )  # fmt: skip
            errands = await refunds.claim(connection, order, wanted, person, refund_id, push_in_s=refunds.PUSH_IN_S)
            await connection.execute(_DECIDE, asked.id, "refunded", refund_id, message, person.user_id)
            return await _known(connection, asked.id), errands

    async def decline(self, request_id: str, person: Person, message: str) -> AskedRefund:
        """Say no with words; the tickets stay as they are. RefundRequestDecided."""
        async with self._pool.acquire() as connection, connection.transaction():
            asked, order = await _lock(connection, request_id)
            await connection.execute(_DECIDE, asked.id, "declined", None, message, person.user_id)
            await outbox.add(connection, order.id, MailRefundDeclined(asked.id))
            await activity.record(connection, person, "refund.declined", order.id, request_id=asked.id)
            return await _known(connection, asked.id)


async def _lock(db: Connection, request_id: str) -> tuple[AskedRefund, Order]:
    """A request that waits for its answer, with its order's row held. RefundRequestDecided."""
    order = await orders.lock(db, (await _known(db, request_id)).order_id)
    asked = await _known(db, request_id)
    if asked.status != "requested":
        raise RefundRequestDecided(request_status=asked.status)
    return asked, order


async def _returnable(db: Connection, order: Order, *, locked: bool = False, without: str | None = None) -> Returnable:
    """``locked``: its tickets are kept from changing; ``without``: as if this request had not been made."""
    event = await events.get(db, order.event_id)
    assert event is not None, "an order without its event"
    rows = await db.fetch(_TICKETS + (" FOR UPDATE OF t" if locked else ""), order.id)
    gone = await balances.gone(db, order.id)
    waiting = await _read(db, without) if without is not None else None
    own = frozenset(waiting.ticket_ids if waiting is not None else ())
    return Returnable(
        order=order,
        policy=event.refund_policy,
        starts_at=event.starts_at,
        event_status=event.status,
        tickets=[
            OwnTicket(
                id=row["id"],
                line=row["line"],
                status=row["status"],
                used=row["used"],
                asked=row["asked"] and row["id"] not in own,
                handed_on=row["handed_on"],
            )
            for row in rows
        ],
        worth_before_cents=await db.fetchval(_WORTH_BEFORE, order.id),
        left_cents=order.amount_cents - gone.total_cents,
    )


async def _read(db: Database, request_id: str) -> AskedRefund | None:
    row = await db.fetchrow(_READ + " WHERE q.id = $1", request_id)
    return None if row is None else _of_row(row)


async def _known(db: Database, request_id: str) -> AskedRefund:
    found = await _read(db, request_id)
    assert found is not None, "a refund request that is not there"
    return found


def _of_row(row: Any) -> AskedRefund:
    return AskedRefund(**{**dict(row), "ticket_ids": tuple(row["ticket_ids"])})
