"""Disputes reach the gate: while a payment is disputed its tickets are blocked; won, they admit again."""

from __future__ import annotations

from engine.domain.money.orders import Order
from engine.foundation import logs
from engine.services.outbox import Outbox
from engine.stores import activity
from engine.stores.database import Pool
from engine.stores.tickets import tickets

WON = frozenset({"won", "warning_closed"})
_log = logs.get("disputes")


class Disputes:
    """Blocks and releases the tickets of a disputed order."""

    def __init__(self, *, pool: Pool, outbox: Outbox) -> None:
        self._pool = pool
        self._outbox = outbox

    async def opened(self, order: Order, reason: str) -> None:
        """The buyer's bank disputes the payment: its live tickets admit nobody."""
        live = ("valid", "transfer_pending")
        await self._turn(order, to="blocked", when=live, action="dispute.opened", reason=reason)
        _log.warning("dispute_opened", order_id=order.id, reason=reason)

    async def closed(self, order: Order, status: str) -> None:
        """Decided: won gives the tickets back, lost ends them. Their units are not sold again by themselves."""
        if status in WON:
            await self._turn(order, to="valid", when=("blocked",), action="dispute.won", reason=status)
        else:
            await self._turn(order, to="cancelled", when=("blocked",), action="dispute.lost", reason=status)

    async def _turn(self, order: Order, *, to: str, when: tuple[str, ...], action: str, reason: str) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            every = [ticket["id"] for ticket in await tickets.lines_of(connection, order.id)]
            units = await tickets.turn(connection, order.id, every, to=to, when=when)
            if not units:
                return
            await activity.record(connection, None, action, order.id, reason=reason, tickets=len(units))
            errands = await tickets.changed(connection, order.event_id, order.id, units)
        await self._outbox.at_once(errands)
