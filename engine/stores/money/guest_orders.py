"""Orders that guests made, found by the address they gave."""

from __future__ import annotations

from engine.stores.database import Database

# Only of an address that its owner has proven: asked again here, where it matters.
_ATTACH = """
UPDATE orders o SET user_id = $1
 WHERE o.id = ANY(ARRAY(
    SELECT g.id FROM orders g WHERE g.user_id IS NULL AND lower(g.buyer_email) =
           (SELECT u.email FROM users u WHERE u.id = $1 AND u.email_verified_at IS NOT NULL) LIMIT $2))
RETURNING o.id
"""


async def attach(db: Database, user_id: str, limit: int) -> list[str]:
    """Up to ``limit`` guest orders of a person's proven address become theirs; their ids."""
    return [row["id"] for row in await db.fetch(_ATTACH, user_id, limit)]
