"""Expires holds of every event on sale, so that nothing stays locked if nobody buys. Buyers' own calls do it too."""

from __future__ import annotations

from dataclasses import dataclass

from engine.foundation.errors import Unavailable
from engine.services.sale.inventory import Inventory

STEPS_MAX = 64


@dataclass(frozen=True, slots=True)
class HoldExpiry:
    inventory: Inventory

    async def step(self) -> int:
        """At most STEPS_MAX bounded script calls an event; 0 so that the next round waits its interval."""
        for event_id in await self.inventory.on_sale():
            try:
                for _ in range(STEPS_MAX):
                    if not await self.inventory.expire(event_id):
                        break
            except Unavailable:
                continue  # fenced: `epoch` has begun a rebuild already
        return 0
