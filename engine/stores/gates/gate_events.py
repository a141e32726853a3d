"""What gates read of an event, and its entry rules."""

from __future__ import annotations

from typing import Final

import msgspec

from engine.domain.catalogue import entry_rules
from engine.domain.catalogue.entry_rules import EntryRules
from engine.domain.gates.gate_events import GateEvent
from engine.domain.gates.scans import EntryTerms
from engine.stores.database import Database

_READ: Final = """
SELECT e.id, e.organization_id, e.title, e.status, e.starts_at, e.ends_at, e.timezone, e.entry_rules, v.name AS venue,
       (SELECT coalesce(jsonb_object_agg(t.id, t.name), '{}')
          FROM ticket_types t WHERE t.event_id = e.id) AS ticket_types
  FROM events e JOIN venues v ON v.id = e.venue_id WHERE e.id = $1
"""


async def read(db: Database, event_id: str) -> GateEvent | None:
    """None if there is no such event."""
    row = await db.fetchrow(_READ, event_id)
    if row is None:
        return None
    facts = dict(row)
    rules = entry_rules.read(facts.pop("entry_rules"))
    entry = EntryTerms(
        event_id=event_id,
        cancelled=facts["status"] == "cancelled",
        timezone=facts["timezone"],
        rules=rules,
        ticket_types=facts.pop("ticket_types"),
        ends_at=facts["ends_at"],
    )
    return GateEvent(**facts, entry=entry)


async def write_rules(db: Database, event_id: str, rules: EntryRules) -> None:
    """Replace the entry rules of an event."""
    await db.execute(
        "UPDATE events SET entry_rules = $2, version = version + 1, updated_at = now() WHERE id = $1",
        event_id,
        msgspec.to_builtins(rules),
    )
