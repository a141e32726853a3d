"""Forgets what was promised to be kept for a day only."""

from __future__ import annotations

from engine.foundation.idempotency import Idempotency


class Housekeeping:
    """Sweeps idempotency keys older than a day, every ten minutes."""

    name = "housekeeping"
    interval_s = 600.0

    def __init__(self, *, idempotency: Idempotency) -> None:
        self._idempotency = idempotency

    async def step(self) -> int:
        """One statement; it says nothing is left, so that the next step waits its interval."""
        await self._idempotency.sweep()
        return 0
