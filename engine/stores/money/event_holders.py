"""The orders of an event that one address bought: what a mail about the event links to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from engine.domain.order_states import EVER_PAID
from engine.domain.tickets.order_links import OrderLink
from engine.stores.database import Database

ORDERS_MAX: Final = 50

# Also those that cost nothing, which the event's cancellation has ended already.
_OF_ADDRESS: Final = """
SELECT o.id, o.event_id, o.order_number, o.buyer_name, o.amount_cents, o.link_generation, o.locale,
       (SELECT e.ends_at FROM events e WHERE e.id = o.event_id) AS event_ends_at
  FROM (SELECT * FROM orders WHERE lower(buyer_email) = $2 OFFSET 0) o
 WHERE o.event_id = $1
   AND (o.status = ANY($3::text[]) OR o.closing_note = 'event_cancelled')
 ORDER BY o.id LIMIT $4
"""
# A suspended organization writes to nobody. A word of it is heard by who paid or proved the address; by others too once
# the organization has sold for money, or an owner of it reads the mail of their address.
_HEARS_MESSAGE: Final = """
SELECT org.status = 'active' AND (
       EXISTS (SELECT 1 FROM (SELECT * FROM orders WHERE lower(buyer_email) = $2 OFFSET 0) o
                WHERE o.event_id = $1 AND o.amount_cents > 0 AND o.status = ANY($3::text[]))
    OR EXISTS (SELECT 1 FROM users u WHERE u.email = $2 AND u.email_verified_at IS NOT NULL)
    OR EXISTS (SELECT 1 FROM members m JOIN users u ON u.id = m.user_id
                WHERE m.organization_id = org.id AND m.role = 'owner' AND u.email_verified_at IS NOT NULL)
    OR EXISTS (SELECT 1 FROM orders o JOIN events sold ON sold.id = o.event_id
                WHERE sold.organization_id = org.id AND o.amount_cents > 0 AND o.status = ANY($3::text[])))
  FROM events e JOIN organizations org ON org.id = e.organization_id WHERE e.id = $1
"""


@dataclass(frozen=True, slots=True)
class HeldOrder:
    """An order of somebody who has tickets."""

    id: str
    event_id: str
    order_number: str
    buyer_name: str
    amount_cents: int
    link_generation: int
    event_ends_at: datetime
    locale: str

    @property
    def link(self) -> OrderLink:
        """What opens it."""
        return OrderLink(self.id, self.link_generation, self.event_ends_at)


async def orders_of(db: Database, event_id: str, email: str) -> list[HeldOrder]:
    """An address' orders that were paid, oldest first; ``email`` in small letters."""
    rows = await db.fetch(_OF_ADDRESS, event_id, email, sorted(EVER_PAID), ORDERS_MAX)
    return [HeldOrder(**dict(row)) for row in rows]


async def hears_message(db: Database, event_id: str, email: str) -> bool:
    """Whether this address, in small letters, is mailed the organizer's own words about the event."""
    return bool(await db.fetchval(_HEARS_MESSAGE, event_id, email, sorted(EVER_PAID)))
