"""What happens later in the sandbox (a payment leaves `processing`, a session expires), on the sandbox's own clock."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
from collections.abc import Callable

from loadtest.sandbox import limits

_log = logging.getLogger(__name__)


class Timers:
    """A heap of (due second, action), looked at every `TIMER_TICK_S`; `clock` is the sandbox's, which can be moved."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def now_s(self) -> float:
        return self._clock()

    def at(self, due_s: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._due, (due_s, next(self._order), action))

    def fire(self) -> None:
        """Run what is due, at most `TIMERS_PER_TICK_MAX`; one that fails does not stop the others."""
        for _ in range(limits.TIMERS_PER_TICK_MAX):
            if not self._due or self._due[0][0] > self._clock():
                return
            _, _, action = heapq.heappop(self._due)
            try:
                action()
            except Exception:  # noqa: BLE001 - logged with its traceback; the next one is somebody else's money
                _log.exception("a timer failed")

    async def run(self) -> None:
        while True:
            await asyncio.sleep(limits.TIMER_TICK_S)
            self.fire()
