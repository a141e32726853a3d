"""Keys of organizations in the ledger, by the SHA-256 of their secret."""

from __future__ import annotations

from datetime import datetime

from engine.domain.accounts.api_keys import LAST_USED_EVERY_S, ApiKey
from engine.stores.database import Connection, Database, Record, count

_SHOWN = "id, name, scopes, expires_at, last_used_at, created_at"


async def add(
    db: Connection,
    key_id: str,
    organization_id: str,
    name: str,
    scopes: list[str],
    secret_hash: bytes,
    made_by: str,
    expires_at: datetime | None,
) -> ApiKey:
    row = await db.fetchrow(
        "INSERT INTO api_keys (id, organization_id, name, scopes, secret_hash, made_by, expires_at)"
        f" VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING {_SHOWN}",
        key_id,
        organization_id,
        name,
        scopes,
        secret_hash,
        made_by,
        expires_at,
    )
    assert row is not None
    return _shown(row)


async def living(db: Database, organization_id: str) -> int:
    """How many keys were not revoked."""
    found: int = await db.fetchval(
        "SELECT count(*) FROM api_keys WHERE organization_id = $1 AND revoked_at IS NULL", organization_id
    )
    return found


async def of_organization(db: Database, organization_id: str, after: str, limit: int) -> list[ApiKey]:
    """Those that were not revoked, by id."""
    rows = await db.fetch(
        f"SELECT {_SHOWN} FROM api_keys WHERE organization_id = $1 AND revoked_at IS NULL AND id > $2"
        " ORDER BY id LIMIT $3",
        organization_id,
        after,
        limit,
    )
    return [_shown(row) for row in rows]


async def revoke(db: Connection, organization_id: str, key_id: str) -> bool:
    """False if there is no such key, or it was revoked."""
    tag = await db.execute(
        "UPDATE api_keys SET revoked_at = now() WHERE organization_id = $1 AND id = $2 AND revoked_at IS NULL",
        organization_id,
        key_id,
    )
    return count(tag) == 1


async def find(db: Database, key_id: str) -> Record | None:
    """A key that is good now: ``organization_id``, ``scopes``, ``secret_hash``, and whether its use ``is_noted``."""
    return await db.fetchrow(
        "SELECT organization_id, scopes, secret_hash,"
        " coalesce(last_used_at > now() - make_interval(secs => $2), false) AS is_noted FROM api_keys"
        " WHERE id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())",
        key_id,
        LAST_USED_EVERY_S,
    )


async def used(db: Database, key_id: str) -> None:
    """Note that it was used now, unless somebody noted it within the minute."""
    await db.execute(
        "UPDATE api_keys SET last_used_at = now() WHERE id = $1"
        " AND (last_used_at IS NULL OR last_used_at <= now() - make_interval(secs => $2))",
        key_id,
        LAST_USED_EVERY_S,
    )


def _shown(row: Record) -> ApiKey:
    return ApiKey(**{**dict(row), "scopes": tuple(row["scopes"])})
