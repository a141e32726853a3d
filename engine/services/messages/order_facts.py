"""What mails tell of orders, read for several at once: buyers of one moment mostly bought the same event."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from engine.domain.catalogue.events import Event, Seller
from engine.domain.catalogue.ticket_types import all_in_cents
from engine.domain.money.orders import Order
from engine.domain.tickets.tickets import TicketPage
from engine.services.tickets.tickets import Tickets
from engine.stores.catalogue import events, ticket_types
from engine.stores.database import Pool
from engine.stores.money.orders import OrderStore


@dataclass(frozen=True, slots=True)
class EventFacts:
    """``names`` and ``listed`` (what one alone costs, all in) are by ticket type."""

    seller: Seller
    event: Event | None
    names: dict[str, str]
    listed: dict[str, int]


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """``tickets`` are those that admit somebody, line by line."""

    order: Order
    event: EventFacts
    tickets: Sequence[TicketPage] = ()


class OrderFactsReader:
    """Reads them as they are now."""

    def __init__(self, *, pool: Pool, orders: OrderStore, tickets: Tickets) -> None:
        self._pool = pool
        self._orders = orders
        self._tickets = tickets

    async def of(self, order_id: str) -> OrderFacts:
        """Of one order, without its tickets."""
        order = await self._orders.read(order_id)
        assert order is not None, "an errand for an order that is not there"
        return OrderFacts(order, await self._event(order.event_id))

    async def with_tickets(self, order_ids: Sequence[str]) -> dict[str, OrderFacts]:
        """Of those that are there. The tickets are read after the order, so a paid one has all of them."""
        read = await asyncio.gather(*[self._orders.read(order_id) for order_id in dict.fromkeys(order_ids)])
        orders = [order for order in read if order is not None]
        tickets = await self._tickets.of_orders([order.id for order in orders])
        event_ids = list(dict.fromkeys([order.event_id for order in orders]))
        of_events = {event_id: await self._event(event_id) for event_id in event_ids}
        return {
            order.id: OrderFacts(order, of_events[order.event_id], self._live(tickets.get(order.id, ())))
            for order in orders
        }

    def _live(self, pages: Sequence[TicketPage]) -> list[TicketPage]:
        return [page for page in pages if self._tickets.code(page) is not None]

    async def _event(self, event_id: str) -> EventFacts:
        seller = await events.seller_of(self._pool, event_id)
        kinds = await ticket_types.of_event(self._pool, event_id)
        event = await events.get(self._pool, event_id)
        listed = {kind.id: all_in_cents(kind, event) for kind in kinds} if event is not None else {}
        return EventFacts(seller, event, {kind.id: kind.name for kind in kinds}, listed)
