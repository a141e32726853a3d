"""The verdict as a pure function: what each fact decides, in which order, and what never happens."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.domain.catalogue.entry_rules import EntryRules, GateRule, check
from engine.domain.gates.scans import STATUS, EntryTerms, Outcome, Reason, Result, Scan, corrected, is_inside, judge
from engine.domain.tickets.tickets import Ticket, code_window, shown_status
from engine.foundation.errors import Invalid

NOW = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
TICKET = Ticket(
    id="tkt_1",
    event_id="evt_1",
    order_id="ord_1",
    unit=1,
    version=2,
    status="valid",
    order_status="paid",
    ticket_type_id="tt_1",
    section="Stalls",
    seat="Stalls/A/5",
    holder_name="Ada",
)
SCAN = Scan(
    device_id="dev_1",
    gate="North",
    shown_gate="North",
    device_gates=(),
    direction="entry",
    at=NOW,
    version=2,
    not_before_s=0,
)


def terms(
    *, cancelled: bool = False, timezone: str = "UTC", ends_at: datetime | None = None, **rules: Any
) -> EntryTerms:
    return EntryTerms("evt_1", cancelled=cancelled, timezone=timezone, rules=EntryRules(**rules), ends_at=ends_at)


def run(steps: list[tuple[str, datetime]], where: EntryTerms) -> list[Outcome]:
    ticket, told = TICKET, []
    for direction, at in steps:
        outcome = judge(ticket, replace(SCAN, direction=direction, at=at), where)
        ticket = outcome.ticket or ticket
        told.append(outcome)
    return told


def test_the_first_failing_reason_answers() -> None:
    ticket = replace(TICKET, status="refunded", order_status="refunded")
    scan = replace(SCAN, version=1, device_gates=("South",))
    over = NOW - timedelta(hours=13)
    where = terms(cancelled=True, ends_at=over)
    told = []
    for repair in (
        {"version": 2}, {"status": "valid"}, {"cancelled": False}, {"order_status": "paid"},
        {"ends_at": NOW}, {"device_gates": ()},
    ):  # fmt: skip
        told.append(judge(ticket, scan, where).reason)
        [name] = repair
        if hasattr(where, name):
            where = replace(where, **repair)
        elif hasattr(scan, name):
            scan = replace(scan, **repair)
        else:
            ticket = replace(ticket, **repair)
    assert told == [
        Reason.STALE_VERSION, Reason.REFUNDED, Reason.CANCELLED, Reason.REFUNDED, Reason.EXPIRED, Reason.WRONG_GATE,
    ]  # fmt: skip
    assert judge(ticket, scan, where).result is Result.ADMIT


@given(st.lists(st.sampled_from(["entry", "exit"]), max_size=30))
def test_without_reentry_one_entry_is_given_whatever_the_order_of_scans(steps: list[str]) -> None:
    told = run([(step, NOW + timedelta(minutes=n)) for n, step in enumerate(steps)], terms())
    admitted = [outcome for outcome in told if outcome.result is Result.ADMIT]
    assert len(admitted) == min(1, steps.count("entry"))


@given(
    st.lists(st.tuples(st.sampled_from(["entry", "exit"]), st.integers(0, 4000)), max_size=40),
    st.integers(1, 4),
    st.integers(1, 2),
)
def test_with_reentry_nobody_enters_twice_without_leaving_nor_beyond_the_limits(
    steps: list[tuple[str, int]], most: int, daily: int
) -> None:
    where = terms(allow_reentry=True, max_entries=most, max_entries_per_day=daily, timezone="America/Toronto")
    at, timed = NOW, []
    for direction, minutes in steps:
        at += timedelta(minutes=minutes)
        timed.append((direction, at))
    inside, entries, by_day = False, 0, {}
    for outcome, (_, moment) in zip(run(timed, where), timed, strict=True):
        if outcome.result is Result.ADMIT:
            assert not inside
            inside, entries = True, entries + 1
            day = (moment - timedelta(hours=5 if moment.month in {11, 12, 1, 2} else 4)).date()
            by_day[day] = by_day.get(day, 0) + 1
        elif outcome.result is Result.EXIT_OK:
            assert inside
            inside = False
    assert entries <= most
    assert all(count <= daily for day, count in by_day.items() if day < date(2027, 3, 1))


def test_a_verdict_moves_a_ticket_only_when_somebody_passes() -> None:
    for status in ("valid", "blocked", "refunded"):
        for direction in ("entry", "exit"):
            outcome = judge(replace(TICKET, status=status), replace(SCAN, direction=direction), terms())
            passes = outcome.result in {Result.ADMIT, Result.EXIT_OK}
            assert (outcome.ticket is not None and outcome.ticket.entries == 1) == passes


def test_every_result_has_its_legacy_status() -> None:
    assert {STATUS[result] for result in Result} == {"VALID", "ALREADY_CHECKED_IN", "INVALID"}
    assert STATUS[Result.DUPLICATE] == "ALREADY_CHECKED_IN"


@pytest.mark.parametrize(
    ("scanned", "inside"),
    [(datetime(2026, 11, 21, 8, 59, tzinfo=UTC), True), (datetime(2026, 11, 21, 9, 1, tzinfo=UTC), False)],
)
def test_the_daily_emptying_goes_by_the_events_own_clock(scanned: datetime, inside: bool) -> None:
    where = terms(allow_reentry=True, exit_all_at="04:00", timezone="America/Toronto")
    [outcome] = run([("entry", NOW)], where)
    assert outcome.ticket is not None
    assert is_inside(outcome.ticket, where, scanned) is inside


def test_gates_take_whom_they_name_and_unnamed_gates_take_whom_nobody_names() -> None:
    crew = GateRule(ticket_type_ids=["tt_crew"])
    rules = EntryRules(gates={"East": GateRule(sections=["Stalls"]), "Crew": crew, "Any": GateRule()})
    assert rules.admits_at("East", "Stalls", "tt_1")
    assert not rules.admits_at("North", "Stalls", "tt_1")
    assert rules.right_gates("Stalls", "tt_1") == ("East",)
    assert rules.admits_at("Any", "Stalls", "tt_1")
    assert rules.admits_at("North", "Balcony", "tt_1")
    assert not rules.admits_at("Crew", "Balcony", "tt_1")
    assert rules.admits_at(None, "Stalls", "tt_1")


def test_offline_times_are_corrected_and_clamped_between_bundle_and_receipt() -> None:
    bundle = NOW - timedelta(hours=1)
    assert corrected(NOW - timedelta(minutes=10), NOW, 60_000, bundle) == (NOW - timedelta(minutes=9), False)
    assert corrected(NOW - timedelta(hours=3), NOW, 0, bundle) == (bundle, False)
    assert corrected(NOW + timedelta(seconds=119), NOW, 0, bundle) == (NOW, False)
    assert corrected(NOW + timedelta(seconds=121), NOW, 0, bundle) == (NOW, True)
    assert corrected(NOW - timedelta(hours=71), NOW, 0, NOW - timedelta(hours=72)) == (NOW - timedelta(hours=71), False)


@pytest.mark.parametrize("moment", [None, NOW - timedelta(hours=73), NOW - timedelta(days=20_000)])
def test_a_scan_whose_clock_says_nothing_that_can_be_counts_at_receipt_and_is_flagged(moment: datetime | None) -> None:
    assert corrected(moment, NOW, 0, NOW - timedelta(hours=1)) == (NOW, True)


@pytest.mark.parametrize("moved_h", [-6, 0, 6, 24 * 40])
def test_how_long_a_code_admits_is_decided_by_the_event_as_it_is_now(moved_h: int) -> None:
    ends_at = NOW + timedelta(hours=moved_h)
    where, last = terms(ends_at=ends_at), ends_at + timedelta(hours=12)
    for at, reason in ((last, Reason.OK), (last + timedelta(seconds=30), Reason.EXPIRED)):
        assert judge(TICKET, replace(SCAN, at=at), where).reason is reason


def test_rules_that_cannot_be_kept_are_refused() -> None:
    zoneless = EntryRules(exit_all_at="2026-11-20T04:00:00")
    beyond = [EntryRules(exit_all_at=f"{day}{zone}") for day in ("0001-01-01T00:00:00", "9999-12-31T23:59:59")
              for zone in ("Z", "+23:59", "-23:59")]  # fmt: skip
    for rules in (EntryRules(exit_all_at="25:00"), zoneless, EntryRules(max_entries=2), *beyond):
        with pytest.raises(Invalid):
            check(rules)
    check(EntryRules(allow_reentry=True, max_entries=2, exit_all_at="2026-11-20T04:00:00Z"))


def test_a_code_lives_from_before_its_payment_until_long_after_the_event() -> None:
    not_before_s, expires_at_s = code_window(NOW, NOW + timedelta(hours=3))
    assert not_before_s == NOW.timestamp() - 60
    assert expires_at_s == (NOW + timedelta(hours=15)).timestamp()


def test_a_ticket_that_was_let_in_reads_as_used_unless_it_lost_its_standing() -> None:
    assert shown_status("valid", None) == "valid"
    assert shown_status("valid", NOW) == "used"
    assert shown_status("refunded", NOW) == "refunded"


@pytest.mark.parametrize(
    ("zone", "clock", "night", "before_h"),
    [
        ("America/New_York", "01:30", "2027-11-07T05:30+00:00", 1),
        ("Europe/Berlin", "02:30", "2027-10-31T00:30+00:00", 1),
        ("Australia/Sydney", "02:30", "2027-04-03T15:30+00:00", 1),
        ("Australia/Lord_Howe", "01:45", "2027-04-03T14:45+00:00", 0.5),
        ("America/New_York", "02:30", "2027-03-14T07:30+00:00", 0),
        ("Europe/Berlin", "02:30", "2027-03-28T01:30+00:00", 0),
    ],
)
def test_in_the_night_the_clocks_change_everybody_leaves_once_and_a_code_admits_once_more(
    zone: str, clock: str, night: str, before_h: float
) -> None:
    """``night`` is the one instant of emptying; ``before_h``: after how long the same hour comes again."""
    emptied, again = datetime.fromisoformat(night), timedelta(hours=before_h)
    where = EntryTerms("evt", False, zone, EntryRules(allow_reentry=True, exit_all_at=clock))
    minute = timedelta(minutes=1)
    moments = [emptied - minute, emptied + minute, emptied + again - minute, emptied + again + minute]
    outcomes = run([("entry", moment) for moment in sorted(moments)], where)
    assert [outcome.result for outcome in outcomes].count(Result.ADMIT) == 2, "once before it, once after"
    assert {where.rules.emptied_at(emptied + again + quarter * minute, zone) for quarter in range(600)} == {emptied}
