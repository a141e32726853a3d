"""Promo codes in the ledger. Their uses are counted from the orders that carry them."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from engine.domain.catalogue.promos import NewPromo, PromoChange, PromoCode, PromoUse
from engine.foundation.clock import now
from engine.foundation.folding import code_folded, code_shown
from engine.stores.database import Database, Record, assignments, columns_of

_SELECT = """
SELECT p.id, p.event_id, p.code, p.kind, p.value, p.max_uses, p.valid_from, p.valid_until, p.status, p.version,
       p.min_amount_cents, p.min_quantity, p.ticket_type_ids, p.unlocks, p.per_buyer_max, p.count,
       p.created_at, p.updated_at, u.used_count, u.discount_given_cents
  FROM promo_codes p
 CROSS JOIN LATERAL (
       SELECT count(*) AS used_count,
              COALESCE(sum((o.price->>'discount_cents')::bigint), 0)::bigint AS discount_given_cents
         FROM orders o WHERE o.promo_code_id = p.id AND o.status NOT IN ('expired', 'cancelled')) u
"""
# A kept code has capitals, digits, underlines and plain dashes: without these it is folded.
_BY_FOLDED = _SELECT + "WHERE p.event_id = $1 AND replace(p.code, '-', '') = $2 ORDER BY p.id LIMIT 1"
_OF_ORGANIZATIONS = (
    _SELECT
    + """
  JOIN events e ON e.id = p.event_id
 WHERE ($3::text IS NULL OR e.organization_id = $3) AND p.id > $4
   AND ($1::text IS NULL OR EXISTS (
       SELECT 1 FROM members m WHERE m.organization_id = e.organization_id AND m.user_id = $1 AND m.role = ANY($2)))
 ORDER BY p.id LIMIT $5
"""
)
_USES = """
SELECT id AS order_id, order_number, status, coalesce((price->>'discount_cents')::bigint, 0) AS discount_cents,
       created_at
  FROM orders
 WHERE promo_code_id = $1 AND status NOT IN ('expired', 'cancelled') AND ($2::text IS NULL OR id < $2)
 ORDER BY id DESC LIMIT $3
"""


_OF_BUYER = """
SELECT count(*) FROM (SELECT * FROM orders b WHERE lower(b.buyer_email) = lower($2) OFFSET 0) o
 WHERE o.promo_code_id = $1 AND o.status NOT IN ('expired', 'cancelled')
"""


_SLIPS = """
SELECT promo_slip, count(*) AS uses FROM orders
 WHERE promo_code_id = $1 AND promo_slip IS NOT NULL AND status NOT IN ('expired', 'cancelled') GROUP BY 1
"""


def _promo(row: Record) -> PromoCode:
    values = dict(row)
    for name in ("ticket_type_ids", "unlocks"):
        values[name] = tuple(values[name])
    promo = PromoCode(**values)
    return structs.replace(promo, state=promo.state_at(now()))


async def slips_used(db: Database, promo_id: str) -> dict[int, int]:
    """How many orders used each of many codes, by its place; those that none used are left out."""
    return {row["promo_slip"]: row["uses"] for row in await db.fetch(_SLIPS, promo_id)}


async def of_buyer(db: Database, promo_id: str, email: str) -> int:
    """How many orders of this address carry the code, paid or being paid for."""
    found: int = await db.fetchval(_OF_BUYER, promo_id, email)
    return found


async def of_event(db: Database, event_id: str) -> list[PromoCode]:
    """An event's codes in the order they were made, with how often each was used."""
    rows = await db.fetch(_SELECT + "WHERE p.event_id = $1 ORDER BY p.created_at, p.id", event_id)
    return [_promo(row) for row in rows]


async def of_organizations(
    db: Database, user_id: str | None, roles: Sequence[str], organization_id: str | None, after: str, limit: int
) -> list[PromoCode]:
    """Codes by id, of one organization or all; of those where this person has one of the roles, None for an admin."""
    rows = await db.fetch(_OF_ORGANIZATIONS, user_id, list(roles), organization_id, after, limit)
    return [_promo(row) for row in rows]


async def uses(db: Database, promo_id: str, before: str | None, limit: int) -> list[PromoUse]:
    """The orders that carry a code, newest first."""
    return [PromoUse(**dict(row)) for row in await db.fetch(_USES, promo_id, before, limit)]


async def get(db: Database, promo_id: str) -> PromoCode | None:
    row = await db.fetchrow(_SELECT + "WHERE p.id = $1", promo_id)
    return None if row is None else _promo(row)


async def by_code(db: Database, event_id: str, code: str) -> PromoCode | None:
    row = await db.fetchrow(_BY_FOLDED, event_id, code_folded(code))
    return None if row is None else _promo(row)


async def insert(db: Database, promo_id: str, event_id: str, given: NewPromo) -> bool:
    """Keep a code; False if the event has it already."""
    columns = columns_of(given)
    columns["code"] = code_shown(given.code)
    columns.pop("event_ids", None)
    columns.pop("event_id", None)
    marks = ", ".join(f"${index + 3}" for index in range(len(columns)))
    row = await db.fetchrow(
        f"INSERT INTO promo_codes (id, event_id, {', '.join(columns)}) VALUES ($1, $2, {marks})"
        " ON CONFLICT (event_id, code) DO NOTHING RETURNING id",
        promo_id,
        event_id,
        *columns.values(),
    )
    return row is not None


async def change(db: Database, promo_id: str, given: PromoChange) -> None:
    """Change what is given and move the version; the caller holds the event's lock."""
    columns = columns_of(given)
    sets = "".join(f"{part}, " for part in [assignments(columns, 2)] if part)
    await db.execute(
        f"UPDATE promo_codes SET {sets}version = version + 1, updated_at = now() WHERE id = $1",
        promo_id,
        *columns.values(),
    )


async def delete(db: Database, promo_id: str) -> None:
    await db.execute("DELETE FROM promo_codes WHERE id = $1", promo_id)
