"""The last minutes of an on-sale as its consoles saw them: one sample a second, kept while somebody looks."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import Final

SAMPLES_MAX: Final = 60  # two minutes at one sample every two seconds
SAMPLE_EVERY_MS: Final = 900
GAP_MS: Final = 60_000  # after a longer silence the line begins again
EVENTS_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Sample:
    """The figures of one moment."""

    at_ms: int
    waiting: int
    admitted_per_s: float
    held: int
    opened_per_s: float
    paid_per_s: float


class Trace:
    """Samples by event, oldest first."""

    def __init__(self) -> None:
        self._samples: OrderedDict[str, deque[Sample]] = OrderedDict()

    def add(self, event_id: str, sample: Sample) -> list[Sample]:
        """Remember a sample, unless one was taken just now, and give all that are known."""
        samples = self._samples.get(event_id)
        if samples is None or (samples and sample.at_ms - samples[-1].at_ms > GAP_MS):
            samples = self._samples[event_id] = deque(maxlen=SAMPLES_MAX)
        self._samples.move_to_end(event_id)
        while len(self._samples) > EVENTS_MAX:
            self._samples.popitem(last=False)
        if not samples or sample.at_ms - samples[-1].at_ms >= SAMPLE_EVERY_MS:
            samples.append(sample)
        return list(samples)
