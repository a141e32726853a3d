"""How a ratio is taken: two sides, runs in turn, one ratio a pair, the median of them; CPU time next to every rate."""

from __future__ import annotations

import statistics
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Better = Literal["higher", "lower"]
Group = Literal[
    "ratios", "storm", "looks", "gates", "embedded", "peers", "designs", "workers", "durability", "memory", "discovery",
    "fluidity",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """How long to look. ``quick`` finds mistakes in the benchmarks, not in the product."""

    pairs: int = 5
    run_s: float = 4.0
    warm_up_s: float = 2.0
    quick: bool = False

    @classmethod
    def short(cls) -> Plan:
        return cls(pairs=3, run_s=2.0, warm_up_s=1.0, quick=True)


@dataclass(frozen=True, slots=True)
class Run:
    """One side measured once. ``cpu_us`` is user + system time an operation, by process; ``headroom`` how much more
    the generator could have asked for (1.0: it was the bottleneck)."""

    operations: int
    seconds: float
    errors: int = 0
    cpu_us: dict[str, float] = field(default_factory=dict)
    headroom: float | None = None

    @property
    def per_s(self) -> float:
        return self.operations / self.seconds

    @property
    def cpu_total_us(self) -> float:
        return sum(self.cpu_us.values())


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the report. ``value`` is compared with ``must`` and ``hope``; rows without them are told only."""

    name: str
    operation: str
    value: float
    unit: str = "x"
    must: float | None = None
    hope: float | None = None
    better: Better = "higher"
    spread: tuple[float, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    group: Group = "ratios"

    def reached(self, bar: float | None) -> bool | None:
        if bar is None:
            return None
        return self.value >= bar if self.better == "higher" else self.value <= bar

    def document(self) -> dict[str, Any]:
        return asdict(self)


Side = Callable[[float], Awaitable[Run]]


async def interleaved(plan: Plan, ours: Side, theirs: Side) -> list[tuple[Run, Run]]:
    """Pairs of runs after a warm-up of both; who begins changes from pair to pair, so that drift cancels."""
    await ours(plan.warm_up_s)
    await theirs(plan.warm_up_s)
    pairs = []
    for number in range(plan.pairs):
        if number % 2:
            second = await theirs(plan.run_s)
            pairs.append((await ours(plan.run_s), second))
        else:
            first = await ours(plan.run_s)
            pairs.append((first, await theirs(plan.run_s)))
    return pairs


def ratio_row(
    name: str,
    operation: str,
    pairs: Sequence[tuple[Run, Run]],
    *,
    must: float | None = None,
    hope: float | None = None,
    group: Group = "ratios",
    **facts: Any,
) -> Row:
    """Ours over theirs by rate: the median of the pairs' ratios, every pair's own next to it."""
    ratios = [ours.per_s / theirs.per_s for ours, theirs in pairs]
    ours, theirs = [one for one, _ in pairs], [other for _, other in pairs]
    by_cpu = [b.cpu_total_us / a.cpu_total_us for a, b in pairs if a.cpu_total_us and b.cpu_total_us]
    told: dict[str, Any] = {"ours": summary(ours), "theirs": summary(theirs)}
    if by_cpu:
        told["ratio_by_cpu"] = round(statistics.median(by_cpu), 3)
    value = round(statistics.median(ratios), 3)
    return Row(
        name, operation, value, must=must, hope=hope, spread=_rounded(ratios), facts=told | facts, group=group
    )  # fmt: skip


def summary(runs: Sequence[Run]) -> dict[str, Any]:
    """Medians over the runs of one side."""
    names = runs[0].cpu_us
    told: dict[str, Any] = {
        "per_s": round(statistics.median(run.per_s for run in runs)),
        "cpu_us": {name: round(statistics.median(run.cpu_us[name] for run in runs), 2) for name in names},
        "errors": sum(run.errors for run in runs),
    }
    headrooms = [run.headroom for run in runs if run.headroom is not None]
    if headrooms:
        told["generator_headroom"] = round(min(headrooms), 1)
    return told


def _rounded(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(round(value, 3) for value in values)
