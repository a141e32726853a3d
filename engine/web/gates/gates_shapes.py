"""What gates and their organizers read, shape by shape."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from engine.foundation.lists import PAGE_DEFAULT, PAGE_MAX
from engine.services.gates.gate_bundles import CHANGES_MAX


class BundleDocument(msgspec.Struct):
    """``payload`` is JSON text signed as it stands (services/gates/gate_bundles.py says what is in it)."""

    event_id: str
    cursor: int
    valid_until_ms: int
    payload: str
    signature: str
    public_key: str


class OwnDevice(msgspec.Struct):
    """What a scanner learns when it is set up. ``gates``: those it may stand at, else all with a rule.

    ``bound_to``: the gates it was made for; empty if it may stand anywhere.
    """

    device_id: str
    name: str
    gates: list[str]
    event_id: str
    event_title: str
    venue: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    bundle_key: str
    bound_to: list[str]


class Change(msgspec.Struct):
    """Codes of this unit with a version below ``min_version`` are dead; ``valid`` or ``reissued`` bring it back."""

    seq: int
    unit: int
    min_version: int
    reason: str


class Changes(msgspec.Struct):
    data: list[Change]
    cursor: int
    has_more: bool


class TicketEntries(msgspec.Struct):
    """What happened to a ticket at the gates; ``entries_on`` is the event's local day that ``entries_today`` counts."""

    unit: int
    inside: bool
    entries: int
    entries_on: date | None
    entries_today: int
    last_entry_at: datetime | None
    last_entry_gate: str | None


class EntriesPage(msgspec.Struct):
    """The next page begins at ``cursor``, the next sync at ``again_from``."""

    data: list[TicketEntries]
    cursor: int
    again_from: int
    has_more: bool


class EntriesQuery(msgspec.Struct):
    since: Annotated[int, Meta(ge=0, lt=2**62)] = 0


class ChangesQuery(msgspec.Struct):
    since: Annotated[int, Meta(ge=0, lt=2**62)] = 0
    limit: Annotated[int, Meta(ge=1, le=CHANGES_MAX)] = CHANGES_MAX


class TypeCount(msgspec.Struct):
    ticket_type_id: str
    name: str
    issued: int
    checked_in: int
    inside: int


class GateCount(msgspec.Struct):
    gate: str | None
    attempts: int
    entries: int
    exits: int
    duplicates: int
    rejects: int
    last_scan_at: datetime | None


class Alert(msgspec.Struct):
    """A ticket shown again and again in the last ten minutes."""

    ticketId: str
    attendee: str
    seat: str
    duplicates: int
    last_at: datetime
    gates: list[str | None]


class AttendanceDocument(msgspec.Struct):
    """``inside`` counts heads: two people let in offline on one ticket are two."""

    event_id: str
    issued: int
    checked_in: int
    inside: int
    entries: int
    exits: int
    attempts: int
    duplicates: int
    rejects: int
    conflicts: int
    last_scan_at: datetime | None
    by_ticket_type: list[TypeCount]
    by_gate: list[GateCount]
    alerts: list[Alert]
    counted_at: datetime


class LoggedScan(msgspec.Struct):
    """One attempt, admitted or not. ``scanned_at`` is by the device's clock, ``counted_at`` when it counts as read."""

    id: int
    ticketId: str | None
    unit: int | None
    device_id: str
    gate: str | None
    direction: str
    result: str
    reason: str
    scanned_at: datetime
    counted_at: datetime
    received_at: datetime
    clock_offset_ms: int
    online: bool
    manual: bool
    nonce: str | None
    facts: dict[str, Any] | None
    correlation_id: str


class ScanLog(msgspec.Struct):
    data: list[LoggedScan]
    next_cursor: str | None
    has_more: bool


class LogQuery(msgspec.Struct):
    limit: Annotated[int, Meta(ge=1, le=PAGE_MAX)] = PAGE_DEFAULT
    cursor: str | None = None
    ticket_id: Annotated[str, Meta(max_length=64, pattern=r"^[A-Za-z0-9_]*$")] | None = None
    result: Literal["admit", "duplicate", "reject", "exit_ok"] | None = None


class ConflictScan(msgspec.Struct):
    id: int
    gate: str | None
    device_id: str
    scanned_at: datetime
    counted_at: datetime
    received_at: datetime
    clock_offset_ms: int
    result: str
    reason: str


class ConflictPair(msgspec.Struct):
    """``canonical`` is the accepted scan with the earliest corrected time; ``gap_s`` lies between the two."""

    id: int
    ticketId: str
    unit: int
    attendee: str
    seat: str
    gap_s: float
    canonical: ConflictScan
    conflict: ConflictScan


class Conflicts(msgspec.Struct):
    data: list[ConflictPair]
    next_cursor: str | None
    has_more: bool


class ConflictsQuery(msgspec.Struct):
    limit: Annotated[int, Meta(ge=1, le=PAGE_MAX)] = PAGE_DEFAULT
    cursor: str | None = None
    format: Literal["json", "csv"] = "json"
