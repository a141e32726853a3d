"""What a scanner without the network is told of time, and that it judges with it as the server does."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import to_builtins
from playwright.async_api import Page

import hotpath_rs
from engine.domain.catalogue.entry_rules import EntryRules, GateRule
from engine.domain.gates.offline import days, emptyings
from engine.domain.gates.scans import EntryTerms, Result, Scan, judge
from engine.domain.tickets.tickets import Ticket, codes_end
from engine.foundation.local_time import local_day
from tests.chromium import connected

GATE = Path(__file__).parents[3] / "engine/pages/static/gate"
ZONES = (
    "UTC", "America/Vancouver", "America/New_York", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe",
    "Pacific/Apia", "Asia/Beirut", "America/Santiago", "Pacific/Chatham",
)  # fmt: skip
START = datetime(2027, 1, 1, tzinfo=UTC)
HISTORIES = 4_000


@pytest.mark.parametrize("zone", ZONES)
def test_local_days_are_told_as_instants_over_every_change_of_the_clock(zone: str) -> None:
    pick = random.Random(zone)
    for week in range(0, 208, 8):
        first = START + timedelta(weeks=week)
        told = days(zone, first, first + timedelta(weeks=4))
        assert [start for start, _ in told] == sorted(start for start, _ in told)
        for start, day in told[1:]:
            assert local_day(start, zone) == day != local_day(start - timedelta(seconds=1), zone)
        for _ in range(40):
            at = first + timedelta(seconds=pick.randrange(4 * 7 * 86400))
            assert [day for start, day in told if start <= at][-1] == local_day(at, zone)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("clock", ["00:00", "01:30", "02:30", "04:00", "12:00", "23:45"])
def test_emptyings_are_told_as_instants_over_every_change_of_the_clock(zone: str, clock: str) -> None:
    rules = EntryRules(allow_reentry=True, exit_all_at=clock)
    for day in range(0, 4 * 365, 7):
        first = START + timedelta(days=day)
        told = emptyings(rules, zone, first, first + timedelta(days=3))
        assert 3 <= len(told) <= 5
        assert told == sorted(set(told))
        for hours in (0, 7, 25, 49, 71):
            at = first + timedelta(hours=hours)
            assert [moment for moment in told if moment <= at][-1] == rules.emptied_at(at, zone)


def test_one_moment_of_emptying_is_told_once_and_none_not_at_all() -> None:
    once = EntryRules(exit_all_at="2027-01-02T03:00:00+00:00")
    assert emptyings(once, "UTC", START, START + timedelta(days=3)) == [datetime(2027, 1, 2, 3, tzinfo=UTC)]
    assert emptyings(once, "UTC", START, START + timedelta(days=1)) == []
    assert emptyings(EntryRules(), "UTC", START, START + timedelta(days=3)) == []


@pytest.fixture
async def page(chromium_address: str) -> AsyncIterator[Page]:
    """A page that has the device's judge."""
    source = base64.b64encode((GATE / "judge.js").read_bytes()).decode()
    async with connected(chromium_address) as browser:
        page = await browser.new_page()
        await page.evaluate(
            f"import('data:text/javascript;base64,{source}').then((made) => {{ self.judging = made; }})"
        )
        yield page


# Runs whole histories: each step is judged on the state that the step before left.
RUN = """(histories) => JSON.stringify(JSON.parse(histories).map(({ terms, tickets, steps }) => {
  const states = tickets.map(() => judging.UNSEEN);
  return steps.map(({ ticket, scan, refused }) => {
    const found = judging.judge({ ...tickets[ticket], refused }, states[ticket], scan, terms);
    if (found.state) states[ticket] = found.state;
    return { ...found, state: states[ticket] };
  });
}))"""


@pytest.mark.browser
@pytest.mark.slow
async def test_a_device_alone_gives_the_verdict_that_the_server_would_give_it(page: Page) -> None:
    """Over random rules, gates, zones, standings and comings and goings; word for word, with the state it leads to."""
    pick = random.Random(20261130)
    made = [_history(pick) for _ in range(HISTORIES)]
    answers = json.loads(await page.evaluate(RUN, json.dumps([asked for asked, _ in made])))
    results: set[str] = set()
    for (asked, expected), answer in zip(made, answers, strict=True):
        told = [_shown(found) for found in answer]
        assert told == expected, json.dumps(asked)
        results |= {f"{one['result']} {one['reason']}" for one in told}
    assert results == {
        "admit ok", "exit_ok ok", "duplicate already_used", "reject not_inside", "reject wrong_gate",
        "reject not_yet_valid", "reject expired", "reject refunded", "reject stale_version", "reject cancelled",
        "reject blocked", "reject transfer_pending",
    }  # fmt: skip


@pytest.mark.browser
async def test_a_code_is_read_as_the_server_reads_it(page: Page) -> None:
    keys = hotpath_rs.Keyring([(1, b"k" * 32)]).event("evt_1")
    code = keys.mint_ticket_code(77, 3, 1_800_000_000, 1_800_100_000)
    said = await page.evaluate("(code) => judging.read(code)", code)
    assert (said["unit"], said["version"], said["notBeforeS"], said["expiresAtS"]) == (
        77, 3, 1_800_000_000, 1_800_100_000,
    )  # fmt: skip
    assert said["tag"] == base64.urlsafe_b64decode(code + "==")[2:10].hex()
    last = code[:-1] + chr(ord(code[-1]) + 1)  # the same bytes, in another spelling
    for junk in ("", "nonsense", "https://example.org/", code[:-1], code + "A", "A" * 54, "é" * 54, last):
        assert await page.evaluate("(code) => judging.read(code)", junk) is None, junk


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    shown = {key: found[key] for key in ("result", "reason", "state")}
    if found.get("previous"):
        shown["previous"] = found["previous"]
    if found.get("rightGates"):
        shown["right_gates"] = found["rightGates"]
    return shown


def _history(pick: random.Random) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    zone = pick.choice(ZONES)
    first = START + timedelta(seconds=pick.randrange(4 * 365 * 86400))
    last = first + timedelta(hours=30)
    rules = _rules(pick, first)
    ends_at = first + timedelta(hours=pick.choice([99, 99, 99, 8]))
    entry = EntryTerms("evt", cancelled=pick.random() < 0.02, timezone=zone, rules=rules, ends_at=ends_at)
    bound_to = pick.choice([(), (), ("North",), ("North", "South")])
    tickets = [_ticket(pick, unit) for unit in range(3)]
    sent: list[dict[str, Any]] = []
    expected: list[dict[str, Any]] = []
    standing = [_refused(ticket, entry) for ticket in tickets]
    at = first
    for _ in range(pick.randrange(3, 14)):
        at = min(last, at + timedelta(milliseconds=pick.randrange(1, 4 * 3_600_000)))
        place = pick.randrange(len(tickets))
        scan = Scan(
            device_id="dev", gate=(gate := pick.choice([None, "North", "South", "Back door"])),
            shown_gate=gate or "Scanner", device_gates=bound_to, direction=pick.choice(["entry", "entry", "exit"]),
            at=at, version=1 if tickets[place].version == 1 or pick.random() < 0.5 else 2,
            not_before_s=int((first + timedelta(hours=pick.choice([-9, -9, -9, 6]))).timestamp()),
        )  # fmt: skip
        refused = "stale_version" if scan.version != tickets[place].version else standing[place]
        outcome = judge(tickets[place], scan, entry)
        sent.append({"ticket": place, "scan": _scan(scan), "refused": refused})
        if outcome.ticket is not None:
            tickets[place] = outcome.ticket
        one: dict[str, Any] = {
            "result": outcome.result.value, "reason": outcome.reason.value, "state": _state(tickets[place]),
        }  # fmt: skip
        if outcome.result is Result.DUPLICATE and outcome.previous_at is not None:
            one["previous"] = {"at": _ms(outcome.previous_at), "gate": outcome.previous_gate}
        if outcome.right_gates:
            one["right_gates"] = list(outcome.right_gates)
        expected.append(one)
    asked_tickets = [{"section": ticket.section, "typeId": ticket.ticket_type_id} for ticket in tickets]
    terms = {
        "rules": to_builtins(rules), "boundTo": list(bound_to), "codesEndAt": _ms(codes_end(ends_at)),
        "emptiedAt": [_ms(moment) for moment in emptyings(rules, zone, first - timedelta(days=2), last)],
        "days": [[_ms(start), day.isoformat()] for start, day in days(zone, first - timedelta(days=2), last)],
    }  # fmt: skip
    return {"terms": terms, "tickets": asked_tickets, "steps": sent}, expected


def _rules(pick: random.Random, first: datetime) -> EntryRules:
    again = pick.random() < 0.7
    gates: dict[str, GateRule] = {}
    if pick.random() < 0.4:
        gates["North"] = pick.choice([GateRule(), GateRule(sections=["Stalls"]), GateRule(ticket_type_ids=["vip"])])
        gates["South"] = pick.choice([GateRule(), GateRule(sections=["Floor"], ticket_type_ids=["vip"])])
    moment = (first + timedelta(hours=pick.randrange(30))).isoformat()
    return EntryRules(
        allow_reentry=again,
        max_entries=pick.choice([None, None, 1, 2, 3]) if again else None,
        max_entries_per_day=pick.choice([None, None, 1, 2]) if again else None,
        exit_all_at=pick.choice([None, "04:00", "01:30", "02:30", "00:30", "23:59", moment]),
        gates=gates,
    )


def _ticket(pick: random.Random, unit: int) -> Ticket:
    status = pick.choice(["valid"] * 12 + ["refunded", "blocked", "transfer_pending"])
    return Ticket(
        id=f"tkt_{unit}", event_id="evt", order_id="ord", unit=unit, version=pick.choice([1, 1, 1, 2]), status=status,
        order_status="paid", ticket_type_id=pick.choice(["vip", "plain"]), section=pick.choice(["Stalls", "Floor"]),
        seat=None, holder_name="Ada",
    )  # fmt: skip


def _refused(ticket: Ticket, entry: EntryTerms) -> str | None:
    if ticket.status != "valid":
        return ticket.status
    return "cancelled" if entry.cancelled else None


def _scan(scan: Scan) -> dict[str, Any]:
    return {
        "direction": scan.direction, "gate": scan.gate, "shownGate": scan.shown_gate, "at": _ms(scan.at),
        "notBeforeS": scan.not_before_s,
    }  # fmt: skip


def _state(ticket: Ticket) -> dict[str, Any]:
    on: date | None = ticket.entries_on
    return {
        "inside": ticket.inside, "entries": ticket.entries, "on": on.isoformat() if on else None,
        "today": ticket.entries_today, "lastAt": _ms(ticket.last_entry_at) if ticket.last_entry_at else None,
        "lastGate": ticket.last_entry_gate,
    }  # fmt: skip


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
