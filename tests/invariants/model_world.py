"""The model test's world: the real scripts over a real Redis next to the oracle, one step at a time."""

from __future__ import annotations

import asyncio
import copy
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.domain.errands import UnitsFreed, UnitsOrdered, UnitsSold
from engine.domain.errors import InventoryRebuilding
from engine.domain.sale.inventory import FREE, HELD, ORDERED, SOLD
from engine.foundation.connections import HotRedis
from engine.services.money.stock_errands import StockErrands
from engine.services.sale.inventory import Inventory
from engine.stores import keys
from engine.stores.sale import hold_answers as answers
from engine.stores.sale.hold_records import Record, Run, allocation_byte, counted_of
from engine.stores.sale.holds import HoldStore, Item, pick_exact, pick_general, pick_tape
from tests.invariants.model_house import (
    BLOCK_UNITS_MAX,
    BUYER_UNITS_MAX,
    CAPS,
    CLOCK,
    EVENT,
    GRACE_MS,
    LIFE_MAX_MS,
    ORDER_MS,
    POLICIES,
    START_MS,
    MemoryLedger,
    Snapshot,
)
from tests.invariants.oracle import LIVE, Oracle, Wish, units_of

DUE_MAX = 3
# What the script says, if it is not the name of the type.
WORDS = {answers.SoldOut: "capped", answers.BuyerLimit: "buyer", answers.BlockLimit: "block"}


@dataclass
class World:
    """Everything next to everything: Redis, the services over it, and the oracle."""

    hot: HotRedis
    redis: Any
    rng: random.Random
    snapshot: Snapshot = field(default_factory=Snapshot)
    steps: Counter[str] = field(default_factory=Counter)
    refs: list[bytes] = field(default_factory=list)
    errands: list[tuple[str, str, bool]] = field(default_factory=list)  # topic, order id, perhaps done before
    backup: tuple[dict[bytes, bytes], Any] | None = None
    copy: bytearray = field(default_factory=bytearray)
    version: int = 0
    serial: int = 0
    uses_forgiven: int = 0

    def __post_init__(self) -> None:
        self.oracle = Oracle(self.snapshot.base, START_MS, block_max=BLOCK_UNITS_MAX)
        self.store = HoldStore(self.hot, block_units_max=BLOCK_UNITS_MAX)
        self.ledger = MemoryLedger(self.oracle)
        self.inventory = Inventory(
            hot=self.hot, redis=self.redis, holds=self.store, store=self.ledger, selling=self.snapshot,
            moves_pace_s=0,  # thousands of errands, one after the other
        )  # type: ignore[arg-type]  # fmt: skip
        self.stock = StockErrands(inventory=self.inventory, orders=self.ledger, hot=self.hot, gates=None)  # type: ignore[arg-type]
        self.listener = self.redis.pubsub(ignore_subscribe_messages=True)

    async def open(self) -> World:
        await self.redis.flushall()
        await self._tell_time()
        await self.listener.subscribe(keys.delta_channel(EVENT))
        await self.inventory.load(EVENT)
        await self._follow()
        await self.check(whole=True)
        return self

    # Steps

    async def place(self, wishes: Sequence[Wish], poison_at: int = -1) -> None:
        items = [self._item(wish).pack() for wish in wishes]
        if poison_at >= 0:
            items.insert(poison_at, b"no item at all")
        told = await self._fenced(lambda epoch: self.store.place(EVENT, epoch, items))
        if poison_at >= 0:
            assert told.pop(poison_at) == b"E"
        self.oracle.expire()
        for wish, answer in zip(wishes, told, strict=True):
            letter, facts = self.oracle.place(wish)
            said = answer[:1].decode()
            self.steps[f"place {said}"] += 1
            assert said == letter, f"{wish}: the script says {answer!r}, the oracle {letter} {facts}"
            match answers.read_placed(answer):
                case answers.Held(record) | answers.Replayed(record):
                    self._same_hold(record, facts)
                    self.refs.append(wish.ref)
                case answers.SoldOut(free):
                    assert free == facts if isinstance(facts, int) else free in facts  # type: ignore[operator]
                case answers.Taken(units):
                    assert list(units) == facts, f"{units} {facts} {wish}"
                case answers.BuyerLimit(held) | answers.BlockLimit(held):
                    assert held == facts

    async def extend(self, ref: bytes, add_ms: int) -> None:
        answer = await self._fenced(
            lambda epoch: self.store.extend(EVENT, epoch, ref, add_ms=add_ms, life_ms_max=LIFE_MAX_MS)
        )
        self.oracle.expire()
        self._said("extend", answer, self.oracle.extend(ref, add_ms, LIFE_MAX_MS))
        if isinstance(answer, answers.Extended | answers.Exceeded):
            self._same_hold(answer.record, self.oracle.redis.holds[ref])

    async def release(self, ref: bytes, *, forget: bool) -> None:
        answer = await self._fenced(lambda epoch: self.store.release(EVENT, epoch, ref, forget=forget))
        self._said("release", answer, self.oracle.release(ref, forget=forget))

    async def swap(self, ref: bytes, lots: bytes, runs: tuple[tuple[int, int, int], ...], *, capped: bool) -> None:
        caps = tuple(CAPS.items()) if capped else ()
        answer = await self._fenced(
            lambda epoch: self.store.swap(
                EVENT, epoch, ref, lots=lots, runs=[Run(*run) for run in runs], total_cents=1, allocation=0,
                caps=caps, buyer_units_max=BUYER_UNITS_MAX,
            )
        )  # fmt: skip
        self.oracle.expire()
        self._said("swap", answer, self.oracle.swap(ref, lots, runs, caps, BUYER_UNITS_MAX))

    async def order(self, ref: bytes) -> None:
        """Redis first, then the ledger; what must be told to Redis becomes an errand."""
        answer = await self._fenced(
            lambda epoch: self.store.order(
                EVENT, epoch, ref, order_ms=ORDER_MS, life_ms_max=LIFE_MAX_MS, grace_ms=GRACE_MS
            )
        )
        self.oracle.expire()
        self._said("order", answer, self.oracle.order(ref, ORDER_MS, LIFE_MAX_MS, GRACE_MS))
        if not isinstance(answer, answers.Ordering):
            return
        self._same_hold(answer.record, self.oracle.redis.holds[ref])
        order_id = self._name("ord")
        if self.oracle.write_order(order_id, ref):
            await self._tell("ordered", order_id)

    async def settle(self, order_id: str) -> None:
        order = self.oracle.orders[order_id]
        if order.status == "unpaid":
            order.status = "paid"
            await self._tell("sold", order_id)

    async def close(self, order_id: str) -> None:
        """An unpaid order ends, or a paid one is refunded."""
        order = self.oracle.orders[order_id]
        if order.status in {"unpaid", "paid"}:
            order.status = "closed" if order.status == "unpaid" else "refunded"
            await self._tell("free", order_id)

    async def _tell(self, topic: str, order_id: str) -> None:
        """At once after the commit; if the process dies in between, the relay does it some time later."""
        dies = self.rng.random() < 0.3
        self.errands.append((topic, order_id, dies))
        if not dies:
            await self.errand(len(self.errands) - 1, again=self.rng.random() < 0.1)

    async def errand(self, at: int, *, again: bool = False) -> None:
        """Run one, in whatever order; ``again``: its process died before it was marked done, so it comes back."""
        topic, order_id, before = self.errands.pop(at)
        order = self.oracle.orders[order_id]
        units = [unit for unit, _ in order.units]
        owners = self.oracle.owners()
        owned = [pair for pair in order.units if pair[0] in owners]
        mine = [unit for unit in units if owners.get(unit) is order]
        astray = False
        own = EVENT, order_id, "hld_" + _ulid(order.ref), tuple(units)
        if topic == "ordered":
            await self._rebuilt(lambda: self.stock.ordered(UnitsOrdered(*own), before))
            if not before or len(mine) == len(units):
                astray = self.oracle.bought(order_id, units, ORDERED)
            elif order.status == "refunded":
                self.uses_forgiven += order.promo  # bought and refunded within its hold's life, told late: once more
        elif topic == "sold":
            sold = UnitsSold(*own, counted_for=b"".join(order.counted_for).hex())
            await self._rebuilt(lambda: self.stock.sold(sold, before))
            astray = self.oracle.bought(order_id, mine if before else units, SOLD)
        else:
            closed = order.status == "closed"
            promo, counted_for = (order.promo, order.counted_for) if closed else (0, (b"", b""))
            types = tuple(f"tt_{kind}" for _, kind in order.units)
            freed = UnitsFreed(
                EVENT, tuple(units), types, op_id=order_id, promo_id="prm_1" if promo else None,
                counted_for=b"".join(counted_for).hex(),
            )  # fmt: skip
            await self._rebuilt(lambda: self.stock.free(freed, before))
            freed_now = [p for p in order.units if not before or p not in owned]
            self.oracle.free(order_id, freed_now, promo, counted_for)
        self.steps[f"{topic}{' astray' if astray else ''}"] += 1
        if self.inventory._rebuilding:
            assert astray
            await self._settled_rebuild()
        if again:
            self.errands.append((topic, order_id, True))

    async def let_pass(self, ms: int, *, sweep: bool) -> None:
        self.oracle.now_ms += ms
        await self._tell_time()
        # Next to other work a script ends at most ten holds; the oracle ends all that are due.
        if sweep or self.oracle.due() > DUE_MAX:
            await self.sweep()

    async def sweep(self) -> None:
        for _ in range(2_000):
            more, _ = await self._fenced(lambda epoch: self.store.expire(EVENT, epoch))
            if not more:
                break
        else:
            raise AssertionError("expiry does not come to an end")
        self.oracle.expire()
        self.steps["sweep"] += 1

    async def back_up(self) -> None:
        """A replica is as far as this."""
        names = [name async for name in self.redis.scan_iter(b"*{%s}*" % EVENT.encode(), count=2000)]
        dumps = await asyncio.gather(*(self.hot.command(b"DUMP", name) for name in names))
        self.backup = dict(zip(names, dumps, strict=True)), copy.deepcopy(self.oracle.redis)

    async def lose(self, *, all_of_it: bool) -> None:
        """Redis is emptied, or replaced by the replica that was backed up; its epoch is then another process's."""
        names = [name async for name in self.redis.scan_iter(b"*{%s}*" % EVENT.encode(), count=2000)]
        for name in names:
            await self.hot.command(b"DEL", name)
        self.oracle.redis = type(self.oracle.redis)(bytearray(self.snapshot.base))
        if not all_of_it and self.backup is not None:
            dumps, state = self.backup
            for name, dump in dumps.items():
                if dump is not None:
                    await self.hot.command(b"RESTORE", name, 0, dump)
            await self.hot.command(b"SET", keys.epoch(EVENT), b"another-process:0")
            self.oracle.redis = copy.deepcopy(state)
        self.backup = None
        await self.let_pass(1000, sweep=False)
        self.steps["lost all" if all_of_it else "lost the last writes"] += 1
        await self.sweep()

    async def restart(self) -> None:
        """Another process of ours: it knows nothing."""
        self.inventory._epochs.clear()
        self.steps["restart"] += 1

    # Checks

    async def quiesce(self) -> None:
        """Every errand is done, perhaps twice; then the map is what ledger and holds say it is."""
        for _ in range(10_000):
            if not self.errands:
                break
            await self.errand(0)
        await self.check(whole=True)
        owners = self.oracle.owners()
        held = {
            unit
            for hold in self.oracle.redis.holds.values()
            if hold.state in LIVE
            for unit, _ in units_of(hold.runs)
            if unit not in owners
        }
        for unit, state in enumerate(self.oracle.redis.map):
            if unit in owners:
                assert state == (SOLD if owners[unit].status == "paid" else ORDERED), f"unit {unit} is {state}"
            elif unit in held:
                assert state == HELD, f"unit {unit} of a live hold is {state}"
            else:
                assert state >= FREE, f"unit {unit} is {state} and nobody's"
        uses = sum(bool(o.promo) and o.status != "closed" for o in self.oracle.orders.values())
        uses += sum(bool(h.promo) and h.state in LIVE for h in self.oracle.redis.holds.values())
        counted = self.oracle.redis.promos[1]
        assert uses - self.uses_forgiven <= counted <= uses, f"{counted} uses counted, {uses} made"
        self._forget_the_old()

    async def check(self, *, whole: bool = False) -> None:
        """The map, the counters and, ``whole``, every record and what listeners were told."""
        found = await asyncio.gather(
            self.hot.command(b"GET", keys.unit_map(EVENT)),
            self.hot.command(b"HGETALL", keys.pulse(EVENT)),
            self.hot.command(b"HGETALL", b"inv:{%s}:types" % EVENT.encode()),
            self.hot.command(b"HGETALL", b"inv:{%s}:buyers" % EVENT.encode()),
            self.hot.command(b"HGETALL", b"inv:{%s}:blocks" % EVENT.encode()),
        )
        unit_map, pulse, types, buyers, blocks = found[0], *map(_pairs, found[1:])
        state = self.oracle.redis
        assert unit_map == state.map, _difference(unit_map, bytes(state.map))
        counted = Counter(unit_map)
        said = {name: int(pulse.get(name.encode(), 0)) for name in ("held", "ordered", "sold", "free")}
        assert said == {
            "held": counted[HELD], "ordered": counted[ORDERED], "sold": counted[SOLD],
            "free": sum(n for b, n in counted.items() if b >= FREE),
        }, said  # fmt: skip
        assert sum(said.values()) == self.snapshot.units
        assert int(pulse[b"version"]) >= self.version, "listeners would not believe an older version"
        self.version = int(pulse[b"version"])
        for kind in range(5):
            assert int(types.get(b"%d" % kind, 0)) == state.types[kind], f"type {kind}"
        assert int(types.get(b"promo1", 0)) == state.promos[1], "promo"
        for said_of, known in ((buyers, state.buyers), (blocks, state.blocks)):
            assert {who: int(n) for who, n in said_of.items()} == {who: n for who, n in known.items() if n}
        if whole:
            await self._check_records()
            await self._follow()
            assert self.copy == unit_map, "a listener's copy is another map"

    async def _records(self) -> dict[bytes, Record]:
        buckets = await asyncio.gather(
            *(self.hot.command(b"HGETALL", b"hold:{%s}:%d" % (EVENT.encode(), n)) for n in range(1024))
        )
        return {ref: Record.unpack(raw) for bucket in buckets for ref, raw in _pairs(bucket).items()}

    async def _check_records(self) -> None:
        records = await self._records()
        held: Counter[int] = Counter()
        for ref, record in records.items():
            hold = self.oracle.redis.holds.get(ref)
            assert hold is not None, f"nobody knows the hold {ref.hex()}: {record}"
            self._same_hold(record, hold)
            if record.state in LIVE:
                held.update(u for run in record.runs for u in range(run.unit, run.unit + run.length))
        for ref, hold in self.oracle.redis.holds.items():
            forgotten = hold.forgotten_after_ms and hold.forgotten_after_ms < self.oracle.now_ms
            assert ref in records or forgotten, f"{ref.hex()} is gone: {hold}"
        for unit, b in enumerate(self.oracle.redis.map):
            assert b != HELD or held[unit] == 1, f"unit {unit} is held by {held[unit]}"

    def _forget_the_old(self) -> None:
        """Ended holds and orders that no longer matter; keeps a long run's memory flat."""
        holds = self.oracle.redis.holds
        self.refs = [ref for ref in self.refs[-60:] if ref in holds]
        closed = [oid for oid, order in self.oracle.orders.items() if order.status in {"closed", "refunded"}]
        for order_id in closed[:-20]:
            if self.oracle.orders[order_id].promo == 0 or self.oracle.orders[order_id].status == "closed":
                del self.oracle.orders[order_id]

    async def forget_after_a_day(self) -> None:
        """A day after its end nothing of a hold is left in Redis."""
        for _ in range(2):
            await self.let_pass(86_403_000, sweep=True)
        await self.check(whole=True)
        left = set(await self._records())
        live = {ref for ref, hold in self.oracle.redis.holds.items() if hold.state in LIVE}
        assert left == live, f"left over: {[self.oracle.redis.holds[ref] for ref in left - live]}"
        self.oracle.redis.holds = {r: h for r, h in self.oracle.redis.holds.items() if h.state in LIVE}
        self.refs.clear()
        self.backup = None
        self.steps["a day"] += 1

    # How it is done

    async def _fenced(self, run: Callable[[bytes], Awaitable[Any]]) -> Any:
        return await self._rebuilt(lambda: self.inventory.fenced(EVENT, run))

    async def _rebuilt(self, run: Callable[[], Awaitable[Any]]) -> Any:
        """Run; if the fence is down wait for the rebuild, tell the oracle, and run again."""
        self.inventory._astray_at.clear()
        try:
            return await run()
        except InventoryRebuilding:
            await self._settled_rebuild()
            return await run()

    async def _settled_rebuild(self) -> None:
        for task in list(self.inventory._rebuilding.values()):
            assert await task
        self.oracle.rebuild()
        self.uses_forgiven = 0
        self.steps["rebuild"] += 1

    async def _tell_time(self) -> None:
        seconds, ms = divmod(self.oracle.now_ms, 1000)
        self.hot.command(b"DEL", CLOCK)
        await self.hot.command(b"RPUSH", CLOCK, seconds, ms * 1000)

    async def _follow(self) -> None:
        """Apply what was published, as every process's copy of the map does."""
        version = -1
        while (message := await self.listener.get_message(timeout=0)) is not None:
            data = message["data"]
            version = int.from_bytes(data[:6], "big")
            for i in range(6, len(data), 5):
                unit, length, to = int.from_bytes(data[i : i + 3], "big"), data[i + 3], data[i + 4]
                self.copy[unit : unit + length] = bytes([to]) * length
            if len(data) == 6:
                self.copy = bytearray(await self.hot.command(b"GET", keys.unit_map(EVENT)))
        assert version in {-1, self.version} or not self.version, "the last message told another version"

    def _item(self, wish: Wish) -> Item:
        packed = []
        for name, *facts in wish.picks:
            if name == "exact":
                runs = [Run(*run) for run in facts[0]]
                packed.append(pick_exact(runs, allocation_byte(1, adjacent=True, orphans=0)))
            elif name == "general":
                packed.append(pick_general(*facts))
            else:
                packed.append(pick_tape(facts[3], POLICIES[facts[1]], facts[2]))
        return Item(
            ref=wish.ref, body_hash=wish.body_hash, life_ms=wish.life_ms, total_cents=1, lots=wish.lots, caps=wish.caps,
            promo=wish.promo, promo_uses_max=wish.promo_max, counted_for=wish.buyer + wish.block,
            buyer_units_max=wish.buyer_max, picks=tuple(packed),
        )  # fmt: skip

    def _same_hold(self, record: Record, hold: Any) -> None:
        assert record.state == hold.state, f"{record} is {hold}"
        assert (record.placed_at_ms, record.life_ms) == (hold.placed_ms, hold.life_ms)
        assert (record.body_hash, record.promo) == (hold.body_hash, hold.promo)
        assert counted_of(record.counted_for) == hold.counted_for
        runs = [(run.kind, run.unit, run.length) for run in record.runs]
        assert list(units_of(runs)) == list(units_of(hold.runs)), f"{runs} is {hold.runs}"

    def _said(self, what: str, answer: Any, expected: str) -> None:
        word = WORDS.get(type(answer), type(answer).__name__.lower())
        self.steps[f"{what} {word}"] += 1
        assert word == expected, f"{what}: the script says {word}, the oracle {expected}"

    def _name(self, kind: str) -> str:
        self.serial += 1
        return f"{kind}_{self.serial}"


def _pairs(flat: list[bytes]) -> dict[bytes, bytes]:
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _ulid(ref: bytes) -> str:
    from engine.foundation.ids import id_from_bytes

    return id_from_bytes("hld", ref + bytes(8))[4:]


def _difference(found: bytes, expected: bytes) -> str:
    return ", ".join(
        f"unit {u} is {a}, not {b}" for u, (a, b) in enumerate(zip(found, expected, strict=True)) if a != b
    )
