"""What is free, told to everybody without asking Redis: each process keeps its own copy of each map it is asked about.

Every inventory script publishes its changes with a version. A copy follows them; if a version is missing (a lost
message, a rebuild) it is read again. Answers are ready bytes, made at most once per version and ``RENDER_EVERY_S``.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from itertools import groupby
from typing import Any, TypeAlias

from msgspec import structs

from engine.domain.catalogue.events import OrphanPolicy
from engine.domain.sale.availability import (
    AvailabilityDocument,
    AvailabilityRow,
    SeatStatusDocument,
    SetApartDocument,
    level,
    runs_of,
)
from engine.domain.sale.inventory import FREE, ORDERED, SOLD
from engine.domain.sale.selling import STRICT_UNTIL_SOLD_PERCENT, SellingEvent, TicketTypeTerms
from engine.foundation import http, logs
from engine.foundation.clock import now_ms
from engine.foundation.connections import HotRedis, RedisClient
from engine.foundation.errors import Unavailable
from engine.services.sale.hold_asks import read_code
from engine.services.sale.hold_prices import shown_step
from engine.services.sale.selling import Selling
from engine.stores import keys

COPIES_MAX = 256
RENDER_EVERY_S = 0.25
DELTAS_KEPT = 4096
STREAMS_MAX = 2000
STREAM_BEAT_S = 10.0
LISTEN_RETRY_S = 0.3
RECHECK_S = 5.0

Stands: TypeAlias = Callable[[], bool]
Document: TypeAlias = AvailabilityDocument | SeatStatusDocument
_SAME = [bytes((state,)) * 255 for state in range(256)]

_log = logs.get("availability")


class _Copy:
    """One event's map as this process knows it."""

    __slots__ = (
        "_counted",
        "_runs",
        "awaited",
        "checked_at",
        "deltas",
        "event",
        "map",
        "moved",
        "ready",
        "returns",
        "version",
    )

    def __init__(self, event: SellingEvent, version: int, raw: bytes) -> None:
        self.event = event
        self.version = version
        self.map = bytearray(raw)
        self._runs = _runs(event.category_of)
        self._counted: dict[tuple[int, int], int] = {}
        self.deltas: deque[tuple[int, bytes]] = deque(maxlen=DELTAS_KEPT)
        self.ready: dict[str, tuple[int, float, bytes]] = {}
        self.moved = asyncio.Event()
        self.checked_at = time.monotonic()
        self.returns = 0  # how often units became free
        self.awaited = 0  # a version that was on its way when last checked

    def apply(self, version: int, changes: bytes) -> None:
        for i in range(0, len(changes), 5):
            unit, length, to = int.from_bytes(changes[i : i + 3], "big"), changes[i + 3], changes[i + 4]
            self.map[unit : unit + length] = _SAME[to][:length]
            self.returns += to >= FREE
        self._counted.clear()
        self.version = version
        self.deltas.append((version, changes))
        self.wake()

    def is_current(self, version: int) -> bool:
        """Whether that version is here, or on its way for the first time: one that never arrives was lost."""
        lost = version > self.version + 1 or (version > self.version and version == self.awaited)
        self.awaited = version
        return not lost

    def wake(self) -> None:
        self.moved.set()
        self.moved = asyncio.Event()

    def free(self, categories: tuple[int, ...]) -> int:
        """Free in the open house, accessible seats included."""
        return self.count(categories, FREE) + self.count(categories, FREE + 1)

    def units(self, categories: tuple[int, ...]) -> int:
        return sum(stop - start for c in categories for start, stop in self._runs.get(c, ()))

    def count(self, categories: tuple[int, ...], state: int) -> int:
        return sum(self._count(c, state) for c in categories)

    def _count(self, category: int, state: int) -> int:
        """Counted when somebody asks, not at every change: in a rush there are thousands between two questions."""
        counted = self._counted.get((category, state))
        if counted is None:
            runs = self._runs.get(category, ())
            counted = self._counted[category, state] = sum(self.map.count(state, start, stop) for start, stop in runs)
        return counted


def _runs(category_of: bytes) -> dict[int, list[tuple[int, int]]]:
    """Where each category's units are: (first, one past the last) of every run of neighbours."""
    runs: dict[int, list[tuple[int, int]]] = {}
    start = 0
    for category, members in groupby(category_of):
        stop = start + sum(1 for _ in members)
        runs.setdefault(category, []).append((start, stop))
        start = stop
    return runs


class Availability:
    """Ready answers about what is free. Follows the delta channel while ``listen`` runs."""

    def __init__(self, *, hot: HotRedis, redis: RedisClient, selling: Selling) -> None:
        self._hot = hot
        self._redis = redis
        self._selling = selling
        self._copies: OrderedDict[str, _Copy] = OrderedDict()
        self._reading: dict[str, asyncio.Task[_Copy]] = {}
        self._streams = 0

    async def listen(self) -> None:
        """Follow every event's changes; runs until cancelled."""
        while True:
            try:
                await self._hot.hear([keys.DELTA_CHANNEL_PREFIX + b"*"], self._hear, began=self._copies.clear)
            except asyncio.CancelledError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever broke the channel, copies are read again
                _log.warning("availability_channel_lost", error=repr(error))
            self._copies.clear()
            await asyncio.sleep(LISTEN_RETRY_S)

    async def document(self, event_id: str) -> bytes:
        """``GET /availability`` for the public."""
        return (await self.standing_document(event_id))[0]

    async def standing_document(self, event_id: str) -> tuple[bytes, Stands]:
        """The same, and what says whether it still is what this process would answer."""
        copy = await self._copy(event_id)
        version, made_s, body = await self._ready(copy, "public", lambda: self._document(copy, exact=False))
        return body, self._stands(copy, version, made_s)

    async def exact(self, event_id: str) -> AvailabilityDocument:
        """The organizer's view: held and sold, too."""
        copy = await self._copy(event_id)
        return await self._document(copy, exact=True)

    async def of_type(self, event_id: str, ticket_type_id: str, *, exact: bool) -> AvailabilityRow | None:
        """One ticket type, hidden ones too: who knows its id may buy it. None if the event sells no such type."""
        copy = await self._copy(event_id)
        kind = copy.event.ticket_types.get(ticket_type_id)
        if kind is None:
            return None
        owned = await self._selling.owned_by_type(event_id) if exact else None
        return _row(copy, kind, await self._taken_of_type(copy, [kind], exact=exact), owned)

    async def status(self, event_id: str, since: int | None) -> bytes:
        """The seat status: changes after version ``since`` if they are still known, else the whole bitmap."""
        return (await self.standing_status(event_id, since))[0]

    async def standing_status(self, event_id: str, since: int | None) -> tuple[bytes, Stands]:
        """The same, and what says whether it still is what this process would answer."""
        copy = await self._copy(event_id)
        deltas = None if since is None else _since(copy, since)
        if deltas is not None:
            return http.dumps(deltas), self._stands(copy, copy.version, time.monotonic())
        version, made_s, body = await self._ready(copy, "status", lambda: _bitmap(copy))
        return body, self._stands(copy, version, made_s)

    def _stands(self, copy: _Copy, version: int, made_s: float) -> Stands:
        def stands() -> bool:
            now = time.monotonic()
            return (
                self._copies.get(copy.event.id) is copy
                and now - copy.checked_at < RECHECK_S
                and (copy.version == version or now - made_s < RENDER_EVERY_S)
                and not _step_ended(copy.event, now - made_s)
            )

        return stands

    async def set_apart(self, event_id: str, code: str) -> SetApartDocument:
        """The free places that a code opens; none if it only takes something off the price. PromoInvalid."""
        event = await self._selling.get(event_id)
        _, opened = read_code(event, code, now_ms())
        copy = await self._copy(event_id)
        places = (unit for lot in event.allotments if lot.number in opened for unit in lot.units)
        return SetApartDocument(copy.version, runs_of(sorted(unit for unit in places if copy.map[unit] >= FREE)))

    async def stream(self, event_id: str, since: int | None) -> AsyncGenerator[bytes, None]:
        """Server-sent events: a snapshot or the missing changes first, then changes at most every RENDER_EVERY_S.

        A ``beat`` tells the version where nothing else is to be told: at once if nothing was missed (a browser waits
        for the first byte), and every STREAM_BEAT_S. Who hears none for longer is cut off, by whatever stands between.
        """
        if self._streams >= STREAMS_MAX:
            raise Unavailable("Too many live viewers: poll instead", retry_after_s=5)
        self._streams += 1
        try:
            version = since
            if version is not None and version == (await self._copy(event_id)).version:
                yield _beat(version)
            while True:
                copy = await self._copy(event_id)
                if version is None or version != copy.version:
                    deltas = None if version is None else _since(copy, version)
                    body = deltas if deltas is not None else await _bitmap(copy)
                    version = copy.version
                    yield b"id: %d\nevent: %s\ndata: %s\n\n" % (
                        version,
                        b"changes" if deltas is not None else b"snapshot",
                        http.dumps(body),
                    )
                    await asyncio.sleep(RENDER_EVERY_S)
                    continue
                moved = copy.moved
                try:
                    async with asyncio.timeout(STREAM_BEAT_S):
                        await moved.wait()
                except TimeoutError:
                    yield _beat(version)
        finally:
            self._streams -= 1

    async def policy(self, event: SellingEvent, categories: tuple[int, ...]) -> OrphanPolicy:
        """The orphan policy right now: ``auto`` is strict until 85 % of the categories are sold."""
        if event.orphan_policy != "auto":
            return event.orphan_policy
        await self._copy(event.id)
        return self.policy_now(event, categories) or "strict"

    def policy_now(self, event: SellingEvent, categories: tuple[int, ...]) -> OrphanPolicy | None:
        """The same from the copy in memory, None if this process has none."""
        if event.orphan_policy != "auto":
            return event.orphan_policy
        copy = self._copies.get(event.id)
        if copy is None:
            return None
        total = copy.units(categories)
        taken = copy.count(categories, ORDERED) + copy.count(categories, SOLD)
        return "lenient" if taken * 100 >= STRICT_UNTIL_SOLD_PERCENT * total else "strict"

    def mark(self, event_id: str) -> tuple[object, int]:
        """What changes when a unit becomes free again, as far as this process has heard."""
        copy = self._copies.get(event_id)
        return (None, 0) if copy is None else (copy, copy.returns)

    async def map(self, event_id: str) -> bytes:
        """The map as this process knows it (a few milliseconds behind)."""
        return bytes((await self._copy(event_id)).map)

    def _hear(self, channel: bytes, data: bytes) -> None:
        event_id = channel[5:-1].decode()
        copy = self._copies.get(event_id)
        if copy is None:
            return
        version, changes = int.from_bytes(data[:6], "big"), data[6:]
        if version <= copy.version:
            return
        if version != copy.version + 1 or not changes:
            self._copies.pop(event_id, None)
            copy.wake()
            return
        copy.apply(version, changes)

    async def _copy(self, event_id: str) -> _Copy:
        copy = self._copies.get(event_id)
        now = time.monotonic()
        if copy is not None and now - copy.checked_at < RECHECK_S:
            return copy
        event = await self._selling.get(event_id)
        if copy is not None and copy.event is event:
            version = await self._redis.hget(keys.pulse(event_id), "version")
            if version is not None and copy.is_current(int(version)):
                copy.checked_at = now
                return copy
        task = self._reading.get(event_id)
        if task is None:
            task = self._reading[event_id] = asyncio.get_running_loop().create_task(self._read(event))
            task.add_done_callback(lambda _: self._reading.pop(event_id, None))
        return await asyncio.shield(task)

    async def _read(self, event: SellingEvent) -> _Copy:
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.get(keys.unit_map(event.id))
            pipe.hget(keys.pulse(event.id), "version")
            raw, version = await pipe.execute()
        if raw is None or len(raw) != event.units:
            raise Unavailable("The inventory is being rebuilt", retry_after_s=1)
        old = self._copies.get(event.id)
        copy = self._copies[event.id] = _Copy(event, int(version or 0), raw)
        if old is not None:
            old.wake()
        self._copies.move_to_end(event.id)
        while len(self._copies) > COPIES_MAX:
            self._copies.popitem(last=False)
        return copy

    async def _ready(self, copy: _Copy, name: str, make: Callable[[], Awaitable[Document]]) -> tuple[int, float, bytes]:
        """(version, when it was made, the JSON)."""
        now = time.monotonic()
        known: tuple[int, float, bytes] | None = copy.ready.get(name)
        fresh = known is not None and (known[0] == copy.version or now - known[1] < RENDER_EVERY_S)
        if known is not None and fresh and not _step_ended(copy.event, now - known[1]):
            return known
        version = copy.version
        made = copy.ready[name] = (version, now, http.dumps(await make()))
        return made

    async def _document(self, copy: _Copy, *, exact: bool) -> AvailabilityDocument:
        kinds = [kind for kind in copy.event.ticket_types.values() if exact or not kind.hidden]
        taken = await self._taken_of_type(copy, kinds, exact=exact)
        owned = await self._selling.owned_by_type(copy.event.id) if exact else None
        rows = tuple(_row(copy, kind, taken, owned) for kind in kinds)
        return AvailabilityDocument(copy.event.id, copy.version, rows)

    async def _taken_of_type(
        self, copy: _Copy, kinds: Sequence[TicketTypeTerms], *, exact: bool
    ) -> Mapping[bytes, bytes]:
        """What buyers of each type have, by its number; not asked for if it would not be told."""
        if not exact and all(kind.capacity is None and not kind.counted for kind in kinds):
            return {}
        counts: Mapping[Any, Any] = await self._redis.hgetall(keys.type_counts(copy.event.id))
        return counts


def _step_ended(event: SellingEvent, within_s: float) -> bool:
    """Whether the moment of a price step's end lies within the last ``within_s`` seconds."""
    if not event.step_ends_ms:
        return False
    moment_ms = now_ms()
    return any(moment_ms - within_s * 1000 < end_ms <= moment_ms for end_ms in event.step_ends_ms)


def _row(
    copy: _Copy, kind: TicketTypeTerms, counts: Mapping[bytes, bytes], owned: Mapping[str, int] | None
) -> AvailabilityRow:
    """``owned`` by type, if the caller may know exactly; what buyers have and the ledger does not is held."""
    taken = sum(int(counts.get(b"%d" % number, 0)) for number in kind.counted or (kind.number,))
    free, total = copy.free(kind.categories), copy.units(kind.categories)
    if kind.capacity is not None:
        free, total = max(0, min(free, kind.capacity - taken)), min(kind.capacity, total)
    step = shown_step(copy.event, kind, taken, now_ms()) if kind.counted else None
    shown = AvailabilityRow(kind.id, kind.name, free, level(free, total), price_step=step)
    if owned is None:
        return shown
    sold = owned.get(kind.id, 0)
    return structs.replace(shown, held=max(0, taken - sold), sold=sold, taken_of_type=max(taken, sold))


def _beat(version: int) -> bytes:
    """No change since that version, for readers who know no beats too."""
    nothing = SeatStatusDocument(version, [], changes=[], since=version)
    return b"id: %d\nevent: beat\ndata: %b\n\n" % (version, http.dumps(nothing))


async def _bitmap(copy: _Copy) -> SeatStatusDocument:
    """Bit i (least significant first in each byte) is 1 if unit i cannot be had from the open house."""
    taken = int("".join(["0" if b in {FREE, FREE + 1} else "1" for b in reversed(copy.map)]) or "0", 2)
    raw = taken.to_bytes((len(copy.map) + 7) // 8, "little")
    return SeatStatusDocument(copy.version, base64.b64encode(raw).decode(), units=len(copy.map))


def _since(copy: _Copy, since: int) -> SeatStatusDocument | None:
    if since == copy.version:
        return SeatStatusDocument(copy.version, [], changes=[], since=since)
    if since > copy.version or not copy.deltas or copy.deltas[0][0] > since + 1:
        return None
    changes: dict[int, int] = {}
    for version, raw in copy.deltas:
        if version <= since:
            continue
        for i in range(0, len(raw), 5):
            unit = int.from_bytes(raw[i : i + 3], "big")
            taken = int(raw[i + 4] not in {FREE, FREE + 1})
            for u in range(unit, unit + raw[i + 3]):
                changes[u] = taken
    deltas = [[unit, taken] for unit, taken in changes.items()]
    return SeatStatusDocument(copy.version, deltas, changes=deltas, since=since)
