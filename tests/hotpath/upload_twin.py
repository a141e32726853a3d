"""Uploads as slow Python settles them: placed, judged by the rules of the domain, answered."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from msgspec.structs import replace

import hotpath_rs
from engine.domain.gates.attempts import NONCE_CHARS_MAX, Attempt, Scanner, Shown, answer
from engine.domain.gates.scans import PAST_MAX, EntryTerms, Outcome, Reason, Result, corrected, judge
from engine.domain.tickets.tickets import Ticket

OFFLINE_AFTER, OFFLINE_UNTOLD_AFTER = timedelta(seconds=1), timedelta(seconds=10)
OFFSET_MAX_MS = 2**31 - 1
POSTGRES_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass
class Told:
    """Verdicts in input order, the attempts that are logged (their numbers), and the tickets as they stand then."""

    verdicts: list[dict[str, Any]] = field(default_factory=list)
    logged: list[tuple[Attempt, dict[str, Any]]] = field(default_factory=list)
    tickets: dict[int, Ticket] = field(default_factory=dict)


def settle(
    keys: hotpath_rs.EventKeys,
    scanner: Scanner,
    shown: Sequence[Shown | None],
    tickets: Mapping[int, tuple[Ticket, int | None]],
    entry: EntryTerms,
    received_at: datetime,
) -> Told:
    """``tickets``: each with the number of its unit's last change."""
    told = Told(tickets={unit: ticket for unit, (ticket, _) in tickets.items()})
    firsts: dict[str, dict[str, Any]] = {}
    for one in shown:
        attempt = _read(keys, _placed(scanner, one or Shown(code=None), received_at), one.code if one else None)
        if attempt.nonce is not None and attempt.nonce in firsts:
            told.verdicts.append(firsts[attempt.nonce])
            continue
        ticket = told.tickets.get(attempt.unit) if attempt.unit is not None else None
        if attempt.failed is not None:
            outcome = Outcome(Result.REJECT, attempt.failed)
        elif ticket is None or attempt.unit is None:
            outcome = Outcome(Result.REJECT, Reason.NOT_FOUND)
        else:
            outcome = judge(ticket, attempt.scan(revoked_seq=tickets[attempt.unit][1]), entry)
            told.tickets[attempt.unit] = outcome.ticket or ticket
        verdict = answer(attempt, outcome, entry.ticket_types)
        if attempt.nonce is not None:
            firsts[attempt.nonce] = verdict
        told.verdicts.append(verdict)
        told.logged.append((attempt, verdict))
    return told


def _placed(scanner: Scanner, shown: Shown, received_at: datetime) -> Attempt:
    earliest = max(scanner.bundle_at or received_at - PAST_MAX, received_at - PAST_MAX)
    at, impossible = corrected(shown.scanned_at, received_at, shown.offset_ms, earliest)
    failed = None
    offline = shown.offline
    if scanner.revoked_at is not None:
        offline, failed = True, None if at < scanner.revoked_at else Reason.REVOKED_DEVICE
    elif offline is None:
        offline = at < received_at - (OFFLINE_AFTER if scanner.bundle_at is not None else OFFLINE_UNTOLD_AFTER)
    return Attempt(
        scanner=scanner,
        received_at=received_at,
        scanned_at=shown.scanned_at or received_at,
        counted_at=at if offline else received_at,
        gate=shown.gate or (scanner.gates[0] if scanner.gates else None),
        direction=shown.direction,
        nonce=shown.nonce[:NONCE_CHARS_MAX] if shown.nonce else None,
        failed=failed,
        offset_ms=max(-OFFSET_MAX_MS, min(OFFSET_MAX_MS, shown.offset_ms)),
        offline=offline,
        clock_impossible=impossible,
        cursor_seq=shown.cursor_seq if shown.cursor_seq is not None else scanner.cursor_seq,
    )


def _read(keys: hotpath_rs.EventKeys, attempt: Attempt, code: str | None) -> Attempt:
    if attempt.failed is not None:
        return attempt
    try:
        read = keys.verify_ticket_code(code or "", 0, check_times=False)
    except hotpath_rs.TokenError as error:
        reason = error.code if error.code in Reason._value2member_map_ else "malformed"
        return replace(attempt, failed=Reason(reason))
    in_time = read.not_before_s - 30 <= int(attempt.received_at.timestamp()) < read.expires_at_s + 30
    # A code that is within its times now was so at the gate: an offline clock is not held against it.
    return replace(attempt, unit=read.unit, version=read.version, not_before_s=0 if in_time else read.not_before_s)


def record(ticket: Ticket, revoked_seq: int | None, place: int) -> bytes:
    """A ticket as the ledger sends it: see engine/stores/gates/scan_packs.py."""
    columns = [
        struct.pack(">IH", 0, place),
        struct.pack(">I", 7),
        struct.pack(">i", ticket.unit),
        struct.pack(">i", ticket.version),
        _text(ticket.status),
        _text(ticket.order_status),
        _text(ticket.id),
        _text(ticket.ticket_type_id),
        _text(ticket.section),
        _text(ticket.seat),
        _text(ticket.holder_name),
        _moment(ticket.checked_in_at),
        _text(ticket.checked_in_gate),
        _text(ticket.checked_in_device),
        struct.pack(">?", ticket.inside),
        struct.pack(">i", ticket.entries),
        _day(ticket.entries_on),
        struct.pack(">i", ticket.entries_today),
        _moment(ticket.last_entry_at),
        _text(ticket.last_entry_gate),
        None if revoked_seq is None else struct.pack(">q", revoked_seq),
        struct.pack(">IH", 3, 1),
        struct.pack(">I", 8),
    ]
    sent = [struct.pack(">Ii", 0, -1 if column is None else len(column)) + (column or b"") for column in columns]
    return struct.pack(">i", len(columns)) + b"".join(sent)


def _text(value: str | None) -> bytes | None:
    return None if value is None else value.encode()


def _moment(value: datetime | None) -> bytes | None:
    return None if value is None else struct.pack(">q", (value - POSTGRES_EPOCH) // timedelta(microseconds=1))


def _day(value: date | None) -> bytes | None:
    return None if value is None else struct.pack(">i", (value - POSTGRES_EPOCH.date()).days)
