"""Orders in the ledger: opened in batches by one statement, read by id, hold, buyer or event.

An order is written with all its units or not at all: the unique index over live units decides, and a batch with a
loser is repeated one by one, so that losing is an answer and only the loser's. Losing is rare, the map in Redis said
free; looking for live owners first made every order pay for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from engine.domain.errands import UnitsOrdered
from engine.domain.money.orders import FREE_MAILED_MAX, NewOrder, Order, OrderRow, OwnOrderRow
from engine.domain.money.receipts import ReceiptRefund
from engine.domain.order_states import EVER_PAID
from engine.foundation.batching import LEDGER_PACE_S, GroupCommit
from engine.foundation.folding import number_folded
from engine.foundation.idempotency import LOCK_S, Answer, Claim
from engine.foundation.ledger_pool import kept
from engine.foundation.postgres import again
from engine.foundation.store_faults import ends_connection
from engine.stores.database import Connection, Pool
from engine.stores.money.order_rows import ORDER_COLUMNS, as_json, line_of, order_of, wanted
from engine.stores.outbox import AT_ONCE_DELAY_S, OutboxRow

BATCH_MAX = 64
LOOK_FIRST_S = 20  # an order this old is looked up at the provider: its webhook may be lost
# The triggers' names for what they refuse.
BUYER_LIMIT, PROMO_LIMIT, PROMO_SLIP = "orders_buyer_limit", "orders_promo_limit", "orders_promo_slip"
AGE_MAX_MS = 2_000  # the lane behind it is slower: an order that is here already has its units

# Orders and lines travel as two JSON texts: encoding 31 arrays cost the process twice what this does.
_PLACE = """
WITH wanted AS (
    SELECT * FROM json_to_recordset($1::text::json)
        AS w(id text, number text, event_id text, hold_id text, user_id text, buyer_name text, buyer_email text,
             consents jsonb, currency text, amount_cents bigint, price jsonb, expires_at timestamptz, promo_code text,
             payment_method_id text, lease_id bytea, correlation_id text, ip_address inet, user_agent text,
             buyer_units_max integer, counted_for bytea, locale text, errand jsonb, scope bytea, body_hash bytea,
             claim bytea, answers jsonb, wording text, promo_slip integer)
), lines AS (
    SELECT * FROM json_to_recordset($2::text::json)
        AS l(order_id text, line smallint, event_id text, unit integer, ticket_type_id text, section text, seat text,
        face_cents bigint, discount_cents bigint, fee_cents bigint, taxes jsonb, total_cents bigint, attendee jsonb)
), placed AS (
    INSERT INTO orders (id, order_number, event_id, hold_id, user_id, buyer_name, buyer_email, consents, currency,
        amount_cents, price, expires_at, reconcile_at, promo_code_id, payment_method_id, lease_id, correlation_id,
        ip_address, user_agent, buyer_units_max, counted_for, locale, destination_account, answers, accepted,
        promo_slip)
    SELECT w.id, w.number, w.event_id, w.hold_id, w.user_id, w.buyer_name, w.buyer_email, w.consents, w.currency,
        w.amount_cents, w.price, w.expires_at, least(w.expires_at, now() + make_interval(secs => $4)), p.id,
        w.payment_method_id, w.lease_id, w.correlation_id, w.ip_address, w.user_agent, w.buyer_units_max,
        w.counted_for, w.locale, g.stripe_account_id, w.answers, nullif(g.accepted, '{}'), w.promo_slip
      FROM wanted w
     CROSS JOIN LATERAL (SELECT o.stripe_account_id, jsonb_strip_nulls(jsonb_build_object(
                            'platform', (SELECT v.versions FROM policy_versions v WHERE v.owner = ''),
                            'organizer', (SELECT v.versions FROM policy_versions v WHERE v.owner = o.id))) AS accepted
                           FROM events e JOIN organizations o ON o.id = e.organization_id
                          WHERE e.id = w.event_id LIMIT 1) g
      LEFT JOIN LATERAL (SELECT c.id FROM promo_codes c
                          WHERE c.event_id = w.event_id AND c.code = w.promo_code LIMIT 1) p ON true
    ON CONFLICT DO NOTHING
    RETURNING id, destination_account
), owned AS (
    INSERT INTO order_units (order_id, line, event_id, unit, ticket_type_id, section, seat, face_cents, discount_cents,
        fee_cents, taxes, total_cents, attendee)
    SELECT l.order_id, l.line, l.event_id, l.unit, l.ticket_type_id, l.section, l.seat, l.face_cents, l.discount_cents,
        l.fee_cents, l.taxes, l.total_cents, l.attendee
      FROM lines l JOIN placed p ON p.id = l.order_id
), agreed AS (
    INSERT INTO consents (address, purpose, organization_id, wording, source)
    SELECT lower(w.buyer_email), 'organizer_marketing',
           (SELECT e.organization_id FROM events e WHERE e.id = w.event_id), w.wording, 'checkout'
      FROM wanted w JOIN placed p ON p.id = w.id WHERE w.wording IS NOT NULL
    ON CONFLICT DO NOTHING
), boxed AS (
    INSERT INTO outbox (topic, key, payload, available_at)
    SELECT 'inventory.ordered', w.id, w.errand, now() + make_interval(secs => $3)
      FROM wanted w JOIN placed p ON p.id = w.id
    RETURNING id, key
), claimed AS (
    INSERT INTO idempotency_keys (scope, body_hash, claim, locked_until)
    SELECT w.scope, w.body_hash, w.claim, now() + make_interval(secs => $5)
      FROM wanted w JOIN placed p ON p.id = w.id WHERE w.scope IS NOT NULL
    ON CONFLICT DO NOTHING RETURNING scope
)
SELECT w.id, p.id IS NOT NULL AS placed, x.id AS errand_id, p.destination_account, c.scope IS NOT NULL AS claimed
  FROM wanted w LEFT JOIN placed p ON p.id = w.id LEFT JOIN boxed x ON x.key = w.id
  LEFT JOIN claimed c ON c.scope = w.scope AND p.id IS NOT NULL
"""
PLACE = _PLACE  # run by the box office too, in a transaction of its own
_COLUMNS = f"SELECT {ORDER_COLUMNS} FROM orders o"
_OF_IDS = " WHERE o.id = ANY((SELECT $1::text[])::text[])"
_ATTACH = """
WITH attached AS (
    UPDATE orders o SET payment_intent_id = w.intent_id, client_secret = w.client_secret
      FROM unnest((SELECT $1::text[]), $2::text[], $3::text[]) AS w(id, intent_id, client_secret)
     WHERE o.id = ANY((SELECT $1::text[])::text[]) AND o.id = w.id AND o.status IN ('pending', 'processing')
       AND (o.payment_intent_id IS NULL OR o.payment_intent_id = w.intent_id)
    RETURNING o.id
), kept AS (
    UPDATE idempotency_keys k
       SET status = w.status, content_type = w.content_type, headers = w.headers::jsonb, body = w.body
      FROM unnest((SELECT $4::text[]), $5::bytea[], $6::integer[], $7::text[], $8::text[], $9::bytea[])
               AS w(id, scope, status, content_type, headers, body)
      JOIN attached a ON a.id = w.id
     WHERE k.scope = ANY((SELECT $5::bytea[])::bytea[]) AND k.scope = w.scope
)
SELECT id FROM attached
"""
_LIST = """
SELECT id, order_number, status, buyer_name, buyer_email, currency, amount_cents, refunded_cents, charged_back_cents,
       created_at, paid_at,
       (SELECT count(*) FROM order_units u WHERE u.order_id = o.id) AS quantity
  FROM orders o
 WHERE event_id = $1 AND ($2::text IS NULL OR status = $2) AND ($3::text IS NULL OR id < $3)
   AND ($4::text IS NULL OR id = ANY(ARRAY(
        SELECT id FROM orders WHERE event_id = $1 AND search @@ search_query($4)
        UNION ALL SELECT id FROM orders WHERE event_id = $1 AND starts_with(order_number, $5))))
 ORDER BY id DESC LIMIT $6
"""
# What the ledger will decide about orders to come: asked while their holds are still holds. The orders of an address,
# or of an admission, first, then the event's of them (OFFSET 0): asked for both at once, a plan may read all orders of
# the event.
_BEFORE = """
SELECT w.hold_id, w.buyer_email,
       CASE WHEN w.most IS NULL THEN 0 ELSE (
            SELECT coalesce(sum((SELECT count(*) FILTER (WHERE u.live) FROM order_units u WHERE u.order_id = o.id)), 0)
              FROM (SELECT b.id, b.event_id, b.hold_id FROM orders b
                     WHERE lower(b.buyer_email) = lower(w.buyer_email) OFFSET 0) o
             WHERE o.event_id = w.event_id AND o.hold_id <> w.hold_id) END::int AS owned,
       l.id, l.order_number
  FROM unnest((SELECT $1::text[]), $2::text[], $3::text[], $4::integer[], $5::bytea[])
           AS w(event_id, hold_id, buyer_email, most, lease_id)
  LEFT JOIN LATERAL (
       SELECT o.id, o.order_number
         FROM (SELECT b.id, b.order_number, b.event_id, b.hold_id FROM orders b
                WHERE b.lease_id = w.lease_id AND b.counted_for IS NOT NULL
                  AND b.status IN ('pending', 'processing') OFFSET 0) o
        WHERE o.event_id = w.event_id AND o.hold_id <> w.hold_id LIMIT 1) l ON true
"""
# An address is known whose owner signed in by it, or paid: for anything as a guest, or for this event.
_FREE_BEFORE = """
SELECT CASE WHEN EXISTS (SELECT 1 FROM users WHERE email = lower($2) AND email_verified_at IS NOT NULL)
              OR EXISTS (SELECT 1 FROM orders WHERE user_id IS NULL AND lower(buyer_email) = lower($2)
                                                AND amount_cents > 0 AND status = ANY($4::text[]))
              OR EXISTS (SELECT 1 FROM (SELECT * FROM orders WHERE lower(buyer_email) = lower($2) OFFSET 0) o
                          WHERE o.event_id = $1 AND o.amount_cents > 0 AND o.status = ANY($4::text[]))
       THEN 0
       ELSE (SELECT count(*) FROM (
             SELECT 1 FROM (SELECT * FROM orders WHERE lower(buyer_email) = lower($2) OFFSET 0) o
              WHERE o.event_id = $1 AND o.amount_cents = 0
                AND o.status = ANY($4::text[])
                AND (o.paid_at, o.id) < (SELECT own.paid_at, own.id FROM orders own WHERE own.id = $3)
              LIMIT $5) AS before)::int END
"""
_LINKS_MAILED_WAIT = """
SELECT ceil(extract(epoch FROM max(created_at) + make_interval(secs => $2) - now()))::int
  FROM audit_log WHERE target = $1 AND action = 'order.links_ended' AND facts->>'by' = 'organizer'
"""
_OF_PERSON = """
SELECT o.id, o.order_number, o.event_id, e.title AS event_title, e.starts_at, e.timezone, o.status, o.currency,
       o.amount_cents, o.refunded_cents, o.charged_back_cents, o.created_at, o.paid_at,
       (SELECT count(*) FROM order_units u WHERE u.order_id = o.id) AS quantity
  FROM orders o JOIN events e ON e.id = o.event_id
 WHERE o.user_id = $1 AND ($2::text IS NULL OR o.id < $2) ORDER BY o.id DESC LIMIT $3
"""
_RETURNS = """
SELECT id, amount_cents, net_cents, taxes, message, settled_at FROM refunds
 WHERE order_id = $1 AND status = 'succeeded' ORDER BY settled_at, id
"""
_OWNED = """
SELECT unit FROM order_units
 WHERE event_id = $1 AND unit = ANY($2::integer[]) AND live AND ($3::text IS NULL OR order_id = $3)
"""
_TICKET_COUNTS = """
SELECT order_id, status, count(*) AS tickets FROM tickets
 WHERE order_id = ANY((SELECT $1::text[])::text[]) GROUP BY order_id, status
"""


@dataclass(frozen=True, slots=True)
class Placed:
    """What became of an order that was offered: ``placed`` False wrote nothing.

    ``beyond_limit``: the e-mail address would own more of the event than one buyer may; ``beyond_promo``: would use the
    promo code more often; ``promo_used``: one of many codes was used. ``claimed``: so is its key.
    """

    placed: bool
    beyond_limit: bool = False
    beyond_promo: bool = False
    promo_used: bool = False
    destination_account: str | None = None
    errands: tuple[OutboxRow, ...] = ()
    claimed: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """A hold that is about to become an order, under this address. ``most``: units of the event that it may own."""

    event_id: str
    hold_id: str
    buyer_email: str
    most: int | None
    lease_id: bytes | None


@dataclass(frozen=True, slots=True)
class Before:
    """What stands before an order, that of its own hold left out.

    ``owned``: live units under its address, 0 if nobody asked; ``open_order``: (id, number) of its admission's.
    """

    owned: int
    open_order: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Attached:
    order_id: str
    intent_id: str
    client_secret: str | None
    answer: Answer | None = None


class OrderStore:
    """Opens, attaches and reads orders."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._kept = kept(pool)
        self._opening: GroupCommit[tuple[NewOrder, Claim | None], Placed] = GroupCommit(
            "orders", self._place, batch_max=BATCH_MAX, age_max_ms=AGE_MAX_MS, pace_s=LEDGER_PACE_S
        )
        self._asking: GroupCommit[Ask, Before] = GroupCommit(
            "orders_before", self._before, batch_max=BATCH_MAX, age_max_ms=AGE_MAX_MS, pace_s=LEDGER_PACE_S
        )
        self._attaching: GroupCommit[Attached, bool] = GroupCommit(
            "order_payments", self._attach, batch_max=BATCH_MAX, age_max_ms=AGE_MAX_MS, pace_s=LEDGER_PACE_S
        )
        # A buyer's order is read eight times on its way; alone each costs the process 100 us, among others 20.
        self._reading: GroupCommit[str, Order | None] = GroupCommit(
            "order_reads", self._read, batch_max=BATCH_MAX, age_max_ms=AGE_MAX_MS, pace_s=LEDGER_PACE_S
        )
        self._counting: GroupCommit[str, dict[str, int]] = GroupCommit(
            "ticket_counts", self._count, batch_max=BATCH_MAX, age_max_ms=AGE_MAX_MS, pace_s=LEDGER_PACE_S
        )

    async def close(self) -> None:
        lines = self._asking, self._opening, self._attaching, self._reading, self._counting
        await asyncio.gather(*(line.close() for line in lines))

    async def place(self, order: NewOrder, claim: Claim | None = None) -> Placed:
        """Write the order and own its units. Not placed if a unit has an owner or the hold was ordered before.

        ``claim``: the key of the request that asks for it, taken with it unless somebody has it.
        """
        return await self._opening.submit((order, claim))

    async def attach(
        self, order_id: str, intent_id: str, client_secret: str | None, answer: Answer | None = None
    ) -> bool:
        """Remember the order's payment, and the answer to its buyer; False if the order is no longer open."""
        return await self._attaching.submit(Attached(order_id, intent_id, client_secret, answer))

    async def read(self, order_id: str) -> Order | None:
        """The order as it is now, or a moment later."""
        return await self._reading.submit(order_id)

    async def before(self, ask: Ask) -> Before:
        """What the ledger would say against it at the moment."""
        return await self._asking.submit(ask)

    async def mails_tickets(self, order: Order) -> bool:
        """Whether they go unasked: of an event, an address that nobody knows is mailed FREE_MAILED_MAX free orders."""
        if not order.buyer_email:  # the box office was told none
            return False
        if order.amount_cents > 0:
            return True
        before = await self._pool.fetchval(
            _FREE_BEFORE, order.event_id, order.buyer_email, order.id, list(EVER_PAID), FREE_MAILED_MAX
        )
        return bool(before < FREE_MAILED_MAX)

    async def of_hold(self, hold_id: str) -> Order | None:
        row = await self._pool.fetchrow(_COLUMNS + " WHERE o.hold_id = $1", hold_id)
        return None if row is None else order_of(dict(row))

    async def of_intent(self, intent_id: str) -> Order | None:
        row = await self._pool.fetchrow(_COLUMNS + " WHERE o.payment_intent_id = $1", intent_id)
        return None if row is None else order_of(dict(row))

    async def returns_of(self, order_id: str) -> list[ReceiptRefund]:
        """The order's refunds that succeeded, oldest first."""
        return [ReceiptRefund(**dict(row)) for row in await self._pool.fetch(_RETURNS, order_id)]

    async def still_owned(self, event_id: str, units: Sequence[int], order_id: str | None = None) -> set[int]:
        """Which of these units have a live owner right now, or this one."""
        rows = await self._pool.fetch(_OWNED, event_id, list(units), order_id)
        return {row["unit"] for row in rows}

    async def ticket_counts(self, order_id: str) -> dict[str, int]:
        """How many tickets the order has in each status."""
        return await self._counting.submit(order_id)

    async def search(
        self, event_id: str, *, search: str | None, status: str | None, before: str | None, limit: int
    ) -> list[OrderRow]:
        """Up to limit + 1 orders of an event, newest first. ``search``: words of name and e-mail, or a number."""
        number = None if search is None else number_folded(search)
        rows = await self._pool.fetch(_LIST, event_id, status, before, search, number, limit + 1)
        return [OrderRow(**dict(row)) for row in rows]

    async def of_person(self, user_id: str, *, before: str | None, limit: int) -> list[OwnOrderRow]:
        """Up to limit + 1 orders of a person, newest first."""
        return [OwnOrderRow(**dict(row)) for row in await self._pool.fetch(_OF_PERSON, user_id, before, limit + 1)]

    async def _read(self, order_ids: list[str]) -> Sequence[Order | None]:
        rows = await again(lambda: self._kept.fetch(_COLUMNS + _OF_IDS, order_ids))
        found = {row["id"]: row for row in rows}
        return [order_of(dict(found[order_id])) if order_id in found else None for order_id in order_ids]

    async def _count(self, order_ids: list[str]) -> Sequence[dict[str, int]]:
        counts: dict[str, dict[str, int]] = {order_id: {} for order_id in order_ids}
        for row in await again(lambda: self._kept.fetch(_TICKET_COUNTS, order_ids)):
            counts[row["order_id"]][row["status"]] = row["tickets"]
        return [dict(counts[order_id]) for order_id in order_ids]

    async def _before(self, asks: list[Ask]) -> Sequence[Before]:
        rows = await again(
            lambda: self._kept.fetch(
                _BEFORE,
                [ask.event_id for ask in asks],
                [ask.hold_id for ask in asks],
                [ask.buyer_email for ask in asks],
                [ask.most for ask in asks],
                [ask.lease_id for ask in asks],
            )
        )
        # One hold may be asked for twice, under two addresses.
        found = {(row["hold_id"], row["buyer_email"]): row for row in rows}
        answers = []
        for ask in asks:
            row = found[ask.hold_id, ask.buyer_email]
            answers.append(Before(row["owned"], (row["id"], row["order_number"]) if row["id"] else None))
        return answers

    async def _attach(self, items: list[Attached]) -> Sequence[bool]:
        answers = [(item.order_id, item.answer) for item in items if item.answer is not None]
        rows = await again(
            lambda: self._kept.fetch(
                _ATTACH,
                [item.order_id for item in items],
                [item.intent_id for item in items],
                [item.client_secret for item in items],
                [order_id for order_id, _ in answers],
                [answer.scope for _, answer in answers],
                [answer.status for _, answer in answers],
                [answer.content_type for _, answer in answers],
                [as_json(answer.headers) for _, answer in answers],
                [answer.body for _, answer in answers],
            )
        )
        found = {row["id"] for row in rows}
        return [item.order_id in found for item in items]

    async def _place(self, orders: list[tuple[NewOrder, Claim | None]]) -> Sequence[Placed | BaseException]:
        # Written twice it is written once: anybody who offers an order that is there already is told so, and finds it.
        try:
            return await again(lambda: self._write(orders))
        except asyncpg.PostgresError as error:
            if ends_connection(error):
                raise
            if len(orders) == 1:
                return [_refused(error) or error]
        return [(await self._place([order]))[0] for order in orders]

    async def _write(self, offered: list[tuple[NewOrder, Claim | None]]) -> list[Placed]:
        orders, claims = [order for order, _ in offered], [claim for _, claim in offered]
        errands = [UnitsOrdered(o.event_id, o.id, o.hold_id, tuple(line.unit for line in o.lines)) for o in orders]
        rows = await self._kept.fetch(
            _PLACE,
            # Sorted, so that two batches wait for the locks of the buyers' limit in one order.
            as_json(
                [
                    wanted(order, errand, claim)
                    for order, errand, claim in sorted(
                        zip(orders, errands, claims, strict=True), key=lambda three: three[0].buyer_email
                    )
                ]
            ),
            as_json([line_of(order, line) for order in orders for line in order.lines]),
            AT_ONCE_DELAY_S,
            LOOK_FIRST_S,
            LOCK_S,
        )
        by_id = {row["id"]: row for row in rows}
        answers = []
        for order, errand in zip(orders, errands, strict=True):
            row = by_id[order.id]
            done = OutboxRow(row["errand_id"], errand.topic, order.id, errand) if row["placed"] else None
            answers.append(
                Placed(
                    row["placed"],
                    destination_account=row["destination_account"],
                    errands=(done,) if done else (),
                    claimed=row["claimed"],
                )
            )
        return answers


async def end_links(db: Connection, order_id: str) -> Order:
    """Another generation of links: the order as it is then."""
    await db.execute("UPDATE orders SET link_generation = link_generation + 1 WHERE id = $1", order_id)
    return await lock(db, order_id)


async def links_mailed_wait_s(db: Connection, order_id: str, again_s: int) -> int:
    """Seconds until staff may have the buyer mailed another new link; 0 if now."""
    return max(0, await db.fetchval(_LINKS_MAILED_WAIT, order_id, again_s) or 0)


async def lock(db: Connection, order_id: str) -> Order:
    """The order with its lines, kept from changing under us until the transaction ends."""
    row = await db.fetchrow(_COLUMNS + " WHERE o.id = $1 FOR UPDATE OF o", order_id)
    assert row is not None, "an order that is not there"
    return order_of(dict(row))


def _refused(error: asyncpg.PostgresError) -> Placed | None:
    """The answer that an error of one order's statement means, if it is one."""
    if isinstance(error, asyncpg.UniqueViolationError):
        return Placed(placed=False)
    limit = error.constraint_name if isinstance(error, asyncpg.CheckViolationError) else None
    if limit in {BUYER_LIMIT, PROMO_LIMIT, PROMO_SLIP}:
        return Placed(
            placed=False,
            beyond_limit=limit == BUYER_LIMIT,
            beyond_promo=limit == PROMO_LIMIT,
            promo_used=limit == PROMO_SLIP,
        )
    return None
