"""``onsale verify-draw FILE``: check an audit bundle without trusting anybody who published it."""

from __future__ import annotations

import sys
from pathlib import Path

import orjson

import hotpath_rs

CHECKED, REFUTED, UNREADABLE = 0, 1, 2


def main(path: str | Path, tickets: tuple[str, ...] = ()) -> int:
    """Print one JSON object; 0 if commit, root, seed and bijection hold, 1 if one does not, 2 without a file."""
    try:
        raw = Path(path).read_bytes()
    except OSError as error:
        return _say({"ok": False, "code": "unreadable", "detail": str(error)}, UNREADABLE)
    try:
        report = hotpath_rs.verify_draw(raw, *tickets)
    except hotpath_rs.DrawError as error:
        return _say({"ok": False, "code": error.code, "detail": str(error.args[-1])}, REFUTED)
    facts = {
        "ok": True,
        "event_id": report.event_id,
        "cohort_size": report.cohort_size,
        "merkle_root": report.merkle_root.hex(),
        "seed": report.seed.hex(),
        "beacon": report.beacon,
        "duplicate_identities": report.duplicate_identities,
        "tickets": [{"index": index, "queue_number": number} for index, number in report.tickets],
    }
    return _say(facts, CHECKED)


def _say(facts: dict[str, object], code: int) -> int:
    sys.stdout.write(orjson.dumps(facts).decode() + "\n")
    return code
