"""Disputes in the ledger: what the provider says of each, felt by order, tickets, units and gates at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from engine.domain.errands import EventCancelled, UnitsFreed
from engine.domain.errors import DisputeNotLost, TicketsUsed
from engine.domain.money import disputes as rules
from engine.domain.money.disputes import Claim, Disputable, Dispute, ProviderDispute, Standing
from engine.domain.money.orders import Order
from engine.domain.order_states import EVER_PAID
from engine.foundation.bearer import Person
from engine.foundation.ids import new_id
from engine.stores import activity, outbox
from engine.stores.database import Connection, Database, Pool
from engine.stores.money import balances, orders
from engine.stores.outbox import AT_ONCE_DELAY_S, OutboxRow
from engine.stores.tickets import tickets

Seen = frozenset[tuple[str, datetime]]
CLAIMING = (Standing.OPEN, Standing.LOST)
_ADMITTING = ("valid", "used", "transfer_pending")
_DEEDS = {Standing.INQUIRY: "dispute.asked", Standing.OPEN: "dispute.opened", Standing.WON: "dispute.won",
          Standing.LOST: "dispute.lost"}  # fmt: skip

_COLUMNS = """
SELECT d.id, d.provider_dispute_id, d.order_id, d.event_id, d.amount_cents, d.claimed_cents, d.reason, d.status,
       d.standing, d.ticket_ids, d.due_at, d.evidence_url, d.opened_at, d.closed_at, d.released_at,
       (SELECT o.order_number FROM orders o WHERE o.id = d.order_id) AS order_number,
       (SELECT o.currency FROM orders o WHERE o.id = d.order_id) AS currency
  FROM disputes d
"""
_OF_ORDER = _COLUMNS + " WHERE d.order_id = $1 ORDER BY d.opened_at, d.id"
_OF_ORGANIZATION = (
    _COLUMNS
    + """
 WHERE d.organization_id = $1 AND ($2::text IS NULL OR d.id < $2) ORDER BY d.id DESC LIMIT $3
"""
)
_ADD = """
INSERT INTO disputes (id, provider_dispute_id, order_id, event_id, organization_id, amount_cents, status, standing,
    opened_at)
VALUES ($1, $2, $3, $4, $5, $6, '', 'inquiry', $7)
"""
_SAY = """
UPDATE disputes
   SET amount_cents = $2, claimed_cents = $3, net_cents = $4, taxes = $5, ticket_ids = $6, reason = $7, status = $8,
       standing = $9, due_at = $10, evidence_url = $11, updated_at = now(),
       closed_at = CASE WHEN $9 IN ('won', 'lost') THEN coalesce(closed_at, now()) END
 WHERE id = $1
"""
_CLAIM = """
UPDATE disputes SET claimed_cents = $2, net_cents = $3, taxes = $4, ticket_ids = $5, updated_at = now() WHERE id = $1
"""
_OTHERS = """
SELECT t.id, t.line, t.checked_in_at IS NOT NULL OR t.entries > 0 AS used FROM tickets t
 WHERE t.order_id = $1 AND (t.status = ANY($3::text[]) OR t.status IN ('blocked', 'cancelled')
       AND t.id = ANY(SELECT unnest(d.ticket_ids) FROM disputes d WHERE d.id = $2))
 ORDER BY t.line
"""
_SEEN = "SELECT id, updated_at FROM disputes WHERE order_id = $1"
# Of these tickets, those that no other dispute holds: one that is over lets go of what is its own.
_FREE = """
SELECT t.id FROM unnest($2::text[]) AS t (id)
 WHERE NOT EXISTS (SELECT FROM disputes d WHERE d.order_id = $1 AND d.id <> $3 AND d.standing IN ('open', 'lost')
                      AND t.id = ANY(d.ticket_ids))
"""
# A ticket that was lost admits again only while its unit was not sold to somebody else.
_RESTORE = """
UPDATE tickets t SET status = 'valid' FROM order_units u
 WHERE t.order_id = $1 AND t.id = ANY($2::text[]) AND u.order_id = t.order_id AND u.line = t.line
   AND (t.status = 'blocked' OR t.status = 'cancelled' AND u.charged_back AND u.live)
RETURNING t.unit
"""
_MARK = """
UPDATE order_units u SET charged_back = $3 FROM tickets t
 WHERE u.order_id = $1 AND t.order_id = u.order_id AND t.line = u.line AND t.id = ANY($2::text[])
   AND u.charged_back <> $3 AND u.live
"""
_RELEASE = """
UPDATE order_units u SET live = false FROM tickets t
 WHERE u.order_id = $1 AND u.live AND u.charged_back AND t.order_id = u.order_id AND t.line = u.line
   AND t.id = ANY($2::text[]) AND t.status = 'cancelled' AND t.checked_in_at IS NULL AND t.entries = 0
RETURNING u.unit, u.ticket_type_id
"""
_RELEASED = "UPDATE disputes SET released_at = now(), updated_at = now() WHERE id = $1"
_CANCELLED = "SELECT status = 'cancelled' FROM events WHERE id = $1"


class DisputeStore:
    """Keeps disputes as the provider tells them. The errands are for the caller to do at once."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of_order(self, order_id: str) -> list[Dispute]:
        """Oldest first."""
        return await _of_order(self._pool, order_id)

    async def of_organization(self, organization_id: str, before: str | None, limit: int) -> list[Dispute]:
        """Newest first, those after a position."""
        rows = await self._pool.fetch(_OF_ORGANIZATION, organization_id, before, limit)
        return [Dispute(**dict(row)) for row in rows]

    async def read(self, dispute_id: str) -> Dispute | None:
        return await _read(self._pool, dispute_id)

    async def seen(self, order_id: str) -> Seen:
        """As what the order's disputes stand in the ledger, to be asked before the provider is."""
        return await _seen(self._pool, order_id)

    async def apply(
        self, order_id: str, found: Sequence[ProviderDispute], *, seen: Seen
    ) -> tuple[list[Dispute], list[OutboxRow]] | None:
        """Bring the ledger in line with what the provider says; (disputes that turned, errands).

        Nothing happens to an order that was never paid. Saying the same again changes nothing. None if somebody wrote
        them since they were ``seen``: what they heard may be newer.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            order = await orders.lock(connection, order_id)
            if await _seen(connection, order_id) != seen:
                return None
            turned: list[Dispute] = []
            units: list[int] = []
            if order.status not in EVER_PAID:
                return [], []
            known = {dispute.provider_dispute_id: dispute for dispute in await _of_order(connection, order_id)}
            for said in sorted(found, key=lambda one: (one.opened_at, one.id)):
                before = known.get(said.id) or await _add(connection, order, said)
                units += await _say(connection, order, before, said)
                standing = rules.standing(said.status)
                if said.id not in known or before.standing != standing:
                    turned.append(before)
                    await activity.record(
                        connection, None, _DEEDS[standing], order.id, event_id=order.event_id, dispute_id=before.id,
                        amount_cents=said.amount_cents,
                    )  # fmt: skip
            status = await balances.restate(connection, order.id)
            errands = await tickets.changed(connection, order.event_id, order.id, units)
            decided = order.status == "disputed" and status != "disputed"
            if decided and await connection.fetchval(_CANCELLED, order.event_id):
                # The cancellation had passed it by: now there is money to give back again.
                errand = EventCancelled(order.event_id)
                errands.append(await outbox.add(connection, order.id, errand, delay_s=AT_ONCE_DELAY_S))
            return turned, errands

    async def release(self, dispute: Dispute, actor: Person) -> list[OutboxRow]:
        """Put the units of a lost dispute on sale again, those of unused tickets. Doing it twice is doing it once.

        DisputeNotLost; TicketsUsed if none may be sold again.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            order = await orders.lock(connection, dispute.order_id)
            standing = await _read(connection, dispute.id)
            assert standing is not None, "a dispute that is not there"
            if standing.standing != Standing.LOST:
                raise DisputeNotLost(dispute_status=standing.status)
            if standing.released_at is not None:
                return []
            freed = await connection.fetch(_RELEASE, order.id, standing.ticket_ids)
            if not freed:
                raise TicketsUsed
            await connection.execute(_RELEASED, dispute.id)
            await activity.record(
                connection, actor, "dispute.released", order.id, event_id=order.event_id, dispute_id=dispute.id,
                units=len(freed),
            )  # fmt: skip
            errand = UnitsFreed(
                event_id=order.event_id,
                units=tuple(row["unit"] for row in freed),
                types=tuple(row["ticket_type_id"] for row in freed),
                op_id=dispute.id,
            )
            return [await outbox.add(connection, order.id, errand, delay_s=AT_ONCE_DELAY_S)]


async def claim_again(db: Connection, order: Order) -> list[int]:
    """Money of the order is there again: its open disputes take what they ask for; the units that they block now."""
    units: list[int] = []
    for dispute in await _of_order(db, order.id):
        if dispute.standing == Standing.OPEN:
            claim = await _claim(db, order, dispute, dispute.amount_cents)
            parts = claim.parts
            await db.execute(
                _CLAIM, dispute.id, parts.total_cents, parts.net_cents, parts.taxes, list(claim.ticket_ids)
            )
            units += await tickets.turn(db, order.id, claim.ticket_ids, to="blocked", when=_ADMITTING)
    return units


async def _say(db: Connection, order: Order, before: Dispute, said: ProviderDispute) -> list[int]:
    """Write one dispute as it is told and turn its tickets; their units."""
    standing = rules.standing(said.status)
    if before.standing == standing == Standing.LOST:
        claim, kept = None, before.ticket_ids  # it is decided: what it took stays taken
    elif standing in CLAIMING:
        claim = await _claim(db, order, before, said.amount_cents)
        kept = list(claim.ticket_ids)
    else:
        claim, kept = rules.NOTHING, before.ticket_ids
    if claim is not None:
        parts = claim.parts
        await db.execute(
            _SAY, before.id, said.amount_cents, parts.total_cents, parts.net_cents, parts.taxes, kept, said.reason,
            said.status, standing.value, said.due_at, said.evidence_url,
        )  # fmt: skip
    if standing == Standing.LOST:
        ended = await tickets.turn(db, order.id, kept, to="cancelled", when=(*_ADMITTING, "blocked"))
        await db.execute(_MARK, order.id, kept, True)
        return ended
    over = standing not in CLAIMING or before.standing == Standing.LOST
    free = [row["id"] for row in await db.fetch(_FREE, order.id, before.ticket_ids, before.id)]
    let_go = free if over else [one for one in free if one not in kept]
    restored = [row["unit"] for row in await db.fetch(_RESTORE, order.id, let_go)]
    await db.execute(_MARK, order.id, free, False)
    if standing == Standing.OPEN:
        restored += await tickets.turn(db, order.id, kept, to="blocked", when=_ADMITTING)
    return restored


async def _claim(db: Connection, order: Order, dispute: Dispute, amount_cents: int) -> Claim:
    gone = await balances.gone(db, order.id, besides_dispute_id=dispute.id)
    rows = await db.fetch(_OTHERS, order.id, dispute.id, list(_ADMITTING))
    left = [Disputable(row["id"], row["line"], row["used"]) for row in rows]
    claim = rules.claim(order, amount_cents, gone=gone, tickets=left)
    if claim.parts.total_cents == dispute.claimed_cents and dispute.ticket_ids:
        return Claim(
            claim.parts, tuple(dispute.ticket_ids)
        )  # who was told that a ticket is blocked is not told another
    return claim


async def _add(db: Connection, order: Order, said: ProviderDispute) -> Dispute:
    dispute_id = new_id("dsp")
    await db.execute(
        _ADD, dispute_id, said.id, order.id, order.event_id, order.organization_id, said.amount_cents, said.opened_at
    )
    added = await _read(db, dispute_id)
    assert added is not None, "it was added just now"
    return added


async def _read(db: Database, dispute_id: str) -> Dispute | None:
    row = await db.fetchrow(_COLUMNS + " WHERE d.id = $1", dispute_id)
    return None if row is None else Dispute(**dict(row))


async def _seen(db: Database, order_id: str) -> Seen:
    return frozenset((row["id"], row["updated_at"]) for row in await db.fetch(_SEEN, order_id))


async def _of_order(db: Database, order_id: str) -> list[Dispute]:
    rows: list[Any] = await db.fetch(_OF_ORDER, order_id)
    return [Dispute(**dict(row)) for row in rows]
