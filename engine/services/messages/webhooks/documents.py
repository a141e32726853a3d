"""What messages carry: the API's resource of what happened, read for many at once, in bytes.

The shapes of orders and tickets over HTTP stand a floor above, so their makers are handed in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from msgspec import Raw, Struct

from engine.domain.messages.webhooks import API_VERSION, CheckIn, WebhookMessage
from engine.domain.money.orders import Order
from engine.domain.tickets.tickets import TicketPage
from engine.foundation import http
from engine.stores.catalogue import events
from engine.stores.database import Pool
from engine.stores.messages.webhooks import feed as store
from engine.stores.money.disputes import DisputeStore
from engine.stores.money.orders import OrderStore
from engine.stores.tickets import tickets


@dataclass(frozen=True, slots=True)
class Shapes:
    """Makers of the resources, as the organizer reads them: no client secret, no code of a ticket."""

    order: Callable[[Order], Struct]
    ticket: Callable[[TicketPage], Struct]


@dataclass(frozen=True, slots=True)
class Happened:
    """Something to be told. ``subject``: the scan's number of a check-in, the id of a dispute, else empty."""

    kind: str
    organization_id: str
    object_id: str
    subject: str
    cause: str
    happened_at: datetime


class Documents:
    """Reads things as they are now."""

    def __init__(self, *, pool: Pool, orders: OrderStore) -> None:
        self._pool = pool
        self._orders = orders
        self._disputes = DisputeStore(pool)

    async def tickets_of(self, order_ids: Sequence[str]) -> dict[str, list[str]]:
        """The ids of the tickets of each order, line by line."""
        found: dict[str, list[str]] = {order_id: [] for order_id in order_ids}
        for page in await tickets.of_orders(self._pool, order_ids) if order_ids else ():
            found[page.order_id].append(page.id)
        return found

    async def of(self, happened: Sequence[Happened], shapes: Shapes) -> list[bytes | None]:
        """The resource of each as JSON; None if it is not there any more."""
        wanted: dict[str, dict[str, None]] = {}
        for one in happened:
            name, key = _source(one)
            wanted.setdefault(name, {})[key] = None
        found: dict[tuple[str, str], bytes] = {}
        for name, keys in wanted.items():
            for key, value in (await self._read(name, list(keys), shapes)).items():
                found[name, key] = http.dumps(value)
        return [found.get(_source(one)) for one in happened]

    async def _read(self, name: str, keys: Sequence[str], shapes: Shapes) -> dict[str, Any]:
        if name == "order":
            orders = await asyncio.gather(*[self._orders.read(key) for key in keys])
            return {order.id: shapes.order(order) for order in orders if order is not None}
        if name == "ticket":
            order_ids = list(dict.fromkeys(await store.orders_of_tickets(self._pool, keys)))
            pages = await tickets.of_orders(self._pool, order_ids) if order_ids else []
            return {page.id: shapes.ticket(page) for page in pages}
        if name == "checkin":
            rows = await store.check_ins(self._pool, [int(key) for key in keys])
            return {row["id"]: CheckIn(**dict(row)) for row in rows}
        if name == "event":
            read = [await events.get(self._pool, key) for key in keys]
            return {event.id: event for event in read if event is not None}
        disputes = [await self._disputes.read(key) for key in keys]
        return {dispute.id: dispute for dispute in disputes if dispute is not None}


def body_of(happened: Happened, message_id: str, sequence: int, data: bytes) -> bytes:
    """The bytes of a message, which are signed as they stand."""
    return http.dumps(
        WebhookMessage(
            id=message_id,
            type=happened.kind,
            created=happened.happened_at,
            api_version=API_VERSION,
            organization_id=happened.organization_id,
            object_id=happened.object_id,
            sequence=sequence,
            data=Raw(data),
        )
    )


def _source(happened: Happened) -> tuple[str, str]:
    """(what is read, its key): a check-in and a dispute are things of their own, under the number of their object."""
    name = happened.kind.partition(".")[0]
    return name, happened.subject if name in {"checkin", "dispute"} else happened.object_id
