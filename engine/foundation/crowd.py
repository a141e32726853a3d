"""How many requests of one kind are at work in this process, how many may wait for their turn, and for how long.

Where each of them takes real work, more of them at once only make everybody late; so beyond ``at_work_max`` they wait
in line, oldest first, at no cost but memory. Beyond the line, or after too long in it, a newcomer is told to come back,
by then with a spread that keeps them from coming back together.
"""

from __future__ import annotations

import asyncio
import random
from types import TracebackType

from engine.foundation import metrics
from engine.foundation.batching import Overloaded
from engine.foundation.leases import HEALTH_FULL

EASE_SHARE = 4  # up to a quarter of those at work nobody need be kept out
RETRY_AFTER_S = (1, 4)


class Crowd:
    """``async with crowd:`` around the work. Overloaded if the line is full, or too slow."""

    def __init__(self, name: str, *, at_work_max: int, line_max: int, wait_max_s: float) -> None:
        self._at_work_max = at_work_max
        self._most = at_work_max + line_max
        self._wait_max_s = wait_max_s
        self._turns = asyncio.Semaphore(at_work_max)
        self._here = 0
        self._shed = metrics.SHED.labels(name)

    async def __aenter__(self) -> None:
        if self._here >= self._most:
            raise self._full()
        self._here += 1
        try:
            async with asyncio.timeout(self._wait_max_s):
                await self._turns.acquire()
        except TimeoutError:
            self._here -= 1
            raise self._full() from None
        except BaseException:
            self._here -= 1
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._here -= 1
        self._turns.release()

    def __len__(self) -> int:
        """Those at work and those in line."""
        return self._here

    @property
    def health(self) -> int:
        """HEALTH_FULL while there is ease, falling to 0 if all are at work and the next has to wait."""
        ease = self._at_work_max // EASE_SHARE
        crowded = max(0, self._here - ease) / max(1, self._at_work_max - ease)
        return round(HEALTH_FULL * (1.0 - min(1.0, crowded)))

    def _full(self) -> Overloaded:
        self._shed.inc()
        return Overloaded(retry_after_s=random.randint(*RETRY_AFTER_S))  # noqa: S311 - spreads callers, guards nothing
