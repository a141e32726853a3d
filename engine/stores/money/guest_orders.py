"""Orders that guests made, found by the address they gave."""

from __future__ import annotations

from collections.abc import Sequence

from engine.stores.database import Database

# Only of an address that its owner has proven: asked again here, where it matters.
_ATTACH = """
UPDATE orders o SET user_id = $1
 WHERE o.id = ANY(ARRAY(
    SELECT g.id FROM orders g WHERE g.user_id IS NULL AND lower(g.buyer_email) =
           (SELECT u.email FROM users u WHERE u.id = $1 AND u.email_verified_at IS NOT NULL) LIMIT $2))
RETURNING o.id
"""


# Those whose links still open: of events that are not long over.
_TO_MAIL = """
SELECT o.id FROM orders o JOIN events e ON e.id = o.event_id
 WHERE lower(o.buyer_email) = $1 AND o.status = ANY($2::text[]) AND e.ends_at > now() - interval '1 day'
 ORDER BY e.starts_at, o.id LIMIT $3
"""


async def to_mail(db: Database, email: str, statuses: Sequence[str], limit: int) -> list[str]:
    """Orders of this address with tickets for what is still to come, the soonest first."""
    return [row["id"] for row in await db.fetch(_TO_MAIL, email, list(statuses), limit)]


async def attach(db: Database, user_id: str, limit: int) -> list[str]:
    """Up to ``limit`` guest orders of a person's proven address become theirs; their ids."""
    return [row["id"] for row in await db.fetch(_ATTACH, user_id, limit)]
