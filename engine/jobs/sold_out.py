"""Which events are sold out, noted for lists: what the shop shows is in Redis, and lists are the ledger's."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import msgspec

from engine.domain.sale.availability import AvailabilityDocument
from engine.foundation.errors import NotFound, Unavailable
from engine.services.catalogue.programme.publication import Publication
from engine.services.sale.availability import Availability
from engine.services.sale.inventory import Inventory

LOOK_AGAIN_S = 30.0  # a type's capacity may change while no unit moves

_decoder = msgspec.json.Decoder(AvailabilityDocument)


@dataclass
class SoldOut:
    """Looks at events whose units moved since it last looked."""

    inventory: Inventory
    availability: Availability
    publication: Publication
    _seen: dict[str, tuple[int, float]] = field(default_factory=dict)  # version of the units, and when it was looked at

    async def step(self) -> int:
        """One look at every event on sale; 0 so that the next round waits its interval."""
        selling = await self.inventory.on_sale()
        self._seen = {event_id: self._seen[event_id] for event_id in selling if event_id in self._seen}
        for event_id in selling:
            try:
                await self._look(event_id)
            except (NotFound, Unavailable):
                continue  # being rebuilt, or Redis is away: the next round sees it
        return 0

    async def _look(self, event_id: str) -> None:
        version = await self.inventory.version(event_id)
        seen, at_s = self._seen.get(event_id, (-1, 0.0))
        if seen == version and time.monotonic() - at_s < LOOK_AGAIN_S:
            return
        shown = _decoder.decode(await self.availability.document(event_id))
        gone = bool(shown.ticket_types) and all(row.level == "none" for row in shown.ticket_types)
        await self.publication.note_sold_out(event_id, sold_out=gone)
        self._seen[event_id] = min(version, shown.version), time.monotonic()
