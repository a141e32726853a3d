"""GO needs every promise kept; each broken one is a reason by itself."""

from __future__ import annotations

import pytest

from loadtest import report, setting, table
from loadtest.record import Record, Sample, merge
from loadtest.thresholds import thresholds
from loadtest.verdict import judge, percentile
from tests.loadtest.judged import LEDGER, asked, journey, record


def test_a_clean_rehearsal_is_go():
    judged = judge(record(), asked(), LEDGER)
    assert judged.go, judged.reasons
    assert (judged.offered, judged.units_sold, judged.revenue_cents) == (2, 4, 10_000)
    assert judged.cautions == []


@pytest.mark.parametrize(
    ("seen", "ledger", "reason"),
    [
        (record(journeys=[journey("1", "2"), journey("2", "3")]), LEDGER, "1 units were given to two buyers"),
        (record(Sample("hold", 0.3, 5.0, 500, "error")), LEDGER, "1 answers were server errors"),
        (record(Sample("hold", 0.3, 5.0, 503, "shed")), LEDGER, "shed with 503"),
        (record(Sample("hold", 0.3, 5.0, 0, "broken")), LEDGER, "got no answer"),
        (record(journeys=[journey("1", "2", "3", "4")]), LEDGER, "1 of 2 reservations were offered"),
        (record(journeys=[journey("1", "2", "3", "4"), journey(outcome="never paid")]), LEDGER, "never paid"),
        (record(journeys=[journey(outcome="sold_out")] * 2), LEDGER | {"sold": 0, "free": 10}, "nobody could buy"),
        (record(scans={"admit": 3, "reject bad_signature": 1}), LEDGER, "reject bad_signature"),
        (record(), LEDGER | {"unit_conflicts": 1}, "1 unit conflicts"),
        (record(), LEDGER | {"orders_unsettled": 2}, "2 orders"),
        (record(), LEDGER | {"redis_matches_postgres": False}, "redis_matches_postgres fails"),
        (record(), LEDGER | {"free": 5}, "is not the capacity 10"),
        (record(), LEDGER | {"sold": 3, "free": 7}, "the ledger sold 3 units, the buyers hold tickets for 4"),
        (record(), LEDGER | {"exit_status": 1}, "ended with status 1"),
        (record(), LEDGER | {"exit_status": 1, "problems": ["unit 7 has two owners"]}, "unit 7 has two owners"),
        (record(), {"problem": "no such table"}, "could not be checked"),
    ],
)
def test_each_broken_promise_is_a_reason_of_its_own(seen, ledger, reason):
    judged = judge(seen, asked(), ledger)
    assert not judged.go
    assert [text for text in judged.reasons if reason in text], judged.reasons
    assert len(judged.reasons) == 1


def test_a_surge_above_the_recorded_one_may_shed_but_says_so():
    seen = record(Sample("hold", 0.3, 5.0, 503, "shed"), Sample("hold", 0.9, 5.0, 201, "ok"))
    judged = judge(seen, asked(multiplier=10, shed_allowed=True), LEDGER)
    assert judged.go
    assert judged.shed == 1
    assert "came back later" in judged.cautions[0]


def test_a_buyer_who_gave_up_may_have_been_sold_to_after_all():
    seen = record(journeys=[journey("1", "2"), journey(outcome="out of time")], scans={"admit": 2})
    judged = judge(seen, asked(), LEDGER)
    assert judged.reasons == ["1 buyers ended with: out of time"]


def test_a_slow_step_is_a_caution_until_a_bound_is_asked_for():
    seen = record(Sample("claim", 0.3, 900.0, 200, "ok"))
    assert "200 ms: claim 900 ms" in judge(seen, asked(), LEDGER).cautions[0]
    assert not judge(seen, asked(p95_max_ms=500), LEDGER).go


def test_what_was_shed_has_no_service_time():
    seen = record(Sample("hold", 0.3, 9_999.0, 503, "shed"))
    hold = judge(seen, asked(), LEDGER).steps[0]
    assert (hold.requests, hold.ok, hold.shed, hold.max_ms) == (2, 1, 1, 12.0)


def test_percentiles_are_nearest_rank():
    values = [float(value) for value in range(1, 101)]
    assert [percentile(values, share) for share in (50, 95, 99, 100)] == [50, 95, 99, 100]
    assert percentile([], 99) == 0
    assert percentile([7.0], 1) == 7


def test_the_records_of_several_generators_are_one(tmp_path):
    for number in range(2):
        record(scans={"admit": 2}).write(tmp_path / f"{number}.json")
    whole = merge(sorted(tmp_path.glob("*.json")))
    assert (len(whole.samples), len(whole.journeys), whole.scans) == (4, 4, {"admit": 4})


def test_the_report_stands_alone_and_escapes_what_it_shows():
    seen = record(journeys=[journey("1"), journey(outcome="<script>alert(1)</script>")])
    judged = judge(seen, asked(), LEDGER)
    page = report.render(judged, seen)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "http" not in page.replace("http-equiv", "").replace("www.w3.org", ""), "nothing is loaded from elsewhere"
    assert page.count("<svg") == 3
    assert "NO-GO" in page
    assert "NO-GO" in table.render(judged)


@pytest.mark.parametrize(
    ("seen", "ledger", "broken"),
    [
        (record(), LEDGER, []),
        (record(Sample("hold", 0.3, 5.0, 500, "error")), LEDGER, ["Server errors (5xx)"]),
        (record(Sample("hold", 0.3, 5.0, 503, "shed")), LEDGER, ["Requests shed (503, come back later)"]),
        (record(), LEDGER | {"unit_conflicts": 1}, ["Ledger: units with two owners"]),
        (record(), LEDGER | {"redis_matches_postgres": False}, ["Ledger: redis matches postgres"]),
        (record(), {"problem": "no such table"}, ["The ledger"]),
    ],
)
def test_the_thresholds_show_what_the_verdict_is_made_of(seen, ledger, broken):
    judged = judge(seen, asked(), ledger)
    lines = thresholds(judged)
    assert [line.name for line in lines if line.kept is False] == broken
    assert judged.go is not bool(broken)
    for name in broken:
        assert name in report.render(judged, seen)
        assert f"BROKEN  {name}" in table.render(judged)


def test_the_report_says_which_step_failed_and_when():
    seen = record(Sample("order", 3.0, 5.0, 500, "error"), Sample("order", 7.5, 5.0, 500, "error"))
    judged = judge(seen, asked(), LEDGER)
    assert judged.reasons == ["2 answers were server errors (order 2)"]
    row = report.render(judged, seen).partition("What went wrong")[2].partition("</table>")[0]
    for told in ("order", "server error", "500", "3.0 s", "7.5 s"):
        assert told in row
    assert "What went wrong" not in report.render(judge(record(), asked(), LEDGER), record())


def test_what_was_done_to_the_shop_is_said_and_drawn():
    seen = record()
    judged = judge(seen, asked(broken_allowed=True, killed="engine", killed_at_s=5.0), LEDGER)
    page = report.render(judged, seen)
    assert "engine was killed at second 5." in page
    assert page.count("engine killed</text>") == 2


def test_a_busy_machine_is_a_caution_and_its_facts_are_shown(monkeypatch):
    monkeypatch.setattr(setting.os, "getloadavg", lambda: (99.0, 0.0, 0.0))
    facts = setting.read(workers=2, processes=1, own_stack=True)
    judged = judge(record(), asked(), LEDGER, setting=facts, busy=setting.busy())
    assert judged.go
    assert "load 99.0" in judged.cautions[0]
    assert "2 engine processes" in report.render(judged, record())
    monkeypatch.setattr(setting.os, "getloadavg", lambda: (0.0, 0.0, 0.0))
    assert setting.busy() is None


def test_an_empty_rehearsal_still_renders():
    seen = Record()
    judged = judge(seen, asked(), None)
    assert not judged.go
    assert "NO-GO" in report.render(judged, seen)
    assert "nobody" not in table.render(judged)
