"""What the ledger decided reaches Redis, the room and the gates: handlers of errands, all idempotent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Final, Protocol

from engine.domain.errands import LeaseEnded, TicketsChanged, UnitsFreed, UnitsOrdered, UnitsSold
from engine.foundation import leases
from engine.foundation.batching import GroupCommit
from engine.foundation.connections import HotRedis
from engine.services.outbox import Outbox
from engine.services.sale.inventory import MOVES_PACE_S, Inventory
from engine.stores.money.orders import OrderStore

LEASES_AGE_MAX_MS: Final = 5_000


class Gates(Protocol):
    """Anybody who must learn that a ticket changed (services/gates/scans.py)."""

    async def ticket_changed(self, event_id: str, unit: int) -> None: ...


class StockErrands:
    """Tells the map, the room and the gates."""

    def __init__(self, *, inventory: Inventory, orders: OrderStore, hot: HotRedis, gates: Gates) -> None:
        self._inventory = inventory
        self._orders = orders
        self._hot = hot
        self._gates = gates
        self._leases: GroupCommit[tuple[str, bytes], None] = GroupCommit(
            "leases", self._release, flights_max=1, age_max_ms=LEASES_AGE_MAX_MS, pace_s=MOVES_PACE_S
        )

    async def close(self) -> None:
        """Finish what is queued."""
        await self._leases.close()

    def register(self, outbox: Outbox) -> None:
        """Take the errands."""
        outbox.on(UnitsOrdered, self.ordered)
        outbox.on(UnitsSold, self.sold)
        outbox.on(UnitsFreed, self.free)
        outbox.on(LeaseEnded, self.release_lease)
        outbox.on(TicketsChanged, self.tickets_changed)

    async def ordered(self, errand: UnitsOrdered, repeated: bool) -> None:
        """Repeated after the order let go of any unit, nothing is done: its hold just expires."""
        if repeated and len(await self._mine(errand)) < len(errand.units):
            return
        await self._inventory.ordered(errand.event_id, errand.hold_id, errand.order_id, errand.units)

    async def sold(self, errand: UnitsSold, repeated: bool) -> None:
        units = sorted(await self._mine(errand)) if repeated else errand.units
        counted_for = bytes.fromhex(errand.counted_for)
        told: list[Awaitable[object]] = [
            self._inventory.sold(errand.event_id, errand.hold_id, errand.order_id, units, counted_for)
        ]
        if errand.lease_id:
            told.append(self._leases.submit((errand.event_id, bytes.fromhex(errand.lease_id))))
        await asyncio.gather(*told)

    async def free(self, errand: UnitsFreed, repeated: bool) -> None:
        """Units go back to their lots, a promo's use with them. A repeat never frees what somebody owns by now."""
        pairs = list(zip(errand.units, errand.types, strict=True))
        if repeated:
            owned = await self._orders.still_owned(errand.event_id, errand.units)
            pairs = [pair for pair in pairs if pair[0] not in owned]
        await self._inventory.free(
            errand.event_id,
            [unit for unit, _ in pairs],
            errand.op_id,
            types=[kind for _, kind in pairs],
            promo_id=errand.promo_id,
            counted_for=bytes.fromhex(errand.counted_for),
        )

    async def release_lease(self, errand: LeaseEnded, _repeated: bool) -> None:
        await self._leases.submit((errand.event_id, bytes.fromhex(errand.lease_id)))

    async def tickets_changed(self, errand: TicketsChanged, _repeated: bool) -> None:
        for unit in errand.units:
            await self._gates.ticket_changed(errand.event_id, unit)

    async def _release(self, ended: list[tuple[str, bytes]]) -> list[BaseException | None]:
        """Each event's together; what goes wrong with one is nothing to the others."""
        of_event: dict[str, list[bytes]] = {}
        for event_id, lease_id in ended:
            of_event.setdefault(event_id, []).append(lease_id)
        releases = [leases.release(self._hot, event_id, *those) for event_id, those in of_event.items()]
        told = dict(zip(of_event, await asyncio.gather(*releases, return_exceptions=True), strict=True))
        return [answer if isinstance(answer := told[event_id], BaseException) else None for event_id, _ in ended]

    async def _mine(self, errand: UnitsOrdered | UnitsSold) -> set[int]:
        """The units that are this order's still: another may own them by now."""
        return await self._orders.still_owned(errand.event_id, errand.units, errand.order_id)
