"""Who did what: one row for every write of an organizer or admin, in the transaction of what it tells of."""

from __future__ import annotations

from typing import Any

import structlog

from engine.foundation.bearer import Person
from engine.stores.database import Database

_INSERT = """
INSERT INTO audit_log (actor_kind, actor_id, action, target, facts, correlation_id) VALUES ($1, $2, $3, $4, $5, $6)
"""


async def record(db: Database, actor: Person | None, action: str, target: str, **facts: Any) -> None:
    """Write one line; ``actor`` None is the system itself. The facts hold no secrets and no buyer's data."""
    kind = "system" if actor is None else "admin" if actor.is_admin else "organizer"
    correlation_id = structlog.contextvars.get_contextvars().get("correlation_id", "")
    actor_id = actor.user_id if actor is not None else ""
    await db.execute(_INSERT, kind, actor_id, action, target, facts, str(correlation_id))
