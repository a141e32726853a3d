"""Consents in the ledger. What was withdrawn stays: it is the evidence of what was agreed to, and until when.

The box of the checkout is written by the statement that opens the order (``stores/money/orders.py``).
"""

from __future__ import annotations

from engine.domain.accounts.consents import SHOWN_MAX, Consent, Purpose, Source
from engine.stores.database import Connection, Database, count

_NEWEST = """
SELECT c.purpose, c.organization_id, o.name AS organization, c.wording, c.source, c.given_at, c.withdrawn_at
  FROM (SELECT DISTINCT ON (purpose, organization_id) * FROM consents WHERE address = $1
         ORDER BY purpose, organization_id, id DESC) AS c
  LEFT JOIN organizations o ON o.id = c.organization_id
 ORDER BY o.name NULLS FIRST, c.purpose LIMIT $2
"""
_GIVE = """
INSERT INTO consents (address, purpose, organization_id, wording, source) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING
"""
_WITHDRAW = """
UPDATE consents SET withdrawn_at = now()
 WHERE address = $1 AND purpose = $2 AND organization_id IS NOT DISTINCT FROM $3 AND withdrawn_at IS NULL
"""
_IS_GIVEN = """
SELECT EXISTS (SELECT 1 FROM consents WHERE address = $1 AND purpose = $2
                  AND organization_id IS NOT DISTINCT FROM $3 AND withdrawn_at IS NULL)
"""


async def newest(db: Database, address: str) -> list[Consent]:
    """The newest word of this folded address about each purpose."""
    return [Consent(**dict(row)) for row in await db.fetch(_NEWEST, address, SHOWN_MAX)]


async def give(
    db: Connection, address: str, purpose: Purpose, organization_id: str | None, wording: str, source: Source
) -> bool:
    """Keep that somebody agreed; False if they had."""
    return count(await db.execute(_GIVE, address, purpose, organization_id, wording, source)) == 1


async def withdraw(db: Database, address: str, purpose: Purpose, organization_id: str | None) -> bool:
    """Keep that somebody wants it no longer; False if they did not want it before."""
    return count(await db.execute(_WITHDRAW, address, purpose, organization_id)) == 1


async def is_given(db: Database, address: str, purpose: Purpose, organization_id: str | None) -> bool:
    """Whether this address may be written to about this."""
    found: bool = await db.fetchval(_IS_GIVEN, address, purpose, organization_id)
    return found


async def organization_name(db: Database, organization_id: str) -> str | None:
    """What an organization is called; None if there is none."""
    found: str | None = await db.fetchval("SELECT name FROM organizations WHERE id = $1", organization_id)
    return found
