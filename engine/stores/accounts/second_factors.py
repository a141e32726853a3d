"""Second factors in the ledger: secrets sealed, recovery codes as their SHA-256."""

from __future__ import annotations

from collections.abc import Sequence

from engine.stores.database import Connection, Database, Record, count


async def begin(db: Connection, user_id: str, sealed: bytes) -> bool:
    """Keep the secret of a factor that is not confirmed yet, over an earlier such one. False if one is confirmed."""
    tag = await db.execute(
        "INSERT INTO second_factors AS f (user_id, secret) VALUES ($1, $2) ON CONFLICT (user_id)"
        " DO UPDATE SET secret = excluded.secret, last_step = 0, created_at = now() WHERE f.confirmed_at IS NULL",
        user_id,
        sealed,
    )
    return count(tag) == 1


async def get(db: Database, user_id: str) -> Record | None:
    """``secret``, ``last_step`` and whether it ``is_on``; within a transaction nobody else uses a code meanwhile."""
    return await db.fetchrow(
        "SELECT secret, last_step, confirmed_at IS NOT NULL AS is_on FROM second_factors WHERE user_id = $1 FOR UPDATE",
        user_id,
    )


async def is_on(db: Database, user_id: str) -> bool:
    return bool(
        await db.fetchval("SELECT true FROM second_factors WHERE user_id = $1 AND confirmed_at IS NOT NULL", user_id)
    )


async def use_step(db: Connection, user_id: str, step: int) -> None:
    """A code of this step was used: it and older ones are used up. The first one confirms the factor."""
    await db.execute(
        "UPDATE second_factors SET last_step = $2, confirmed_at = coalesce(confirmed_at, now()) WHERE user_id = $1",
        user_id,
        step,
    )


async def put_recovery(db: Connection, user_id: str, code_hashes: Sequence[bytes]) -> None:
    """These codes and no others."""
    await db.execute("DELETE FROM recovery_codes WHERE user_id = $1", user_id)
    await db.execute(
        "INSERT INTO recovery_codes (user_id, code_hash) SELECT $1, unnest($2::bytea[])", user_id, list(code_hashes)
    )


async def use_recovery(db: Connection, user_id: str, code_hash: bytes) -> bool:
    """Use one up; False if it is none, or was used."""
    tag = await db.execute(
        "UPDATE recovery_codes SET used_at = now() WHERE user_id = $1 AND code_hash = $2 AND used_at IS NULL",
        user_id,
        code_hash,
    )
    return count(tag) == 1


async def remove(db: Connection, user_id: str) -> bool:
    """Take the factor away with its codes; False if there was none."""
    return count(await db.execute("DELETE FROM second_factors WHERE user_id = $1", user_id)) == 1
