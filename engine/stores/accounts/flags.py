"""Flags of the platform in the ledger. One without a row is on."""

from __future__ import annotations

from engine.domain.accounts.flags import Flag
from engine.stores.database import Connection, Database, Record

_LOCK = "SELECT pg_advisory_xact_lock(hashtext('platform_flags'))"
_READ = "SELECT name, is_on, changed_at FROM platform_flags"
_PUT = """
INSERT INTO platform_flags (name, is_on, changed_by) VALUES ($1, $2, $3)
    ON CONFLICT (name) DO UPDATE SET is_on = $2, changed_by = $3, changed_at = now()
"""


async def read(db: Database) -> list[Record]:
    """Rows of (name, is_on, changed_at)."""
    return await db.fetch(_READ)


async def lock(db: Connection) -> None:
    """Nobody else changes flags until the transaction ends."""
    await db.execute(_LOCK)


async def put(db: Connection, flag: Flag, *, is_on: bool, user_id: str) -> None:
    await db.execute(_PUT, flag, is_on, user_id)
