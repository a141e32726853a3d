"""Invitations to work for an organization, in the ledger."""

from __future__ import annotations

from engine.domain.accounts.invitations import Invitation, InvitationShown
from engine.domain.accounts.mailed_links import GOOD_FOR_S
from engine.stores.database import Connection, Database, Record, count

_COLUMNS = (
    "id AS invitation_id, organization_id, email, role, expires_at, created_at,"
    " CASE WHEN status = 'pending' AND expires_at <= now() THEN 'expired' ELSE status END AS status"
)
_PUT = f"""
INSERT INTO invitations AS i (id, organization_id, email, role, language, invited_by, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, now() + make_interval(secs => $7))
ON CONFLICT (organization_id, email) WHERE status = 'pending'
DO UPDATE SET role = excluded.role, invited_by = excluded.invited_by, expires_at = excluded.expires_at
RETURNING {_COLUMNS}
"""


async def put(
    db: Connection, invitation_id: str, organization_id: str, email: str, role: str, language: str, invited_by: str
) -> Invitation:
    """Invite an address, or give the invitation that it has already this role and all its time again."""
    row = await db.fetchrow(
        _PUT, invitation_id, organization_id, email, role, language, invited_by, GOOD_FOR_S["invitation"]
    )
    assert row is not None
    return Invitation(**dict(row))


async def pending(db: Database, organization_id: str, after: str, limit: int) -> list[Invitation]:
    """Those that nobody has accepted or called back, by id."""
    rows = await db.fetch(
        f"SELECT {_COLUMNS} FROM invitations WHERE organization_id = $1 AND status = 'pending' AND id > $2"
        " ORDER BY id LIMIT $3",
        organization_id,
        after,
        limit,
    )
    return [Invitation(**dict(row)) for row in rows]


async def pending_count(db: Database, organization_id: str) -> int:
    found: int = await db.fetchval(
        "SELECT count(*) FROM invitations WHERE organization_id = $1 AND status = 'pending'", organization_id
    )
    return found


async def get(db: Database, organization_id: str, invitation_id: str) -> Invitation | None:
    """One of an organization that is still pending."""
    row = await db.fetchrow(
        f"SELECT {_COLUMNS} FROM invitations WHERE organization_id = $1 AND id = $2 AND status = 'pending'",
        organization_id,
        invitation_id,
    )
    return Invitation(**dict(row)) if row is not None else None


async def may_mail(db: Connection, invitation_id: str, every_s: int, *, first: bool) -> bool:
    """Note that a mail goes out now, with all its time again; False if the last one is too fresh."""
    tag = await db.execute(
        "UPDATE invitations SET mailed_at = now(), expires_at = now() + make_interval(secs => $4)"
        " WHERE id = $1 AND status = 'pending' AND ($3 OR mailed_at <= now() - make_interval(secs => $2))",
        invitation_id,
        every_s,
        first,
        GOOD_FOR_S["invitation"],
    )
    return count(tag) == 1


async def mailed_again_in_s(db: Database, invitation: Invitation, every_s: int) -> int:
    """Seconds until its address may have a mail for it, after others of its organization that it did not accept."""
    found: int | None = await db.fetchval(
        "SELECT ceil(extract(epoch FROM max(mailed_at) + make_interval(secs => $4) - now()))::int FROM invitations"
        " WHERE organization_id = $1 AND email = $2 AND id <> $3 AND status <> 'accepted'",
        invitation.organization_id,
        invitation.email,
        invitation.invitation_id,
        every_s,
    )
    return max(0, found or 0)


async def to_mail(db: Database, invitation_id: str) -> Record | None:
    """What its mail says: email, organization and its status, role, language; None if it is no longer pending."""
    return await db.fetchrow(
        "SELECT i.email, o.name AS organization, o.status, i.role, i.language FROM invitations i"
        " JOIN organizations o ON o.id = i.organization_id WHERE i.id = $1 AND i.status = 'pending'",
        invitation_id,
    )


async def shown(db: Database, invitation_id: str) -> InvitationShown | None:
    """What it invites to, None if it is no longer pending."""
    row = await to_mail(db, invitation_id)
    return InvitationShown(**{name: row[name] for name in ("email", "organization", "role")}) if row else None


async def organization_of(db: Database, invitation_id: str) -> str:
    """Which organization it is for; empty if there is no such invitation."""
    found: str | None = await db.fetchval("SELECT organization_id FROM invitations WHERE id = $1", invitation_id)
    return found or ""


async def end(db: Connection, invitation_id: str, status: str) -> str | None:
    """Accepted or revoked: the role that it gave, None if it was not pending any more."""
    role: str | None = await db.fetchval(
        "UPDATE invitations SET status = $2, ended_at = now() WHERE id = $1 AND status = 'pending' RETURNING role",
        invitation_id,
        status,
    )
    return role


async def revoke_by(db: Connection, organization_id: str, user_id: str) -> None:
    """Call back what somebody who may no longer invite has invited."""
    await db.execute(
        "UPDATE invitations SET status = 'revoked', ended_at = now()"
        " WHERE organization_id = $1 AND invited_by = $2 AND status = 'pending'",
        organization_id,
        user_id,
    )
