"""Forgets what was promised to be kept for a while only."""

from __future__ import annotations

from engine.foundation.idempotency import Idempotency
from engine.services.money.webhooks import Webhooks


class Housekeeping:
    """Every ten minutes: idempotency keys older than a day, the bodies of webhook events older than 90."""

    name = "housekeeping"
    interval_s = 600.0

    def __init__(self, *, idempotency: Idempotency, webhooks: Webhooks) -> None:
        self._idempotency = idempotency
        self._webhooks = webhooks

    async def step(self) -> int:
        """Two bounded statements; 0, so that the next step waits its interval."""
        await self._idempotency.sweep()
        await self._webhooks.forget()
        return 0
