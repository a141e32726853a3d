"""Passkeys in the ledger: public keys, how often each signed, and what their person calls them."""

from __future__ import annotations

from engine.domain.accounts.passkeys import PASSKEYS_MAX, Passkey
from engine.stores.database import Connection, Database, Record, count

_SHOWN = "id, name, created_at, used_at"


async def add(
    db: Connection, passkey_id: str, user_id: str, credential_id: bytes, public_key: bytes, sign_count: int, name: str
) -> Passkey | None:
    """Keep one; None if somebody keeps it already."""
    row = await db.fetchrow(
        "INSERT INTO passkeys (id, user_id, credential_id, public_key, sign_count, name)"
        f" VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (credential_id) DO NOTHING RETURNING {_SHOWN}",
        passkey_id,
        user_id,
        credential_id,
        public_key,
        sign_count,
        name,
    )
    return Passkey(**dict(row)) if row is not None else None


async def of_person(db: Database, user_id: str) -> list[Passkey]:
    """One's own, the oldest first."""
    rows = await db.fetch(
        f"SELECT {_SHOWN} FROM passkeys WHERE user_id = $1 ORDER BY id LIMIT $2", user_id, PASSKEYS_MAX
    )
    return [Passkey(**dict(row)) for row in rows]


async def credentials_of(db: Database, user_id: str) -> list[bytes]:
    """What a device need not make again."""
    rows = await db.fetch("SELECT credential_id FROM passkeys WHERE user_id = $1 ORDER BY id", user_id)
    return [row["credential_id"] for row in rows]


async def find(db: Connection, credential_id: bytes) -> Record | None:
    """``id``, ``user_id``, ``public_key``, ``sign_count``; nobody else uses it until the transaction ends."""
    return await db.fetchrow(
        "SELECT id, user_id, public_key, sign_count FROM passkeys WHERE credential_id = $1 FOR UPDATE", credential_id
    )


async def used(db: Connection, passkey_id: str, sign_count: int) -> None:
    await db.execute("UPDATE passkeys SET sign_count = $2, used_at = now() WHERE id = $1", passkey_id, sign_count)


async def rename(db: Database, user_id: str, passkey_id: str, name: str) -> Passkey | None:
    """None if it is not theirs."""
    row = await db.fetchrow(
        f"UPDATE passkeys SET name = $3 WHERE user_id = $1 AND id = $2 RETURNING {_SHOWN}", user_id, passkey_id, name
    )
    return Passkey(**dict(row)) if row is not None else None


async def remove(db: Connection, user_id: str, passkey_id: str) -> bool:
    """False if it is not theirs."""
    return count(await db.execute("DELETE FROM passkeys WHERE user_id = $1 AND id = $2", user_id, passkey_id)) == 1
