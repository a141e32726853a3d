"""Figures that need two snapshots: admissions a second, and how far the promised wait was from the real one."""

from __future__ import annotations

from collections import deque

from waitingroom.board import Snapshot

WINDOW_MS = 10_000
PROMISE_EVERY_MS = 5_000
PROMISES_MAX = 720
ERRORS_KEPT = 50


class Gauges:
    """Fed with every snapshot of one room."""

    def __init__(self) -> None:
        self.admitted_per_s = 0.0
        self._claims: deque[tuple[int, int]] = deque()
        self._promises: deque[tuple[int, int, int]] = deque(maxlen=PROMISES_MAX)  # made at, number, called by (ms)
        self._errors: deque[float] = deque(maxlen=ERRORS_KEPT)

    @property
    def wait_error_share(self) -> float | None:
        """Mean of |real wait - promised wait| / promised wait over the last promises that came due."""
        return round(sum(self._errors) / len(self._errors), 4) if self._errors else None

    def feed(self, snapshot: Snapshot) -> None:
        now_ms = snapshot.now_ms
        self._claims.append((now_ms, snapshot.claims))
        while len(self._claims) > 1 and self._claims[0][0] < now_ms - WINDOW_MS:
            self._claims.popleft()
        first_ms, first = self._claims[0]
        self.admitted_per_s = (snapshot.claims - first) * 1000 / (now_ms - first_ms) if now_ms > first_ms else 0.0
        while self._promises and self._promises[0][1] < snapshot.serving:
            made_at_ms, _, called_by_ms = self._promises.popleft()
            promised_ms = max(1, called_by_ms - made_at_ms)
            self._errors.append(abs((now_ms - made_at_ms) - promised_ms) / promised_ms)
        pace = snapshot.honest_pace
        last_ms = self._promises[-1][0] if self._promises else 0
        if (
            snapshot.phase == "open"
            and snapshot.tail > snapshot.serving
            and pace > 0
            and now_ms - last_ms >= PROMISE_EVERY_MS
        ):
            # The promise to anybody who stands last right now.
            wait_ms = round((snapshot.tail - snapshot.serving) * 60_000 / pace)
            self._promises.append((now_ms, snapshot.tail - 1, now_ms + wait_ms))
