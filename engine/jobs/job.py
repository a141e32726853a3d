"""One piece of background work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Job:
    """``step`` does a bounded piece of work and returns how much it did; 0 means: nothing to do for ``interval_s``."""

    name: str
    interval_s: float
    step: Callable[[], Awaitable[int]]
