"""Links in mails, in the ledger: by the SHA-256 of their token only."""

from __future__ import annotations

from engine.domain.accounts.mailed_links import GOOD_FOR_S, KEPT_D, Link, Purpose
from engine.stores.database import Connection, Database, Record, count

_LINK = "purpose, email, user_id, invitation_id"


async def add(db: Database, token_hash: bytes, link: Link) -> None:
    """Keep a link that is good from now on for as long as its purpose says."""
    await db.execute(
        "INSERT INTO mailed_links (token_hash, purpose, email, user_id, invitation_id, expires_at)"
        " VALUES ($1, $2, $3, $4, $5, now() + make_interval(secs => $6))",
        token_hash,
        link.purpose,
        link.email,
        link.user_id,
        link.invitation_id,
        GOOD_FOR_S[link.purpose],
    )


async def find(db: Database, token_hash: bytes, purpose: Purpose) -> Record | None:
    """A link that was not used yet, with ``expired``; within a transaction nobody else uses it meanwhile."""
    return await db.fetchrow(
        f"SELECT {_LINK}, expires_at <= now() AS expired FROM mailed_links"
        " WHERE token_hash = $1 AND purpose = $2 AND used_at IS NULL FOR UPDATE",
        token_hash,
        purpose,
    )


async def use(db: Connection, link: Link) -> None:
    """Use up every link of this kind for the same person or invitation: of several mails the first opened counts."""
    await db.execute(
        "UPDATE mailed_links SET used_at = now() WHERE user_id = $1 AND purpose = $2 AND used_at IS NULL",
        link.user_id,
        link.purpose,
    )
    await db.execute(
        "UPDATE mailed_links SET used_at = now() WHERE invitation_id = $1 AND used_at IS NULL", link.invitation_id
    )


async def void(db: Connection, user_id: str, purpose: Purpose) -> None:
    """Links of this kind to this person are no longer good."""
    await db.execute(
        "UPDATE mailed_links SET used_at = now() WHERE user_id = $1 AND purpose = $2 AND used_at IS NULL",
        user_id,
        purpose,
    )


async def sweep(db: Database) -> int:
    """Forget links whose time has long been over; how many went."""
    return count(
        await db.execute("DELETE FROM mailed_links WHERE expires_at < now() - make_interval(days => $1)", KEPT_D)
    )
