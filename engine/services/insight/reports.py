"""Sales as an organizer reads them: totals, by ticket type, over time, and the last seconds of a running on-sale."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Literal

from engine.domain.catalogue.events import Event
from engine.domain.order_states import EVER_PAID, TERMINAL_WITHIN_S
from engine.foundation import local_time
from engine.foundation.bearer import Person
from engine.foundation.clock import now
from engine.services.accounts.access import Access
from engine.stores.database import Pool
from engine.stores.insight import reports as store

Step = Literal["minute", "hour", "day"]
COLUMNS_MAX = 90  # minutes, hours or days shown
BIN_MIN: dict[Step, int] = {"minute": 1, "hour": 15, "day": 15}  # every zone is a whole number of quarters off UTC
RATE_OVER_S = 10  # per-second figures are the mean of this many seconds
_WIDTHS: dict[Step, timedelta] = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
}
_FINE: tuple[Step, ...] = ("minute", "hour")


@dataclass(frozen=True, slots=True)
class Sales:
    """``orders`` counts by status; cents are of paid orders, ``series`` is tickets by (start at the place, count).

    ``at_counter``: what of all that the box office sold, by how it was paid; what was given away has its own line.
    ``charged_back_cents`` were lost to buyers' banks; ``disputed_cents`` may be, and still count as kept.
    """

    orders: dict[str, int]
    paid_cents: int
    refunded_cents: int
    charged_back_cents: int
    disputed_cents: int
    by_type: list[dict[str, Any]]
    step: Step
    series: list[tuple[datetime, int]]
    at_counter: list[dict[str, Any]] = field(default_factory=list)

    @property
    def kept_cents(self) -> int:
        return self.paid_cents - self.refunded_cents - self.charged_back_cents


@dataclass(frozen=True, slots=True)
class Flow:
    """Right now: orders opened and paid a second, being paid, tickets out, orders that should have ended by now."""

    opened_per_s: float
    paid_per_s: float
    paying: int
    tickets: int
    stuck: int


class Reports:
    """Reads the ledger for organizers."""

    def __init__(self, *, pool: Pool, access: Access) -> None:
        self._pool = pool
        self._access = access

    async def board(self, person: Person, organization_id: str, event_ids: list[str]) -> dict[str, dict[str, Any]]:
        """Units ``sold`` and ``ordered`` (being paid for) by event of this organization."""
        await self._access.require(person, organization_id, "events.read")
        return await store.board(self._pool, event_ids)

    async def sales(self, person: Person, event: Event) -> Sales:
        """Money and tickets of an event; by the minute while the sale is young, by hours and days later on."""
        await self._access.require(person, event.organization_id, "reports.read")
        statuses = await store.by_status(self._pool, event.id)
        step, since = _window(event, await store.first_paid_at(self._pool, event.id))
        bins = await store.over_time(self._pool, event.id, BIN_MIN[step], since)
        held = [row for row in statuses if row["status"] in EVER_PAID]
        return Sales(
            orders={row["status"]: row["orders"] for row in statuses},
            paid_cents=sum(row["amount_cents"] for row in held),
            refunded_cents=sum(row["refunded_cents"] for row in held),
            charged_back_cents=sum(row["charged_back_cents"] for row in held),
            disputed_cents=await store.disputed_cents(self._pool, event.id),
            by_type=await store.by_type(self._pool, event.id),
            step=step,
            series=_series(bins, step, since, event.timezone),
            at_counter=await store.at_counter(self._pool, event.id),
        )

    async def flow(self, person: Person, event: Event) -> Flow:
        """The last seconds of a running on-sale."""
        await self._access.require(person, event.organization_id, "orders.read")
        row = await store.last_seconds(self._pool, event.id, RATE_OVER_S, TERMINAL_WITHIN_S)
        return Flow(
            opened_per_s=row["opened"] / RATE_OVER_S,
            paid_per_s=row["paid"] / RATE_OVER_S,
            paying=row["paying"],
            tickets=row["tickets"],
            stuck=row["stuck"],
        )


def _window(event: Event, first_paid_at: datetime | None) -> tuple[Step, datetime]:
    """How finely sales are shown, and since when: a young sale by the minute, an old one by the day.

    A sale is as old as its first paid order: an operator opens early, guests come before everybody, and what was
    planned for long ago may have begun to sell today. The planned opening begins the picture if it fits into it.
    """
    planned = event.on_sale.opens_at if event.on_sale is not None else event.created_at
    began = first_paid_at or planned
    step: Step = next((step for step in _FINE if now() - began < _WIDTHS[step] * COLUMNS_MAX), "day")
    earliest = now() - _WIDTHS[step] * COLUMNS_MAX
    return step, max(planned if earliest < planned < began else began, earliest)


def _series(bins: list[tuple[datetime, int]], step: Step, since: datetime, timezone: str) -> list[tuple[datetime, int]]:
    """Every minute, hour or day from ``since`` to now as the clocks of the place show them, with 0 if nothing was sold.

    An hour that comes twice has two columns, one that the clocks leap over has none.
    """
    starts = [*islice(_starts(step, since, now(), timezone), COLUMNS_MAX + 1)]
    counts: Counter[datetime] = Counter()
    for moment, tickets in bins:
        counts[starts[max(0, bisect_right(starts, moment) - 1)]] += tickets
    return [(start.astimezone(local_time.zone(timezone)), counts[start]) for start in starts]


def _starts(step: Step, first: datetime, last: datetime, timezone: str) -> Iterator[datetime]:
    if step == "day":
        return local_time.day_starts(first, last, timezone)
    if step == "hour":
        return local_time.hour_starts(first, last, timezone)
    minutes = (last - first.replace(second=0, microsecond=0)) // _WIDTHS["minute"]
    return (first.replace(second=0, microsecond=0) + minute * _WIDTHS["minute"] for minute in range(minutes + 1))
