"""What selling must do, said once more in plain Python: one thread, no cleverness, every script's effect in full.

The oracle knows only what the contracts at the top of the scripts say. Its ledger stands for Postgres.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from engine.domain.sale.inventory import FREE, HELD, ORDERED, SOLD
from engine.stores.sale.hold_records import LEASE_BYTES

ALIVE, ORDERING, BOUGHT, DEAD = "held", "ordering", "ordered", "ended"
LIVE = {ALIVE, ORDERING}
Runs = tuple[tuple[int, int, int], ...]  # (ticket type number, first unit, length)


def units_of(runs: Sequence[tuple[int, int, int]]) -> Iterator[tuple[int, int]]:
    """(unit, ticket type number) one by one."""
    for kind, unit, length in runs:
        for u in range(unit, unit + length):
            yield u, kind


def is_lease(buyer: bytes) -> bool:
    """An admission's units stay counted when they are bought; a person's do not."""
    return len(buyer) == LEASE_BYTES


@dataclass
class Hold:
    state: str
    placed_ms: int
    life_ms: int
    body_hash: bytes
    promo: int
    counted_for: tuple[bytes, bytes]
    runs: Runs
    counted: bool = False
    forgotten_after_ms: int = 0
    due_s: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tell_due()

    def tell_due(self) -> None:
        self.due_s.append(self.expires_ms // 1000)

    @property
    def expires_ms(self) -> int:
        return self.placed_ms + self.life_ms

    @property
    def count(self) -> int:
        return sum(length for _, _, length in self.runs)


@dataclass
class Order:
    ref: bytes
    units: tuple[tuple[int, int], ...]
    promo: int
    counted_for: tuple[bytes, bytes] = (b"", b"")
    status: str = "unpaid"  # unpaid | paid | closed | refunded


@dataclass(frozen=True)
class Wish:
    """An item; picks are ("exact", runs) | ("general", first, size, parts) | ("tape", tape, policy, parts, name)."""

    ref: bytes
    body_hash: bytes
    life_ms: int
    lots: bytes
    picks: tuple[tuple, ...]
    caps: tuple[tuple[int, int], ...] = ()
    promo: int = 0
    promo_max: int = 0
    buyer: bytes = b""
    buyer_max: int = 0
    block: bytes = b""


@dataclass
class RedisState:
    map: bytearray
    holds: dict[bytes, Hold] = field(default_factory=dict)
    types: Counter[int] = field(default_factory=Counter)
    promos: Counter[int] = field(default_factory=Counter)
    buyers: Counter[bytes] = field(default_factory=Counter)
    blocks: Counter[bytes] = field(default_factory=Counter)
    freed: set[str] = field(default_factory=set)
    listed: dict[bytes, list[int]] = field(default_factory=dict)  # due seconds that still name a forgotten hold


class Oracle:
    """``redis`` may be lost and replaced; ``orders`` is the ledger and never is."""

    def __init__(self, base: bytes, now_ms: int, *, block_max: int) -> None:
        self.base = base
        self.block_max = block_max
        self.now_ms = now_ms
        self.redis = RedisState(bytearray(base))
        self.orders: dict[str, Order] = {}

    # Time

    def expire(self) -> None:
        """Whatever was due in a second that is over: looked at once for each telling, ended if it is time."""
        second_over = self.now_ms // 1000 - 1
        for hold in self.redis.holds.values():
            looked_at = [second for second in hold.due_s if second <= second_over]
            hold.due_s = [second for second in hold.due_s if second > second_over]
            if looked_at and hold.state in LIVE and hold.expires_ms <= self.now_ms:
                self._end(hold)
        for ref, seconds in list(self.redis.listed.items()):
            self.redis.listed[ref] = [second for second in seconds if second > second_over]
            if not self.redis.listed[ref]:
                del self.redis.listed[ref]

    def due(self) -> int:
        """How many tellings ``expire`` would look at."""
        second_over = self.now_ms // 1000 - 1
        return sum(second <= second_over for hold in self.redis.holds.values() for second in hold.due_s)

    def _end(self, hold: Hold) -> None:
        for unit, kind in units_of(hold.runs):
            if self.redis.map[unit] == HELD:
                self.redis.map[unit] = self.base[unit]
                self.redis.types[kind] -= 1
        self._uncount(hold)
        if hold.promo:
            self.redis.promos[hold.promo] -= 1
        hold.state = DEAD
        hold.forgotten_after_ms = max(self.now_ms, hold.expires_ms) + 86_400_000

    def _uncount(self, hold: Hold) -> None:
        if hold.counted:
            self._count(hold.counted_for, -hold.count)

    def _count(self, counted_for: tuple[bytes, bytes], by: int) -> None:
        """Of the units of a buyer and of a block, and of neither below nothing."""
        for counter, who in zip((self.redis.buyers, self.redis.blocks), counted_for, strict=True):
            if who:
                counter[who] = max(0, counter[who] + by)

    # Holds

    def place(self, wish: Wish) -> tuple[str, object]:
        """(letter, facts): H runs | R hold | K | S free | T units | P | U | N | B."""
        known = self.redis.holds.get(wish.ref)
        if known is not None:
            return ("R", known) if known.body_hash == wish.body_hash else ("K", None)
        before = bytes(self.redis.map)
        runs: list[tuple[int, int, int]] = []
        refusal: tuple[str, object] | None = None
        for pick in wish.picks:
            got = getattr(self, "_pick_" + pick[0])(wish, *pick[1:])
            if isinstance(got[0], str):
                refusal = got
                break
            runs += got
            for unit, _ in units_of(got):
                self.redis.map[unit] = HELD
        refusal = refusal or self._limits(wish, runs)
        if refusal:
            self.redis.map = bytearray(before)
            if refusal[0] == "P" and not any(b >= FREE for b in before):
                return "S", 0
            return refusal
        counted_for = wish.buyer, wish.block
        hold = Hold(ALIVE, self.now_ms, wish.life_ms, wish.body_hash, wish.promo, counted_for, tuple(runs))
        hold.counted = any(counted_for)
        hold.due_s += self.redis.listed.pop(wish.ref, [])
        self.redis.holds[wish.ref] = hold
        self.redis.types.update(kind for _, kind in units_of(runs))
        if wish.promo:
            self.redis.promos[wish.promo] += 1
        self._count(counted_for, hold.count)
        return "H", hold

    def _limits(self, wish: Wish, runs: Sequence[tuple[int, int, int]]) -> tuple[str, object] | None:
        adding = Counter(kind for _, kind in units_of(runs))
        over = [
            max(0, most - self.redis.types[kind])
            for kind, most in wish.caps
            if self.redis.types[kind] + adding[kind] > most
        ]
        if over:
            return "S", over
        if wish.promo and wish.promo_max and self.redis.promos[wish.promo] >= wish.promo_max:
            return "U", None
        asked = sum(adding.values())
        if wish.block and self.redis.blocks[wish.block] + asked > self.block_max:
            return "N", self.redis.blocks[wish.block]
        if wish.buyer and wish.buyer_max and self.redis.buyers[wish.buyer] + asked > wish.buyer_max:
            return "B", self.redis.buyers[wish.buyer]
        return None

    def _pick_exact(self, wish: Wish, runs: Runs) -> Sequence:
        taken = [unit for unit, _ in units_of(runs) if self.redis.map[unit] not in wish.lots]
        return ("T", taken) if taken else runs

    def _pick_general(self, wish: Wish, first: int, size: int, parts: Sequence[tuple[int, int]]) -> Sequence:
        free = [u for u in range(first, first + size) if self._open(u, wish)]
        if len(free) < sum(count for _, count in parts):
            return "S", len(free)
        kinds = [kind for kind, count in parts for _ in range(count)]
        return [(kind, unit, 1) for kind, unit in zip(kinds, free, strict=False)]

    def _pick_tape(
        self, wish: Wish, tape: bytes, policy: int, parts: Sequence[tuple[int, int]], _name: bytes
    ) -> Sequence:
        count = sum(n for _, n in parts)
        second_best = None
        for i in range(0, len(tape), 4):
            start, sides = int.from_bytes(tape[i : i + 3], "big"), tape[i + 3]
            if second_best is not None and policy == 2 and sides < 16:
                break
            if not all(self._open(u, wish) for u in range(start, start + count)):
                continue
            if policy == 0 or not self._strands(wish, start, count, sides % 4, sides // 4 % 4):
                second_best = start
                break
            if second_best is None:
                second_best = start
        if second_best is None:
            return "P", None
        runs, unit = [], second_best
        for kind, n in parts:
            runs.append((kind, unit, n))
            unit += n
        return runs

    def _open(self, unit: int, wish: Wish) -> bool:
        state = self.redis.map[unit]
        return state in wish.lots and state % 2 == 0

    def _strands(self, wish: Wish, start: int, count: int, left: int, right: int) -> bool:
        """Whether taking the run leaves a single free seat next to it. Accessible seats count as free."""
        may = {FREE, FREE + 1} | {b - b % 2 for b in wish.lots} | {b - b % 2 + 1 for b in wish.lots}
        free = [b in may for b in self.redis.map]
        alone_left = left > 0 and free[start - 1] and (left == 1 or not free[start - 2])
        end = start + count
        alone_right = right > 0 and free[end] and (right == 1 or not free[end + 1])
        return alone_left or alone_right

    def _standing(self, ref: bytes) -> tuple[str, Hold | None]:
        hold = self.redis.holds.get(ref)
        if hold is None:
            return "unknown", None
        if hold.state == DEAD or (hold.state == ALIVE and hold.expires_ms <= self.now_ms):
            return "expired", None
        if hold.state != ALIVE:
            return "ordered", None
        return "", hold

    def extend(self, ref: bytes, add_ms: int, life_max_ms: int) -> str:
        word, hold = self._standing(ref)
        if hold is None:
            return word
        life = min(hold.life_ms + add_ms, life_max_ms)
        if life <= hold.life_ms:
            return "exceeded"
        hold.life_ms = life
        hold.tell_due()
        return "extended"

    def release(self, ref: bytes, *, forget: bool) -> str:
        hold = self.redis.holds.get(ref)
        if hold is None:
            return "unknown"
        if hold.state in {ORDERING, BOUGHT}:
            return "ordered"
        if hold.state == DEAD:
            return "expired"
        self._end(hold)
        if forget:
            self.redis.listed[ref] = hold.due_s
            del self.redis.holds[ref]
        return "released"

    def swap(self, ref: bytes, lots: bytes, runs: Runs, caps: Sequence[tuple[int, int]], buyer_max: int) -> str:
        word, hold = self._standing(ref)
        if hold is None:
            return word
        own = {u for u, _ in units_of(hold.runs) if self.redis.map[u] == HELD}
        if any(u not in own and self.redis.map[u] not in lots for u, _ in units_of(runs)):
            return "taken"
        more = Counter(kind for _, kind in units_of(runs))
        more.subtract(kind for _, kind in units_of(hold.runs))
        if any(more[kind] > 0 and self.redis.types[kind] + more[kind] > most for kind, most in caps):
            return "capped"
        grown = sum(more.values())
        adds = grown if hold.counted else hold.count + grown
        buyer, block = hold.counted_for
        if grown > 0 and buyer_max and buyer and self.redis.buyers[buyer] + adds > buyer_max:
            return "buyer"
        if grown > 0 and block and self.redis.blocks[block] + adds > self.block_max:
            return "block"
        for unit, kind in units_of(hold.runs):
            if unit in own:
                self.redis.map[unit] = self.base[unit]
                self.redis.types[kind] -= 1
        for unit, kind in units_of(runs):
            self.redis.map[unit] = HELD
            self.redis.types[kind] += 1
        self._count(hold.counted_for, adds)
        hold.counted = any(hold.counted_for)
        hold.runs = runs
        return "swapped"

    def order(self, ref: bytes, order_ms: int, life_max_ms: int, grace_ms: int) -> str:
        hold = self.redis.holds.get(ref)
        if hold is None:
            return "unknown"
        if hold.state == BOUGHT:
            return "bought"
        if hold.state == DEAD or hold.expires_ms <= self.now_ms:
            return "expired"
        if hold.state == ALIVE:
            hold.state = ORDERING
            hold.life_ms = min(self.now_ms + order_ms - hold.placed_ms, life_max_ms) + grace_ms
            hold.tell_due()
        return "ordering"

    # The ledger, and what it tells Redis

    def owners(self) -> dict[int, Order]:
        return {
            u: order for order in self.orders.values() if order.status in {"unpaid", "paid"} for u, _ in order.units
        }

    def write_order(self, order_id: str, ref: bytes) -> bool:
        """As Postgres does: one order a hold, one owner a unit."""
        hold, owners = self.redis.holds[ref], self.owners()
        units = tuple(units_of(hold.runs))
        if any(order.ref == ref for order in self.orders.values()) or any(u in owners for u, _ in units):
            return False
        self.orders[order_id] = Order(ref, units, hold.promo, hold.counted_for)
        return True

    def bought(self, order_id: str, units: Sequence[int], to: int) -> bool:
        """Units leave their hold as ordered or sold. Whether any is astray: another's, or free."""
        if to == ORDERED and order_id in self.redis.freed:
            return False
        hold = self.redis.holds.get(self.orders[order_id].ref)
        own: set[int] = set()
        if units and hold is not None and hold.state != DEAD and set(units) == {u for u, _ in units_of(hold.runs)}:
            own = set(units)
            if hold.state != BOUGHT:
                hold.state = BOUGHT
                hold.forgotten_after_ms = hold.expires_ms + 86_400_000
        turned = 0
        for unit in units:
            state = self.redis.map[unit]
            if (state == HELD and unit in own) or (state == ORDERED and to == SOLD):
                self.redis.map[unit] = to
                turned += 1
        if to == SOLD:  # no longer unpaid; an admission's stay counted
            buyer, block = self.orders[order_id].counted_for
            self._count((b"" if is_lease(buyer) else buyer, block), -turned)
        return any(self.redis.map[u] not in {SOLD, to} for u in units)

    def free(self, op_id: str, units: Sequence[tuple[int, int]], promo: int, counted_for: tuple[bytes, bytes]) -> None:
        if op_id in self.redis.freed:
            return
        self.redis.freed.add(op_id)
        turned = 0
        for unit, kind in units:
            if self.redis.map[unit] in {ORDERED, SOLD}:
                self.redis.map[unit] = self.base[unit]
                self.redis.types[kind] -= 1
                turned += 1
        if promo and turned:
            self.redis.promos[promo] -= 1
        self._count(counted_for, -turned)

    def rebuild(self) -> None:
        """The ledger decides; holds that are still known keep what nobody owns."""
        redis, owners = self.redis, self.owners()
        redis.map = bytearray(self.base)
        redis.types, redis.promos = Counter[int](), Counter[int]()
        redis.buyers, redis.blocks = Counter[bytes](), Counter[bytes]()
        for unit, order in owners.items():
            redis.map[unit] = SOLD if order.status == "paid" else ORDERED
        for order in self.orders.values():
            if order.status in {"unpaid", "paid"}:
                redis.types.update(kind for _, kind in order.units)
            if order.promo and order.status != "closed":
                redis.promos[order.promo] += 1
            buyer, block = order.counted_for
            if order.status == "unpaid":
                self._count((buyer, block), len(order.units))
            elif order.status != "closed" and is_lease(buyer):
                self._count((buyer, b""), len(order.units))
        for hold in redis.holds.values():
            if hold.state not in LIVE:
                continue
            gone = sum(u in owners for u, _ in units_of(hold.runs))
            if gone == hold.count:
                hold.state = BOUGHT
                hold.forgotten_after_ms = hold.expires_ms + 86_400_000
                continue
            if gone:
                hold.state = DEAD
                hold.forgotten_after_ms = max(self.now_ms, hold.expires_ms) + 86_400_000
                continue
            for unit, kind in units_of(hold.runs):
                redis.map[unit] = HELD
                redis.types[kind] += 1
            if hold.counted:
                self._count(hold.counted_for, hold.count)
            if hold.promo:
                redis.promos[hold.promo] += 1
