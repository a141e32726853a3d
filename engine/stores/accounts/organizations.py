"""Organizations and their members in the ledger."""

from __future__ import annotations

from engine.domain.accounts.organizations import Member, NewOrganization, Organization, OrganizationChange
from engine.stores.database import Connection, Database, Record, assignments, columns_of, count

_COLUMNS = """o.id, o.name, o.slug, o.legal_name, o.status, o.suspended_reason, o.version, o.created_at, o.accent,
       o.embed_origins, o.payouts, o.require_second_factor"""


def _organization(row: Record) -> Organization:
    return Organization(**{**dict(row), "embed_origins": tuple(row["embed_origins"])})


async def insert(db: Database, organization_id: str, slug: str, given: NewOrganization, look: str) -> bool:
    """Keep a new organization; False if the slug is taken."""
    row = await db.fetchrow(
        "INSERT INTO organizations (id, name, slug, legal_name, look) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (slug) DO NOTHING RETURNING id",
        organization_id,
        given.name,
        slug,
        given.legal_name,
        look,
    )
    return row is not None


async def get(db: Database, organization_id: str, user_id: str) -> Organization | None:
    """An organization with this person's role in it."""
    row = await db.fetchrow(
        f"SELECT {_COLUMNS}, m.role FROM organizations o"
        " LEFT JOIN members m ON m.organization_id = o.id AND m.user_id = $2 WHERE o.id = $1",
        organization_id,
        user_id,
    )
    return _organization(row) if row is not None else None


async def of_person(db: Database, user_id: str, after: str, limit: int) -> list[Organization]:
    """The organizations a person works for, by id."""
    rows = await db.fetch(
        f"SELECT {_COLUMNS}, m.role FROM organizations o JOIN members m ON m.organization_id = o.id"
        " WHERE m.user_id = $1 AND o.id > $2 ORDER BY o.id LIMIT $3",
        user_id,
        after,
        limit,
    )
    return [_organization(row) for row in rows]


async def everyone(db: Database, after: str, limit: int) -> list[Organization]:
    """All organizations by id, for the platform's admins."""
    rows = await db.fetch(
        f"SELECT {_COLUMNS}, NULL AS role FROM organizations o WHERE o.id > $1 ORDER BY o.id LIMIT $2", after, limit
    )
    return [_organization(row) for row in rows]


async def change(db: Database, organization_id: str, version: int, given: OrganizationChange) -> bool:
    """Change what is given if the version still is this one."""
    columns = columns_of(given)
    sets = "".join(f"{part}, " for part in [assignments(columns, 3)] if part)
    tag = await db.execute(
        f"UPDATE organizations SET {sets}version = version + 1, updated_at = now() WHERE id = $1 AND version = $2",
        organization_id,
        version,
        *columns.values(),
    )
    return count(tag) == 1


async def status(db: Database, organization_id: str) -> str | None:
    found: str | None = await db.fetchval("SELECT status FROM organizations WHERE id = $1", organization_id)
    return found


async def may_be_paid(db: Database, organization_id: str) -> bool:
    """Whether money can go where its ``payouts`` say: the platform's account always can."""
    found: bool = await db.fetchval(
        "SELECT payouts = 'platform' OR stripe_account_id IS NOT NULL FROM organizations WHERE id = $1", organization_id
    )
    return found


async def lock(db: Connection, organization_id: str) -> None:
    """Keep everybody else from changing who works here until the transaction ends."""
    await db.execute("SELECT 1 FROM organizations WHERE id = $1 FOR UPDATE", organization_id)


async def is_used(db: Database, organization_id: str) -> bool:
    """Whether it has a venue or an event."""
    found: bool = await db.fetchval(
        "SELECT EXISTS (SELECT 1 FROM venues WHERE organization_id = $1)"
        " OR EXISTS (SELECT 1 FROM events WHERE organization_id = $1)",
        organization_id,
    )
    return found


async def delete(db: Connection, organization_id: str) -> None:
    """Forget it; its members go with it."""
    await db.execute("DELETE FROM organizations WHERE id = $1", organization_id)


async def standing(db: Database, organization_id: str, user_id: str) -> Record | None:
    """``role`` of a person whose account is not disabled, and whether they must set up a second factor (``is_due``)."""
    return await db.fetchrow(
        "SELECT m.role, o.require_second_factor AND NOT EXISTS (SELECT 1 FROM second_factors f"
        " WHERE f.user_id = u.id AND f.confirmed_at IS NOT NULL) AS is_due"
        " FROM members m JOIN users u ON u.id = m.user_id JOIN organizations o ON o.id = m.organization_id"
        " WHERE m.organization_id = $1 AND m.user_id = $2 AND u.disabled_at IS NULL",
        organization_id,
        user_id,
    )


async def members(db: Database, organization_id: str, after: str, limit: int) -> list[Member]:
    """Who works here, by user id."""
    rows = await db.fetch(
        "SELECT u.id AS user_id, u.email, u.name, m.role, m.created_at FROM members m JOIN users u ON u.id = m.user_id"
        " WHERE m.organization_id = $1 AND u.id > $2 ORDER BY u.id LIMIT $3",
        organization_id,
        after,
        limit,
    )
    return [Member(**dict(row)) for row in rows]


async def member(db: Database, organization_id: str, user_id: str) -> Member | None:
    row = await db.fetchrow(
        "SELECT u.id AS user_id, u.email, u.name, m.role, m.created_at FROM members m JOIN users u ON u.id = m.user_id"
        " WHERE m.organization_id = $1 AND u.id = $2",
        organization_id,
        user_id,
    )
    return Member(**dict(row)) if row is not None else None


async def add_member(db: Database, organization_id: str, user_id: str, role_given: str) -> bool:
    """Add somebody; False if they are in already."""
    row = await db.fetchrow(
        "INSERT INTO members (organization_id, user_id, role) VALUES ($1, $2, $3)"
        " ON CONFLICT DO NOTHING RETURNING role",
        organization_id,
        user_id,
        role_given,
    )
    return row is not None


async def set_role(db: Database, organization_id: str, user_id: str, role_given: str) -> None:
    await db.execute(
        "UPDATE members SET role = $3 WHERE organization_id = $1 AND user_id = $2", organization_id, user_id, role_given
    )


async def remove_member(db: Database, organization_id: str, user_id: str) -> None:
    await db.execute("DELETE FROM members WHERE organization_id = $1 AND user_id = $2", organization_id, user_id)


async def owners(db: Database, organization_id: str) -> int:
    """How many owners there are."""
    found: int = await db.fetchval(
        "SELECT count(*) FROM members WHERE organization_id = $1 AND role = 'owner'", organization_id
    )
    return found


async def member_count(db: Database, organization_id: str) -> int:
    found: int = await db.fetchval("SELECT count(*) FROM members WHERE organization_id = $1", organization_id)
    return found


async def organization_count(db: Database, user_id: str) -> int:
    """How many organizations this person owns."""
    found: int = await db.fetchval("SELECT count(*) FROM members WHERE user_id = $1 AND role = 'owner'", user_id)
    return found


async def owns_suspended(db: Database, user_id: str) -> bool:
    """Whether an organization of this owner is suspended."""
    found: bool = await db.fetchval(
        "SELECT EXISTS (SELECT 1 FROM members m JOIN organizations o ON o.id = m.organization_id"
        " WHERE m.user_id = $1 AND m.role = 'owner' AND o.status <> 'active')",
        user_id,
    )
    return found


async def set_look(db: Database, organization_id: str, look: str) -> None:
    await db.execute("UPDATE organizations SET look = $2 WHERE id = $1", organization_id, look)


async def looking_like(db: Database, look: str, slug: str, own_id: str, limit: int) -> list[str]:
    """Names of other organizations that look so, and of the one with this slug; at most ``limit``."""
    rows = await db.fetch(
        "SELECT name FROM organizations WHERE look = $1 AND id <> $3"
        " UNION SELECT replace(slug, '-', ' ') FROM organizations WHERE slug = $2 AND id <> $3 LIMIT $4",
        look,
        slug,
        own_id,
        limit,
    )
    return [row["name"] for row in rows]


async def has_member_at(db: Database, organization_id: str, email: str) -> bool:
    """Whether somebody with this address works here."""
    return bool(
        await db.fetchval(
            "SELECT EXISTS (SELECT 1 FROM users u JOIN members m ON m.user_id = u.id"
            " WHERE u.email = $2 AND m.organization_id = $1)",
            organization_id,
            email,
        )
    )


async def slug_owner(db: Database, slug: str) -> str | None:
    """The organization that has this slug."""
    found: str | None = await db.fetchval("SELECT id FROM organizations WHERE slug = $1", slug)
    return found
