"""A suspended organization, or an event that was taken down, sells nothing.

Rooms close, and orders not paid yet are given up at the provider.

Every process stops selling by itself (services/sale/selling.py **watch**); here is what must happen once. What was paid
stays paid, and gates go on. An organization that may sell again opens its rooms again; orders that ended stay ended.
"""

from __future__ import annotations

from engine.domain.errands import SalesSwitched
from engine.services.outbox import Outbox
from engine.services.sale.inventory import Inventory
from engine.stores.database import Pool
from engine.stores.money import suspensions as store


class Suspensions:
    """Handles SalesSwitched; the ledger decides, so repeating it late or in another order is harmless."""

    def __init__(self, *, pool: Pool, inventory: Inventory) -> None:
        self._pool = pool
        self._inventory = inventory

    def register(self, outbox: Outbox) -> None:
        """Take the errand."""
        outbox.on(SalesSwitched, self.sales_switched)

    async def sales_switched(self, errand: SalesSwitched, _repeated: bool) -> None:
        await store.make_due(self._pool, errand.organization_id)
        for event_id in await store.switch_rooms(self._pool, errand.organization_id):
            await self._inventory.changed(event_id)
