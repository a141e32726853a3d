"""Puts pending refunds to the provider until it has answered."""

from __future__ import annotations

from engine.services.money.refunds import Refunds


class RefundPush:
    """One step each three seconds."""

    name = "refund_push"
    interval_s = 3.0

    def __init__(self, *, refunds: Refunds) -> None:
        self._refunds = refunds

    async def step(self) -> int:
        """Bounded by REFUNDS_PER_STEP."""
        return await self._refunds.step()
