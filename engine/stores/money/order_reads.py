"""Orders as buyers look at them, many in one statement: how far each is, the whole of it, its tickets.

Everything read comes with the order's mark, from the same moment. It is made of the numbers that Postgres gives each
version of a row (xmin), over all rows that the answers are made of: what has the mark of an earlier read says the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from engine.domain.money.order_status import OrderHead
from engine.domain.money.orders import Order
from engine.domain.tickets.tickets import TicketPage
from engine.foundation.ledger_pool import kept
from engine.foundation.postgres import again
from engine.stores.database import Pool
from engine.stores.money.order_rows import ORDER_COLUMNS, order_of
from engine.stores.tickets.tickets import PAGE_COLUMNS, PAGE_SOURCES

# Queries of their own: joined, a plan may begin at the event and read all its orders.
_MARK: Final = """
concat(o.xmin, (SELECT concat(' ', e.xmin, ' ', v.xmin) FROM events e JOIN venues v ON v.id = e.venue_id
                 WHERE e.id = o.event_id),
       (SELECT string_agg(concat('|', t.status, ' ', t.xmin, ' ', k.xmin), '' ORDER BY t.line)
          FROM tickets t JOIN ticket_types k ON k.id = t.ticket_type_id WHERE t.order_id = o.id))
"""
_HEADS: Final = f"""
SELECT o.id, o.order_number, o.event_id,
       (SELECT e.organization_id FROM events e WHERE e.id = o.event_id) AS organization_id, o.user_id, o.status,
       o.currency, o.amount_cents, o.refunded_cents, o.charged_back_cents, o.payment_intent_id, o.payment_error,
       o.closing_note, o.expires_at, (SELECT e.ends_at FROM events e WHERE e.id = o.event_id) AS event_ends_at,
       o.link_generation, o.mail_refused,
       (SELECT count(*) FROM order_units u WHERE u.order_id = o.id)::int AS quantity, {_MARK} AS mark
  FROM orders o WHERE o.id = ANY((SELECT $1::text[])::text[])
"""
_WHOLE: Final = f"SELECT {ORDER_COLUMNS}, {_MARK} AS mark FROM orders o WHERE o.id = ANY((SELECT $1::text[])::text[])"
_TICKETS: Final = f"""
SELECT {PAGE_COLUMNS}, CASE WHEN t.line = 0 THEN {_MARK} END AS mark {PAGE_SOURCES}
 WHERE t.order_id = ANY((SELECT $1::text[])::text[]) AND p.order_id = ANY((SELECT $1::text[])::text[])
 ORDER BY t.order_id, t.line
"""
_MOVED: Final = f"""
SELECT o.id FROM unnest((SELECT $1::text[]), $2::text[]) AS w(id, mark) JOIN orders o ON o.id = w.id
 WHERE o.id = ANY((SELECT $1::text[])::text[]) AND {_MARK} <> w.mark
"""


@dataclass(frozen=True, slots=True)
class MarkedHead:
    head: OrderHead
    tickets: Mapping[str, int]  # by status
    mark: str


@dataclass(frozen=True, slots=True)
class MarkedOrder:
    order: Order
    mark: str


@dataclass(frozen=True, slots=True)
class MarkedTickets:
    tickets: tuple[TicketPage, ...]  # line by line
    mark: str


class OrderReadStore:
    """Reads for those who look; nothing is written."""

    def __init__(self, pool: Pool) -> None:
        self._pool = kept(pool)

    async def heads(self, order_ids: Sequence[str]) -> dict[str, MarkedHead]:
        """How far these orders are; those that do not exist are left out."""
        found = {}
        for row in await again(lambda: self._pool.fetch(_HEADS, list(order_ids))):
            fields = dict(row)
            mark = fields.pop("mark")
            statuses = Counter(ticket.partition(" ")[0] for ticket in mark.split("|")[1:])
            found[row["id"]] = MarkedHead(OrderHead(**fields), dict(statuses), mark)
        return found

    async def whole(self, order_ids: Sequence[str]) -> dict[str, MarkedOrder]:
        """These orders with their lines."""
        found = {}
        for row in await again(lambda: self._pool.fetch(_WHOLE, list(order_ids))):
            fields = dict(row)
            mark = fields.pop("mark")
            found[row["id"]] = MarkedOrder(order_of(fields), mark)
        return found

    async def tickets(self, order_ids: Sequence[str]) -> dict[str, MarkedTickets]:
        """The tickets of these orders; those that have none are left out."""
        found: dict[str, list[TicketPage]] = {}
        marks: dict[str, str] = {}  # each order's stands on its first line
        for row in await again(lambda: self._pool.fetch(_TICKETS, list(order_ids))):
            fields = dict(row)
            marks.setdefault(row["order_id"], fields.pop("mark") or "")
            found.setdefault(row["order_id"], []).append(TicketPage(**fields))
        return {order_id: MarkedTickets(tuple(tickets), marks[order_id]) for order_id, tickets in found.items()}

    async def moved(self, marks: Mapping[str, str]) -> list[str]:
        """Which of these orders have another mark by now."""
        rows = await again(lambda: self._pool.fetch(_MOVED, list(marks), list(marks.values())))
        return [row["id"] for row in rows]
