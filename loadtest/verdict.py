"""GO or NO-GO: the figures of one rehearsal and the reasons they give. Pure; the reports only show it."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import msgspec

from loadtest import limits
from loadtest.failures import failures, places
from loadtest.headroom import Limit
from loadtest.record import PROVIDER_STEPS, STEPS, WAITING_STEPS, Record
from loadtest.spending import NOT_OURS, Spending

Obj = dict[str, Any]
AUDIT_CHECKS = ("redis_matches_postgres", "map_matches_ledger", "money_matches")
# A gate opens some time before the doors do; a code that is not valid yet was still read and recognised.
GOOD_SCANS = frozenset({"admit", "reject not_yet_valid"})
P95_PROMISED_MS = 200
PROBLEMS_SHOWN_MAX = 5
GOOD_ENDS = frozenset({"paid", "sold_out", "abandoned"})


class Asked(msgspec.Struct, frozen=True):
    """What the rehearsal was to be. `shed_allowed` is for surges above the recorded one."""

    profile: str
    multiplier: float
    arrivals: int
    seconds: int
    fresh_event: bool
    shed_allowed: bool = False
    broken_allowed: bool = False  # something was killed on purpose
    flushed_at_s: float | None = None  # when Redis was made to forget everything, counted as the samples are
    sold_before: int = 0
    p95_max_ms: float | None = None
    killed: str = ""  # which process, for the report
    killed_at_s: float | None = None


class StepFigures(msgspec.Struct, frozen=True):
    step: str
    requests: int
    ok: int
    refused: int
    shed: int
    limited: int
    errors_5xx: int
    broken: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float


class Verdict(msgspec.Struct, frozen=True):
    """`reasons` are why it is NO-GO; `cautions` are what to look at although it is GO."""

    go: bool
    reasons: list[str]
    cautions: list[str]
    asked: Asked
    offered: int
    outcomes: dict[str, int]
    units_sold: int
    units_doubled: list[str]
    revenue_cents: int
    scans: dict[str, int]
    requests: int
    errors_5xx: int
    shed: int
    broken: int
    generator_late_p99_ms: float
    generator_cpu_share: float
    journey: StepFigures
    steps: list[StepFigures]
    ledger: Obj | None
    setting: dict[str, str] = {}
    spending: Spending = Spending(0, unmeasured=NOT_OURS)
    limit: Limit | None = None  # of a search, of which this is the highest GO


def judge(
    record: Record,
    asked: Asked,
    ledger: Obj | None,
    *,
    setting: dict[str, str] | None = None,
    busy: str | None = None,
    spent: Spending | None = None,
) -> Verdict:
    """Weigh what was seen by the buyers against what was asked for and what the ledger says.

    ``setting`` is where and when it was; ``busy`` says what else the machine had to do; ``spent`` what it cost.
    """
    steps = [figures for step in _steps(record) if (figures := _figures(record, step)).requests]
    outcomes = Counter(journey.outcome for journey in record.journeys)
    units = Counter(unit for journey in record.journeys for unit in journey.units)
    doubled = sorted(unit for unit, owners in units.items() if owners > 1)
    late = percentile([journey.late_ms for journey in record.journeys], 99)
    whole = _latencies("journey", [j.took_s * 1000 for j in record.journeys if j.outcome == "paid"])
    totals = {name: sum(getattr(figures, name) for figures in steps) for name in ("errors_5xx", "shed", "broken")}
    sold = sum(units.values())
    ended_well = all(journey.outcome in GOOD_ENDS for journey in record.journeys)
    reasons = _reasons(record, asked, totals, doubled)
    reasons += _ledger_reasons(ledger, asked, sold, everybody_ended_well=ended_well)
    cautions = _cautions(record, asked, totals, late, record.cpu_share, ledger) + _slow(steps)
    cautions += [f"{busy}: latencies and what was shed are worse than the shop's own"] if busy else []
    for figures in steps:
        if asked.p95_max_ms is not None and figures.p95_ms > asked.p95_max_ms:
            reasons.append(f"{figures.step}: p95 {figures.p95_ms:.0f} ms is above {asked.p95_max_ms:.0f} ms")
    return Verdict(
        go=not reasons, reasons=reasons, cautions=cautions, asked=asked, offered=len(record.journeys),
        outcomes=dict(outcomes.most_common()), units_sold=sold, units_doubled=doubled,
        revenue_cents=sum(journey.amount_cents for journey in record.journeys if journey.outcome == "paid"),
        scans=record.scans, requests=len(record.samples), **totals, generator_late_p99_ms=round(late, 1),
        generator_cpu_share=record.cpu_share, journey=whole, steps=steps, ledger=ledger,
        setting=setting or {}, spending=spent or Spending(record.orders, unmeasured=NOT_OURS),
    )  # fmt: skip


def percentile(values: list[float], share: float) -> float:
    """Nearest rank: the smallest value that at least `share` percent do not exceed. 0 of nothing."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * share / 100) - 1)]


def _reasons(record: Record, asked: Asked, totals: dict[str, int], doubled: list[str]) -> list[str]:
    found = []
    if doubled:
        found.append(f"oversold: {len(doubled)} units were given to two buyers ({', '.join(doubled[:5])})")
    wrong = failures(record)
    if totals["errors_5xx"]:
        found.append(f"{totals['errors_5xx']} answers were server errors ({places(wrong, 'error')})")
    if totals["shed"] and not asked.shed_allowed:
        found.append(
            f"{totals['shed']} requests were shed with 503 under a surge it must carry ({places(wrong, 'shed')})"
        )
    if totals["broken"] and not asked.broken_allowed:
        found.append(f"{totals['broken']} requests got no answer ({places(wrong, 'broken')})")
    if len(record.journeys) != asked.arrivals:
        found.append(f"{len(record.journeys)} of {asked.arrivals} reservations were offered")
    stuck = Counter(j.outcome for j in record.journeys if j.outcome not in GOOD_ENDS)
    found += [f"{count} buyers ended with: {outcome}" for outcome, count in stuck.most_common(8)]
    if asked.flushed_at_s is not None:
        resumed = resumed_after_s(record, asked.flushed_at_s)
        if resumed is None or resumed > limits.RESUMED_MAX_S:
            told = "never" if resumed is None else f"after {resumed:.1f} s"
            found.append(f"selling resumed {told} after Redis was lost, more than {limits.RESUMED_MAX_S:.0f} s")
    if record.journeys and not any(journey.outcome == "paid" for journey in record.journeys):
        found.append("nobody could buy")
    bad_scans = {result: count for result, count in record.scans.items() if result not in GOOD_SCANS}
    found += [f"{count} scans ended with: {result}" for result, count in sorted(bad_scans.items())]
    return found


def _ledger_reasons(ledger: Obj | None, asked: Asked, sold: int, *, everybody_ended_well: bool) -> list[str]:
    if ledger is None:
        return []
    if ledger.get("problem"):
        return [f"the ledger could not be checked: {ledger['problem']}"]
    found = []
    if ledger.get("unit_conflicts"):
        found.append(f"oversold: the ledger has {ledger['unit_conflicts']} unit conflicts")
    if ledger.get("orders_unsettled"):
        found.append(f"{ledger['orders_unsettled']} orders are past their deadline and unsettled")
    found += [f"the audit's check {name} fails" for name in AUDIT_CHECKS if ledger.get(name) is False]
    counts = [ledger.get(name) for name in ("sold", "held", "free", "capacity")]
    if all(isinstance(count, int) for count in counts):
        taken, held, free, capacity = (int(count or 0) for count in counts)
        before = asked.sold_before
        if taken + held + free != capacity:
            found.append(f"sold {taken} + held {held} + free {free} is not the capacity {capacity}")
        # A buyer who gave up waiting may still have been sold to: then the ledger rightly knows more.
        if asked.fresh_event and (taken - before < sold or (taken - before > sold and everybody_ended_well)):
            found.append(f"the ledger sold {taken - before} units, the buyers hold tickets for {sold}")
    found += [f"the audit found: {problem}" for problem in (ledger.get("problems") or [])[:PROBLEMS_SHOWN_MAX]]
    if ledger.get("exit_status") and not found:
        found.append(f"the audit ended with status {ledger['exit_status']}")
    return found


def resumed_after_s(record: Record, flushed_at_s: float) -> float | None:
    """From the loss of Redis to the first hold that was both asked for and given after it; None if there is none."""
    ends = [
        sample.due_s + sample.latency_ms / 1000 - flushed_at_s
        for sample in record.samples
        if sample.step == "hold" and sample.kind == "ok" and sample.due_s > flushed_at_s
    ]
    return min(ends, default=None)


def _cautions(
    record: Record, asked: Asked, totals: dict[str, int], late: float, cpu_share: float, ledger: Obj | None
) -> list[str]:
    found = []
    if ledger is None:
        found.append("the ledger was not checked")
    if late > limits.GENERATOR_LATE_MS:
        found.append(f"the generator itself was {late:.0f} ms late (p99): its latencies are upper bounds")
    if cpu_share > limits.GENERATOR_CPU_SHARE:
        found.append(f"a generator used {cpu_share:.0%} of its core: latencies are upper bounds; try more --processes")
    if totals["shed"] and asked.shed_allowed:
        found.append(f"{totals['shed']} requests were shed and came back later")
    if asked.flushed_at_s is not None and (resumed := resumed_after_s(record, asked.flushed_at_s)) is not None:
        found.append(
            f"Redis lost everything at {asked.flushed_at_s:.0f} s; the next hold was given {resumed:.1f} s later"
        )
    if totals["broken"] and asked.broken_allowed:
        found.append(f"{totals['broken']} requests were broken by the kill and repeated")
    return found


def _slow(steps: list[StepFigures]) -> list[str]:
    """Steps of the shop above the promised 200 ms; the payment provider's own time is not the shop's."""
    other = PROVIDER_STEPS | WAITING_STEPS
    slow = [figures for figures in steps if figures.p95_ms > P95_PROMISED_MS and figures.step not in other]
    shown = ", ".join(f"{figures.step} {figures.p95_ms:,.0f} ms" for figures in slow)
    return [f"p95 above the promised {P95_PROMISED_MS} ms: {shown}"] if slow else []


def _steps(record: Record) -> list[str]:
    seen = {sample.step for sample in record.samples}
    return [step for step in STEPS if step in seen] + sorted(seen - set(STEPS))


def _figures(record: Record, step: str) -> StepFigures:
    mine = [sample for sample in record.samples if sample.step == step]
    kinds: Counter[str] = Counter(sample.kind for sample in mine)
    # What was shed or never answered has no service time; it is counted, and the buyer's journey carries the wait.
    times = [sample.latency_ms for sample in mine if sample.kind in {"ok", "refused", "error"}]
    return _latencies(step, times, len(mine), kinds)


def _latencies(
    step: str, times: list[float], requests: int | None = None, kinds: Counter[str] | None = None
) -> StepFigures:
    found = Counter(ok=len(times)) if kinds is None else kinds
    p50, p95, p99, most = (round(percentile(times, share), 1) for share in (50, 95, 99, 100))
    return StepFigures(
        step, len(times) if requests is None else requests, found["ok"], found["refused"], found["shed"],
        found["limited"], found["error"], found["broken"], p50, p95, p99, most,
    )  # fmt: skip
