"""Tells the waiting rooms how the shop is doing, so that nobody is let in to wait for a payment."""

from __future__ import annotations

from engine.foundation import leases
from engine.foundation.connections import HotRedis
from engine.services.money.lane import PaymentLane


class HealthPulse:
    """Once a second; a room that hears nothing for HEALTH_TTL_S decides by itself."""

    name = "health_pulse"
    interval_s = 1.0

    def __init__(self, *, lane: PaymentLane, hot: HotRedis) -> None:
        self._lane = lane
        self._hot = hot

    async def step(self) -> int:
        """One reading, published; 0 so that the next waits its interval."""
        await leases.tell_health(self._hot, min(await self._lane.health(), await leases.strain(self._hot)))
        return 0
