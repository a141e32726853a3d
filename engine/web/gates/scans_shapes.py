"""What scanners send and hear. Several spellings of the requirement documents reach the same fields.

What a device says of its clock is read as far as it can be read: a guest with a good code is not turned away because
the scanner cannot tell the time. Such a scan counts when it is received, and its clock is flagged.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

import hotpath_rs
from engine.domain.catalogue.entry_rules import GATE_CHARS_MAX
from engine.domain.gates.attempts import NONCE_CHARS_MAX, Shown
from engine.foundation import bodies, http
from engine.foundation.errors import Invalid, Malformed, TooLarge
from engine.services.gates import uploads

MOMENT_MIN, MOMENT_MAX = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)  # a clock beyond is wrong
JSON_SCANS_MAX: Final = 10_000
LINES_MAX: Final = 50_000
CODE_TEXT_CHARS_MAX: Final = 4_096
FACTS_BYTES_MAX: Final = 2_048
OFFSET_MS_MAX: Final = 2**31 - 1

_Text = Annotated[str, Meta(max_length=CODE_TEXT_CHARS_MAX)]
_Nonce = Annotated[str, Meta(max_length=NONCE_CHARS_MAX)]
_Gate = Annotated[str, Meta(max_length=GATE_CHARS_MAX)]
_Direction = Literal["entry", "exit"]
_Moment = Annotated[
    msgspec.Raw,
    Meta(
        description="RFC 3339. What cannot be read counts as received now, with `clock_flagged`.",
        extra_json_schema={"type": ["string", "null"], "format": "date-time"},
    ),
]
_OffsetMs = Annotated[
    msgspec.Raw,
    Meta(
        description="What to add to the device's clock. What cannot be read makes its times unreadable.",
        extra_json_schema={"type": ["integer", "null"], "minimum": -OFFSET_MS_MAX, "maximum": OFFSET_MS_MAX},
    ),
]
_Cursor = Annotated[int, Meta(ge=0, lt=2**62)]


def _absent() -> msgspec.Raw:
    return msgspec.Raw(b"null")


class Location(msgspec.Struct, omit_defaults=True):
    lat: Annotated[float, Meta(ge=-90, le=90)]
    lng: Annotated[float, Meta(ge=-180, le=180)]


class ValidateRequest(msgspec.Struct, kw_only=True):
    """One reading: ``qrSecret`` or ``code``; or ``ticketId`` of a ticket found by name, logged as manual.

    A code and a ``ticketId`` must be of one ticket.
    """

    qrSecret: _Text | None = None
    code: _Text | None = None
    ticketId: Annotated[str, Meta(max_length=64)] | None = None
    scannerId: Annotated[str, Meta(max_length=128)] | None = None
    gate: _Gate | None = None
    scannedAt: _Moment = msgspec.field(default_factory=_absent)
    nonce: _Nonce | None = None
    direction: _Direction | None = None
    location: Location | None = None
    deviceInfo: Annotated[dict[str, Any], Meta(max_length=32)] | None = None


class Previous(msgspec.Struct):
    at: str
    gate: str | None


class VerdictDocument(msgspec.Struct, kw_only=True):
    """``status`` is derived from ``result``; ``reason`` is stable."""

    result: Literal["admit", "duplicate", "reject", "exit_ok"]
    reason: str
    status: Literal["VALID", "INVALID", "ALREADY_CHECKED_IN"]
    ticketId: str | None
    checkedInAt: str | None
    direction: _Direction
    gate: str
    attendee: str | msgspec.UnsetType = msgspec.UNSET
    seat: str | msgspec.UnsetType = msgspec.UNSET
    ticket_type_id: str | msgspec.UnsetType = msgspec.UNSET
    ticket_type: str | msgspec.UnsetType = msgspec.UNSET
    previous: Previous | msgspec.UnsetType = msgspec.UNSET
    right_gates: list[str] | msgspec.UnsetType = msgspec.UNSET
    nonce: str | msgspec.UnsetType = msgspec.UNSET
    clock_flagged: bool | msgspec.UnsetType = msgspec.UNSET


class ScanItem(msgspec.Struct, kw_only=True):
    """One scan of a batch. ``offline``: the device let the person in by its bundle; left out, it is inferred."""

    code: str | None = None
    qrSecret: str | None = None
    nonce: _Nonce | None = None
    scanned_at: _Moment = msgspec.field(default_factory=_absent)
    scannedAt: _Moment = msgspec.field(default_factory=_absent)
    gate: _Gate | None = None
    direction: _Direction | None = None
    offline: bool | None = None
    clock_offset_ms: _OffsetMs = msgspec.field(default_factory=_absent)
    cursor: _Cursor | None = None


class BatchRequest(msgspec.Struct, kw_only=True):
    """``sent_at`` is the device's clock when it sends: the difference to ours corrects its scans' times."""

    scans: list[ScanItem]
    sent_at: _Moment = msgspec.field(default_factory=_absent)
    clock_offset_ms: _OffsetMs = msgspec.field(default_factory=_absent)
    cursor: _Cursor | None = None


class BatchAnswer(msgspec.Struct):
    """``results`` in the order of the scans; ``counts`` by result."""

    results: list[VerdictDocument]
    counts: dict[str, int]


class _LooseBatch(msgspec.Struct, kw_only=True):
    scans: list[msgspec.Raw]
    sent_at: msgspec.Raw = msgspec.field(default_factory=_absent)
    clock_offset_ms: msgspec.Raw = msgspec.field(default_factory=_absent)
    cursor: _Cursor | None = None


_batch = msgspec.json.Decoder(BatchRequest)
_loose_batch = msgspec.json.Decoder(_LooseBatch)
_item = msgspec.json.Decoder(ScanItem)
_datetime = msgspec.json.Decoder(datetime)
_offset: msgspec.json.Decoder[int] = msgspec.json.Decoder(Annotated[int, Meta(ge=-OFFSET_MS_MAX, le=OFFSET_MS_MAX)])
validate_request = msgspec.json.Decoder(ValidateRequest)


def shown_one(given: ValidateRequest) -> Shown:
    """Invalid if nothing was shown at all, or the facts are too long."""
    code = given.code if given.code is not None else given.qrSecret
    if code is None and given.ticketId is None:
        raise Invalid.at("/code", "missing", "Send code, or qrSecret, or the ticketId of a ticket found by name")
    if _has_nul(given.gate, given.nonce, given.scannerId, given.ticketId):
        raise Invalid.at("", "invalid_value", "NUL is no character of a name")
    facts: dict[str, Any] = {}
    if given.scannerId is not None:
        facts["scanner_id"] = given.scannerId
    if given.location is not None:
        facts["location"] = {"lat": given.location.lat, "lng": given.location.lng}
    if given.deviceInfo is not None:
        facts["device_info"] = given.deviceInfo
    raw = http.dumps(facts)
    if len(raw) > FACTS_BYTES_MAX or b"\\u0000" in raw:
        raise Invalid.at("/deviceInfo", "invalid_value", f"At most {FACTS_BYTES_MAX} bytes, without NUL")
    scanned_at = _moment(given.scannedAt)
    return Shown(
        code=code.strip() if code is not None else None,
        ticket_id=given.ticketId,
        nonce=given.nonce,
        scanned_at=scanned_at,
        clock_unreadable=scanned_at is None and _said(given.scannedAt),
        gate=given.gate or None,
        direction=given.direction or "entry",
        facts=facts or None,
    )


def upload(raw: bytes, received_at: datetime, *, lines: bool) -> hotpath_rs.ScanBatch:
    """A body of many scans, read in Rust; what is not written plainly is read here. Refusals as of those below."""
    read = hotpath_rs.ScanBatch.of_lines if lines else hotpath_rs.ScanBatch.of_json
    batch = read(raw, uploads.microseconds(received_at))
    if batch is None:
        return uploads.batch_of(shown_lines(raw) if lines else shown_batch(raw, received_at), received_at)
    offset_ms, cursor = batch.defaults
    for place, written in batch.odd:
        shown = _shown(_loose_item(written), offset_ms, cursor)
        if shown is not None:
            uploads.put(batch, place, shown)
    return batch


def shown_batch(raw: bytes, received_at: datetime) -> list[Shown | None]:
    """A JSON batch; items that cannot be read become None. Malformed or Invalid if there is no list of scans."""
    try:
        whole: BatchRequest | _LooseBatch = _batch.decode(raw)
    except msgspec.ValidationError:
        whole = bodies.decode(raw, _loose_batch)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"The body is not valid JSON: {error}") from error
    if len(whole.scans) > JSON_SCANS_MAX:
        raise TooLarge(f"At most {JSON_SCANS_MAX} scans in JSON; send NDJSON for more", scans_max=JSON_SCANS_MAX)
    items = [one if isinstance(one, ScanItem) else _loose_item(bytes(one)) for one in whole.scans]
    offset_ms = _offset_ms(whole.clock_offset_ms) if _said(whole.clock_offset_ms) else 0
    sent_at = _moment(whole.sent_at)
    if sent_at is not None and not _said(whole.clock_offset_ms):
        offset_ms = round((received_at - sent_at).total_seconds() * 1000)
    return [_shown(item, offset_ms, whole.cursor) for item in items]


def shown_lines(raw: bytes) -> list[Shown | None]:
    """NDJSON, a scan a line; blank lines are passed over, lines that cannot be read become None."""
    lines = [line for line in raw.split(b"\n") if line.strip()]
    if len(lines) > LINES_MAX:
        raise TooLarge(f"At most {LINES_MAX} scans", scans_max=LINES_MAX)
    return [_shown(_loose_item(line), 0, None) for line in lines]


def _loose_item(raw: bytes) -> ScanItem | None:
    try:
        return _item.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _shown(item: ScanItem | None, batch_offset_ms: int | None, cursor: int | None) -> Shown | None:
    if item is None or _has_nul(item.gate, item.nonce):
        return None
    code = item.code if item.code is not None else item.qrSecret
    said = item.scanned_at if _said(item.scanned_at) else item.scannedAt
    offset_ms = _offset_ms(item.clock_offset_ms) if _said(item.clock_offset_ms) else batch_offset_ms
    scanned_at = _moment(said) if offset_ms is not None else None
    return Shown(
        code=code.strip() if code is not None else None,
        nonce=item.nonce,
        scanned_at=scanned_at,
        clock_unreadable=scanned_at is None and _said(said),
        gate=item.gate or None,
        direction=item.direction or "entry",
        offline=item.offline,
        offset_ms=offset_ms or 0,
        cursor_seq=item.cursor if item.cursor is not None else cursor,
    )


def _has_nul(*texts: str | None) -> bool:
    """Postgres keeps no NUL in text; one such scan must not sink the statement it shares."""
    return any(text is not None and "\0" in text for text in texts)


def _said(raw: msgspec.Raw) -> bool:
    """Whether the field is there: null says nothing."""
    return bytes(raw) != b"null"


def _moment(said: msgspec.Raw) -> datetime | None:
    """In UTC, as is taken for granted without a zone; None if it says no moment.

    What no ledger can hold is brought back into what it can: it knows no zone sixteen hours away, and one such scan
    must not sink the statement it shares.
    """
    try:
        moment = _datetime.decode(said)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return min(max(aware, MOMENT_MIN), MOMENT_MAX).astimezone(UTC)


def _offset_ms(said: msgspec.Raw) -> int | None:
    """None if it is no whole number of milliseconds that a clock may be off."""
    try:
        return _offset.decode(said)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
