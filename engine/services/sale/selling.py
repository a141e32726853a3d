"""The selling snapshot of each event, kept ready: read once, told of changes, refreshed behind the buyers' backs.

A handler's ``get`` is a dictionary lookup. Changes arrive on a Redis channel; because a message can be lost, a
snapshot older than ``REFRESH_AFTER_S`` is read again in the background, and one older than ``STALE_AFTER_S`` before it
is used. That an organization or an event may not sell any more is asked every ``SUSPENDED_EVERY_S``: nobody sells a
second longer.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import Callable

import hotpath_rs
from engine.domain.catalogue.questions import Asking
from engine.domain.sale.charts import Chart
from engine.domain.sale.selling import AllotmentTerms, PromoTerms, SellingEvent, TicketTypeTerms
from engine.foundation import logs
from engine.foundation.connections import RedisClient
from engine.foundation.errors import NotFound
from engine.foundation.ids import is_id
from engine.services.sale.desk_terms import desk_terms
from engine.stores import keys
from engine.stores.catalogue.questions import live
from engine.stores.sale.selling import Offer, SellingStore

SNAPSHOTS_MAX = 512
REFRESH_AFTER_S = 5.0
STALE_AFTER_S = 60.0
LISTEN_RETRY_S = 0.5
UNKNOWN_KEPT_S = 1.0  # publication is told; this bounds what a lost message costs
UNKNOWN_MAX = 4_096
SUSPENDED_EVERY_S = 0.3
SUSPENDED_MAX = 10_000

_log = logs.get("selling")


class Selling:
    """Snapshots by event id."""

    def __init__(self, *, store: SellingStore, keyring: hotpath_rs.Keyring, redis: RedisClient) -> None:
        self._store = store
        self._keyring = keyring
        self._redis = redis
        self._snapshots: OrderedDict[str, tuple[SellingEvent, float]] = OrderedDict()
        self._kept: dict[str, tuple[str, SellingEvent]] = {}  # with the mark of the offer each was made from
        self._followers: list[Callable[[str], None]] = []
        self._unknown: OrderedDict[str, float] = OrderedDict()  # ids that the ledger did not know, and when
        self._loading: dict[str, asyncio.Task[SellingEvent]] = {}
        self._charts: OrderedDict[str, Chart] = OrderedDict()
        self.changes = 0  # grows with each change heard of: what was made before one is not shown after it

    async def owned_by_type(self, event_id: str) -> dict[str, int]:
        """Units being paid for and units sold, by the type they were ordered as; from the ledger."""
        return await self._store.owned_by_type(event_id)

    async def get(self, event_id: str) -> SellingEvent:
        """The snapshot. NotFound if the event does not exist or was never published."""
        known = self._snapshots.get(event_id)
        if known is not None:
            age_s = time.monotonic() - known[1]
            if age_s < REFRESH_AFTER_S:
                return known[0]
            if age_s < STALE_AFTER_S:
                self._load_soon(event_id)
                return known[0]
        if not is_id("evt", event_id):
            raise NotFound("There is no such event")
        return await asyncio.shield(self._load_soon(event_id))

    def ready(self, event_id: str) -> SellingEvent | None:
        """The snapshot if it is ready and fresh; no waiting."""
        known = self._snapshots.get(event_id)
        if known is None or time.monotonic() - known[1] >= REFRESH_AFTER_S:
            return None
        return known[0]

    def is_unknown(self, event_id: str) -> bool:
        """Whether there is no such event, as far as is known without asking the ledger again."""
        asked_s = self._unknown.get(event_id)
        if asked_s is None:
            return not is_id("evt", event_id)
        return time.monotonic() - asked_s < UNKNOWN_KEPT_S

    def all_ready(self) -> list[SellingEvent]:
        """Every snapshot that is ready."""
        return [event for event, _ in self._snapshots.values()]

    def forget(self, event_id: str) -> None:
        """The next ``get`` reads again."""
        self.changes += 1
        self._snapshots.pop(event_id, None)
        self._unknown.pop(event_id, None)
        for told in self._followers:
            told(event_id)

    def follow(self, told: Callable[[str], None]) -> None:
        """Tell somebody else too which event changed; "" if it may have been any."""
        self._followers.append(told)

    def outdate(self) -> None:
        """What was made of any event before this is shown no more."""
        self.changes += 1
        for told in self._followers:
            told("")

    async def listen(self) -> None:
        """Forget what changed, as the channel tells; runs until cancelled."""
        while True:
            with contextlib.suppress(Exception):
                async with self._redis.pubsub(ignore_subscribe_messages=True) as channel:
                    await channel.subscribe(keys.EVENT_CHANGED_CHANNEL)
                    self._snapshots.clear()
                    self._unknown.clear()
                    for told in self._followers:
                        told("")
                    self.changes += 1
                    async for message in channel.listen():
                        self.forget(message["data"].decode())
            await asyncio.sleep(LISTEN_RETRY_S)

    async def watch(self) -> None:
        """Read events again that the platform stopped, or that may sell again; runs until cancelled."""
        while True:
            await asyncio.sleep(SUSPENDED_EVERY_S)
            try:
                suspended = await self._store.suspended(SUSPENDED_MAX)
            except Exception as error:  # noqa: BLE001 - while the ledger is away nobody can be suspended either
                _log.info("suspended_unknown", error=repr(error))
                continue
            for event in self.all_ready():
                stopped = event.organization_id in suspended or event.id in suspended
                if event.status == ("published" if stopped else "suspended"):
                    self.forget(event.id)

    def _load_soon(self, event_id: str) -> asyncio.Task[SellingEvent]:
        task = self._loading.get(event_id)
        if task is None:
            task = self._loading[event_id] = asyncio.get_running_loop().create_task(self._load(event_id))
            task.add_done_callback(lambda done: self._loaded(event_id, done))
        return task

    def _loaded(self, event_id: str, task: asyncio.Task[SellingEvent]) -> None:
        self._loading.pop(event_id, None)
        if not task.cancelled() and task.exception() is not None and not isinstance(task.exception(), NotFound):
            _log.warning("selling_snapshot_failed", event_id=event_id, error=repr(task.exception()))

    async def _load(self, event_id: str) -> SellingEvent:
        kept = self._kept.get(event_id)
        if kept is None or kept[0] != await self._store.mark(event_id):
            offer = await self._store.offer(event_id)
            if offer is None:
                self._snapshots.pop(event_id, None)
                self._kept.pop(event_id, None)
                self._unknown[event_id] = time.monotonic()
                while len(self._unknown) > UNKNOWN_MAX:
                    self._unknown.popitem(last=False)
                raise NotFound("There is no such event")
            kept = self._kept[event_id] = (offer.mark, await self._assemble(offer))
        self._snapshots[event_id] = (kept[1], time.monotonic())
        self._snapshots.move_to_end(event_id)
        while len(self._snapshots) > SNAPSHOTS_MAX:
            self._kept.pop(self._snapshots.popitem(last=False)[0], None)
        return kept[1]

    async def _assemble(self, offer: Offer) -> SellingEvent:
        row = offer.event
        chart = await self._chart(row["chart_etag"], row["chart"])
        category_index = {name: index for index, name in enumerate(chart.seat_map.categories)}
        kinds = [TicketTypeTerms.of(kind, category_index) for kind in offer.ticket_types]
        terms = desk_terms(row, kinds, chart.seat_map)
        return SellingEvent.of(
            row,
            chart,
            ticket_types=kinds,
            allotments=[AllotmentTerms.of(lot) for lot in offer.allotments],
            promos=[PromoTerms.of(code) for code in offer.promo_codes],
            keys=self._keyring.event(row["id"]),
            desk=hotpath_rs.HoldDesk(self._keyring, chart.labels, terms),
            asking=Asking.of(row["named_tickets"], live(row["questions"])),
        )

    async def _chart(self, etag: str, raw: bytes) -> Chart:
        chart = self._charts.get(etag)
        if chart is None:
            chart = self._charts[etag] = await asyncio.to_thread(Chart, raw)
            while len(self._charts) > SNAPSHOTS_MAX:
                self._charts.popitem(last=False)
        return chart
