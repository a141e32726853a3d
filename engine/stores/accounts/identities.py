"""Accounts elsewhere that sign in here, by issuer and subject."""

from __future__ import annotations

from engine.domain.accounts.openid import IDENTITIES_MAX, Identity
from engine.stores.database import Connection, Database, count


async def whose(db: Database, issuer: str, subject: str) -> str | None:
    """The person who signs in with it; its use is noted."""
    found: str | None = await db.fetchval(
        "UPDATE identities SET used_at = now() WHERE issuer = $1 AND subject = $2 RETURNING user_id", issuer, subject
    )
    return found


async def add(
    db: Connection, identity_id: str, user_id: str, provider: str, issuer: str, subject: str, email: str
) -> str:
    """Connect the two; the person who has it, another if they came first."""
    await db.execute(
        "INSERT INTO identities (id, user_id, provider, issuer, subject, email, used_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, now()) ON CONFLICT (issuer, subject) DO NOTHING",
        identity_id,
        user_id,
        provider,
        issuer,
        subject,
        email,
    )
    found: str = await db.fetchval("SELECT user_id FROM identities WHERE issuer = $1 AND subject = $2", issuer, subject)
    return found


async def how_many(db: Database, user_id: str) -> int:
    found: int = await db.fetchval("SELECT count(*) FROM identities WHERE user_id = $1", user_id)
    return found


async def of_person(db: Database, user_id: str) -> list[Identity]:
    """One's own, the first connected first."""
    rows = await db.fetch(
        "SELECT id, provider, email, created_at, used_at FROM identities WHERE user_id = $1 ORDER BY id LIMIT $2",
        user_id,
        IDENTITIES_MAX,
    )
    return [Identity(**dict(row)) for row in rows]


async def remove(db: Connection, user_id: str, identity_id: str) -> bool:
    """False if it is not theirs."""
    return count(await db.execute("DELETE FROM identities WHERE user_id = $1 AND id = $2", user_id, identity_id)) == 1


async def void(db: Connection, user_id: str) -> None:
    """Take all of them away, with every passkey: they were added before anybody had proven the account's address."""
    await db.execute("DELETE FROM identities WHERE user_id = $1", user_id)
    await db.execute("DELETE FROM passkeys WHERE user_id = $1", user_id)
