"""How many requests of one kind are under way in this process, and how many may be.

Where each of them takes real work, a queue in front of it only makes everybody late: beyond ``most`` a newcomer is
told at once to come back, by then with a spread that keeps them from coming back together.
"""

from __future__ import annotations

import random
from types import TracebackType

from engine.foundation import metrics
from engine.foundation.batching import Overloaded
from engine.foundation.leases import HEALTH_FULL

EASE_SHARE = 4  # up to a quarter full nobody need be kept out
RETRY_AFTER_S = (1, 4)


class Crowd:
    """``with crowd:`` around the work. Overloaded where it is full."""

    def __init__(self, name: str, most: int) -> None:
        self._most = most
        self._inside = 0
        self._shed = metrics.SHED.labels(name)

    def __enter__(self) -> None:
        if self._inside >= self._most:
            self._shed.inc()
            raise Overloaded(retry_after_s=random.randint(*RETRY_AFTER_S))  # noqa: S311 - spreads callers, guards nothing
        self._inside += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._inside -= 1

    def __len__(self) -> int:
        return self._inside

    @property
    def health(self) -> int:
        """HEALTH_FULL while there is ease, falling to 0 where it is full."""
        ease = self._most // EASE_SHARE
        crowded = max(0, self._inside - ease) / max(1, self._most - ease)
        return round(HEALTH_FULL * (1.0 - min(1.0, crowded)))
