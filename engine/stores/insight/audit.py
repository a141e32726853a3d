"""What the ledger and Redis say of an event, read for the audit. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import asyncpg

from engine.foundation.connections import RedisClient
from engine.stores import keys
from engine.stores.sale.hold_records import Record

Row = asyncpg.Record
HOLD_BUCKETS = 1024

_EVENTS = "SELECT id FROM events WHERE chart IS NOT NULL ORDER BY id"
_UNITS = """
SELECT u.order_id, u.line, u.unit, u.live, u.charged_back, u.ticket_type_id, u.total_cents, o.status,
       t.id IS NOT NULL AS ticketed, t.unit AS ticket_unit, t.status AS ticket_status, k.number AS type_number,
       k.event_id AS type_event,
       CASE WHEN o.status NOT IN ('paid', 'partially_refunded', 'disputed') THEN false
            WHEN u.live AND t.status = 'refunded' THEN EXISTS (
                SELECT FROM refunds r
                 WHERE r.order_id = u.order_id AND r.status = 'pending' AND t.id = ANY(r.ticket_ids))
            WHEN t.id IS NULL AND NOT u.live THEN EXISTS (
                SELECT FROM refunds r
                 WHERE r.order_id = u.order_id AND r.status = 'pending' AND r.amount_cents = o.amount_cents)
            ELSE false END AS being_refunded
  FROM order_units u
  JOIN orders o ON o.id = u.order_id
  LEFT JOIN tickets t ON t.order_id = u.order_id AND t.line = u.line
  LEFT JOIN ticket_types k ON k.id = u.ticket_type_id
 WHERE u.event_id = $1
"""
_ORDERS = """
SELECT o.id, o.status, o.amount_cents, o.currency, o.refunded_cents, o.charged_back_cents, o.payment_intent_id,
       c.kind AS counter_kind, c.amount_cents AS counter_cents, o.expires_at < now() - $2::interval AS late,
       coalesce((SELECT sum(total_cents) FROM order_units u WHERE u.order_id = o.id), 0) AS lines_cents,
       coalesce((SELECT sum(amount_cents) FROM refunds r
                  WHERE r.order_id = o.id AND r.status <> 'failed'), 0) AS refunds_cents,
       coalesce((SELECT sum(amount_cents) FROM refunds r
                  WHERE r.order_id = o.id AND r.status = 'succeeded'), 0) AS refunds_done_cents,
       coalesce((SELECT sum(claimed_cents) FROM disputes d
                  WHERE d.order_id = o.id AND d.standing = 'lost'), 0) AS disputes_lost_cents,
       (SELECT count(*) > 0 FROM disputes d
         WHERE d.order_id = o.id AND d.standing = 'open' AND d.claimed_cents > 0) AS disputed
  FROM orders o
  LEFT JOIN LATERAL (SELECT p.kind, p.amount_cents FROM counter_payments p WHERE p.order_id = o.id LIMIT 1) c ON true
 WHERE o.event_id = $1
"""
_BLOCKED = "SELECT unit FROM blocked_units WHERE event_id = $1"
_FIRST_ORDER = "SELECT extract(epoch FROM min(created_at))::bigint FROM orders"
_KNOWN_ORDERS = "SELECT id FROM orders WHERE id = ANY($1::text[])"
_DOUBLE_TICKETS = """
SELECT unit, count(*) AS owners FROM tickets
 WHERE event_id = $1 AND status NOT IN ('refunded', 'cancelled') GROUP BY unit HAVING count(*) > 1
"""
_STRAY_TICKETS = """
SELECT t.id FROM tickets t LEFT JOIN order_units u ON u.order_id = t.order_id AND u.line = t.line
 WHERE t.event_id = $1 AND u.order_id IS NULL
"""
_TRANSFERS: Final = """
SELECT t.id AS ticket_id, t.status, t.version, t.handed_on, x.pending, x.completed, x.newest
  FROM tickets t
  LEFT JOIN (SELECT ticket_id, count(*) FILTER (WHERE status = 'pending') AS pending,
                    count(*) FILTER (WHERE status = 'completed') AS completed, max(new_version) AS newest
               FROM ticket_transfers WHERE event_id = $1 GROUP BY ticket_id) x ON x.ticket_id = t.id
 WHERE t.event_id = $1 AND (x.ticket_id IS NOT NULL OR t.status = 'transfer_pending' OR t.handed_on > 0)
"""
_TWO_VERSIONS: Final = """
SELECT old.id, old.unit, old.version FROM tickets old
 WHERE old.event_id = $1 AND old.status NOT IN ('refunded', 'cancelled')
   AND EXISTS (SELECT 1 FROM tickets newer
                WHERE newer.event_id = $1 AND newer.unit = old.unit AND newer.version > old.version)
"""


@dataclass(frozen=True, slots=True)
class PostgresView:
    """One moment of Postgres."""

    units: list[Row]
    orders: list[Row]
    double_tickets: list[Row]
    stray_tickets: list[Row]
    transfers: list[Row]
    older_live_tickets: list[Row]
    blocked: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class RedisView:
    """One moment of Redis; ``map`` is None if the event is fenced."""

    map: bytes | None
    pulse: dict[bytes, bytes]
    types: dict[bytes, bytes]
    holds: list[Record]


class AuditStore:
    """Reads both sides."""

    def __init__(self, pool: asyncpg.Pool[Row], redis: RedisClient) -> None:
        self._pool = pool
        self._redis = redis

    async def events(self) -> list[str]:
        """Every event that ever had an inventory."""
        return [row["id"] for row in await self._pool.fetch(_EVENTS)]

    async def postgres(self, event_id: str, late_after: timedelta) -> PostgresView:
        """Postgres as of one moment; orders are late this long after their deadline."""
        async with (
            self._pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            return PostgresView(
                await connection.fetch(_UNITS, event_id),
                await connection.fetch(_ORDERS, event_id, late_after),
                await connection.fetch(_DOUBLE_TICKETS, event_id),
                await connection.fetch(_STRAY_TICKETS, event_id),
                await connection.fetch(_TRANSFERS, event_id),
                await connection.fetch(_TWO_VERSIONS, event_id),
                frozenset(row["unit"] for row in await connection.fetch(_BLOCKED, event_id)),
            )

    async def first_order_s(self) -> int | None:
        """When the oldest order was made, in epoch seconds; None if there is none."""
        first: int | None = await self._pool.fetchval(_FIRST_ORDER)
        return first

    async def known_orders(self, order_ids: list[str]) -> set[str]:
        """Which of them exist."""
        return {row["id"] for row in await self._pool.fetch(_KNOWN_ORDERS, order_ids)}

    async def redis(self, event_id: str) -> RedisView:
        """Redis as of one moment (one transaction)."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.get(keys.epoch(event_id))
            pipe.get(keys.unit_map(event_id))
            pipe.hgetall(keys.pulse(event_id))
            pipe.hgetall(keys.type_counts(event_id))
            for bucket in range(HOLD_BUCKETS):
                pipe.hvals(b"hold:{%s}:%d" % (event_id.encode(), bucket))
            epoch, unit_map, pulse, types, *buckets = await pipe.execute()
        holds = [Record.unpack(raw) for bucket in buckets for raw in bucket]
        fenced = epoch is None or epoch.startswith(keys.REBUILDING)
        return RedisView(None if fenced else unit_map, pulse, types, holds)
