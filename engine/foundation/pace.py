"""How fast one who is known by name may ask: a person, or a key of an organization, wherever they stand."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from engine.foundation.limits_table import Rate

TRACKED_MAX: Final = 10_000  # whose pace this process remembers


class Pace:
    """``now_s`` is a monotonic clock. A request that comes too early is not counted."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._due_s: dict[str, float] = {}

    def early_s(self, name: str, rate: Rate) -> int:
        """Count one request: 0, or how many seconds it came too early."""
        now_s = self._now_s()
        due_s = max(self._due_s.get(name, -math.inf), now_s - rate.burst / rate.per_s)
        if due_s > now_s:
            return max(1, math.ceil(due_s - now_s))
        if name not in self._due_s and len(self._due_s) >= TRACKED_MAX:
            self._due_s = {each: at_s for each, at_s in self._due_s.items() if at_s > now_s}
        self._due_s[name] = due_s + 1 / rate.per_s
        return 0
