"""What a rehearsal saw: one sample per request, one line per buyer, the codes that were issued and scanned."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import msgspec

Kind = Literal["ok", "refused", "shed", "limited", "error", "broken"]
STEPS = ("room", "join", "claim", "hold", "order", "pay", "status", "status_wait", "tickets", "scan")
PROVIDER_STEPS = frozenset({"pay"})  # the payment provider's own time is not the shop's
WAITING_STEPS = frozenset({"status_wait"})  # answered when something happens, which is no latency


class Sample(msgspec.Struct, frozen=True, array_like=True):
    """One request. `due_s` counts from the first second of the profile; latency runs from there to the answer's end.

    ok 2xx and 304, refused 4xx, shed 503 with Retry-After, limited 429, error any other 5xx, broken no answer at all.
    """

    step: str
    due_s: float
    latency_ms: float
    status: int
    kind: Kind


class Journey(msgspec.Struct, frozen=True, array_like=True):
    """One buyer. `outcome` is paid, sold_out, abandoned or what stopped them; `late_ms` is the generator's fault."""

    due_s: float
    late_ms: float
    took_s: float
    outcome: str
    units: list[str]
    amount_cents: int
    held_after_s: float  # from arrival; 0 if it never came to a hold
    paid_after_s: float


class Record(msgspec.Struct):
    """Filled by one generator process, merged with those of the others."""

    samples: list[Sample] = []
    journeys: list[Journey] = []
    scans: dict[str, int] = {}
    cpu_share: float = 0.0  # the busiest second of the generator, of one core

    @property
    def orders(self) -> int:
        """Paid ones."""
        return sum(journey.outcome == "paid" for journey in self.journeys)

    def write(self, path: Path) -> None:
        path.write_bytes(msgspec.json.encode(self))


def merge(paths: Iterable[Path]) -> Record:
    whole = Record()
    for path in paths:
        part = msgspec.json.decode(path.read_bytes(), type=Record)
        whole.samples.extend(part.samples)
        whole.journeys.extend(part.journeys)
        whole.cpu_share = max(whole.cpu_share, part.cpu_share)
        for result, count in part.scans.items():
            whole.scans[result] = whole.scans.get(result, 0) + count
    whole.samples.sort(key=lambda sample: sample.due_s)
    whole.journeys.sort(key=lambda journey: journey.due_s)
    return whole
