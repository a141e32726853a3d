"""Events to sell on the stage, and requests for their tickets as a buyer's browser sends them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import orjson

from engine.domain.sale.holds import HoldItem, HoldRequest
from engine.domain.sale.selling import SellingEvent
from engine.foundation.clock import now_ms
from engine.services.sale.hold_asks import read_asks
from engine.services.sale.hold_prices import price_of
from tests import factories
from tests.bench.generator import Target
from tests.bench.stage import Served, Stage

QUANTITY = 2
GENERAL_UNITS = 50_000
SECTION_ROWS, SECTION_SEATS = 40, 50
SECTION_UNITS = SECTION_ROWS * SECTION_SEATS  # 2,000
SECTIONS = 10
ADMITTED_MS = 3_600_000
EVERYTHING = 65_535


@dataclass(frozen=True, slots=True)
class Sale:
    """A published event with a waiting room in front, ready in Redis; ``admission`` lets its bearer buy.

    ``holds_each`` is how many holds of QUANTITY each ticket type has units for.
    """

    event_id: str
    types: list[str]
    admission: str
    lease: bytes
    units: int
    holds_each: int

    def body(self, ticket_type_id: str, quantity: int = QUANTITY) -> str:
        items = [{"ticket_type_id": ticket_type_id, "quantity": quantity}]
        return orjson.dumps({"event_id": self.event_id, "items": items}).decode()

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Admission {self.admission}"}

    def targets(self, spent: int = 0) -> list[Target]:
        """One after the other until each is sold out; ``spent`` holds of each type are gone already."""
        return [Target(self.body(kind), self.headers, self.holds_each - spent) for kind in self.types]


async def general(stage: Stage, units: int = GENERAL_UNITS) -> Sale:
    """Standing room: one section of plain numbers."""
    return await open_sale(stage, [factories.general("Floor", units)], [["Floor"]])


async def seated(stage: Stage, sections: int = SECTIONS) -> Sale:
    """An arena: sections of 2,000 seats, each with a ticket type of its own, best available within it."""
    made = [
        factories.seated(f"S{number}", SECTION_ROWS, SECTION_SEATS, y0=number * 60.0) for number in range(sections)
    ]  # fmt: skip
    return await open_sale(stage, made, [[f"S{number}"] for number in range(sections)])


def priced(event: SellingEvent, sale: Sale, quantity: int = QUANTITY) -> None:
    """Teach a process's own desk what this many of each type cost, as its first buyer would."""
    for kind in sale.types:
        asks, promo, _ = read_asks(event, HoldRequest(sale.event_id, (HoldItem(kind, quantity),)))
        price_of(event, asks, promo)


async def open_sale(
    stage: Stage,
    sections: list[dict[str, Any]],
    categories: list[list[str]],
    *,
    room: bool = True,
    opens_in: timedelta = timedelta(minutes=-1),
    closed: datetime | None = None,
) -> Sale:
    """An event with these sections and a ticket type for each list of categories; with a waiting room unless told."""
    chart = factories.chart(*sections)
    types = [{"categories": names, "max_per_order": 4, "price_cents": 7_500} for names in categories]
    event_id, ids = await factories.event(stage.pool, chart, types)
    await stage.pool.execute(
        "UPDATE on_sales SET room_enabled = $2, opens_at = now() + $3, closes_at = $4 WHERE event_id = $1",
        event_id,
        room,
        opens_in,
        closed,
    )
    # One admission buys the house here: the generator sends the same head each time. It is counted all the same.
    await stage.pool.execute("UPDATE events SET max_tickets_per_buyer = $2 WHERE id = $1", event_id, EVERYTHING)
    await stage.inventory.load(event_id)
    event = await stage.selling.get(event_id)
    moment = now_ms()
    lease = secrets.token_bytes(16)
    admission = event.keys.mint_admission(
        lease_id=lease, device_key_hash=b"", not_before_ms=moment, expires_at_ms=moment + ADMITTED_MS
    )
    return Sale(event_id, ids, admission, lease, event.units, event.units // len(ids) // QUANTITY)


async def primed(served: Served, sales: Sequence[Sale], path: str = "/v1/holds") -> int:
    """One hold of every ticket type in every process, so that prices and snapshots are ready; how many of each."""
    rounds = 1 if len(served.pids) == 1 else 6 * len(served.pids)
    connector = aiohttp.TCPConnector(force_close=rounds > 1)
    async with aiohttp.ClientSession(connector=connector) as client:
        for sale in sales:
            for kind in sale.types:
                for _ in range(rounds):
                    headers = {**sale.headers, "Idempotency-Key": secrets.token_hex(8)}
                    async with client.post(served.url + path, data=sale.body(kind), headers=headers) as answer:
                        if answer.status != 201:
                            raise RuntimeError(f"no hold: {answer.status} {await answer.text()}")
    return rounds
