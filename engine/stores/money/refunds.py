"""Refunds in the ledger: a pending row claims the cents, then the provider, then the effect on order and tickets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.domain.money.refunds import Parts, Refund
from engine.stores.database import Database

RETRY_FIRST_S, RETRY_MAX_S = 3, 300
ERROR_CHARS_MAX = 500

_COLUMNS = """
SELECT id, order_id, amount_cents, net_cents, taxes, ticket_ids, reason, provider_refund_id, status, error, created_by,
       created_at, settled_at FROM refunds
"""
_ADD = """
INSERT INTO refunds
    (id, order_id, amount_cents, net_cents, taxes, ticket_ids, reason, created_by, provider_refund_id, push_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, now() + make_interval(secs => $10))
"""
_SUMS = """
SELECT coalesce(sum(net_cents), 0)::bigint AS net_cents,
       (SELECT coalesce(jsonb_object_agg(t.key, t.cents), '{}')
          FROM (SELECT x.key, sum(x.value::bigint) AS cents FROM refunds r, jsonb_each_text(r.taxes) x
                 WHERE r.order_id = $1 AND r.status <> 'failed' GROUP BY x.key) t) AS taxes
  FROM refunds WHERE order_id = $1 AND status <> 'failed'
"""
_SETTLED = """
UPDATE refunds SET status = 'succeeded', settled_at = now(), provider_refund_id = $2, error = NULL
 WHERE id = $1 AND status <> 'succeeded' RETURNING amount_cents
"""
_FAILED = """
UPDATE refunds SET status = 'failed', error = $2, settled_at = now() WHERE id = $1 AND status <> 'failed' RETURNING id
"""
_TOTAL = """
UPDATE orders SET refunded_cents = s.cents,
       status = CASE WHEN s.cents >= amount_cents THEN 'refunded'
                     WHEN s.cents > 0 THEN 'partially_refunded' ELSE 'paid' END,
       closed_at = CASE WHEN s.cents >= amount_cents THEN now() END
  FROM (SELECT coalesce(sum(amount_cents), 0)::bigint AS cents FROM refunds
         WHERE order_id = $1 AND status = 'succeeded') s
 WHERE id = $1
RETURNING status
"""
_CLAIM = """
UPDATE refunds
   SET attempts = attempts + 1, push_at = now() + make_interval(secs => least($3, $2 * power(2, least(attempts, 20))))
 WHERE id = ANY(ARRAY(SELECT id FROM refunds WHERE status = 'pending' AND push_at <= now()
                       ORDER BY push_at LIMIT $1 FOR UPDATE SKIP LOCKED))
RETURNING id
"""
_TURN_TICKETS = """
UPDATE tickets SET status = $3 WHERE order_id = $1 AND id = ANY($2::text[]) AND status = ANY($4::text[]) RETURNING unit
"""
_FREE = """
UPDATE order_units u SET live = false FROM tickets t
 WHERE t.order_id = $1 AND t.status = 'refunded' AND u.order_id = t.order_id AND u.line = t.line AND u.live
RETURNING u.unit, u.ticket_type_id
"""
LIVE_TICKETS = ("valid", "used", "transfer_pending", "blocked")


async def add(
    db: Database,
    refund_id: str,
    order_id: str,
    parts: Parts,
    *,
    ticket_ids: Sequence[str],
    reason: str,
    created_by: str,
    provider_refund_id: str | None = None,
    push_in_s: float,
) -> None:
    """Claim these cents of the order; the caller has its row locked."""
    await db.execute(
        _ADD, refund_id, order_id, parts.total_cents, parts.net_cents, parts.taxes, list(ticket_ids), reason,
        created_by, provider_refund_id, push_in_s,
    )  # fmt: skip


async def refunded(db: Database, order_id: str) -> Parts:
    """What was returned so far or is on its way, taken apart."""
    row = await db.fetchrow(_SUMS, order_id)
    assert row is not None
    return Parts(row["net_cents"], {name: int(cents) for name, cents in row["taxes"].items()})


async def read(db: Database, refund_id: str, *, lock: bool = False) -> Refund | None:
    row = await db.fetchrow(f"{_COLUMNS} WHERE id = $1{' FOR UPDATE' if lock else ''}", refund_id)
    return None if row is None else Refund(**dict(row))


async def of_order(db: Database, order_id: str) -> list[Refund]:
    """Oldest first."""
    rows = await db.fetch(_COLUMNS + " WHERE order_id = $1 ORDER BY created_at, id", order_id)
    return [Refund(**dict(row)) for row in rows]


async def succeeded(db: Database, refund_id: str, provider_refund_id: str | None) -> bool:
    """Mark it returned; False where it was so already."""
    return await db.fetchval(_SETTLED, refund_id, provider_refund_id) is not None


async def failed(db: Database, refund_id: str, error: str) -> bool:
    """Mark it refused; its cents are refundable again. False where it was so already."""
    return await db.fetchval(_FAILED, refund_id, error[:ERROR_CHARS_MAX]) is not None


async def total(db: Database, order_id: str) -> str:
    """Bring the order's refunded cents and status in line with its refunds; the new status."""
    status: str = await db.fetchval(_TOTAL, order_id)
    return status


async def claim_due(db: Database, limit: int) -> list[str]:
    """Pending refunds to be put to the provider now, with growing pauses."""
    return [row["id"] for row in await db.fetch(_CLAIM, limit, RETRY_FIRST_S, RETRY_MAX_S)]


async def tickets(db: Database, order_id: str) -> list[dict[str, Any]]:
    """The order's tickets: id, line, unit, status."""
    rows = await db.fetch("SELECT id, line, unit, status FROM tickets WHERE order_id = $1 ORDER BY line", order_id)
    return [dict(row) for row in rows]


async def turn_tickets(
    db: Database, order_id: str, ticket_ids: Sequence[str], *, to: str, when: Sequence[str] = LIVE_TICKETS
) -> list[int]:
    """Give these tickets a status where they have one of ``when``; the units that turned."""
    rows = await db.fetch(_TURN_TICKETS, order_id, list(ticket_ids), to, list(when))
    return [row["unit"] for row in rows]


async def free_units(db: Database, order_id: str) -> list[tuple[int, str]]:
    """Let go the units of the order's refunded tickets; which went now, each with its ticket type's id."""
    return [(row["unit"], row["ticket_type_id"]) for row in await db.fetch(_FREE, order_id)]
