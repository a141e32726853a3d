"""What went wrong in a rehearsal, by kind: where, how often, from when to when. Pure."""

from __future__ import annotations

from collections import defaultdict

import msgspec

from loadtest.record import Record, Sample

KINDS = {
    "error": "server error", "shed": "shed, came back later", "broken": "no answer", "limited": "told to slow down",
}  # fmt: skip


class Failure(msgspec.Struct, frozen=True):
    """Requests of one step that ended alike; `first_s` and `last_s` count from the first second of the profile."""

    step: str
    kind: str
    status: int
    count: int
    first_s: float
    last_s: float

    @property
    def what(self) -> str:
        return KINDS[self.kind]


def failures(seen: Record) -> list[Failure]:
    """Worst kinds first, then the most frequent."""
    alike: dict[tuple[str, str, int], list[Sample]] = defaultdict(list)
    for sample in seen.samples:
        if sample.kind in KINDS:
            alike[sample.step, sample.kind, sample.status].append(sample)
    found = [
        Failure(step, kind, status, len(rows), min(row.due_s for row in rows), max(row.due_s for row in rows))
        for (step, kind, status), rows in alike.items()
    ]
    order = list(KINDS)
    return sorted(found, key=lambda failure: (order.index(failure.kind), -failure.count))


def places(found: list[Failure], kind: str) -> str:
    """Where those of one kind were: `order 24, hold 3`."""
    return ", ".join(f"{failure.step} {failure.count}" for failure in found if failure.kind == kind)
