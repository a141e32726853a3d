"""Whether an event has the places that its entry rules name: sections of its chart, its own ticket types."""

from __future__ import annotations

import asyncio

import hotpath_rs
from engine.domain.catalogue import entry_rules
from engine.domain.catalogue.entry_rules import EntryRules
from engine.foundation.errors import Invalid
from engine.stores.catalogue import events, ticket_types
from engine.stores.database import Connection


async def check_names(db: Connection, event_id: str, rules: EntryRules, *, under: str = "") -> None:
    """Invalid with a pointer, below ``under``, to each that is not the event's own. The caller holds its lock."""
    if not rules.names_places:
        return
    chart = await events.chart(db, event_id)
    types = await ticket_types.of_event(db, event_id)
    sections = await asyncio.to_thread(_sections, chart) if chart is not None else frozenset[str]()
    try:
        entry_rules.check_names(rules, sections=sections, ticket_type_ids={kind.id for kind in types})
    except Invalid as refusal:
        raise Invalid(errors=[{**each, "pointer": under + each["pointer"]} for each in refusal.errors]) from refusal


def _sections(chart: bytes) -> frozenset[str]:
    return frozenset(section.name for section in hotpath_rs.SeatMap.parse(chart).sections)
