"""What all users of one generator process share: the plan, the buyers still to come, the record, the gate's queue."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field

from gevent.queue import Queue

from loadtest import limits
from loadtest.plan import Plan
from loadtest.record import Record


@dataclass
class Rehearsal:
    """Hung on Locust's environment as `environment.rehearsal`."""

    plan: Plan
    record: Record = field(default_factory=Record)
    finished: int = 0
    began: int = 0

    def __post_init__(self) -> None:
        self.arrivals = deque(enumerate(self.plan.arrivals_s))
        self.codes: Queue[str] = Queue(maxsize=limits.GATE_QUEUE_MAX)
        self.dice = random.Random(self.plan.seed * 1_000 + self.plan.process)

    @property
    def gates(self) -> int:
        return limits.GATE_USERS if self.plan.device_id else 0

    @property
    def over(self) -> bool:
        """Every buyer is done and every code was scanned."""
        return self.finished == len(self.plan.arrivals_s) and self.codes.empty()
