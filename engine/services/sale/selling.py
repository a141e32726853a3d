"""The selling snapshot of each event, kept ready: read once, told of changes, refreshed behind the buyers' backs.

A handler's ``get`` is a dictionary look-up. Changes arrive on a Redis channel; because a message can be lost, a
snapshot older than ``REFRESH_AFTER_S`` is read again in the background, and one older than ``STALE_AFTER_S`` before it
is used.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict
from typing import Any

import hotpath_rs
from engine.domain.prices import Discount, Fee
from engine.domain.sale.inventory import free_byte
from engine.domain.sale.selling import AllotmentTerms, PromoTerms, SellingEvent, TicketTypeTerms
from engine.domain.taxes import Tax
from engine.foundation import logs
from engine.foundation.clock import to_ms
from engine.foundation.connections import RedisClient
from engine.foundation.errors import NotFound
from engine.foundation.ids import is_id
from engine.services.sale.desk_terms import desk_terms
from engine.stores import keys
from engine.stores.sale.selling import SellingStore

SNAPSHOTS_MAX = 512
REFRESH_AFTER_S = 5.0
STALE_AFTER_S = 60.0
LISTEN_RETRY_S = 0.5

_log = logs.get("selling")


class Selling:
    """Snapshots by event id."""

    def __init__(self, *, store: SellingStore, keyring: hotpath_rs.Keyring, redis: RedisClient) -> None:
        self._store = store
        self._keyring = keyring
        self._redis = redis
        self._snapshots: OrderedDict[str, tuple[SellingEvent, float]] = OrderedDict()
        self._kept: dict[str, tuple[int, SellingEvent]] = {}  # with the mark of the rows each was made from
        self._loading: dict[str, asyncio.Task[SellingEvent]] = {}
        self._seat_maps: OrderedDict[str, _Chart] = OrderedDict()

    async def get(self, event_id: str) -> SellingEvent:
        """The snapshot. NotFound where the event does not exist or was never published."""
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
        """The snapshot if it is at hand and fresh; no waiting."""
        known = self._snapshots.get(event_id)
        if known is None or time.monotonic() - known[1] >= REFRESH_AFTER_S:
            return None
        return known[0]

    def all_ready(self) -> list[SellingEvent]:
        """Every snapshot at hand."""
        return [event for event, _ in self._snapshots.values()]

    def forget(self, event_id: str) -> None:
        """The next ``get`` reads again."""
        self._snapshots.pop(event_id, None)

    async def listen(self) -> None:
        """Forget what changed, as the channel tells; runs until cancelled."""
        while True:
            with contextlib.suppress(Exception):
                async with self._redis.pubsub(ignore_subscribe_messages=True) as channel:
                    await channel.subscribe(keys.EVENT_CHANGED_CHANNEL)
                    self._snapshots.clear()
                    async for message in channel.listen():
                        self.forget(message["data"].decode())
            await asyncio.sleep(LISTEN_RETRY_S)

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
        rows = await self._store.event(event_id)
        if rows is None:
            self._snapshots.pop(event_id, None)
            raise NotFound("There is no such event")
        event, types, allotments, promos = rows
        mark = hash(tuple([tuple(map(repr, row.values())) for row in (event, *types, *allotments, *promos)]))
        known = self._kept.get(event_id)
        if known is not None and known[0] == mark:
            snapshot = known[1]
        else:
            chart = await self._chart(event["chart_etag"], event["chart"])
            snapshot = self._assemble(event, types, allotments, promos, chart)
            self._kept[event_id] = (mark, snapshot)
        self._snapshots[event_id] = (snapshot, time.monotonic())
        self._snapshots.move_to_end(event_id)
        while len(self._snapshots) > SNAPSHOTS_MAX:
            self._kept.pop(self._snapshots.popitem(last=False)[0], None)
        return snapshot

    async def _chart(self, etag: str, raw: bytes) -> _Chart:
        chart = self._seat_maps.get(etag)
        if chart is None:
            chart = await asyncio.to_thread(_Chart, raw)
            self._seat_maps[etag] = chart
            while len(self._seat_maps) > SNAPSHOTS_MAX:
                self._seat_maps.popitem(last=False)
        return chart

    def _assemble(
        self, event: Any, types: list[Any], allotments: list[Any], promos: list[Any], chart: _Chart
    ) -> SellingEvent:
        index = {name: i for i, name in enumerate(chart.seat_map.categories)}
        kinds = [
            TicketTypeTerms(
                id=row["id"],
                number=row["number"],
                name=row["name"],
                price_cents=row["price_cents"],
                categories=tuple(index[name] for name in row["categories"] if name in index),
                capacity=row["capacity"],
                max_per_order=row["max_per_order"],
                sales_start_at_ms=_ms(row["sales_start_at"]),
                sales_end_at_ms=_ms(row["sales_end_at"]),
                hidden=row["visibility"] == "hidden",
                taxable=row["taxable"],
            )
            for row in types
        ]
        lots = [
            AllotmentTerms(row["number"], row["name"], tuple(row["units"]), frozenset(row["open_to"]))
            for row in allotments
        ]
        codes = [
            PromoTerms(
                id=row["id"],
                number=row["number"],
                code=row["code"],
                discount=Discount(row["kind"], row["value"]),
                max_uses=row["max_uses"],
                valid_from_ms=_ms(row["valid_from"]),
                valid_until_ms=_ms(row["valid_until"]),
                active=row["status"] == "active",
            )
            for row in promos
        ]
        terms = desk_terms(event, kinds, chart.seat_map)
        base = bytearray(chart.base)
        for lot in lots:
            for unit in lot.units:
                base[unit] = free_byte(lot.number, accessible=bool(chart.base[unit] & 1))
        return SellingEvent(
            id=event["id"],
            slug=event["slug"],
            organization_id=event["organization_id"],
            title=event["title"],
            status=event["status"],
            version=event["version"],
            currency=event["currency"],
            hold_ttl_ms=event["hold_ttl_s"] * 1000,
            orphan_policy=event["orphan_policy"],
            taxes=tuple(Tax(tax["name"], tax["rate_bp"]) for tax in event["taxes"]),
            fee=Fee(**event["fee"]),
            max_tickets_per_buyer=event["max_tickets_per_buyer"],
            starts_at_ms=to_ms(event["starts_at"]),
            ends_at_ms=to_ms(event["ends_at"]),
            timezone=event["timezone"],
            opens_at_ms=_ms(event["opens_at"]),
            closes_at_ms=_ms(event["closes_at"]),
            room_enabled=bool(event["room_enabled"]),
            seat_map=chart.seat_map,
            seats=chart.seats,
            section_names=chart.section_names,
            section_of=chart.section_of,
            category_of=chart.category_of,
            base=bytes(base),
            ticket_types={kind.id: kind for kind in kinds},
            type_by_number={kind.number: kind for kind in kinds},
            allotments=tuple(lots),
            promos={promo.code: promo for promo in codes},
            promo_by_number={promo.number: promo for promo in codes},
            keys=self._keyring.event(event["id"]),
            desk=hotpath_rs.HoldDesk(self._keyring, chart.labels, terms),
            units=chart.seat_map.units,
        )


class _Chart:
    """A parsed chart and what is looked up in it per unit; shared by every event that uses the same one."""

    __slots__ = ("base", "category_of", "labels", "seat_map", "seats", "section_names", "section_of")

    def __init__(self, raw: bytes) -> None:
        self.seat_map = hotpath_rs.SeatMap.parse(raw)
        self.seats = tuple(self.seat_map.seats_bulk())
        self.section_names = tuple(section.name for section in self.seat_map.sections)
        self.section_of = memoryview(self.seat_map.section_map()).cast("H")
        self.category_of = self.seat_map.category_map()
        self.base = self.seat_map.base_map()
        self.labels = hotpath_rs.HoldLabels(self.seat_map)


def _ms(moment: Any) -> int | None:
    return None if moment is None else to_ms(moment)
