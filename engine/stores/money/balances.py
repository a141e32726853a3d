"""What is left of an order's money, and the status that follows from it: the one place where both are worked out.

Refunds give money back and disputes take it back; either may come first, fail, or be decided late. Callers hold the
order's row (``orders.lock``).
"""

from __future__ import annotations

from engine.domain.money.refunds import Parts
from engine.stores.database import Connection

_GONE = """
SELECT g.net_cents, g.taxes FROM refunds g WHERE g.order_id = $1 AND g.status <> 'failed'
UNION ALL
SELECT d.net_cents, d.taxes FROM disputes d
 WHERE d.order_id = $1 AND d.standing IN ('open', 'lost') AND d.id IS DISTINCT FROM $2
"""
# A bank that still decides outranks everything; what cost nothing is returned by tickets, everything else by cents.
_RESTATE = """
UPDATE orders o SET refunded_cents = s.refunded_cents, charged_back_cents = s.charged_back_cents,
       status = CASE WHEN s.disputed THEN 'disputed'
                     WHEN s.over AND s.charged_back_cents > 0 THEN 'charged_back'
                     WHEN s.over THEN 'refunded'
                     WHEN s.touched THEN 'partially_refunded' ELSE 'paid' END,
       closed_at = CASE WHEN s.over AND NOT s.disputed THEN coalesce(o.closed_at, now()) END
  FROM (
    SELECT m.refunded_cents, m.charged_back_cents, m.disputed, m.returns > 0 OR m.charged_back_cents > 0 AS touched,
           (m.returns > 0 OR m.charged_back_cents > 0) AND NOT m.admits
           AND m.refunded_cents + m.charged_back_cents >= m.amount_cents AS over
      FROM (
        SELECT p.amount_cents,
               (SELECT coalesce(sum(r.amount_cents), 0)::bigint FROM refunds r
                 WHERE r.order_id = $1 AND r.status = 'succeeded') AS refunded_cents,
               (SELECT count(*) FROM refunds r WHERE r.order_id = $1 AND r.status = 'succeeded') AS returns,
               (SELECT coalesce(sum(d.claimed_cents), 0)::bigint FROM disputes d
                 WHERE d.order_id = $1 AND d.standing = 'lost') AS charged_back_cents,
               EXISTS (SELECT FROM disputes d
                        WHERE d.order_id = $1 AND d.standing = 'open' AND d.claimed_cents > 0) AS disputed,
               (SELECT count(*) FILTER (WHERE t.status NOT IN ('refunded', 'cancelled')) > 0 FROM tickets t
                 WHERE t.order_id = $1) AS admits
          FROM orders p WHERE p.id = $1) m) s
 WHERE o.id = $1
RETURNING o.status
"""


async def gone(db: Connection, order_id: str, *, besides_dispute_id: str | None = None) -> Parts:
    """What was returned so far, is on its way, or is claimed by disputes that are open or lost, taken apart."""
    net_cents, taxes = 0, dict[str, int]()
    for row in await db.fetch(_GONE, order_id, besides_dispute_id):
        net_cents += row["net_cents"]
        for name, cents in row["taxes"].items():
            taxes[name] = taxes.get(name, 0) + int(cents)
    return Parts(net_cents, taxes)


async def restate(db: Connection, order_id: str) -> str:
    """Write the sums and the status of an order that was paid, as its refunds, disputes and tickets are now."""
    status: str = await db.fetchval(_RESTATE, order_id)
    return status
