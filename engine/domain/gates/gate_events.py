"""An event as its gates see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.domain.gates.scans import EntryTerms


@dataclass(frozen=True, slots=True)
class GateEvent:
    """What a gate is told of its event; ``entry`` is what verdicts are judged by."""

    id: str
    organization_id: str
    title: str
    status: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    venue: str
    entry: EntryTerms
