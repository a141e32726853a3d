"""How much more the shop would carry: the highest multiplier that is GO and quick, by doubling, then bisection. Pure.

A search ends when the lowest NO-GO is close to the highest GO, and at the latest after `limits.LIMIT_RUNS_MAX`
rehearsals or `limits.LIMIT_TIME_MAX_S`. One that could not be held to the end counts as too much; after
`limits.LIMIT_REFUSED_MAX` of them in a row the shop may be gone, and nothing more is found out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import msgspec

from loadtest import limits

STEPS_BOUND = ("hold", "order", "status", "tickets")  # the shop's own, and what a buyer waits for
P95_MAX_MS = 200


class Timed(Protocol):
    @property
    def step(self) -> str: ...
    @property
    def p95_ms(self) -> float: ...


class Judged(Protocol):
    """Of a verdict, what decides here."""

    @property
    def reasons(self) -> list[str]: ...
    @property
    def steps(self) -> Sequence[Timed]: ...


class Tried(msgspec.Struct, frozen=True):
    """One rehearsal of the search. `p95_ms` of the bound steps that anybody took."""

    multiplier: float
    go: bool
    p95_ms: dict[str, float]
    reasons: list[str]
    seconds: float
    held: bool = True  # to the end; what was not is no verdict

    @property
    def line(self) -> str:
        times = ", ".join(f"{step} {value:,.0f}" for step, value in self.p95_ms.items())
        told = f"x{self.multiplier:g}: {self.found}; p95 ms: {times or 'none'}; {self.seconds:.0f} s"
        return told + (f"; because {self.reasons[0]}" if self.reasons else "")

    @property
    def found(self) -> str:
        if not self.held:
            return "not held to the end"
        return "GO" if self.go else "NO-GO"


class Limit(msgspec.Struct, frozen=True):
    """What a search found. `multiplier` is None if no rehearsal was GO, `no_go` if none was NO-GO."""

    multiplier: float | None
    no_go: float | None
    ended: str  # why it went no further
    p95_max_ms: float
    runs: list[Tried]

    @property
    def sentence(self) -> str:
        if self.multiplier is None:
            return f"No limit found: even x{self.no_go:g} {self._no} ({self.ended})."
        above = "nothing above it was tried" if self.no_go is None else f"x{self.no_go:g} {self._no}"
        return f"GO up to x{self.multiplier:g}; {above} ({self.ended})."

    @property
    def _no(self) -> str:
        held = all(run.held for run in self.runs if run.multiplier == self.no_go)
        return "was NO-GO" if held else "could not be held to the end"


def search(
    rehearse: Callable[[float], Tried],
    *,
    most: float,
    now_s: Callable[[], float],
    p95_max_ms: float = P95_MAX_MS,
    runs_max: int = limits.LIMIT_RUNS_MAX,
    time_max_s: float = limits.LIMIT_TIME_MAX_S,
) -> Limit:
    """Rehearse at one multiplier after the other. `most` is the highest that may be tried."""
    runs: list[Tried] = []
    began_s, ended = now_s(), ""
    for multiplier in _next(runs, most):
        if len(runs) >= runs_max:
            ended = f"{runs_max} rehearsals are the most of one search"
            break
        if runs and now_s() - began_s >= time_max_s:
            ended = f"{time_max_s:,.0f} s are the most of one search"
            break
        runs.append(rehearse(multiplier))
        if _gone(runs):
            ended = f"{limits.LIMIT_REFUSED_MAX} rehearsals in a row could not be held to the end"
            break
    go, no_go = _bounds(runs)
    if not ended:
        close = go is not None and no_go is not None
        ended = (
            "close enough"
            if close
            else f"x{most if no_go is None else runs[-1].multiplier:g} is the last that may be tried"
        )
    return Limit(go, no_go, ended, p95_max_ms, runs)


def weigh(multiplier: float, judged: Judged, p95_max_ms: float, seconds: float) -> Tried:
    """A rehearsal's verdict, and whether the shop was quick as well."""
    times = {figures.step: figures.p95_ms for figures in judged.steps if figures.step in STEPS_BOUND}
    slow = [f"p95 of {step} is above {p95_max_ms:,.0f} ms" for step, value in times.items() if value > p95_max_ms]
    return Tried(multiplier, not judged.reasons and not slow, times, [*judged.reasons, *slow], round(seconds, 1))


def refused(multiplier: float, why: str, seconds: float) -> Tried:
    """It could not be rehearsed to the end although an easier one could: too much as well."""
    return Tried(multiplier, go=False, p95_ms={}, reasons=[why], seconds=round(seconds, 1), held=False)


def _gone(runs: list[Tried]) -> bool:
    last = runs[-limits.LIMIT_REFUSED_MAX :]
    return len(last) == limits.LIMIT_REFUSED_MAX and not any(run.held for run in last)


def _next(runs: list[Tried], most: float) -> Iterator[float]:
    """What to try next, as long as that says more; the answers come into `runs` meanwhile."""
    multiplier = min(1.0, most)
    while True:
        yield multiplier
        go, no_go = _bounds(runs)
        if go is None:
            assert no_go is not None
            multiplier = no_go / 2
            if multiplier < limits.MULTIPLIER_MIN:
                return
        elif no_go is None:
            if go >= most:
                return
            multiplier = min(go * 2, most)
        elif no_go / go <= limits.LIMIT_CLOSE_ENOUGH:
            return
        else:
            multiplier = _between(go, no_go)


def _bounds(runs: list[Tried]) -> tuple[float | None, float | None]:
    """The lowest NO-GO, and the highest GO below it: a GO above a NO-GO was luck."""
    no_go = min((run.multiplier for run in runs if not run.go), default=None)
    below = [run.multiplier for run in runs if run.go and (no_go is None or run.multiplier < no_go)]
    return max(below, default=None), no_go


def _between(low: float, high: float) -> float:
    return round((low + high) / 2, 3)
