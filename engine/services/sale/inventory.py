"""Inventory: the map of units in Redis, fenced by an epoch, rebuilt from Postgres at any time.

An epoch names the Redis process the map was written to (its run id) and the writing. A script that is shown another
epoch than the one it finds answers "fenced" and changes nothing; and what a process believes of an epoch it believes
over one connection only. So an emptied, restarted or failed-over Redis stops selling by itself; anybody who notices
rebuilds under a lock while callers get InventoryRebuilding (503 with Retry-After).

What Postgres says is owned is owned. Holds that Redis still knows survive a rebuild; a lost hold is a lost hold.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any, TypeVar

from engine.domain.errors import HoldExpired, InventoryRebuilding, InventoryUnavailable, PromoExhausted
from engine.domain.sale.inventory import BLOCKED, ORDERED, SOLD
from engine.domain.sale.selling import TAPE_PARTY_MAX, PromoTerms, SellingEvent, TicketTypeTerms, tape_name
from engine.foundation import leases, logs
from engine.foundation.batching import GroupCommit
from engine.foundation.connections import Argument, HotRedis, RedisAway, RedisClient, RedisRefused, SlotMoved
from engine.foundation.ids import id_to_bytes
from engine.services.sale.selling import Selling
from engine.stores import keys
from engine.stores.sale.hold_answers import Bought, Ordering
from engine.stores.sale.hold_records import LEASE_BYTES, REF_BYTES, Record, counted_of
from engine.stores.sale.holds import MOVES_MAX, Fenced, HoldStore, Move
from engine.stores.sale.selling import SellingStore

ORDER_TTL_MS = 600_000
HOLD_LIFE_MS_MAX = 900_000
LOCK_GRACE_MS = 120_000  # units outlive the order's deadline by this: the provider is asked first
REBUILD_LOCK_MS = 10_000  # renewed at every stage of a rebuild: one that died stops selling no longer than this
ASTRAY_AGAIN_S = 5.0
RECONNECTED_WITHIN_S = 0.25
FENCE_TRIES = 2
EVENTS_MAX = 1000
# What the ledger decided reaches the map with company: told alone, two orders cost Redis as much as eight together.
MOVES_PACE_S = 0.02
MOVES_AGE_MAX_MS = 5_000

Answer = TypeVar("Answer")
_log = logs.get("inventory")


class Inventory:
    """Loads, rebuilds and changes the maps. One instance a process."""

    def __init__(
        self,
        *,
        hot: HotRedis,
        redis: RedisClient,
        holds: HoldStore,
        store: SellingStore,
        selling: Selling,
        moves_pace_s: float = MOVES_PACE_S,
    ) -> None:
        self._hot = hot
        self._redis = redis
        self._holds = holds
        self._store = store
        self._selling = selling
        self._epochs: dict[str, tuple[bytes, int]] = {}  # with the generation of the connection it was read over
        self._rebuilding: dict[str, asyncio.Task[bool]] = {}
        self._astray_at: dict[str, float] = {}
        self._moves: GroupCommit[tuple[str, Move], int] = GroupCommit(
            "moves", self._told, batch_max=MOVES_MAX, flights_max=1, age_max_ms=MOVES_AGE_MAX_MS,
            pace_s=moves_pace_s,
        )  # fmt: skip

    async def close(self) -> None:
        """Finish what is queued."""
        await self._moves.close()

    async def epoch(self, event_id: str) -> bytes:
        """The epoch this process believes in. InventoryRebuilding if there is none yet (a rebuild is begun).

        InventoryUnavailable if Redis does not answer.
        """
        known = self._epochs.get(event_id)
        generation = self._hot.generation
        if known is not None and known[1] == generation:
            return known[0]
        key = keys.epoch(event_id)
        try:
            found = await self._hot.command(b"GET", key)
            written_here = found is not None and found.partition(b":")[0] == await self._hot.run_id(key)
        except (RedisAway, RedisRefused) as away:
            raise _unavailable(away) from away
        if not written_here:
            self._rebuild_soon(event_id)
            raise InventoryRebuilding(retry_after_s=1)
        if self._hot.generation != generation:
            raise InventoryUnavailable(retry_after_s=1)
        self._epochs[event_id] = (found, generation)
        return bytes(found)

    async def fenced(self, event_id: str, run: Callable[[bytes], Awaitable[Answer]]) -> Answer:
        """``run(epoch)``, once more if the epoch or the event's node had moved on, or the reply was lost.

        InventoryRebuilding, InventoryUnavailable.
        """
        for tries_left in reversed(range(FENCE_TRIES)):
            epoch = await self.epoch(event_id)
            try:
                return await run(epoch)
            except (Fenced, SlotMoved):
                self._epochs.pop(event_id, None)
            except RedisAway as lost:
                self._epochs.clear()
                # A reply was lost with its connection: every script may be repeated, once, over a new one.
                if not tries_left or not lost.applied_unknown or not await self._hot.ready(RECONNECTED_WITHIN_S):
                    raise _unavailable(lost) from lost
            except RedisRefused as refused:
                self._epochs.clear()
                raise _unavailable(refused) from refused
        self._rebuild_soon(event_id)
        raise InventoryRebuilding(retry_after_s=1)

    async def unit_map(self, event_id: str) -> bytes | None:
        """The event's map of this moment, one byte a unit; None if there is none. InventoryUnavailable."""
        found: bytes | None = await self._command(b"GET", keys.unit_map(event_id))
        return found

    async def taken(self, event_id: str, kinds: Collection[TicketTypeTerms]) -> dict[str, int]:
        """Units held, being paid for and sold of these types that have price steps, by id. InventoryUnavailable."""
        if not kinds:
            return {}
        numbers = [number for kind in kinds for number in kind.counted]
        counts = iter(await self._command(b"HMGET", keys.type_counts(event_id), *numbers))
        return {kind.id: sum(int(next(counts) or 0) for _ in kind.counted) for kind in kinds}

    async def keep_slip(self, event_id: str, hold_id: str, promo: PromoTerms) -> None:
        """Remember which of many codes a hold is placed with. PromoExhausted if orders used it as often as they may.

        A repetition is not refused for the order that its hold became.
        """
        assert promo.slip is not None
        if await self.slip(event_id, hold_id) == promo.slip:
            return
        if await self._store.slip_uses(promo.id, promo.slip) >= (promo.max_uses or 1):
            raise PromoExhausted
        key = keys.promo_slip(event_id, hold_id)
        await self._command(b"SET", key, promo.slip, b"PX", HOLD_LIFE_MS_MAX + LOCK_GRACE_MS)

    async def slip(self, event_id: str, hold_id: str) -> int | None:
        """Which of many codes the hold was placed with, None if that is not known any more."""
        found = await self._command(b"GET", keys.promo_slip(event_id, hold_id))
        return None if found is None else int(found)

    async def load(self, event_id: str) -> None:
        """Make sure the event has a map in Redis; nothing happens if it has one."""
        with contextlib.suppress(InventoryRebuilding):
            await self.epoch(event_id)
            return
        await self._rebuild_soon(event_id)

    async def rebuild(self, event_id: str, *, where_fenced: bool = False) -> bool:
        """Fence, read the ledger, write the map, lift the fence. False if another process is doing it.

        ``where_fenced``: not if somebody has done it since the caller saw the fence down.
        """
        lock, key = keys.rebuild_lock(event_id), keys.epoch(event_id)
        owner = secrets.token_hex(8).encode()
        if not await self._hot.command(b"SET", lock, owner, b"NX", b"PX", REBUILD_LOCK_MS):
            return False
        try:
            run_id = await self._hot.run_id(key)
            if where_fenced and (await self._hot.command(b"GET", key) or b"").partition(b":")[0] == run_id:
                return True
            await self._hot.command(b"SET", key, keys.REBUILDING + owner)
            self._epochs.pop(event_id, None)
            self._selling.forget(event_id)
            event = await self._selling.get(event_id)
            await self._write_tapes(event)
            await self._hot.command(b"PEXPIRE", lock, REBUILD_LOCK_MS)
            owned, types, promos = await self._owned(event)
            await self._hot.command(b"PEXPIRE", lock, REBUILD_LOCK_MS)
            buyers, blocks = await self._counted(event_id)
            ended = await self._store.ended_leases(event_id, leases.OVER_KEPT_MS // 1000)
            await leases.end_again(self._hot, event_id, ended)
            epoch = run_id + b":" + owner
            loaded = await self._holds.load(
                event_id,
                keys.REBUILDING + owner,
                epoch,
                base=event.base,
                owned=owned,
                types=types,
                promos=promos,
                buyers=buyers,
                blocks=blocks,
            )
            _log.info(
                "inventory_rebuilt", event_id=event_id, owned=sum(types.values()), units=event.units, loaded=loaded
            )
        finally:
            if await self._hot.command(b"GET", lock) == owner:
                await self._hot.command(b"DEL", lock)
        return loaded

    async def relot(self, event_id: str) -> None:
        """The event's allotments changed: free units change their lots, whatever is taken stays taken."""
        self._selling.forget(event_id)
        event = await self._selling.get(event_id)
        await self.fenced(event_id, lambda epoch: self._holds.relot(event_id, epoch, event.base))

    async def changed(self, event_id: str) -> None:
        """Tell every process that the event, its ticket types, on-sale, allotments or promo codes changed."""
        self._selling.forget(event_id)
        await self._redis.publish(keys.EVENT_CHANGED_CHANNEL, event_id)
        await leases.tell_changed(self._hot, event_id)

    async def order(self, event_id: str, hold_id: str) -> tuple[Record, int]:
        """The buyer starts to pay: (the record with its new life, the order's deadline in epoch ms).

        The hold's life becomes the order's, once, at most HOLD_LIFE_MS_MAX after it was placed. HoldExpired if gone.
        """
        ref = _ref(hold_id)
        answer = await self.fenced(
            event_id,
            lambda epoch: self._holds.order(
                event_id, epoch, ref, order_ms=ORDER_TTL_MS, life_ms_max=HOLD_LIFE_MS_MAX, grace_ms=LOCK_GRACE_MS
            ),
        )
        if not isinstance(answer, Ordering | Bought):
            raise HoldExpired
        return answer.record, answer.record.expires_at_ms - LOCK_GRACE_MS

    async def ordered(self, event_id: str, hold_id: str, order_id: str, units: Sequence[int]) -> None:
        """The order is durable: its units are ordered. Idempotent."""
        await self._tell(event_id, Move(ORDERED, _ref(hold_id), order_id, units))

    async def sold(
        self, event_id: str, hold_id: str, order_id: str, units: Sequence[int], counted_for: bytes = b""
    ) -> None:
        """The order made of this hold is paid: its units are sold, and unpaid for nobody. Idempotent."""
        await self._tell(event_id, Move(SOLD, _ref(hold_id), order_id, units, counted_for))

    async def free(
        self,
        event_id: str,
        units: Sequence[int],
        op_id: str,
        *,
        types: Sequence[str],
        promo_id: str | None = None,
        counted_for: bytes = b"",
    ) -> None:
        """The ledger let go of these units (``types``: their ticket type ids, in order). Idempotent per op for a day.

        ``promo_id`` is the code whose use comes back with them, ``counted_for`` for whom they no longer count.
        """
        event = await self._selling.get(event_id)
        pairs = [(unit, event.ticket_types[kind].number) for unit, kind in zip(units, types, strict=True)]
        promo = next((code.number for code in event.promo_by_number.values() if code.id == promo_id), 0)
        await self.fenced(event_id, lambda epoch: self._holds.free(event_id, epoch, op_id, pairs, promo, counted_for))

    async def expire(self, event_id: str) -> bool:
        """One bounded step of expiry; leases of holds that ended unbought go back. True if more waits."""
        more, ended = await self.fenced(event_id, lambda epoch: self._holds.expire(event_id, epoch))
        for lease_id in ended:
            await leases.release(self._hot, event_id, lease_id)
        return more

    async def drift(self, event_id: str) -> tuple[int, int]:
        """Units (ordered, sold) that the map counts beyond the ledger. A busy sale is a few apart for a moment."""
        ordered, sold = await self._store.owned_counts(event_id)
        said = await self._hot.command(b"HMGET", keys.pulse(event_id), b"ordered", b"sold")
        return int(said[0] or 0) - ordered, int(said[1] or 0) - sold

    async def version(self, event_id: str) -> int:
        """The version of the event's map: it moves with every unit that does."""
        return int(await self._hot.command(b"HGET", keys.pulse(event_id), b"version") or 0)

    async def on_sale(self) -> list[str]:
        """Ids of the events that are published, at most EVENTS_MAX."""
        return await self._store.selling(EVENTS_MAX)

    async def _tell(self, event_id: str, move: Move) -> None:
        self._strayed(event_id, await self._moves.submit((event_id, move)))

    async def _told(self, moves: list[tuple[str, Move]]) -> list[int | BaseException]:
        """Each event's in one script, in order; what goes wrong with one is nothing to the others."""
        of_event: dict[str, list[Move]] = {}
        for event_id, move in moves:
            of_event.setdefault(event_id, []).append(move)
        told = await asyncio.gather(*map(self._tell_event, of_event, of_event.values()))
        answers = {event_id: iter(each) for event_id, each in zip(of_event, told, strict=True)}
        return [next(answers[event_id]) for event_id, _ in moves]

    async def _tell_event(self, event_id: str, moves: list[Move]) -> Sequence[int | BaseException]:
        try:
            return await self.fenced(event_id, lambda epoch: self._holds.bought(event_id, epoch, moves))
        except Exception as error:  # noqa: BLE001 - those who wait are told
            return [error] * len(moves)

    async def _owned(self, event: SellingEvent) -> tuple[bytes, dict[int, int], dict[int, int]]:
        """What the ledger says: a byte a unit, units by ticket type number, orders by promo number."""
        unit_rows, promo_rows = await self._store.owned(event.id)
        owned, types = bytearray(event.units), dict[int, int]()
        for row in unit_rows:
            owned[row["unit"]] = ORDERED if row["unpaid"] else SOLD
            types[row["number"]] = types.get(row["number"], 0) + 1
        for unit in await self._store.blocked(event.id):
            owned[unit] = owned[unit] or BLOCKED
        numbers = {promo.id: promo.number for promo in event.promo_by_number.values()}
        promos = {numbers[row["id"]]: row["uses"] for row in promo_rows if row["id"] in numbers}
        return bytes(owned), types, promos

    async def _counted(self, event_id: str) -> tuple[dict[bytes, int], dict[bytes, int]]:
        """What the ledger says: units by buyer (a person's while unpaid), unpaid and free ones by address block."""
        buyers, blocks = dict[bytes, int](), dict[bytes, int]()
        for counted_for, unpaid, free, units in await self._store.counted(event_id, leases.OVER_KEPT_MS // 1000):
            buyer, block = counted_of(counted_for)
            if buyer and (unpaid or len(buyer) == LEASE_BYTES):
                buyers[buyer] = buyers.get(buyer, 0) + units
            if block and (unpaid or free):
                blocks[block] = blocks.get(block, 0) + units
        return buyers, blocks

    def _strayed(self, event_id: str, astray: int) -> None:
        """The ledger has owners for units that the map gives to others: the map was lost before they were written."""
        now = asyncio.get_running_loop().time()
        if not astray or now - self._astray_at.get(event_id, -ASTRAY_AGAIN_S) < ASTRAY_AGAIN_S:
            return
        self._astray_at[event_id] = now
        _log.warning("inventory_astray", event_id=event_id, units=astray)
        self._rebuild_soon(event_id, where_fenced=False)

    def _rebuild_soon(self, event_id: str, *, where_fenced: bool = True) -> asyncio.Task[bool]:
        task = self._rebuilding.get(event_id)
        if task is None:
            task = self._rebuilding[event_id] = asyncio.get_running_loop().create_task(
                self.rebuild(event_id, where_fenced=where_fenced)
            )
            task.add_done_callback(lambda done: self._rebuilt(event_id, done))
        return task

    def _rebuilt(self, event_id: str, task: asyncio.Task[bool]) -> None:
        self._rebuilding.pop(event_id, None)
        if not task.cancelled() and task.exception() is not None:
            _log.warning("inventory_rebuild_failed", event_id=event_id, error=repr(task.exception()))

    async def _write_tapes(self, event: SellingEvent) -> None:
        """The starts, best first, for every set of categories that is sold and every usual party size."""
        wanted = {
            (kind.categories, None, size) for kind in event.ticket_types.values() for size in _sizes(kind.max_per_order)
        }
        for categories, section, size in sorted(wanted, key=repr):
            await self.write_tape(event, categories, section, size)

    async def write_tape(
        self, event: SellingEvent, categories: tuple[int, ...], section: int | None, size: int
    ) -> None:
        """One tape, computed off the loop. InventoryUnavailable."""
        tape = await asyncio.to_thread(event.seat_map.tape, list(categories), section, size)
        name = tape_name(event.seat_map.etag, categories, section, size)
        await self._command(b"SET", keys.tape(event.id, name.encode()), tape)

    async def _command(self, *arguments: Argument) -> Any:
        """A command of those that a buyer waits for. InventoryUnavailable."""
        try:
            return await self._hot.command(*arguments)
        except (RedisAway, RedisRefused) as away:
            raise _unavailable(away) from away


def _sizes(max_per_order: int) -> range:
    return range(1, min(max_per_order, TAPE_PARTY_MAX) + 1)


def _ref(hold_id: str) -> bytes:
    return id_to_bytes(hold_id)[:REF_BYTES]


def _unavailable(away: RedisAway | RedisRefused) -> InventoryUnavailable:
    """What it means for those who buy that the store of the maps is away."""
    detail = "The inventory is not ready: try again in a moment" if isinstance(away, RedisRefused) else None
    return InventoryUnavailable(detail, retry_after_s=away.retry_after_s, **away.facts)
