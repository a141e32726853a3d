"""The search for the limit: doubling, bisection, and the bounds at which it gives up."""

from __future__ import annotations

import pytest

from loadtest import limits, options, report, table
from loadtest.arrivals import Profile
from loadtest.headroom import Limit, Tried, refused, search, weigh
from loadtest.record import Sample
from loadtest.verdict import judge
from tests.loadtest.judged import LEDGER, asked, record


def shop_that_carries(most):
    tried = []

    def rehearse(multiplier):
        tried.append(multiplier)
        go = multiplier <= most
        return Tried(multiplier, go, {"hold": 10.0}, [] if go else ["too slow"], 1.0)

    return rehearse, tried


def find(carried, *, most=100.0, **bounds):
    rehearse, tried = shop_that_carries(carried)
    return search(rehearse, most=most, now_s=lambda: 0.0, **bounds), tried


@pytest.mark.parametrize("carried", [0.3, 0.9, 1.0, 1.4, 2.0, 3.3, 7.9, 20.0])
def test_the_limit_is_the_highest_multiplier_that_is_go_and_the_next_no_go_is_near(carried):
    limit, tried = find(carried)
    assert limit.multiplier is not None
    assert limit.multiplier <= carried < limit.no_go
    assert limit.no_go / limit.multiplier <= limits.LIMIT_CLOSE_ENOUGH
    assert limit.ended == "close enough"
    assert len(tried) == len(set(tried)) == len(limit.runs) <= limits.LIMIT_RUNS_MAX


def test_a_search_doubles_before_it_bisects():
    assert find(5.0)[1][:5] == [1.0, 2.0, 4.0, 8.0, 6.0]
    assert find(0.6)[1][:3] == [1.0, 0.5, 0.75]


def test_a_search_ends_at_the_most_that_can_be_rehearsed():
    limit, tried = find(1_000.0, most=6.0)
    assert tried == [1.0, 2.0, 4.0, 6.0]
    assert (limit.multiplier, limit.no_go) == (6.0, None)
    assert "x6 is the last that may be tried" in limit.sentence


def test_a_shop_that_carries_nothing_has_no_limit_and_says_so():
    limit, tried = find(0.0)
    assert limit.multiplier is None
    assert min(tried) / 2 < limits.MULTIPLIER_MIN <= min(tried)
    assert "No limit found" in limit.sentence


def test_no_more_than_so_many_rehearsals_are_held():
    limit, tried = find(1_000.0, runs_max=3)
    assert tried == [1.0, 2.0, 4.0]
    assert (limit.multiplier, limit.no_go) == (4.0, None)
    assert limit.ended == "3 rehearsals are the most of one search"


def test_no_rehearsal_begins_after_the_time_is_over():
    rehearse, tried = shop_that_carries(1_000.0)
    clock = iter([0.0, 50.0, 101.0])
    limit = search(rehearse, most=100.0, now_s=lambda: next(clock), time_max_s=100.0)
    assert tried == [1.0, 2.0]
    assert limit.ended == "100 s are the most of one search"


def test_a_search_ends_if_the_shop_is_gone_and_does_not_call_it_a_no_go():
    def rehearse(multiplier):
        tried = shop_that_carries(2.0)[0](multiplier)
        return tried if tried.go else refused(multiplier, "the engine did not answer", 1.0)

    limit = search(rehearse, most=100.0, now_s=lambda: 0.0)
    assert [run.multiplier for run in limit.runs] == [1.0, 2.0, 4.0, 3.0]
    assert limit.multiplier == 2.0
    assert "x3 could not be held to the end" in limit.sentence
    assert limit.ended == "2 rehearsals in a row could not be held to the end"
    assert "NO-GO" not in limit.runs[-1].line


def test_one_rehearsal_that_was_too_much_to_be_held_does_not_end_the_search():
    def rehearse(multiplier):
        held = Tried(multiplier, multiplier <= 3, {}, [], 1.0)
        return refused(multiplier, "the generators did not end", 1.0) if multiplier >= 4 else held

    limit = search(rehearse, most=100.0, now_s=lambda: 0.0)
    assert (limit.multiplier, limit.ended) == (3.0, "close enough")
    assert "x3.25 was NO-GO" in limit.sentence


def test_go_above_a_no_go_was_luck():
    answers = {1.0: True, 2.0: False, 1.5: False, 1.25: True, 1.375: True}
    limit = search(
        lambda multiplier: Tried(multiplier, answers[multiplier], {}, [], 1.0), most=100.0, now_s=lambda: 0.0
    )
    assert (limit.multiplier, limit.no_go) == (1.375, 1.5)


def test_a_slow_step_of_the_shop_is_beyond_the_limit_and_the_providers_is_not():
    slow = judge(record(Sample("tickets", 0.3, 900.0, 200, "ok")), asked(), LEDGER)
    assert slow.go
    tried = weigh(2.0, slow, 200, 1.0)
    assert (tried.go, tried.reasons) == (False, ["p95 of tickets is above 200 ms"])
    assert weigh(2.0, judge(record(Sample("pay", 0.3, 900.0, 200, "ok")), asked(), LEDGER), 200, 1.0).go
    broken = judge(record(Sample("hold", 0.3, 5.0, 500, "error")), asked(), LEDGER)
    assert not weigh(2.0, broken, 200, 1.0).go


def test_the_report_tells_the_limit_and_each_rehearsal_of_the_search():
    judged = judge(record(), asked(), LEDGER)
    runs = [Tried(1.0, True, {"hold": 12.0}, [], 30.0), Tried(2.0, False, {"hold": 950.0}, ["<slow>"], 31.0)]
    found = type(judged)(**{name: getattr(judged, name) for name in judged.__struct_fields__} | {
        "limit": Limit(1.0, 2.0, "close enough", 200, runs)
    })  # fmt: skip
    page, told = report.render(found, record()), table.render(found)
    for text in (page, told):
        assert "GO up to x1; x2 was NO-GO (close enough)." in text
    assert "&lt;slow&gt;" in page
    assert "x2: NO-GO; p95 ms: hold 950; 31 s; because <slow>" in told
    assert "How much it carries" not in report.render(judged, record())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--find-limit", "--multiplier", "2"], "--find-limit cannot be combined with --multiplier"),
        (["--find-limit", "--multiplier", "1"], "--find-limit cannot be combined with --multiplier"),
        (["--find-limit", "--kill", "engine"], "--find-limit cannot be combined with --kill"),
        (["--find-limit", "--event", "demo"], "--find-limit cannot be combined with --event"),
        (["--find-limit", "--flush-at-s", "0"], "--find-limit cannot be combined with --flush-at-s"),
        (["--find-limit", "--sold-before", "10"], "--find-limit cannot be combined with --sold-before"),
        (["--find-limit", "--limit-runs", "0"], "is not a number of rehearsals from 1 to"),
        (["--find-limit", "--limit-runs", "99"], "is not a number of rehearsals from 1 to"),
        (["--find-limit", "--limit-time-s", "nan"], "is not seconds from 1 to"),
        (["--find-limit", "--kill-at-s", "3"], "--kill-at-s belongs to --kill or --kill-pid"),
        (["--kill-at-s", "5"], "--kill-at-s belongs to --kill or --kill-pid"),
        (["--processes", "1.5"], "'1.5' is not a number of processes from 1 to"),
        (["--workers", "2.9"], "'2.9' is not a number of processes from 1 to"),
        (["--workers", "nan"], "'nan' is not a number of processes from 1 to"),
        (["--workers", "9"], "'9' is not a number of processes from 1 to"),
        (["--limit-runs", "3"], "--limit-runs belongs to --find-limit"),
        (["--multiplier", "0"], "is not a count from 1"),
        (["--multiplier", "1.5"], "is not a count from 1"),
    ],
)
def test_a_command_line_that_makes_no_sense_is_refused_with_a_sentence(words, said, capsys):
    with pytest.raises(SystemExit) as ended:
        options.read(["emf", *words])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("multiplier", [0.05, 0.3, 0.5, 1.0, 1.375, 2.0, 9.99])
def test_a_broken_multiplier_keeps_the_sum(multiplier):
    profile = Profile("p", (7, 18, 1, 1, 1, 1, 60, 3))
    grown = profile.times(multiplier)
    assert grown.total == round(profile.total * multiplier)
    both = zip(profile.per_second, grown.per_second, strict=True)
    assert all(abs(after - before * multiplier) <= 1 for before, after in both)
