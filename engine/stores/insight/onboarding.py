"""What of the way to its first sale an organization has done, in one look."""

from __future__ import annotations

from engine.domain.insight.onboarding import Onboarding
from engine.domain.order_states import EVER_PAID
from engine.stores.database import Database

_STEPS = """
SELECT EXISTS (SELECT 1 FROM users WHERE id = $2 AND email_verified_at IS NOT NULL) AS address_proven,
       (SELECT max(id) FROM venues WHERE organization_id = $1) AS venue_id,
       EXISTS (SELECT 1 FROM venues WHERE organization_id = $1 AND chart_units IS NOT NULL)
         OR EXISTS (SELECT 1 FROM events WHERE organization_id = $1 AND capacity IS NOT NULL) AS places,
       (SELECT id FROM events WHERE organization_id = $1 AND archived_at IS NULL
         ORDER BY status = 'published' DESC, id DESC LIMIT 1) AS event_id,
       EXISTS (SELECT 1 FROM ticket_types t JOIN events e ON e.id = t.event_id
                WHERE e.organization_id = $1) AS ticket_type,
       EXISTS (SELECT 1 FROM on_sales WHERE organization_id = $1) AS on_sale,
       EXISTS (SELECT 1 FROM events WHERE organization_id = $1 AND published_at IS NOT NULL) AS published,
       EXISTS (SELECT 1 FROM devices d JOIN events e ON e.id = d.event_id WHERE e.organization_id = $1) AS scanner,
       EXISTS (SELECT 1 FROM events e WHERE e.organization_id = $1 AND EXISTS (
           SELECT 1 FROM orders o WHERE o.event_id = e.id AND o.status = ANY ($3::text[]))) AS sold
"""


async def steps(db: Database, organization_id: str, user_id: str) -> Onboarding:
    """Of the organization, and whether this person's address is proven."""
    row = await db.fetchrow(_STEPS, organization_id, user_id, list(EVER_PAID))
    assert row is not None
    return Onboarding(**dict(row))
