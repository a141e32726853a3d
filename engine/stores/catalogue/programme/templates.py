"""Templates of events in the ledger, and the events that lists have names for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from engine.domain.catalogue.programme.templates import EventTemplate, TemplateDocument
from engine.stores.database import Database, Record

_COLUMNS = "id, organization_id, name, template, created_at"


class Kept(NamedTuple):
    """A template as lists show it, and what it makes."""

    shown: EventTemplate
    document: TemplateDocument


def _kept(row: Record) -> Kept:
    document = msgspec.convert(row["template"], TemplateDocument)
    shown = EventTemplate(
        **{name: row[name] for name in ("id", "organization_id", "name", "created_at")},
        title=document.event.title,
        ticket_types=[kind.ticket_type.name for kind in document.ticket_types],
    )
    return Kept(shown, document)


async def insert(
    db: Database, template_id: str, organization_id: str, name: str, document: TemplateDocument
) -> Kept | None:
    """Keep one; None if the organization has one of that name."""
    row = await db.fetchrow(
        "INSERT INTO event_templates (id, organization_id, name, template) VALUES ($1, $2, $3, $4)"
        f" ON CONFLICT (organization_id, name) DO NOTHING RETURNING {_COLUMNS}",
        template_id,
        organization_id,
        name,
        msgspec.to_builtins(document),
    )
    return _kept(row) if row is not None else None


async def of_organization(db: Database, organization_id: str) -> list[Kept]:
    """All of an organization, by name; there are TEMPLATES_MAX at most."""
    rows = await db.fetch(
        f"SELECT {_COLUMNS} FROM event_templates WHERE organization_id = $1 ORDER BY name, id", organization_id
    )
    return [_kept(row) for row in rows]


async def get(db: Database, template_id: str) -> Kept | None:
    row = await db.fetchrow(f"SELECT {_COLUMNS} FROM event_templates WHERE id = $1", template_id)
    return _kept(row) if row is not None else None


async def delete(db: Database, template_id: str) -> None:
    await db.execute("DELETE FROM event_templates WHERE id = $1", template_id)


async def known(db: Database, organization_id: str, external_ids: Sequence[str]) -> frozenset[str]:
    """Which of these names events of the organization have already."""
    rows = await db.fetch(
        "SELECT external_id FROM events WHERE organization_id = $1 AND external_id = ANY($2::text[])",
        organization_id,
        list(external_ids),
    )
    return frozenset(row["external_id"] for row in rows)


async def name_event(db: Database, event_id: str, external_id: str) -> None:
    """What the list calls an event that was made for it."""
    await db.execute("UPDATE events SET external_id = $2 WHERE id = $1", event_id, external_id)
