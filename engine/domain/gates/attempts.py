"""An attempt at the gate: what was shown, by whom, when; and the answer's shape, as in docs/openapi.json."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

from msgspec import Struct

from engine.domain.gates.scans import STATUS, Outcome, Reason, Result, Scan
from engine.foundation.clock import rfc3339

NONCE_CHARS_MAX: Final = 128

Direction = Literal["entry", "exit"]


class Scanner(Struct, frozen=True):
    """The device behind an attempt, as verified for this request."""

    device_id: str
    event_id: str
    name: str = ""
    gates: tuple[str, ...] = ()
    bundle_at: datetime | None = None
    cursor_seq: int = 0
    created_at: datetime | None = None
    revoked_at: datetime | None = None  # set: it may only deliver what it scanned before


class Shown(Struct, frozen=True, gc=False):
    """What a device sent: a code, or the id of a ticket found by name. ``code`` None and no ticket: junk."""

    code: str | None
    ticket_id: str | None = None
    nonce: str | None = None
    scanned_at: datetime | None = None
    clock_unreadable: bool = False  # it said a time, but none that can be read: ``scanned_at`` is None
    gate: str | None = None
    direction: Direction = "entry"
    offline: bool | None = None  # None: the device does not say
    offset_ms: int = 0  # what must be added to the device's clock
    cursor_seq: int | None = None  # the revocations it knew
    facts: dict[str, Any] | None = None


class Attempt(Struct, frozen=True, gc=False):
    """One reading, of a code or (manually) of a ticket found by name. ``failed``: the code itself said no already."""

    scanner: Scanner
    received_at: datetime
    scanned_at: datetime  # by the device's clock
    counted_at: datetime  # when it counts as read
    gate: str | None = None
    direction: Direction = "entry"
    nonce: str | None = None
    unit: int | None = None
    version: int = 0
    not_before_s: int = 0
    failed: Reason | None = None
    offset_ms: int = 0
    offline: bool = False
    clock_impossible: bool = False
    cursor_seq: int = 0  # the revocations the device knew when it scanned
    manual: bool = False
    facts: dict[str, Any] | None = None
    correlation_id: str = ""

    @property
    def shown_gate(self) -> str:
        """Where it happened, as people are told: the gate, else the device's name."""
        return self.gate or self.scanner.name or self.scanner.device_id

    def scan(self, *, revoked_seq: int | None) -> Scan:
        """What the verdict is judged from. ``revoked_seq`` is the newest revocation of the unit."""
        scanner = self.scanner
        return Scan(
            device_id=scanner.device_id,
            gate=self.gate,
            shown_gate=self.shown_gate,
            device_gates=scanner.gates,
            direction=self.direction,
            at=self.counted_at,
            version=self.version,
            not_before_s=self.not_before_s,
            offline=self.offline,
            revoked_unknown_to_device=revoked_seq is not None and revoked_seq > self.cursor_seq,
        )


def answer(attempt: Attempt, outcome: Outcome, ticket_types: Mapping[str, str]) -> dict[str, Any]:
    """The verdict as it is sent, logged and repeated. ``ticket_types``: their names by id."""
    ticket = outcome.ticket
    checked_in_at = ticket.checked_in_at if ticket is not None else None
    if outcome.result is Result.ADMIT:
        checked_in_at = attempt.counted_at
    document: dict[str, Any] = {
        "result": outcome.result.value,
        "reason": outcome.reason.value,
        "status": STATUS[outcome.result],
        "ticketId": ticket.id if ticket is not None else None,
        "checkedInAt": rfc3339(checked_in_at) if checked_in_at is not None else None,
        "direction": attempt.direction,
        "gate": attempt.shown_gate,
    }
    if ticket is not None:
        document |= {"attendee": ticket.holder_name, "seat": ticket.place, "ticket_type_id": ticket.ticket_type_id}
        if ticket.ticket_type_id in ticket_types:
            document["ticket_type"] = ticket_types[ticket.ticket_type_id]
    if outcome.previous_at is not None:
        document["previous"] = {"at": rfc3339(outcome.previous_at), "gate": outcome.previous_gate}
    if outcome.right_gates:
        document["right_gates"] = list(outcome.right_gates)
    if attempt.nonce is not None:
        document["nonce"] = attempt.nonce
    if attempt.clock_impossible:
        document["clock_flagged"] = True
    return document
