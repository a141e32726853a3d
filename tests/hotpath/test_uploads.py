"""Uploads in Rust against slow Python: reading, placing, judging, answering and packing, over random histories."""

from __future__ import annotations

import json
import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

import hotpath_rs
from engine.domain.catalogue.entry_rules import EntryRules, GateRule
from engine.domain.gates.attempts import Scanner
from engine.domain.gates.scans import EntryTerms
from engine.domain.tickets.tickets import Ticket
from engine.foundation import pieces
from engine.foundation.local_time import local_day
from engine.services.gates import uploads
from engine.services.gates.uploads import microseconds
from engine.web.gates import scans_shapes
from tests.hotpath import upload_twin

HISTORIES = 10_000
ZONES = ("UTC", "America/Vancouver", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia")
START = datetime(2027, 1, 1, tzinfo=UTC)
RING = hotpath_rs.Keyring([(1, b"k" * 32)])
KEYS = RING.event("evt_1")
FOREIGN = (RING.event("evt_2"), hotpath_rs.Keyring([(2, b"o" * 32)]).event("evt_1"))
FORGED = hotpath_rs.Keyring([(1, b"f" * 32)]).event("evt_1")
HOURS = timedelta(hours=1)


@pytest.mark.slow
def test_an_upload_is_judged_as_slow_python_judges_it() -> None:
    """Ten thousand histories of several uploads: verdicts, tickets and log, to the letter."""
    pick = random.Random(20261130)
    seen: set[str] = set()
    for _ in range(HISTORIES):
        seen |= _history(pick)
    assert seen == {
        "admit ok", "admit offline_earlier", "admit admitted_on_stale_bundle", "exit_ok ok", "duplicate already_used",
        "duplicate duplicate_offline_conflict", "reject malformed", "reject unknown_key", "reject bad_signature",
        "reject wrong_event", "reject not_found", "reject stale_version", "reject transfer_pending", "reject refunded",
        "reject cancelled", "reject blocked", "reject unpaid", "reject not_yet_valid", "reject expired",
        "reject wrong_gate", "reject not_inside", "reject revoked_device",
    }  # fmt: skip


def _history(pick: random.Random) -> set[str]:
    received_at = START + timedelta(microseconds=pick.randrange(4 * 365 * 86_400_000_000))
    entry = _entry(pick, received_at)
    tickets = {unit: (_ticket(pick, unit, received_at, entry), pick.choice([None, 3, 8])) for unit in range(3)}
    said: set[str] = set()
    known = hotpath_rs.KnownTickets()
    for _ in range(pick.choice([1, 1, 2])):
        scanner = _scanner(pick, received_at)
        raw, lines = _body(pick, received_at)
        shown = scans_shapes.shown_lines(raw) if lines else scans_shapes.shown_batch(raw, received_at)
        told = upload_twin.settle(KEYS, scanner, shown, tickets, entry, received_at)

        batch = scans_shapes.upload(raw, received_at, lines=lines)
        uploads._placed(batch, KEYS, scanner)
        terms = hotpath_rs.ScanTerms(uploads.terms_document(entry, scanner.gates, received_at))
        asked = batch.units(0, len(batch), known)
        read = [unit for unit in json.loads(f"[{asked[1:-1]}]" if asked else "[]") if unit in tickets]
        records = [upload_twin.record(*tickets[unit], unit) for unit in read]
        judged = batch.judge(0, len(batch), b"".join(records), terms, known)
        batch.commit(7)

        told_at_once, kept = batch.answer()
        answer, recipe = pieces.whole(told_at_once), hotpath_rs.ScanRecipe(kept)
        assert pieces.whole(recipe.answer([hotpath_rs.ScanPack(judged.pack) for _ in recipe.packs])) == answer
        document = msgspec.json.decode(answer)
        assert document["results"] == told.verdicts, (raw, scanner, tickets, entry)
        assert sum(document["counts"].values()) == len(shown)
        assert _moved(judged) == {
            unit: _state(after) for unit, after in told.tickets.items() if after != tickets[unit][0]
        }, raw
        _log_is(judged, told)
        said |= {f"{verdict['result']} {verdict['reason']}" for verdict in told.verdicts}
        tickets = {unit: (told.tickets[unit], seq) for unit, (_, seq) in tickets.items()}
        received_at += timedelta(seconds=pick.randrange(1, 86_400))
    return said


def _log_is(judged: hotpath_rs.ScansJudged, told: upload_twin.Told) -> None:
    assert judged.lines == len(told.logged)
    if not judged.lines:
        return
    pack = hotpath_rs.ScanPack(judged.pack)
    rows = msgspec.json.decode(pack.rows(0, len(pack)))
    for number, (row, (attempt, verdict)) in enumerate(zip(rows, told.logged, strict=True)):
        assert row == {
            "line": number, "scanned_us": microseconds(attempt.scanned_at),
            "counted_us": microseconds(attempt.counted_at), "clock_offset_ms": attempt.offset_ms,
            "online": not attempt.offline, "unit": attempt.unit, "ticket_id": verdict["ticketId"],
            "gate": attempt.shown_gate, "nonce": attempt.nonce, "direction": attempt.direction,
            "result": verdict["result"], "reason": verdict["reason"], "verdict": verdict,
        }  # fmt: skip
        if attempt.nonce is not None:
            assert msgspec.json.decode(pack.given(attempt.nonce) or b"null") == verdict


def _moved(judged: hotpath_rs.ScansJudged) -> dict[int, tuple[Any, ...]]:
    """The tickets that move, by unit (their place in a page, here)."""
    names = json.loads("[" + judged.names[1:-1] + "]")
    rows = json.loads("[" + judged.columns[0][1:-1] + "]")
    columns = [column[1:-1].split(",") for column in judged.columns[1:]]
    if judged.alike:
        columns[1:] = [column * judged.moves for column in columns[1:]]

    def named(number: str) -> str | None:
        return None if number == "NULL" else names[int(number) - 1]

    found = {}
    for place, row in enumerate(rows):
        _, inside, entries, on, today, last_at, last_gate, first_at, first_gate, device = (c[place] for c in columns)
        state = (inside == "t", *(None if n == "NULL" else int(n) for n in (entries, on, today, last_at, first_at)))
        found[int(row.strip("()").split(",")[1])] = (*state, named(last_gate), named(first_gate), named(device))
    return found


def _state(ticket: Ticket) -> tuple[Any, ...]:
    day = None if ticket.entries_on is None else (ticket.entries_on - date(1970, 1, 1)).days
    times = [None if at is None else microseconds(at) for at in (ticket.last_entry_at, ticket.checked_in_at)]
    return (
        ticket.inside, ticket.entries, day, ticket.entries_today, *times, ticket.last_entry_gate,
        ticket.checked_in_gate, ticket.checked_in_device,
    )  # fmt: skip


def _entry(pick: random.Random, received_at: datetime) -> EntryTerms:
    again = pick.random() < 0.6
    gates: dict[str, GateRule] = {}
    if pick.random() < 0.4:
        gates["North"] = pick.choice([GateRule(), GateRule(sections=["Stalls"]), GateRule(ticket_type_ids=["vip"])])
        gates["South"] = pick.choice([GateRule(), GateRule(sections=["Floor"], ticket_type_ids=["vip"])])
    rules = EntryRules(
        allow_reentry=again,
        max_entries=pick.choice([None, None, 1, 2]) if again else None,
        max_entries_per_day=pick.choice([None, None, 1, 2]) if again else None,
        exit_all_at=pick.choice(
            [None, "04:00", "02:30", "23:59", (received_at - pick.randrange(80) * HOURS).isoformat()]
        ),
        gates=gates,
    )
    return EntryTerms(
        "evt_1", cancelled=pick.random() < 0.03, timezone=pick.choice(ZONES), rules=rules,
        ticket_types={"vip": 'V"I"P'}, ends_at=pick.choice([None, received_at + 9 * HOURS, received_at - 20 * HOURS]),
    )  # fmt: skip


def _ticket(pick: random.Random, unit: int, received_at: datetime, entry: EntryTerms) -> Ticket:
    status = pick.choice(["valid"] * 12 + ["used", "refunded", "blocked", "transfer_pending", "cancelled"])
    ticket = Ticket(
        id=f"tkt_{unit}", event_id="evt_1", order_id="ord", unit=unit, version=pick.choice([1, 1, 2]), status=status,
        order_status=pick.choice(["paid"] * 8 + ["disputed", "refunded", "pending", "charged_back"]),
        ticket_type_id=pick.choice(["vip", "plain"]), section=pick.choice(["Stalls", "Floor"]),
        seat=pick.choice([None, "", "Stalls/A/5"]), holder_name=pick.choice(["Ada", 'Zoë \\ "Z"', "名\n"]),
    )  # fmt: skip
    if pick.random() < 0.5:
        return ticket
    at = received_at - timedelta(microseconds=pick.randrange(60 * 3_600_000_000))
    return msgspec.structs.replace(
        ticket, inside=pick.random() < 0.7, entries=pick.randrange(1, 3), entries_on=local_day(at, entry.timezone),
        entries_today=1, last_entry_at=pick.choice([at, at, at, None]), last_entry_gate=pick.choice(["North", None]),
        checked_in_at=at, checked_in_gate="North", checked_in_device=pick.choice(["dev_1", "dev_2", None]),
    )  # fmt: skip


def _scanner(pick: random.Random, received_at: datetime) -> Scanner:
    return Scanner(
        device_id=pick.choice(["dev_1", "dev_2"]), event_id="evt_1", name=pick.choice(["Scanner", ""]),
        gates=pick.choice([(), (), ("North",), ("North", "South")]),
        bundle_at=pick.choice([None, received_at - 3 * HOURS, received_at - 90 * HOURS]),
        cursor_seq=pick.choice([0, 5]),
        revoked_at=received_at - 2 * HOURS if pick.random() < 0.08 else None,
    )  # fmt: skip


def _body(pick: random.Random, received_at: datetime) -> tuple[bytes, bool]:
    """Plain scans, odd ones and junk, in either form."""
    lines = pick.random() < 0.5
    scans = [_scan(pick, received_at, number) for number in range(pick.randrange(1, 12))]
    if lines:
        blank = pick.choice(["", "\n", " \r\n"])
        return blank.join(f"{scan}\n" for scan in scans).encode(), True
    written = ",".join(scan if scan not in {"nonsense", "{"} else "{}" for scan in scans)
    whole = ['"scans":[' + written + "]"]
    if pick.random() < 0.2:
        whole.append(f'"sent_at":"{(received_at - timedelta(seconds=pick.randrange(99))).isoformat()}"')
    if pick.random() < 0.2:
        whole.append('"clock_offset_ms":' + pick.choice(["90000", "null", '"x"', "1.5", "-3"]))
    if pick.random() < 0.2:
        whole.append(f'"cursor":{pick.choice([0, 6, 9])}')
    pick.shuffle(whole)
    return ("{" + ",".join(whole) + "}").encode(), False


def _scan(pick: random.Random, received_at: datetime, number: int) -> str:
    if pick.random() < 0.05:
        return pick.choice(["7", '"c"', "null", '["a"]', "{}", '{"code":7}', '{"nonce":"a\\u0000"}', "nonsense", "{"])
    scan: dict[str, Any] = {pick.choice(["code", "code", "qrSecret"]): _code(pick, received_at)}
    if pick.random() < 0.7:
        scan["nonce"] = pick.choice([f"n{number}", f"n{pick.randrange(4)}", "é" * 100, "x" * 129, ""])
    if pick.random() < 0.8:
        at = received_at - timedelta(microseconds=pick.choice([0, 500, 2 * 10**6, 10**9, 10**11, 3 * 10**11, -(10**9)]))
        odd = [7, "yesterday", "2026-13-01T00:00:00Z", at.isoformat(" "), at.strftime("%Y-%m-%dT%H:%M:%S"), None, [1]]
        offset = timedelta(hours=pick.choice([0, 5, -8]))
        plain = (at + offset).replace(tzinfo=None).isoformat() + (
            "Z" if not offset else f"{offset.seconds // 3600:+03}:00"
        )
        if offset < timedelta():
            plain = at.isoformat().replace("+00:00", "Z")
        scan[pick.choice(["scanned_at", "scannedAt"])] = pick.choice(odd) if pick.random() < 0.1 else plain
    if pick.random() < 0.5:
        scan["gate"] = pick.choice(["North", "South", 'Back "door"', "", None, "g" * 61, "Tür"])
    if pick.random() < 0.6:
        scan["direction"] = pick.choice(["entry", "exit", "exit", None, "sideways"] if pick.random() < 0.9 else [3])
    if pick.random() < 0.4:
        scan["offline"] = pick.choice([True, True, False, None])
    if pick.random() < 0.2:
        scan["clock_offset_ms"] = pick.choice([-250, 60_000, 2**31, 1.5, "7", None])
    if pick.random() < 0.2:
        scan["cursor"] = pick.choice([0, 4, 9, -1, None])
    if pick.random() < 0.1:
        scan["other"] = {"deep": [1, {"code": "x"}]}
    return json.dumps(scan, ensure_ascii=pick.random() < 0.5)


def _code(pick: random.Random, received_at: datetime) -> Any:
    if pick.random() < 0.12:
        return pick.choice(["", "junk", "A" * 54, "é" * 54, None, "x" * 5000])
    keys = KEYS if pick.random() < 0.9 else pick.choice([*FOREIGN, FORGED])
    not_before = received_at + pick.choice([-9, -9, -9, -9, 6, -1]) * HOURS
    expires = not_before + pick.choice([99, 99, 2]) * HOURS
    code = keys.mint_ticket_code(
        pick.choice([0, 1, 2, 0, 1, 2, 77]),
        pick.choice([1, 1, 2]),
        int(not_before.timestamp()),
        int(expires.timestamp()),
    )
    return pick.choice([code, code, code, f" {code}\n", f"\x1f{code}\u2003"])
