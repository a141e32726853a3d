"""Guests in the ledger: those whom tickets were given to, and how many of them are in."""

from __future__ import annotations

from engine.domain.money.box_office.guests import Guest
from engine.domain.order_states import SOLD
from engine.stores.database import Database

_GUESTS = """
SELECT o.id AS order_id, o.order_number, o.buyer_name AS name, o.buyer_email AS email, c.note, t.ticket_types,
       t.quantity, t.entered
  FROM counter_payments c
 CROSS JOIN LATERAL (SELECT g.* FROM orders g WHERE g.id = c.order_id LIMIT 1) AS o
 CROSS JOIN LATERAL (
       SELECT count(*)::int AS quantity, (count(*) FILTER (WHERE k.checked_in_at IS NOT NULL))::int AS entered,
              string_agg(DISTINCT y.name, ', ') AS ticket_types
         FROM tickets k JOIN ticket_types y ON y.id = k.ticket_type_id
        WHERE k.order_id = o.id AND k.status NOT IN ('refunded', 'cancelled')) AS t
 WHERE c.event_id = $1 AND c.kind = 'comp' AND o.status = ANY($2::text[]) AND t.quantity > 0
   AND ($3::text IS NULL OR o.search @@ search_query($3))
 ORDER BY lower(o.buyer_name), o.id LIMIT $4
"""


async def of_event(db: Database, event_id: str, search: str | None, limit: int) -> list[Guest]:
    """Those whom tickets were given to, by name. ``search``: beginnings of words of name and e-mail."""
    rows = await db.fetch(_GUESTS, event_id, list(SOLD), search, limit)
    return [Guest(**dict(row)) for row in rows]
