"""All that the stores hold, as text: what nobody finds in it is not there."""

from __future__ import annotations

import asyncpg


async def everything(pool: asyncpg.Pool) -> str:
    """All that the ledger holds, as text."""
    tables = [row[0] for row in await pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    rows = [await pool.fetchval(f"SELECT string_agg(t::text, chr(10)) FROM {table} t") for table in sorted(tables)]
    return "\n".join(row or "" for row in rows)
