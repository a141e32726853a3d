"""Attendance: how many came, how many are inside, which codes make trouble, which offline scans collided.

Counted from the ledger, at most REMEMBERED_S old: a dozen dashboards ask for one count.
"""

from __future__ import annotations

import time
from typing import Any, Final

from engine.domain.gates.attempts import Scanner
from engine.domain.gates.gate_events import GateEvent
from engine.foundation import sheets
from engine.foundation.bearer import Person
from engine.foundation.clock import now
from engine.foundation.errors import Forbidden, NotFound
from engine.services.accounts.access import Access
from engine.services.gates.gate_events import GateEvents
from engine.services.gates.scan_packs import ScanPacks
from engine.stores.database import Pool
from engine.stores.gates import attendance as store

REMEMBERED_S: Final = 1.0
REMEMBERED_MAX: Final = 200
CSV_ROWS_MAX: Final = 10_000
Asker = Person | Scanner

_SIDES: Final = ("", "other_")
_SCAN_FIELDS: Final = (
    "id", "gate", "device_id", "scanned_at", "counted_at", "received_at", "clock_offset_ms", "result", "reason",
)  # fmt: skip


class Attendance:
    """Counts for organizers and for the gates themselves."""

    def __init__(self, *, pool: Pool, access: Access, gate_events: GateEvents, packs: ScanPacks) -> None:
        self._pool = pool
        self._packs = packs
        self._access = access
        self._gate_events = gate_events
        self._known: dict[str, tuple[float, dict[str, Any]]] = {}

    async def read(self, asker: Asker, event_id: str) -> dict[str, Any]:
        """The counts. NotFound, Forbidden."""
        event = await self._allow(asker, event_id)
        known = self._known.get(event_id)
        if known is None or time.monotonic() - known[0] >= REMEMBERED_S:
            if len(self._known) >= REMEMBERED_MAX:
                self._known.clear()
            known = self._known[event_id] = (time.monotonic(), await self._count(event))
        return known[1]

    async def log(
        self, person: Person, event_id: str, before: int, ticket_id: str | None, result: str | None, limit: int
    ) -> list[dict[str, Any]]:
        """Every attempt at the gates, newest first."""
        await self._allow(person, event_id)
        await self._packs.unpack(event_id)
        rows = await store.log(self._pool, event_id, before, ticket_id, result, limit)
        return [{"ticketId": row.pop("ticket_id"), **row} for row in rows]

    async def conflicts(self, asker: Asker, event_id: str, after: int, limit: int) -> list[dict[str, Any]]:
        """Tickets that let two heads in offline: both scans, their gates, devices, clock offsets, and the gap."""
        await self._allow(asker, event_id)
        await self._packs.unpack(event_id)
        return [_pair(row) for row in await store.conflicts(self._pool, event_id, after, limit)]

    async def conflicts_csv(self, asker: Asker, event_id: str) -> bytes:
        """The same as a table, at most CSV_ROWS_MAX."""
        rows = await self.conflicts(asker, event_id, 0, CSV_ROWS_MAX)
        sides = [f"{side}_{name}" for side in ("canonical", "conflict") for name in _SCAN_FIELDS]
        table = [
            [row["ticketId"], row["attendee"], row["seat"], row["gap_s"]]
            + [row[side][name] for side in ("canonical", "conflict") for name in _SCAN_FIELDS]
            for row in rows
        ]
        return sheets.begun(["ticket_id", "attendee", "seat", "gap_s", *sides]) + sheets.rows(table)

    async def _count(self, event: GateEvent) -> dict[str, Any]:
        emptied_at = event.entry.rules.emptied_at(now(), event.timezone)
        await self._packs.unpack(event.id)
        types = await store.by_type(self._pool, event.id, emptied_at)
        gates = await store.by_gate(self._pool, event.id, emptied_at)
        alerts = await store.alerts(self._pool, event.id)
        heads_twice = sum(gate.pop("conflicts") for gate in gates)
        return {
            "event_id": event.id,
            "issued": sum(kind["issued"] for kind in types),
            "checked_in": sum(kind["checked_in"] for kind in types),
            "inside": sum(kind["inside"] for kind in types) + heads_twice,
            "entries": sum(gate["entries"] for gate in gates),
            "exits": sum(gate["exits"] for gate in gates),
            "attempts": sum(gate["attempts"] for gate in gates),
            "duplicates": sum(gate["duplicates"] for gate in gates),
            "rejects": sum(gate["rejects"] for gate in gates),
            "conflicts": heads_twice,
            "last_scan_at": max((gate["last_scan_at"] for gate in gates), default=None),
            "by_ticket_type": types,
            "by_gate": gates,
            "alerts": [{"ticketId": alert.pop("ticket_id"), **alert} for alert in alerts],
            "counted_at": now(),
        }

    async def _allow(self, asker: Asker, event_id: str) -> GateEvent:
        event = await self._gate_events.get(event_id)
        if isinstance(asker, Scanner):
            if asker.event_id != event_id:
                raise Forbidden("This scanner belongs to another event")
        else:
            await self._access.require(asker, event.organization_id, "attendance.read", hidden=NotFound)
        return event


def _pair(row: dict[str, Any]) -> dict[str, Any]:
    scans = [{name: row[side + name] for name in _SCAN_FIELDS} for side in _SIDES]
    scans.sort(key=lambda scan: (scan["counted_at"], scan["id"]))
    return {
        "id": row["id"],
        "ticketId": row["ticket_id"],
        "unit": row["unit"],
        "attendee": row["attendee"],
        "seat": row["seat"],
        "gap_s": round((scans[1]["counted_at"] - scans[0]["counted_at"]).total_seconds(), 3),
        "canonical": scans[0],
        "conflict": scans[1],
    }
