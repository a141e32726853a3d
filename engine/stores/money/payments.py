"""What payments do to orders in the ledger: settled in batches, closed, reclaimed. Every function is idempotent.

Settling is one statement for all that waits: orders to paid, tickets, errands, activity, webhook events. An order that
is not open any more is simply not in the answer; the caller then reads what became of it. Anybody who pays while their
event is being cancelled settles all the same, and the cancellation's errand is left again: its pages had passed them
by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg

from engine.domain.errands import MailTickets, UnitsOrdered, UnitsSold
from engine.domain.money.orders import Order
from engine.foundation.batching import LEDGER_PACE_S, GroupCommit
from engine.foundation.ids import new_id
from engine.foundation.ledger_pool import kept
from engine.foundation.postgres import again
from engine.foundation.store_faults import ends_connection
from engine.stores import activity, outbox
from engine.stores.database import Pool
from engine.stores.money import refunds
from engine.stores.money.webhook_events import Received
from engine.stores.outbox import AT_ONCE_DELAY_S, OutboxRow

BATCH_MAX = 64
AGE_MAX_MS = 5_000
PAYMENT_FAILED_AFTER_S = 30

_SETTLE = """
WITH wanted AS (
    SELECT * FROM unnest((SELECT $1::text[]), $2::text[]) AS w(id, intent_id)
), named AS (
    SELECT * FROM unnest((SELECT $3::text[]), $4::smallint[], $5::text[]) AS n(order_id, line, ticket_id)
), locked AS (
    SELECT o.id, o.event_id FROM orders o
     WHERE o.id = ANY((SELECT $1::text[])::text[]) AND o.status IN ('pending', 'processing') ORDER BY o.id FOR UPDATE
), paid AS (
    UPDATE orders o
       SET status = 'paid', paid_at = now(), payment_error = NULL,
           payment_intent_id = coalesce(o.payment_intent_id, w.intent_id)
      FROM wanted w JOIN locked l ON l.id = w.id
     CROSS JOIN LATERAL (SELECT e.ends_at, e.status FROM events e WHERE e.id = l.event_id LIMIT 1) e
     WHERE o.id = w.id
    RETURNING o.id, o.event_id, e.ends_at AS event_ends_at, e.status AS event_status, o.hold_id, o.buyer_name,
        o.buyer_email, o.lease_id, o.amount_cents, o.currency, o.correlation_id, o.paid_at,
        CASE WHEN o.amount_cents = 0 AND length(o.counted_for) % 8 = 4  -- a block has what costs nothing for good
             THEN substring(o.counted_for FROM 1 FOR length(o.counted_for) - 4) ELSE o.counted_for END AS no_longer_for
), issued AS (
    INSERT INTO tickets (id, event_id, order_id, line, unit, ticket_type_id, section, seat, holder_name, holder_email,
        version, code_not_before_s, code_expires_s)
    SELECT n.ticket_id, p.event_id, p.id, u.line, u.unit, u.ticket_type_id, u.section, u.seat,
           coalesce(u.attendee->>'name', p.buyer_name), p.buyer_email,
           1 + coalesce((SELECT max(t.version) FROM tickets t WHERE t.event_id = u.event_id AND t.unit = u.unit), 0),
           ticket_code_begins_s(p.paid_at), ticket_code_ends_s(p.paid_at, p.event_ends_at)
      FROM paid p JOIN order_units u ON u.order_id = p.id JOIN named n ON n.order_id = p.id AND n.line = u.line
), boxed AS (
    INSERT INTO outbox (topic, key, payload, available_at)
    SELECT 'inventory.sold', p.id, jsonb_build_object('event_id', p.event_id, 'order_id', p.id, 'hold_id', p.hold_id,
               'units', (SELECT jsonb_agg(u.unit ORDER BY u.line) FROM order_units u WHERE u.order_id = p.id),
               'counted_for', coalesce(encode(p.no_longer_for, 'hex'), ''),
               'lease_id', coalesce(encode(p.lease_id, 'hex'), '')),
           now() + make_interval(secs => $7) FROM paid p
    UNION ALL
    SELECT 'mail.tickets', p.id, jsonb_build_object('order_id', p.id), now() FROM paid p
    UNION ALL
    SELECT 'event.cancelled', p.id, jsonb_build_object('event_id', p.event_id), now() + make_interval(secs => $7)
      FROM paid p WHERE p.event_status = 'cancelled'
    RETURNING id, topic, key, payload
), recorded AS (
    INSERT INTO audit_log (actor_kind, action, target, facts, correlation_id)
    SELECT 'system', 'order.paid', p.id, jsonb_build_object('amount_cents', p.amount_cents, 'currency', p.currency),
           p.correlation_id FROM paid p
), hooked AS (
    INSERT INTO webhook_events (provider, id, kind, object_id, payload, correlation_id, status, processed_at)
    SELECT 'stripe', e.id, e.kind, e.object_id, e.payload::jsonb, e.correlation_id, 'processed', now()
      FROM unnest((SELECT $6::text[]), $8::text[], $9::text[], $10::text[], $11::text[], $12::text[])
               AS e(id, order_id, kind, object_id, payload, correlation_id)
      JOIN paid p ON p.id = e.order_id
    ON CONFLICT (provider, id) DO UPDATE SET status = 'processed', processed_at = now(), error = NULL
    RETURNING id, xmax <> 0 AS was_here
)
SELECT p.id AS order_id, p.paid_at, b.id, b.topic, b.payload, h.was_here
  FROM paid p JOIN boxed b ON b.key = p.id
  LEFT JOIN unnest((SELECT $6::text[]), $8::text[]) AS e(id, order_id) ON e.order_id = p.id
  LEFT JOIN hooked h ON h.id = e.id
"""
SETTLE = _SETTLE  # run by the box office too, in a transaction of its own
_CLOSE = """
WITH closed AS (
    UPDATE orders SET status = $2, closing_note = $3, closed_at = now()
     WHERE id = $1 AND status IN ('pending', 'processing')
    RETURNING id, event_id, lease_id, promo_code_id, correlation_id, counted_for,
        lower(buyer_email) AS buyer
), freed AS (
    UPDATE order_units u SET live = false FROM closed c
     WHERE u.order_id = $1 AND u.order_id = c.id RETURNING u.unit, u.ticket_type_id
), told AS (                                           -- an address that did not pay is told once an event
    INSERT INTO unpaid_mails (event_id, address_hash, order_id)
    SELECT c.event_id, sha256(convert_to(c.buyer, 'UTF8')), c.id FROM closed c WHERE $2 = 'expired'
    ON CONFLICT DO NOTHING RETURNING order_id
), boxed AS (
    INSERT INTO outbox (topic, key, payload, available_at)
    SELECT 'inventory.free', c.id, jsonb_build_object('event_id', c.event_id, 'op_id', c.id,
               'promo_id', c.promo_code_id, 'counted_for', coalesce(encode(c.counted_for, 'hex'), ''),
               'units', (SELECT coalesce(jsonb_agg(f.unit ORDER BY f.unit), '[]') FROM freed f),
               'types', (SELECT coalesce(jsonb_agg(f.ticket_type_id ORDER BY f.unit), '[]') FROM freed f)),
           now() + make_interval(secs => $4) FROM closed c
    UNION ALL
    SELECT 'lease.release', c.id, jsonb_build_object('event_id', c.event_id, 'lease_id', encode(c.lease_id, 'hex')),
           now() + make_interval(secs => $4) FROM closed c WHERE c.lease_id IS NOT NULL AND $2 = 'expired'
    UNION ALL
    SELECT 'mail.order_expired', t.order_id, jsonb_build_object('order_id', t.order_id), now() FROM told t
    RETURNING id, topic, key, payload
), recorded AS (
    INSERT INTO audit_log (actor_kind, actor_id, action, target, facts, correlation_id)
    SELECT $5, $6, 'order.' || $2, c.id, jsonb_build_object('note', $3::text), c.correlation_id FROM closed c
)
SELECT b.id, b.topic, b.key, b.payload FROM boxed b
"""
# Who pays by another card at once is not written to: the mail looks again after PAYMENT_FAILED_AFTER_S.
_NOTE = """
WITH noted AS (
    UPDATE orders SET status = $2, payment_error = $3 WHERE id = $1 AND status IN ('pending', 'processing')
       AND (status, coalesce(payment_error, '')) IS DISTINCT FROM ($2, coalesce($3, ''))
    RETURNING id
)
INSERT INTO outbox (topic, key, payload, available_at)
SELECT 'mail.payment_failed', n.id, jsonb_build_object('order_id', n.id), now() + make_interval(secs => $4)
  FROM noted n WHERE $3::text IS NOT NULL
"""
# Overdue orders first; the others are looked at after LOOK_FIRST_S and then at growing intervals, because a webhook may
# have been lost while its buyer waits.
_CLAIM = """
UPDATE orders
   SET reconcile_at = CASE WHEN expires_at <= now() THEN now() + make_interval(secs => $2)
       ELSE least(expires_at, now() + greatest(make_interval(secs => $2), (now() - created_at) / 2)) END
 WHERE id = ANY(ARRAY(
    SELECT id FROM orders
     WHERE status IN ('pending', 'processing') AND reconcile_at > '-infinity' AND reconcile_at <= now()
     ORDER BY expires_at > now(), reconcile_at LIMIT $1 FOR UPDATE SKIP LOCKED))
RETURNING id
"""
_LATE = """
SELECT count(*) FROM orders
 WHERE status IN ('pending', 'processing') AND reconcile_at > '-infinity'
   AND expires_at < now() - make_interval(secs => $1)
"""
_REVIVE = """
UPDATE orders SET status = 'paid', paid_at = now(), closed_at = NULL, closing_note = 'paid_after_expiry_reclaimed',
       payment_error = NULL, payment_intent_id = coalesce(payment_intent_id, $2)
 WHERE id = $1 AND status IN ('expired', 'cancelled')
RETURNING id
"""
_REOWN = """
UPDATE order_units u SET live = true, unit = n.unit
  FROM unnest($2::smallint[], $3::integer[]) AS n(line, unit) WHERE u.order_id = $1 AND u.line = n.line
"""
_ISSUE = """
INSERT INTO tickets (id, event_id, order_id, line, unit, ticket_type_id, section, seat, holder_name, holder_email)
SELECT n.ticket_id, u.event_id, u.order_id, u.line, u.unit, u.ticket_type_id, u.section, u.seat,
       coalesce(u.attendee->>'name', o.buyer_name), o.buyer_email
  FROM order_units u JOIN orders o ON o.id = u.order_id
  JOIN unnest($2::smallint[], $3::text[]) AS n(line, ticket_id) ON n.line = u.line
 WHERE u.order_id = $1
"""
_LOST = """
UPDATE orders SET status = 'paid', paid_at = now(), closing_note = 'paid_after_expiry_refunded',
       payment_intent_id = coalesce(payment_intent_id, $2)
 WHERE id = $1 AND status IN ('expired', 'cancelled')
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Settlement:
    """An order that was paid; ``event`` told us, and is kept in the same transaction as what it led to."""

    order_id: str
    intent_id: str | None
    lines: tuple[int, ...]
    event: Received | None = None


@dataclass(slots=True)
class Settled:
    """An order that became paid just now. ``was_here``: its event was; None if it had none."""

    paid_at: datetime
    was_here: bool | None
    errands: list[OutboxRow] = field(default_factory=list)


class PaymentStore:
    """Writes what payments did."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._kept = kept(pool)
        self._settling: GroupCommit[Settlement, Settled | None] = GroupCommit(
            "settle", self._settle, batch_max=BATCH_MAX, age_max_ms=AGE_MAX_MS, pace_s=LEDGER_PACE_S
        )

    async def close(self) -> None:
        await self._settling.close()

    async def settle(self, settlement: Settlement) -> Settled | None:
        """What became of an order that was paid; None if it was not open: then its event is not kept either."""
        return await self._settling.submit(settlement)

    async def end(
        self, order_id: str, *, status: str, note: str, actor_kind: str = "system", actor_id: str = ""
    ) -> list[OutboxRow] | None:
        """Expire or cancel an open order and let its units go; None if it was not open."""
        rows = await self._pool.fetch(_CLOSE, order_id, status, note, AT_ONCE_DELAY_S, actor_kind, actor_id)
        return outbox.written(rows) or None

    async def note(self, order_id: str, *, processing: bool, error: str | None) -> None:
        """What an open order's payment does: under way at the bank, or last refused with ``error``."""
        status = "processing" if processing else "pending"
        await self._pool.execute(_NOTE, order_id, status, error, PAYMENT_FAILED_AFTER_S)

    async def claim_due(self, limit: int, *, again_in_s: float) -> list[str]:
        """Open orders whose provider must be asked now; each is due again in ``again_in_s``."""
        return [row["id"] for row in await self._pool.fetch(_CLAIM, limit, again_in_s)]

    async def count_late(self, late_s: int) -> int:
        """Open orders whose deadline passed more than ``late_s`` ago."""
        late: int = await self._pool.fetchval(_LATE, late_s)
        return late

    async def reclaim(self, order: Order, intent_id: str, units: Sequence[int], hold_id: str) -> list[OutboxRow] | None:
        """A closed order was paid after all: it owns these units, line by line, and its tickets are issued.

        None if another owns one of them by now.
        """
        numbers, names = [line.line for line in order.lines], [new_id("tkt") for _ in order.lines]
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                if await connection.fetchval(_REVIVE, order.id, intent_id) is None:
                    return []
                await connection.execute(_REOWN, order.id, numbers, list(units))
                await connection.execute(_ISSUE, order.id, numbers, names)
                await activity.record(
                    connection, None, "order.paid", order.id, amount_cents=order.amount_cents, currency=order.currency
                )
                own = order.event_id, order.id, hold_id, tuple(units)
                return [
                    await outbox.add(connection, order.id, UnitsOrdered(*own)),
                    await outbox.add(connection, order.id, UnitsSold(*own)),
                    await outbox.add(connection, order.id, MailTickets(order.id)),
                ]
        except asyncpg.UniqueViolationError:
            return None

    async def lost(self, order: Order, intent_id: str) -> str | None:
        """A closed order was paid and its units are gone: paid without tickets, with a refund in full on its way.

        The refund's id; None if the order was no longer closed.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            if await connection.fetchval(_LOST, order.id, intent_id) is None:
                return None
            refund_id = new_id("ref")
            await refunds.add(
                connection, refund_id, order.id, order.paid_parts, ticket_ids=(), reason="paid_after_expiry",
                created_by="system", push_in_s=AT_ONCE_DELAY_S,
            )  # fmt: skip
            return refund_id

    async def _settle(self, settlements: list[Settlement]) -> Sequence[Settled | BaseException | None]:
        # Settled twice it is settled once: the second finds the order no longer open, and the caller reads it.
        try:
            return await again(lambda: self._write(settlements))
        except asyncpg.PostgresError as error:
            if ends_connection(error):
                raise
            if len(settlements) == 1:
                return [error]
        return [(await self._settle([settlement]))[0] for settlement in settlements]

    async def _write(self, settlements: list[Settlement]) -> list[Settled | None]:
        first = {settlement.order_id: settlement for settlement in reversed(settlements)}
        lines = [(s.order_id, line, new_id("tkt")) for s in first.values() for line in s.lines]
        events = [(order_id, s.event) for order_id, s in first.items() if s.event is not None]
        rows = await self._kept.fetch(
            _SETTLE,
            list(first),
            [settlement.intent_id for settlement in first.values()],
            [order_id for order_id, _, _ in lines],
            [line for _, line, _ in lines],
            [ticket_id for _, _, ticket_id in lines],
            [event.id for _, event in events],
            AT_ONCE_DELAY_S,
            [order_id for order_id, _ in events],
            [event.kind for _, event in events],
            [event.object_id for _, event in events],
            [event.text for _, event in events],
            [event.correlation_id for _, event in events],
        )
        found: dict[str, tuple[Settlement, Settled]] = {}
        for row in rows:
            order_id = row["order_id"]
            if order_id not in found:
                found[order_id] = first[order_id], Settled(row["paid_at"], row["was_here"])
            found[order_id][1].errands.append(OutboxRow(row["id"], row["topic"], order_id, row["payload"]))
        return [_of(found, settlement) for settlement in settlements]


def _of(found: dict[str, tuple[Settlement, Settled]], settlement: Settlement) -> Settled | None:
    """An order is settled for the first who asked; the others find it paid."""
    asked, settled = found.get(settlement.order_id, (None, None))
    return settled if asked is settlement else None
