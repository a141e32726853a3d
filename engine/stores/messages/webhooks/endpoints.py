"""Endpoints of organizations in the ledger. Their secrets come and go sealed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.domain.messages.webhooks import OLDER_SECRET_H, WebhookEndpoint, WebhookEndpointChange
from engine.stores.database import Connection, Database, Record, assignments, columns_of

_SHOWN = """
SELECT w.id, w.organization_id, w.url, w.events, w.enabled, w.disabled_reason, w.failing_since,
       CASE WHEN w.older_secret_until > now() THEN w.older_secret_until END AS older_secret_until,
       (SELECT count(*) FROM webhook_deliveries d WHERE d.endpoint_id = w.id AND d.status = 'pending') AS waiting,
       w.version, w.created_at, w.updated_at
  FROM webhook_endpoints w
"""
_ADD = """
INSERT INTO webhook_endpoints (id, organization_id, url, events, secret, made_by) VALUES ($1, $2, $3, $4, $5, $6)
"""
# Who switches it on begins with a clean slate; who switches it off is no failure's.
_SWITCHED = """
UPDATE webhook_endpoints SET disabled_reason = NULL, failing_since = NULL WHERE id = $1
"""
_DUE_NOW = """
UPDATE webhook_deliveries SET due_at = now() WHERE endpoint_id = $1 AND status = 'pending' AND due_at > now()
"""
_ROTATE = """
UPDATE webhook_endpoints
   SET older_secret = secret, older_secret_until = now() + make_interval(hours => $3), secret = $2,
       version = version + 1, updated_at = now()
 WHERE id = $1
RETURNING older_secret_until
"""
_DISABLE = """
UPDATE webhook_endpoints
   SET enabled = false, disabled_reason = $2, version = version + 1, updated_at = now()
 WHERE id = $1 AND enabled
RETURNING organization_id, url
"""
_OWNERS = """
SELECT u.email, u.locale FROM members m JOIN users u ON u.id = m.user_id
 WHERE m.organization_id = $1 AND m.role = 'owner' AND u.disabled_at IS NULL ORDER BY u.id
"""
_TOLD_OF = """
SELECT w.url, w.disabled_reason, w.enabled, w.organization_id, o.name AS organization
  FROM webhook_endpoints w JOIN organizations o ON o.id = w.organization_id WHERE w.id = $1
"""
# No endpoint was there: what happened before is told to nobody.
_BEGIN = """
UPDATE webhook_feeds f SET seen = n.newest, sure = n.newest, fence = n.newest, fence_xid = 0
  FROM (SELECT 'deeds' AS feed, coalesce(max(id), 0) AS newest FROM audit_log
        UNION ALL SELECT 'tickets', coalesce(max(seq), 0) FROM ticket_changes
        UNION ALL SELECT 'scans', coalesce(max(id), 0) FROM scans) n
 WHERE f.feed = n.feed AND NOT EXISTS (SELECT FROM webhook_endpoints)
"""


@dataclass(frozen=True, slots=True)
class Disabled:
    """What a mail about an endpoint says."""

    organization_id: str
    organization: str
    url: str
    reason: str | None
    enabled: bool


async def add(
    db: Connection, endpoint_id: str, organization_id: str, url: str, events: list[str], secret: bytes, made_by: str
) -> WebhookEndpoint:
    """A new endpoint, the caller has its organization locked. If it is the platform's first, messages begin now."""
    await db.execute(_BEGIN)
    await db.execute(_ADD, endpoint_id, organization_id, url, events, secret, made_by)
    added = await get(db, organization_id, endpoint_id)
    assert added is not None, "it was added just now"
    return added


async def count(db: Database, organization_id: str) -> int:
    """How many endpoints the organization has."""
    found: int = await db.fetchval("SELECT count(*) FROM webhook_endpoints WHERE organization_id = $1", organization_id)
    return found


async def of_organization(db: Database, organization_id: str, after: str, limit: int) -> list[WebhookEndpoint]:
    """By id."""
    rows = await db.fetch(
        _SHOWN + " WHERE w.organization_id = $1 AND w.id > $2 ORDER BY w.id LIMIT $3", organization_id, after, limit
    )
    return [_shown(row) for row in rows]


async def get(db: Database, organization_id: str, endpoint_id: str) -> WebhookEndpoint | None:
    """The organization's endpoint."""
    row = await db.fetchrow(_SHOWN + " WHERE w.organization_id = $1 AND w.id = $2", organization_id, endpoint_id)
    return None if row is None else _shown(row)


async def lock(db: Connection, organization_id: str, endpoint_id: str) -> WebhookEndpoint | None:
    """The same, and nobody else changes it until the transaction ends."""
    await db.execute("SELECT FROM webhook_endpoints WHERE id = $1 FOR UPDATE", endpoint_id)
    return await get(db, organization_id, endpoint_id)


async def change(db: Connection, endpoint_id: str, given: WebhookEndpointChange) -> None:
    """Set what is given. One that is switched tells of no failure any more; switched on, what waits goes at once."""
    columns = columns_of(given)
    named = assignments(columns, 2)
    await db.execute(
        f"UPDATE webhook_endpoints SET {named + ', ' if named else ''}version = version + 1, updated_at = now()"
        " WHERE id = $1",
        endpoint_id,
        *columns.values(),
    )
    if "enabled" in columns:
        await db.execute(_SWITCHED, endpoint_id)
    if columns.get("enabled"):
        await db.execute(_DUE_NOW, endpoint_id)


async def rotate(db: Connection, endpoint_id: str, secret: bytes) -> datetime:
    """Another secret; until when the one before signs too. One that is older than that ends now."""
    until: datetime = await db.fetchval(_ROTATE, endpoint_id, secret, OLDER_SECRET_H)
    return until


async def delete(db: Connection, endpoint_id: str) -> None:
    """Forget it, with all that was sent to it."""
    await db.execute("DELETE FROM webhook_endpoints WHERE id = $1", endpoint_id)


async def disable(db: Connection, endpoint_id: str, reason: str) -> tuple[str, str] | None:
    """Switch it off; (organization, url), None if it was off."""
    row = await db.fetchrow(_DISABLE, endpoint_id, reason)
    return None if row is None else (row["organization_id"], row["url"])


async def owners(db: Database, organization_id: str) -> list[tuple[str, str]]:
    """(address, language) of everybody who owns the organization."""
    return [(row["email"], row["locale"]) for row in await db.fetch(_OWNERS, organization_id)]


async def told_of(db: Database, endpoint_id: str) -> Disabled | None:
    """What a mail about it says; None if it is gone."""
    row = await db.fetchrow(_TOLD_OF, endpoint_id)
    if row is None:
        return None
    return Disabled(row["organization_id"], row["organization"], row["url"], row["disabled_reason"], row["enabled"])


def _shown(row: Record) -> WebhookEndpoint:
    return WebhookEndpoint(**{**dict(row), "events": tuple(row["events"])})
