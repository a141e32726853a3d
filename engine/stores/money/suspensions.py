"""What the ledger must do when an organization, or an event of it, may not sell any more, or may again."""

from __future__ import annotations

from engine.stores.database import Database

_SWITCH_ROOMS = """
UPDATE on_sales s SET live = w.live, version = s.version + 1, updated_at = now()
  FROM (SELECT e.id, e.status = 'published' AND o.status = 'active' AND e.hidden_at IS NULL AS live
          FROM events e JOIN organizations o ON o.id = e.organization_id WHERE o.id = $1) w
 WHERE s.event_id = w.id AND s.live <> w.live
RETURNING s.event_id
"""
_MAKE_DUE = """
UPDATE orders SET expires_at = least(expires_at, now()), reconcile_at = now()
 WHERE status IN ('pending', 'processing')
   AND event_id = ANY(ARRAY(SELECT e.id FROM events e JOIN organizations o ON o.id = e.organization_id
                             WHERE o.id = $1 AND (o.status <> 'active' OR e.hidden_at IS NOT NULL)))
"""


async def switch_rooms(db: Database, organization_id: str) -> list[str]:
    """Open or shut the rooms of the organization's events as it may sell now; the events whose rooms turned."""
    return [row["event_id"] for row in await db.fetch(_SWITCH_ROOMS, organization_id)]


async def make_due(db: Database, organization_id: str) -> None:
    """Open orders of what may not be sold reach their deadline now; to others nothing happens."""
    await db.execute(_MAKE_DUE, organization_id)
