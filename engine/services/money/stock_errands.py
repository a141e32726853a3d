"""What the ledger decided reaches Redis and the gates: the handlers of the outbox's stock topics, all idempotent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from engine.foundation import leases
from engine.foundation.connections import HotRedis
from engine.services.outbox import Outbox
from engine.services.sale.inventory import Inventory
from engine.stores.money.orders import OrderStore


class Gates(Protocol):
    """Whoever must learn that a ticket changed (services/gates/scans.py)."""

    async def ticket_changed(self, event_id: str, unit: int) -> None: ...


class StockErrands:
    """Tells the map, the room and the gates."""

    def __init__(self, *, inventory: Inventory, orders: OrderStore, hot: HotRedis, gates: Gates) -> None:
        self._inventory = inventory
        self._orders = orders
        self._hot = hot
        self._gates = gates

    def register(self, outbox: Outbox) -> None:
        """Take the stock topics."""
        outbox.on("inventory.ordered", self.ordered)
        outbox.on("inventory.sold", self.sold)
        outbox.on("inventory.free", self.free)
        outbox.on("lease.release", self.release_lease)
        outbox.on("tickets.changed", self.tickets_changed)

    async def ordered(self, payload: Mapping[str, Any], repeated: bool) -> None:
        """The units of a hold became an order's. Repeated after the order let go of any: its hold just expires."""
        units = payload["units"]
        if repeated and len(await self._mine(payload)) < len(units):
            return
        await self._inventory.ordered(payload["event_id"], payload["hold_id"], units)

    async def sold(self, payload: Mapping[str, Any], repeated: bool) -> None:
        units = payload["units"]
        if repeated:
            units = sorted(await self._mine(payload))
        await self._inventory.sold(payload["event_id"], payload["hold_id"], units)

    async def free(self, payload: Mapping[str, Any], repeated: bool) -> None:
        """Units went back to their lots, a promo's use with them. A repeat never frees what somebody owns by now."""
        pairs = list(zip(payload["units"], payload["types"], strict=True))
        if repeated:
            owned = await self._orders.still_owned(payload["event_id"], payload["units"])
            pairs = [pair for pair in pairs if pair[0] not in owned]
        await self._inventory.free(
            payload["event_id"],
            [unit for unit, _ in pairs],
            payload["op_id"],
            types=[kind for _, kind in pairs],
            promo_id=payload.get("promo_id"),
        )

    async def _mine(self, payload: Mapping[str, Any]) -> set[int]:
        """The units that are this order's still: another may own them by now."""
        return await self._orders.still_owned(payload["event_id"], payload["units"], payload["order_id"])

    async def release_lease(self, payload: Mapping[str, Any], _repeated: bool) -> None:
        """The buyer's seat inside the shop goes to the next in line."""
        await leases.release(self._hot, payload["event_id"], bytes.fromhex(payload["lease_id"]))

    async def tickets_changed(self, payload: Mapping[str, Any], _repeated: bool) -> None:
        for unit in payload["units"]:
            await self._gates.ticket_changed(payload["event_id"], unit)
