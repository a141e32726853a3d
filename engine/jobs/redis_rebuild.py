"""Watches that Redis says what the ledger says, and reads a map again if the same difference stands for a while.

A fenced event is rebuilt by the first to ask; this is for what no fence shows: a process that died between commit
and errand, errands that overtook each other.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.foundation import logs
from engine.foundation.errors import Unavailable
from engine.services.sale.inventory import Inventory

LOOKS = 3  # the same difference this many times in a row is no sale under way

_log = logs.get("redis_rebuild")


@dataclass(slots=True)
class RedisRebuild:
    inventory: Inventory
    _standing: dict[str, tuple[tuple[int, int], int]] = field(default_factory=dict)

    async def step(self) -> int:
        """One look at every event on sale; 0 so that the next round waits its interval."""
        for event_id in await self.inventory.on_sale():
            try:
                await self._look(event_id)
            except Unavailable:
                continue  # Redis is away: anybody who sells will notice
        return 0

    async def _look(self, event_id: str) -> None:
        drift = await self.inventory.drift(event_id)
        before, times = self._standing.get(event_id, (drift, 0))
        times = times + 1 if drift == before else 1
        if drift == (0, 0):
            self._standing.pop(event_id, None)
        elif times < LOOKS:
            self._standing[event_id] = (drift, times)
        else:
            _log.warning("inventory_drifted", event_id=event_id, ordered=drift[0], sold=drift[1])
            self._standing.pop(event_id, None)
            await self.inventory.rebuild(event_id)
