"""Accounts and organizations as the platform's admins see them."""

from __future__ import annotations

from typing import Any

from engine.stores.database import Connection, Database, count

_FIND = """
SELECT u.id, u.email, u.name, u.is_admin, u.disabled_at, u.created_at,
       greatest(u.last_login_at, (SELECT max(s.used_at) FROM sessions s WHERE s.user_id = u.id)) AS last_login_at,
       (SELECT count(*) FROM members m WHERE m.user_id = u.id) AS organizations
  FROM users u
 WHERE ($1::text IS NULL OR u.email ILIKE $1 OR u.name ILIKE $1) AND ($2::text IS NULL OR u.id < $2)
 ORDER BY u.id DESC LIMIT $3
"""
_LIKE_ESCAPES = str.maketrans({"%": r"\%", "_": r"\_", "\\": r"\\"})


async def people(db: Database, search: str | None, before: str | None, limit: int) -> list[dict[str, Any]]:
    """Accounts whose address or name holds the text, newest first."""
    like = None if search is None else f"%{search.translate(_LIKE_ESCAPES)}%"
    return [dict(row) for row in await db.fetch(_FIND, like, before, limit)]


async def set_disabled(db: Connection, user_id: str, *, disabled: bool) -> bool:
    """Shut or open an account that is no platform admin's; False if there is none such."""
    tag = await db.execute(
        "UPDATE users SET disabled_at = CASE WHEN $2 THEN coalesce(disabled_at, now()) END"
        " WHERE id = $1 AND NOT is_admin",
        user_id,
        disabled,
    )
    return count(tag) == 1


async def is_viewable(db: Connection, user_id: str) -> bool:
    """Whether there is such an account, open and no platform admin's."""
    found: bool = await db.fetchval(
        "SELECT EXISTS (SELECT 1 FROM users WHERE id = $1 AND NOT is_admin AND disabled_at IS NULL)", user_id
    )
    return found


async def last_view(db: Connection, user_id: str) -> int:
    """The number of the newest line that says that somebody views the platform as this person."""
    found: int = await db.fetchval(
        "SELECT max(id) FROM audit_log WHERE target = $1 AND action = 'account.viewed_as'", user_id
    )
    return found


async def is_view_ended(db: Connection, admin_id: str, user_id: str, begun: int) -> bool:
    """Whether a line after ``begun`` says that this admin views as this person no longer."""
    found: bool = await db.fetchval(
        "SELECT EXISTS (SELECT 1 FROM audit_log WHERE target = $1 AND id > $2 AND action = 'account.view_ended'"
        " AND actor_id = $3)",
        user_id,
        begun,
        admin_id,
    )
    return found


async def set_status(db: Connection, organization_id: str, status: str, reason: str) -> bool:
    """Suspend an organization for a reason or take it back; False if there is none."""
    tag = await db.execute(
        "UPDATE organizations SET status = $2, suspended_reason = $3, version = version + 1, updated_at = now()"
        " WHERE id = $1",
        organization_id,
        status,
        reason,
    )
    return count(tag) == 1
