"""Does the errands that their own process did not finish, and those nobody does at once: mail."""

from __future__ import annotations

from engine.services.outbox import Outbox


class OutboxRelay:
    """One step a second; a full step is followed by the next at once."""

    name = "outbox_relay"
    interval_s = 1.0

    def __init__(self, *, outbox: Outbox) -> None:
        self._outbox = outbox

    async def step(self) -> int:
        """Bounded by ERRANDS_PER_STEP."""
        return await self._outbox.step()
