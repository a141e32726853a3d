"""An event's sales over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from aiohttp import web
from msgspec import Struct

from engine.domain.catalogue.errors import EventUnknown
from engine.domain.money.box_office.sales import PaidBy
from engine.foundation import http
from engine.foundation.errors import Forbidden
from engine.services.appkeys import EVENTS, REPORTS
from engine.web import auth
from engine.web.route import Route


class TypeSales(Struct, frozen=True, kw_only=True):
    """Tickets of one type that are paid, and what they brought."""

    id: str
    name: str
    sold: int
    total_cents: int


class CounterSales(Struct, frozen=True, kw_only=True):
    """What the box office sold and was paid for so; ``comp`` was given away. ``tickets`` are those still held."""

    kind: PaidBy
    orders: int
    tickets: int
    taken_cents: int
    returned_cents: int


class SalesStep(Struct, frozen=True):
    """Tickets paid from this local time on, until the next step begins."""

    start: datetime
    tickets: int


class SalesDocument(Struct, frozen=True, kw_only=True):
    """``orders`` counts by status; cents are of paid orders; ``series`` is tickets over time.

    ``box_office`` is the part of all this that was sold over the counter.
    """

    event_id: str
    currency: str
    orders: dict[str, int]
    paid_cents: int
    refunded_cents: int
    kept_cents: int
    ticket_types: list[TypeSales]
    step: Literal["minute", "hour", "day"]
    series: list[SalesStep]
    box_office: list[CounterSales]


async def read_sales(request: web.Request) -> web.Response:
    """What an event sold: money, tickets by type, and tickets over time."""
    person = auth.person(request)
    event = await request.config_dict[EVENTS].get(person, request.match_info["event_id"])
    sales = await request.config_dict[REPORTS].sales(person, event)
    document = SalesDocument(
        event_id=event.id,
        currency=event.currency,
        orders=sales.orders,
        paid_cents=sales.paid_cents,
        refunded_cents=sales.refunded_cents,
        kept_cents=sales.kept_cents,
        ticket_types=[TypeSales(**row) for row in sales.by_type],
        step=sales.step,
        series=[SalesStep(start, tickets) for start, tickets in sales.series],
        box_office=[CounterSales(**row) for row in sales.at_counter],
    )
    return http.json(document, headers={"Cache-Control": "private, no-store"})


_OF_EVENT = "/v1/events/{event_id}"
ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/v1/analytics/events/{event_id}",
        read_sales,
        "organizer",
        "operate",
        needs="reports.read",
        gives=SalesDocument,
    )
    .refuses(Forbidden, EventUnknown)
    .also(f"{_OF_EVENT}/analytics", f"{_OF_EVENT}/metrics"),
)
