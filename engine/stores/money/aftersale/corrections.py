"""Corrections of paid orders in the ledger."""

from __future__ import annotations

from typing import Final

from engine.stores.database import Connection, Database

_RESENT: Final = """
SELECT count(*) FROM audit_log WHERE target = $1 AND action = 'order.resent' AND facts->>'by' = 'buyer'
   AND created_at > now() - make_interval(secs => $2)
"""
# A ticket that was handed on is another's by now. The name of an attendee stays.
_TICKETS: Final = """
UPDATE tickets t SET holder_email = coalesce($3, t.holder_email),
       holder_name = CASE WHEN t.holder_name = o.buyer_name THEN coalesce($2, t.holder_name) ELSE t.holder_name END
  FROM orders o WHERE o.id = $1 AND t.order_id = o.id AND t.handed_on = 0
"""
_ORDER: Final = """
UPDATE orders SET buyer_name = coalesce($2, buyer_name), buyer_email = coalesce($3, buyer_email),
       mail_refused = CASE WHEN $3::text IS NULL THEN mail_refused END
 WHERE id = $1
"""


async def resent_by_buyer(db: Database, order_id: str, within_s: int) -> int:
    """How often its buyer had it mailed again lately."""
    return int(await db.fetchval(_RESENT, order_id, within_s))


async def correct(db: Connection, order_id: str, name: str | None, email: str | None) -> None:
    """Another buyer's name, or address, or both; the order is locked. Its tickets follow while they are the buyer's."""
    await db.execute(_TICKETS, order_id, name, email)
    await db.execute(_ORDER, order_id, name, email)
