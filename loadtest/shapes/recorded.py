"""Offers reservations exactly as they were recorded: an open loop, whatever the shop's answers take."""

from __future__ import annotations

import time
from bisect import bisect_right
from typing import Any

from locust import LoadTestShape

from loadtest import limits
from loadtest.users.rehearsal import Rehearsal

SPAWN_PER_S_MAX = 5_000.0


class RecordedOnSale(LoadTestShape):
    """Has users ready early, at most `USERS_AHEAD_MAX`; each waits for its own exact instant.

    Making a user costs half a millisecond: made inside the surge, they would delay the buyers who are due.
    """

    _seen: tuple[float, float] | None = None

    def tick(self) -> tuple[int, float] | None:
        environment: Any = self.runner.environment if self.runner else None
        rehearsal: Rehearsal = environment.rehearsal
        plan = rehearsal.plan
        self._watch_cpu(rehearsal)
        now_s = time.time() - plan.starts_at_s
        if rehearsal.over or now_s > plan.arrivals_s[-1] + plan.journey_max_s + limits.NETWORK_TIMEOUT_S:
            return None
        coming = min(len(plan.arrivals_s), bisect_right(plan.arrivals_s, now_s) + limits.USERS_AHEAD_MAX)
        return max(1, rehearsal.gates + coming), SPAWN_PER_S_MAX

    def _watch_cpu(self, rehearsal: Rehearsal) -> None:
        """A generator that has used up its core measures itself."""
        wall_s, cpu_s = time.monotonic(), time.process_time()
        if self._seen is not None and rehearsal.began:
            share = (cpu_s - self._seen[1]) / max(0.001, wall_s - self._seen[0])
            rehearsal.record.cpu_share = round(max(rehearsal.record.cpu_share, share), 3)
        self._seen = (wall_s, cpu_s)
