"""Sales as an organizer reads them: totals, by ticket type, over time, and the last seconds of a running on-sale."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from engine.domain.events import Event
from engine.domain.orders import TERMINAL_WITHIN_S
from engine.foundation.bearer import Person
from engine.foundation.clock import now
from engine.services.access import Access
from engine.stores import reports as store
from engine.stores.database import Pool

HOURS_SHOWN = 48
DAYS_SHOWN = 60
RATE_OVER_S = 10  # per-second figures are the mean of this many seconds
_HELD_MONEY = frozenset({"paid", "partially_refunded", "refunded"})


@dataclass(frozen=True, slots=True)
class Sales:
    """``orders`` counts by status; cents are of paid orders, ``series`` is tickets by (start, count)."""

    orders: dict[str, int]
    paid_cents: int
    refunded_cents: int
    by_type: list[dict[str, Any]]
    step: store.Step
    series: list[tuple[datetime, int]]

    @property
    def kept_cents(self) -> int:
        return self.paid_cents - self.refunded_cents


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
        """Money and tickets of an event; hours while the first sale is young, days later on."""
        await self._access.require(person, event.organization_id, "reports.read")
        statuses = await store.by_status(self._pool, event.id)
        step, since = _window(event)
        rows = await store.over_time(self._pool, event.id, step, event.timezone, since)
        held = [row for row in statuses if row["status"] in _HELD_MONEY]
        return Sales(
            orders={row["status"]: row["orders"] for row in statuses},
            paid_cents=sum(row["amount_cents"] for row in held),
            refunded_cents=sum(row["refunded_cents"] for row in held),
            by_type=await store.by_type(self._pool, event.id),
            step=step,
            series=_filled({row["moment"]: row["tickets"] for row in rows}, step, since, event.timezone),
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


def _window(event: Event) -> tuple[store.Step, datetime]:
    opened = event.on_sale.opens_at if event.on_sale is not None else event.created_at
    age = now() - opened
    if age < timedelta(hours=HOURS_SHOWN):
        return "hour", max(opened, event.created_at, now() - timedelta(hours=HOURS_SHOWN))
    return "day", max(opened, now() - timedelta(days=DAYS_SHOWN))


def _filled(
    counts: dict[datetime, int], step: store.Step, since: datetime, timezone: str
) -> list[tuple[datetime, int]]:
    """Every hour or day from ``since`` to now by the local clock, with nought where nothing was sold."""
    width = timedelta(hours=1) if step == "hour" else timedelta(days=1)
    moment = _floor(since.astimezone(ZoneInfo(timezone)).replace(tzinfo=None), step)
    last = now().astimezone(ZoneInfo(timezone)).replace(tzinfo=None)
    found: list[tuple[datetime, int]] = []
    while moment <= last and len(found) <= max(HOURS_SHOWN, DAYS_SHOWN) + 1:
        found.append((moment, counts.get(moment, 0)))
        moment += width
    return found


def _floor(moment: datetime, step: store.Step) -> datetime:
    return moment.replace(hour=0 if step == "day" else moment.hour, minute=0, second=0, microsecond=0)
