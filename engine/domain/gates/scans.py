"""What a gate answers to a code, decided from the ledger's facts alone.

Order of decision: parse, key id and MAC, event, unit known, version, revoked or frozen, order state, times, gate
allowed, prior state; the first failing reason answers. ``judge`` covers everything after the code was read. It is pure
and gives the ticket's next state next to the verdict, so that a batch can be judged in memory and written at once.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from engine.domain import order_states
from engine.domain.catalogue.entry_rules import EntryRules
from engine.domain.tickets.tickets import CODE_LEEWAY_S, Ticket, codes_end
from engine.foundation.local_time import local_day

FUTURE_MAX: Final = timedelta(seconds=120)  # a device's clock may be ahead by this much before it is flagged
PAST_MAX: Final = timedelta(hours=72)  # no device is without a network for longer: a scan older than that is flagged


class Result(StrEnum):
    ADMIT = "admit"
    DUPLICATE = "duplicate"
    REJECT = "reject"
    EXIT_OK = "exit_ok"


class Reason(StrEnum):
    OK = "ok"
    MALFORMED = "malformed"
    UNKNOWN_KEY = "unknown_key"
    BAD_SIGNATURE = "bad_signature"
    WRONG_EVENT = "wrong_event"
    NOT_FOUND = "not_found"
    STALE_VERSION = "stale_version"
    TRANSFER_PENDING = "transfer_pending"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"
    BLOCKED = "blocked"
    UNPAID = "unpaid"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    WRONG_GATE = "wrong_gate"
    ALREADY_USED = "already_used"
    NOT_INSIDE = "not_inside"
    REVOKED_DEVICE = "revoked_device"
    DUPLICATE_OFFLINE_CONFLICT = "duplicate_offline_conflict"  # let in twice, and the other one was earlier
    OFFLINE_EARLIER = "offline_earlier"  # let in twice, and this one was earlier
    ADMITTED_ON_STALE_BUNDLE = "admitted_on_stale_bundle"


STATUS: Final = {
    Result.ADMIT: "VALID",
    Result.EXIT_OK: "VALID",
    Result.DUPLICATE: "ALREADY_CHECKED_IN",
    Result.REJECT: "INVALID",
}
_BY_STATUS: Final = {
    "transfer_pending": Reason.TRANSFER_PENDING,
    "blocked": Reason.BLOCKED,
    "refunded": Reason.REFUNDED,
    "cancelled": Reason.CANCELLED,
}


class EntryTerms(Struct, frozen=True):
    """What a verdict needs to know of the event. ``ends_at`` is the event's as it is now: it decides, not the code."""

    event_id: str
    cancelled: bool
    timezone: str
    rules: EntryRules
    ticket_types: dict[str, str] = {}  # id -> name
    ends_at: datetime | None = None  # None: no code is too old


class Scan(Struct, frozen=True, gc=False):
    """One authentic reading of a code. ``at`` is when it counts as read: receipt, or the corrected offline time."""

    device_id: str
    gate: str | None
    shown_gate: str  # the gate as people are told it
    device_gates: tuple[str, ...]  # empty: every gate
    direction: str  # entry | exit
    at: datetime
    version: int
    not_before_s: int
    offline: bool = False
    revoked_unknown_to_device: bool = False  # offline, and its bundle was older than the revocation


class Outcome(Struct, frozen=True, gc=False):
    """A verdict's words, the facts next to them, and the ticket as it stands then (the same: nothing to write)."""

    result: Result
    reason: Reason
    ticket: Ticket | None = None
    previous_at: datetime | None = None
    previous_gate: str | None = None
    right_gates: tuple[str, ...] = ()


def judge(ticket: Ticket, scan: Scan, entry: EntryTerms) -> Outcome:
    """The verdict on an authentic code of a known unit."""
    refused = standing(ticket, scan.version, entry)
    if refused is not None:
        if scan.offline and scan.revoked_unknown_to_device and refused in _BY_STATUS.values():
            return _enter(ticket, scan, entry, Reason.ADMITTED_ON_STALE_BUNDLE)
        return Outcome(Result.REJECT, refused, ticket)
    misplaced = _wrong_time(ticket, scan, entry) or _wrong_gate(ticket, scan, entry)
    if misplaced is not None:
        return misplaced
    return _leave(ticket, scan, entry) if scan.direction == "exit" else _come(ticket, scan, entry)


def standing(ticket: Ticket, version: int, entry: EntryTerms) -> Reason | None:
    """Why a ticket admits nobody, anybody who shows it; None if it does."""
    if version != ticket.version:
        return Reason.STALE_VERSION
    if ticket.status in _BY_STATUS:
        return _BY_STATUS[ticket.status]
    if entry.cancelled:
        return Reason.CANCELLED
    if ticket.order_status == "refunded":
        return Reason.REFUNDED
    return None if ticket.order_status in order_states.SOLD else Reason.UNPAID


def is_inside(ticket: Ticket, entry: EntryTerms, at: datetime) -> bool:
    """Whether its holder counts as inside, after the event's daily emptying."""
    if not ticket.inside:
        return False
    emptied_at = entry.rules.emptied_at(at, entry.timezone)
    return emptied_at is None or ticket.last_entry_at is None or ticket.last_entry_at >= emptied_at


def blocks_entry(ticket: Ticket, entry: EntryTerms, at: datetime) -> bool:
    """The ticket's bit in the check-in map: a plain entry now would be a duplicate."""
    return is_inside(ticket, entry, at) if entry.rules.allow_reentry else ticket.entries > 0


def corrected(
    scanned_at: datetime | None, received_at: datetime, offset_ms: int, earliest: datetime
) -> tuple[datetime, bool]:
    """(when an offline scan counts as read, whether its clock was impossible), between bundle time and receipt.

    A time that cannot be, or that the device could not say (None), is no reason to turn a guest away: the scan counts
    at receipt, and its clock is flagged.
    """
    if scanned_at is None:
        return received_at, True
    moment = scanned_at + timedelta(milliseconds=offset_ms)
    if moment > received_at:
        return received_at, moment > received_at + FUTURE_MAX
    if moment < received_at - PAST_MAX:
        return received_at, True
    return max(moment, min(earliest, received_at)), False


def _wrong_time(ticket: Ticket, scan: Scan, entry: EntryTerms) -> Outcome | None:
    """By the event's times as they are now: a code that was issued before they changed admits like any other."""
    if scan.at.timestamp() < scan.not_before_s - CODE_LEEWAY_S:
        return Outcome(Result.REJECT, Reason.NOT_YET_VALID, ticket)
    if entry.ends_at is not None and scan.at >= codes_end(entry.ends_at) + timedelta(seconds=CODE_LEEWAY_S):
        return Outcome(Result.REJECT, Reason.EXPIRED, ticket)
    return None


def _wrong_gate(ticket: Ticket, scan: Scan, entry: EntryTerms) -> Outcome | None:
    if scan.device_gates and scan.gate not in scan.device_gates:
        return Outcome(Result.REJECT, Reason.WRONG_GATE, ticket, right_gates=scan.device_gates)
    if entry.rules.admits_at(scan.gate, ticket.section, ticket.ticket_type_id):
        return None
    right_gates = entry.rules.right_gates(ticket.section, ticket.ticket_type_id)
    return Outcome(Result.REJECT, Reason.WRONG_GATE, ticket, right_gates=right_gates)


def _come(ticket: Ticket, scan: Scan, entry: EntryTerms) -> Outcome:
    rules = entry.rules
    if blocks_entry(ticket, entry, scan.at):
        return _again(ticket, scan, entry)
    if rules.allow_reentry:
        today = ticket.entries_today if ticket.entries_on == local_day(scan.at, entry.timezone) else 0
        spent = rules.max_entries is not None and ticket.entries >= rules.max_entries
        if spent or (rules.max_entries_per_day is not None and today >= rules.max_entries_per_day):
            return _duplicate(ticket, Reason.ALREADY_USED)
    return _enter(ticket, scan, entry, Reason.OK)


def _again(ticket: Ticket, scan: Scan, entry: EntryTerms) -> Outcome:
    """A second entry. Two devices that could not hear of each other each let a head in: the earlier is canonical."""
    if not scan.offline or ticket.checked_in_device == scan.device_id or ticket.last_entry_at is None:
        return _duplicate(ticket, Reason.ALREADY_USED)
    if scan.at >= ticket.last_entry_at:
        return _duplicate(ticket, Reason.DUPLICATE_OFFLINE_CONFLICT)
    return _enter(ticket, scan, entry, Reason.OFFLINE_EARLIER)


def _duplicate(ticket: Ticket, reason: Reason) -> Outcome:
    return Outcome(Result.DUPLICATE, reason, ticket, ticket.last_entry_at, ticket.last_entry_gate)


def _enter(ticket: Ticket, scan: Scan, entry: EntryTerms, reason: Reason) -> Outcome:
    day = local_day(scan.at, entry.timezone)
    first = ticket.checked_in_at is None or scan.at < ticket.checked_in_at
    after = replace(
        ticket,
        inside=True,
        entries=ticket.entries + 1,
        entries_on=day,
        entries_today=ticket.entries_today + 1 if ticket.entries_on == day else 1,
        last_entry_at=scan.at,
        last_entry_gate=scan.shown_gate,
        checked_in_at=scan.at if first else ticket.checked_in_at,
        checked_in_gate=scan.shown_gate if first else ticket.checked_in_gate,
        checked_in_device=scan.device_id if first else ticket.checked_in_device,
    )
    moved = reason is Reason.OFFLINE_EARLIER
    return Outcome(
        Result.ADMIT,
        reason,
        after,
        ticket.last_entry_at if moved else None,
        ticket.last_entry_gate if moved else None,
    )


def _leave(ticket: Ticket, scan: Scan, entry: EntryTerms) -> Outcome:
    if not is_inside(ticket, entry, scan.at):
        return Outcome(Result.REJECT, Reason.NOT_INSIDE, ticket)
    return Outcome(Result.EXIT_OK, Reason.OK, replace(ticket, inside=False))
