"""The activity log: one row for every write of an organizer or admin, in the transaction of what it tells of."""

from __future__ import annotations

from typing import Any

import structlog

from engine.foundation.bearer import Person
from engine.stores.database import Database

_INSERT = """
INSERT INTO audit_log (actor_kind, actor_id, action, target, facts, correlation_id) VALUES ($1, $2, $3, $4, $5, $6)
"""


async def record(db: Database, actor: Person | None, action: str, target: str, **facts: Any) -> None:
    """Write one line; ``actor`` None is the system itself. The facts hold no secrets and no buyer's data.

    If a platform admin acts as the actor, the facts say through whom.
    """
    kind = "system" if actor is None else "admin" if actor.is_admin else "organizer"
    correlation_id = structlog.contextvars.get_contextvars().get("correlation_id", "")
    actor_id = actor.user_id if actor is not None else ""
    if actor is not None and actor.through:
        facts["through_id"] = actor.through
    await db.execute(_INSERT, kind, actor_id, action, target, facts, str(correlation_id))


_SHOWN = """a.id, a.actor_kind, a.actor_id, a.action, a.target, a.facts, a.created_at, u.name AS actor_name,
       t.name AS through_name, a.event_id,
       e.currency, e.title AS event_title"""
_JOINED = """ AND id < $2 ORDER BY id DESC LIMIT $3) AS a
  LEFT JOIN users u ON u.id = a.actor_id
  LEFT JOIN users t ON t.id = a.facts->>'through_id'
  LEFT JOIN events e ON e.id = a.event_id
 ORDER BY a.id DESC
"""
_OF_EVENT = f"SELECT {_SHOWN} FROM (SELECT * FROM audit_log WHERE event_id = $1{_JOINED}"
_OF_ORGANIZATION = f"SELECT {_SHOWN} FROM (SELECT * FROM audit_log WHERE organization_id = $1{_JOINED}"


async def of_event(db: Database, event_id: str, before: int, limit: int) -> list[dict[str, Any]]:
    """What was done to an event and to what belongs to it, newest first, below a line's number.

    The table itself finds the event and the organization of each line when it is written.
    """
    return [dict(row) for row in await db.fetch(_OF_EVENT, event_id, before, limit)]


async def of_organization(db: Database, organization_id: str, before: int, limit: int) -> list[dict[str, Any]]:
    """As ``of_event``, of an organization and all its events."""
    return [dict(row) for row in await db.fetch(_OF_ORGANIZATION, organization_id, before, limit)]
