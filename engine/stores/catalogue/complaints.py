"""Complaints in the ledger, and what the platform hides."""

from __future__ import annotations

from engine.domain.catalogue.complaints import OPEN_PER_EVENT_MAX, Complaint, NewComplaint, State
from engine.stores.database import Connection, Database, count

_INSERT = """
INSERT INTO complaints (id, event_id, reason, message, email)
SELECT $1, $2, $3, $4, nullif($5, '')
 WHERE (SELECT count(*) FROM complaints WHERE event_id = $2 AND state = 'open') < $6
"""
_LIST = """
SELECT c.id, c.event_id, e.title AS event_title, e.hidden_at IS NOT NULL AS hidden, o.id AS organization_id,
       o.name AS organization_name, c.reason, c.message, c.email, c.state, c.created_at,
       (SELECT count(*) FROM complaints n WHERE n.event_id = c.event_id AND n.state = 'open') AS alike
  FROM complaints c JOIN events e ON e.id = c.event_id JOIN organizations o ON o.id = e.organization_id
 WHERE c.state = $1 AND ($2::text IS NULL OR c.id < $2)
 ORDER BY c.id DESC LIMIT $3
"""
_DECIDED = "decided_at = now(), decided_by = $3, email = NULL"


async def insert(db: Database, complaint_id: str, event_id: str, given: NewComplaint) -> bool:
    """Keep it; False if the event has OPEN_PER_EVENT_MAX that nobody has decided."""
    tag = await db.execute(
        _INSERT, complaint_id, event_id, given.reason, given.message, given.email, OPEN_PER_EVENT_MAX
    )
    return count(tag) == 1


async def of_state(db: Database, state: State, before: str | None, limit: int) -> list[Complaint]:
    """Newest first."""
    return [Complaint(**dict(row)) for row in await db.fetch(_LIST, state, before, limit)]


async def counts(db: Database) -> dict[State, int]:
    """How many there are of each state that has any."""
    rows = await db.fetch("SELECT state, count(*) AS found FROM complaints GROUP BY state")
    return {row["state"]: row["found"] for row in rows}


async def decide(db: Connection, complaint_id: str, state: State, user_id: str) -> str | None:
    """Decide an open one; the id of its event, None if there is no such open one."""
    found: str | None = await db.fetchval(
        f"UPDATE complaints SET state = $2, {_DECIDED} WHERE id = $1 AND state = 'open' RETURNING event_id",
        complaint_id,
        state,
        user_id,
    )
    return found


async def decide_all(db: Connection, event_id: str, state: State, user_id: str) -> int:
    """Decide all that are open of an event; how many."""
    tag = await db.execute(
        f"UPDATE complaints SET state = $2, {_DECIDED} WHERE event_id = $1 AND state = 'open'",
        event_id,
        state,
        user_id,
    )
    return count(tag)


async def set_hidden(db: Connection, event_id: str, reason: str | None) -> None:
    """Hide an event for this reason, or show it again (None)."""
    await db.execute(
        "UPDATE events SET hidden_at = CASE WHEN $2::text IS NOT NULL THEN now() END, hidden_reason = coalesce($2, ''),"
        " version = version + 1, updated_at = now() WHERE id = $1",
        event_id,
        reason,
    )
