"""Repeats webhook events that could not be handled when they came."""

from __future__ import annotations

from engine.services.money.webhooks import Webhooks


class WebhookRetry:
    """One step each two seconds."""

    name = "webhook_retry"
    interval_s = 2.0

    def __init__(self, *, webhooks: Webhooks) -> None:
        self._webhooks = webhooks

    async def step(self) -> int:
        """Bounded by RETRIED_PER_STEP."""
        return await self._webhooks.step()
