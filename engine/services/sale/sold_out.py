"""Which events are sold out, noted for lists: what the shop shows is in Redis, and lists are the ledger's."""

from __future__ import annotations

import time

import msgspec

from engine.domain.sale.availability import AvailabilityDocument
from engine.foundation.errors import NotFound, Unavailable
from engine.services.sale.availability import Availability
from engine.services.sale.inventory import Inventory
from engine.stores.catalogue.programme import publication
from engine.stores.database import Pool

LOOK_AGAIN_S = 30.0  # a type's capacity may change while no unit moves

_decoder = msgspec.json.Decoder(AvailabilityDocument)


class SoldOut:
    """Looks at events whose units moved since it last looked."""

    def __init__(self, *, pool: Pool, inventory: Inventory, availability: Availability) -> None:
        self._pool = pool
        self._inventory = inventory
        self._availability = availability
        self._seen: dict[str, tuple[int, float]] = {}  # version of the units that was looked at, and when

    async def step(self) -> int:
        """One look at every event on sale; 0 so that the next round waits its interval."""
        selling = await self._inventory.on_sale()
        self._seen = {event_id: self._seen[event_id] for event_id in selling if event_id in self._seen}
        for event_id in selling:
            try:
                await self._look(event_id)
            except (NotFound, Unavailable):
                continue  # being rebuilt, or Redis is away: the next round sees it
        return 0

    async def _look(self, event_id: str) -> None:
        version = await self._inventory.version(event_id)
        seen, at_s = self._seen.get(event_id, (-1, 0.0))
        if seen == version and time.monotonic() - at_s < LOOK_AGAIN_S:
            return
        shown = _decoder.decode(await self._availability.document(event_id))
        gone = bool(shown.ticket_types) and all(row.level == "none" for row in shown.ticket_types)
        await publication.note_sold_out(self._pool, event_id, sold_out=gone)
        self._seen[event_id] = min(version, shown.version), time.monotonic()
