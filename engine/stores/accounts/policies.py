"""Policies in the ledger: rows are added and never changed. Which is the newest, a trigger writes next to them."""

from __future__ import annotations

from datetime import datetime

from engine.domain.accounts.policies import VERSIONS_SHOWN_MAX, Kind, Policy
from engine.stores.database import Connection, Database

_SHOWN = """
SELECT kind, version, text, published_at FROM policies
 WHERE organization_id IS NOT DISTINCT FROM $1 AND kind = $2 AND ($3::integer IS NULL OR version = $3)
 ORDER BY version DESC LIMIT 1
"""
_VERSIONS = """
SELECT version, published_at FROM policies
 WHERE organization_id IS NOT DISTINCT FROM $1 AND kind = $2 ORDER BY version DESC LIMIT $3
"""
_PUT = """
INSERT INTO policies (organization_id, kind, version, text, published_by) VALUES ($1, $2, $3, $4, $5)
"""


async def shown(db: Database, organization_id: str | None, kind: Kind, version: int | None) -> Policy | None:
    """This version, or the newest; None if there is none. ``organization_id`` None: the platform's."""
    row = await db.fetchrow(_SHOWN, organization_id, kind, version)
    return None if row is None else Policy(**dict(row))


async def versions(db: Database, organization_id: str | None, kind: Kind) -> list[tuple[int, datetime]]:
    """(version, when it was published), the newest first."""
    rows = await db.fetch(_VERSIONS, organization_id, kind, VERSIONS_SHOWN_MAX)
    return [(row["version"], row["published_at"]) for row in rows]


async def lock(db: Connection, organization_id: str | None) -> None:
    """Nobody else publishes for this owner until the transaction ends."""
    await db.execute("SELECT pg_advisory_xact_lock(hashtext('policies'), hashtext($1))", organization_id or "")


async def put(db: Connection, organization_id: str | None, kind: Kind, version: int, text: str, user_id: str) -> None:
    """Keep a new version."""
    await db.execute(_PUT, organization_id, kind, version, text, user_id)


async def named(db: Database, slug: str) -> tuple[str, str] | None:
    """(id, name) of the organization with this slug; None if there is none."""
    row = await db.fetchrow("SELECT id, name FROM organizations WHERE slug = $1", slug)
    return None if row is None else (row["id"], row["name"])
