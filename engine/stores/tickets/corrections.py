"""Corrections of tickets in the ledger; the ticket is locked."""

from __future__ import annotations

from typing import Final

from engine.stores.database import Connection, Database

_NAMED: Final = "UPDATE tickets SET holder_name = $2 WHERE id = $1"
_ATTENDEE: Final = """
UPDATE order_units p
   SET attendee = coalesce(p.attendee, '{}')
                  || jsonb_strip_nulls(jsonb_build_object('name', $2::text, 'email', $3::text))
  FROM tickets t WHERE t.id = $1 AND p.order_id = t.order_id AND p.line = t.line
"""
_REISSUED: Final = """
SELECT count(*) FROM audit_log WHERE target = $1 AND action = 'ticket.reissued' AND facts->>'ticket_id' = $2
   AND created_at > now() - interval '1 day'
"""
_REISSUE: Final = "UPDATE tickets SET version = version + 1 WHERE id = $1 AND status = 'valid' RETURNING version"


async def name_attendee(db: Connection, ticket_id: str, name: str | None, email: str | None, *, bought: bool) -> None:
    """Who comes with it; None stays. What the buyer told of its line changes only while it is theirs (``bought``)."""
    if name is not None:
        await db.execute(_NAMED, ticket_id, name)
    if bought:
        await db.execute(_ATTENDEE, ticket_id, name, email)


async def reissued_today(db: Database, order_id: str, ticket_id: str) -> int:
    """How often it was issued again within a day."""
    return int(await db.fetchval(_REISSUED, order_id, ticket_id))


async def reissue(db: Connection, ticket_id: str) -> int:
    """The next version of a valid ticket, which is locked: its number."""
    version = await db.fetchval(_REISSUE, ticket_id)
    assert version is not None, "a ticket that was locked and valid"
    return int(version)
