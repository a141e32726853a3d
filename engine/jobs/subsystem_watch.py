"""Looks whether the stores answer: nobody asks a worker /readyz, and its metrics tell what was seen last."""

from __future__ import annotations

from engine.foundation.health import Health


class SubsystemWatch:
    """One look each five seconds, bounded by the checks' own timeout."""

    name = "subsystem_watch"
    interval_s = 5.0

    def __init__(self, *, health: Health) -> None:
        self._health = health

    async def step(self) -> int:
        """0 so that the next look waits its interval."""
        await self._health.report()
        return 0
