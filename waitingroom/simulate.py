"""An on-sale of a million people, simulated: what polling costs, how the line moves, how fair the draw is.

``python -m waitingroom.simulate --visitors 1000000 --out room.html`` draws with the product's own shuffle, waits with
its own poll arithmetic, and writes one page of plots. Nothing else runs: time is simulated, in steps of a second.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import random
import statistics
import sys
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import orjson

import hotpath_rs
from waitingroom import queue
from waitingroom.charts import Chart, page

ROUNDS_OF_UNIFORMITY, COHORT_OF_UNIFORMITY = 2_000, 500
FIXED_POLL_S = 5
SIMULATED_S_MAX = 6 * 3600
PROMISE_EVERY_S = 30
POINTS = 400


@dataclass(frozen=True, slots=True)
class Plan:
    """``absent`` and ``idle``: shares of people who are gone at opening, and who are called but do not come."""

    visitors: int = 1_000_000
    rate_per_min: int = 50_000
    capacity: int = 100_000
    session_s: int = 90
    absent: float = 0.2
    idle: float = 0.05
    seed: int = 1


@dataclass(slots=True)
class Course:
    """One value a simulated second."""

    polls: list[int] = field(default_factory=list)
    serving: list[int] = field(default_factory=list)
    admitted: list[int] = field(default_factory=list)
    leases: list[int] = field(default_factory=list)
    wait_errors: list[float] = field(default_factory=list)


def run(plan: Plan) -> Course:
    """The line from its opening until nobody waits."""
    chance = random.Random(plan.seed)  # noqa: S311 - a simulation
    numbers = memoryview(hotpath_rs.shuffle_all(hashlib.sha256(b"%d" % plan.seed).digest(), plan.visitors)).cast("I")
    there = bytearray(plan.visitors)  # by queue number
    for index in range(plan.visitors):
        there[numbers[index]] = chance.random() >= plan.absent
    due: list[array[int]] = [array("I") for _ in range(SIMULATED_S_MAX)]
    for number in range(plan.visitors):  # at the opening second everybody holds a cached document and a poll time
        if there[number]:
            due[int(chance.random() * queue.POLL_MAX_S / 4)].append(number)
    course, serving, pace = Course(), 0, float(plan.rate_per_min)
    ending, leases = [0] * (SIMULATED_S_MAX + 1), 0
    promised: dict[int, tuple[int, float]] = {}
    for second in range(SIMULATED_S_MAX):
        leases -= ending[second]
        before = serving
        serving, called = _advance(there, serving, min(plan.rate_per_min // 60, plan.capacity - leases))
        came = sum(chance.random() >= plan.idle for _ in called)
        leases += came
        for _ in range(came):
            ending[min(SIMULATED_S_MAX, second + 1 + int(chance.expovariate(1 / plan.session_s)))] += 1
        pace += ((serving - before) * 60 - pace) * (1 - math.exp(-1 / 15))
        honest = queue.honest_pace(pace, plan.rate_per_min, serving=serving, tail=plan.visitors)
        polls = _poll(due, second, serving, honest, chance)
        _promises(promised, course, second, serving, honest, plan.visitors)
        course.polls.append(polls)
        course.serving.append(serving)
        course.admitted.append(came)
        course.leases.append(leases)
        if serving >= plan.visitors:
            break
    return course


def _advance(there: bytearray, serving: int, budget: int) -> tuple[int, list[int]]:
    """The smallest counter with ``budget`` people called, absent ones skipped."""
    called: list[int] = []
    at = serving
    while len(called) < budget:
        at = there.find(1, at)
        if at < 0:
            return len(there), called
        called.append(at)
        at += 1
    return (max(serving, called[-1] + 1) if called else serving), called


def _poll(due: list[array[int]], second: int, serving: int, pace: float, chance: random.Random) -> int:
    """Everybody whose poll is due asks once, and says when again."""
    asking = due[second]
    for number in asking:
        if number < serving:
            continue
        wait_s = (number - serving) * 60 / pace
        calm_s = min(queue.POLL_MAX_S, max(queue.POLL_MIN_S, wait_s / queue.POLL_DIVISOR))
        pause_s = calm_s * (1 + chance.random() * 0.3)
        due[min(SIMULATED_S_MAX - 1, second + max(1, round(pause_s)))].append(number)
    due[second] = array("I")
    return len(asking)


def _promises(
    promised: dict[int, tuple[int, float]], course: Course, second: int, serving: int, pace: float, visitors: int
) -> None:
    """Promise the person in the middle of the line a wait now and then; hold it against the clock."""
    for number in [number for number in promised if number < serving]:
        made_at, wait_s = promised.pop(number)
        course.wait_errors.append((second - made_at - wait_s) / max(1.0, wait_s))
    if second % PROMISE_EVERY_S == 0 and serving < visitors and pace > 0:
        number = (serving + visitors) // 2
        promised.setdefault(number, (second, (number - serving) * 60 / pace))


@dataclass(frozen=True, slots=True)
class Uniformity:
    """Over many seeds: chi-square of where each index lands, and how index and position go together (0: not at all)."""

    rounds: int
    chi_square_z: float
    correlation_mean: float
    correlation_z: float
    firsts_by_tenth: list[int]


def uniformity(
    rounds: int = ROUNDS_OF_UNIFORMITY,
    cohort: int = COHORT_OF_UNIFORMITY,
    shuffle: Callable[[bytes, int], bytes] = hotpath_rs.shuffle_all,
) -> Uniformity:
    """Position of every index under ``rounds`` seeds, in 10 x 10 cells."""
    cells, side = [[0] * 10 for _ in range(10)], cohort // 10
    correlations, firsts = [], []
    mean, spread = (cohort - 1) / 2, (cohort * cohort - 1) / 12
    for seed in range(rounds):
        positions = memoryview(shuffle(hashlib.sha256(b"uniform %d" % seed).digest(), cohort)).cast("I")
        firsts.append(positions[0])
        product = 0
        for index, position in enumerate(positions):
            cells[index // side][position // side] += 1
            product += index * position
        correlations.append((product / cohort - mean * mean) / spread)
    expected = rounds * side * side / cohort
    chi_square = sum((seen - expected) ** 2 / expected for row in cells for seen in row)
    freedom = 81
    return Uniformity(
        rounds=rounds,
        # Wilson and Hilferty: the cube root of a chi-square is nearly normal.
        chi_square_z=((chi_square / freedom) ** (1 / 3) - (1 - 2 / (9 * freedom))) / math.sqrt(2 / (9 * freedom)),
        correlation_mean=statistics.fmean(correlations),
        correlation_z=statistics.fmean(correlations) * math.sqrt(rounds * (cohort - 1)),
        firsts_by_tenth=[sum(position // side == tenth for position in firsts) for tenth in range(10)],
    )


def main(arguments: list[str] | None = None) -> int:
    """Simulate, write the page, print the figures as one JSON object."""
    plan = Plan()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visitors", type=int, default=plan.visitors)
    parser.add_argument("--rate-per-min", type=int, default=plan.rate_per_min)
    parser.add_argument("--capacity", type=int, default=plan.capacity)
    parser.add_argument("--out", type=Path, default=Path("room.html"))
    options = parser.parse_args(arguments)
    plan = Plan(visitors=options.visitors, rate_per_min=options.rate_per_min, capacity=options.capacity)
    started_s = time.perf_counter()
    course, fair = run(plan), uniformity()
    waiters = plan.visitors * (1 - plan.absent)
    fixed = [round((plan.visitors - serving) * (1 - plan.absent) / FIXED_POLL_S) for serving in course.serving]
    figures = {
        "visitors": plan.visitors,
        "drained_in_s": len(course.serving),
        "polls_per_s_peak": max(course.polls),
        "polls_per_person": round(sum(course.polls) / waiters, 1),
        "fixed_polls_per_s_peak": max(fixed),
        "fixed_polls_per_person": round(sum(fixed) / waiters, 1),
        "leases_max": max(course.leases),
        "wait_error_mean_share": round(statistics.fmean(map(abs, course.wait_errors or [0.0])), 3),
        "draw_rounds": fair.rounds,
        "draw_chi_square_z": round(fair.chi_square_z, 2),
        "draw_correlation": round(fair.correlation_mean, 5),
        "draw_correlation_z": round(fair.correlation_z, 2),
        "took_s": round(time.perf_counter() - started_s, 1),
    }
    charts = [
        Chart("Status requests a second", {"polls by expected wait": course.polls, "a poll every 5 s": fixed}),
        Chart("The serving counter", {"serving": course.serving}),
        Chart("People in the shop", {"leases": course.leases, "capacity": [plan.capacity] * len(course.leases)}),
        Chart("Admitted a second", {"admitted": course.admitted}),
        Chart("Where the first to register landed (tenths of the line)", {"seeds": fair.firsts_by_tenth}),
    ]
    options.out.write_text(page("A simulated on-sale", figures, charts, points_max=POINTS), encoding="utf-8")
    sys.stdout.write(orjson.dumps(figures).decode() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
