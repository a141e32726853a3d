"""A room in Redis: every script call of the waiting room, its keys and its words.

Fenced        the room is missing, or this Redis is another one than it was built in: it must be restored first
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from engine.foundation import leases, scripts
from engine.foundation.connections import Argument, HotRedis
from waitingroom.draw import DIGEST_BYTES, Draw
from waitingroom.errors import QueueNotOpen, RoomClosed
from waitingroom.rules import Rules

BUCKETS = 16_384
BUCKETS_PER_READ = 512
BUCKETS_FORGOTTEN_PER_STEP = 1_024
MARKS_MAX = 4_096
LEADER_TTL_MS = 1_500
LIVE_PERIOD_MS = 45_000  # presence lapses after two to three of these
SEEN_PERIOD_MS = 600_000  # a place counts as looked at for one to two of these: open pages beat every four minutes
PACE_MEMORY_MS = 15_000
OVERBOOK_MILLI = 1_200  # people called per thousand units left: some look and leave
PRIORITY_MS = 30_000  # a called person who found the shop full goes before later ones for so long
PRIORITIES_MAX = 1_000
PLACES_PER_BLOCK = 200  # of one address block in a cohort; those beyond are marked, see drawing.py
LINK_ASKED_AGAIN_S = 30  # a known identity that is typed again and again costs Postgres a look so often
TOKEN_LEEWAY_MS = 2_000  # verifiers' leeway: a lease counts that much longer than its token says

_SCRIPTS = scripts.load_folder(Path(__file__).parent / "lua")
_SUFFIXES = tuple(b"%d" % bucket for bucket in range(BUCKETS))
_ITEM = struct.Struct("<BI")

Word = Literal["taken", "known", "high_water", "stranger", "crowded"]
_WORDS: tuple[Word, ...] = ("taken", "known", "high_water", "stranger", "crowded")


class Fenced(Exception):  # noqa: N818 - answered by restoring the room, never shown
    """The room must be restored before it can be used."""


class Join(msgspec.Struct, frozen=True, gc=False):
    """``wish``: see queue_join.lua.

    ``key`` is the hash of the device's key, ``block`` names the address block that is counted; empty: none.
    """

    digest: bytes
    wish: bytes = b""
    key: bytes = b""
    block: bytes = b""


class Joined(msgspec.Struct, frozen=True, gc=False):
    """``number`` is the mark itself if ``word`` is high_water.

    ``stranger``: the identity is known and nothing proves that it is the caller's; ``crowded``: taken, and marked
    because its address block has many.
    """

    word: Word
    number: int
    cohort: int  # -1 before the line opens
    epoch: int
    now_ms: int


class Claimed(msgspec.Struct, frozen=True, gc=False):
    """``word``: granted, again, ended, closed, waits; ``why`` it waits: not_yet, drawing, paused, sold_out, full."""

    word: str
    now_ms: int
    expires_at_ms: int = 0
    serving: int = 0
    why: str = ""


class RoomStore:
    """One room's scripts."""

    def __init__(self, redis: HotRedis, event_id: str) -> None:
        self._redis = redis
        self.event_id = event_id
        base = b"wr:{%s}:" % event_id.encode()
        self._m = base + b"m"
        self._ids = base + b"ids:"
        self._live = (base + b"live:0", base + b"live:1", base + b"live:2")
        self._seen = (base + b"seen:0", base + b"seen:1")
        self._claimed = base + b"claimed"
        self._marked = base + b"marked"
        self._crowd, self._crowds = base + b"crowd", base + b"crowds"
        self._asked = base + b"asked:"
        self._lease = leases.lease_key(event_id)
        self._wait, self._wait_due = base + b"wait", base + b"wait_due"
        self._pow = base + b"pow:"
        self._tick_keys = (
            self._m, *self._live, self._claimed, self._lease, self._wait, self._wait_due,
            base + b"tick", base + b"tmp", base + b"tmp2", leases.pulse_key(event_id),
        )  # fmt: skip
        # All but the buckets; the rest of what begins like these goes by itself.
        self._lasting = (
            *self._live, self._claimed, self._marked, self._crowd, self._crowds, self._lease, self._wait,
            self._wait_due, base + b"tick", base + b"tmp", base + b"tmp2",
        )  # fmt: skip
        self._claim_keys = (self._m, self._claimed, self._lease, self._wait, self._wait_due, *self._live)

    async def _call(self, name: str, keys: Sequence[Argument], arguments: Sequence[Argument]) -> Any:
        run_id = await self._redis.run_id(self._m)
        reply = await self._redis.run(_SCRIPTS[name], keys, (run_id, *arguments))
        if reply[0] == b"fenced":
            raise Fenced
        return reply

    async def join(self, items: Sequence[Join]) -> list[Joined]:
        """Numbers for these identities, in this order. QueueNotOpen, RoomClosed, Fenced."""
        arguments: list[Argument] = [PLACES_PER_BLOCK]
        for item in items:
            arguments += (item.digest, item.wish, item.key, item.block)
        buckets = [self._bucket(item.digest) for item in items]
        reply = await self._call(
            "queue_join", (self._m, *self._live, self._marked, self._crowd, self._crowds, *buckets), arguments
        )
        if reply[0] == b"not_open":
            wait_s = max(1, -(-(reply[2] - reply[1]) // 1000))
            raise QueueNotOpen(retry_after_s=wait_s, opens_at_ms=reply[2], server_now_ms=reply[1])
        if reply[0] == b"closed":
            raise RoomClosed
        _, now_ms, epoch, cohort, packed = reply
        return [Joined(_WORDS[word], number, cohort, epoch, now_ms) for word, number in _ITEM.iter_unpack(packed)]

    async def raise_high_water(self, epoch: int, mark: int, version: int = 0) -> None:
        """Allow numbers below a mark that Postgres holds at this version; one from before a hand-back is not obeyed."""
        await self._call("queue_raise", (self._m,), (epoch, mark, version))

    async def hand_back(self, epoch: int) -> tuple[int, int] | None:
        """Allow no number beyond the tail: (the tail, the mark's version until now). None: there is nothing beyond."""
        reply = await self._call("queue_hand_back", (self._m,), (epoch,))
        return (reply[1], reply[2]) if reply[0] == b"handed_back" else None

    async def claim(self, number: int, lease_id: bytes) -> Claimed:
        """Let this queue number in if it is its turn."""
        arguments = (number, lease_id, TOKEN_LEEWAY_MS, PRIORITY_MS, PRIORITIES_MAX)
        reply = await self._call("queue_claim", self._claim_keys, arguments)
        word = reply[0].decode()
        if word in {"granted", "again"}:
            return Claimed(word, reply[1], expires_at_ms=reply[2])
        if word == "waits":
            return Claimed(word, reply[1], serving=reply[2], why=reply[3].decode())
        return Claimed(word, reply[1])

    async def mark(self, there: Sequence[int], gone: Sequence[int], *, seen: bool = False) -> None:
        """Note presence; at most MARKS_MAX numbers together. ``seen``: for ``is_seen`` too."""
        pack = struct.pack
        await self._call(
            "presence_mark",
            (self._m, *self._live, *self._seen),
            (
                pack(f"<{len(there)}I", *there),
                pack(f"<{len(gone)}I", *gone),
                SEEN_PERIOD_MS if seen else 0,
            ),
        )

    async def is_seen(self, numbers: Sequence[int]) -> bool:
        """Whether somebody showed a ticket of one of these numbers within SEEN_PERIOD_MS, and has not left since."""
        looks = [self._redis.command(b"GETBIT", key, number) for key in self._seen for number in numbers]
        return any(await asyncio.gather(*looks))

    async def turn_is_over(self, number: int, lease_id: bytes) -> bool:
        """Whether this queue number claimed and its lease has ended."""
        claimed, until_ms, now = (
            self._redis.command(b"GETBIT", self._claimed, number),
            self._redis.command(b"ZSCORE", self._lease, lease_id),
            self._redis.command(b"TIME"),
        )
        was_claimed, until, time = await claimed, await until_ms, await now
        now_ms = int(time[0]) * 1000 + int(time[1]) // 1000
        return bool(was_claimed) and (until is None or float(until) - TOKEN_LEEWAY_MS <= now_ms)

    async def release(self, lease_id: bytes) -> bool:
        """Give a lease back; the next person is called at once. False if it had ended already."""
        return await leases.release(self._redis, self.event_id, lease_id) > 0

    async def spend_challenge(self, digest: bytes, kept_s: int) -> bool:
        """Whether this solution is used for the first time."""
        return await self._redis.command(b"SET", self._pow + digest, b"1", b"NX", b"EX", kept_s) is not None

    async def ask_link(self, digest: bytes) -> bool:
        """Whether Postgres need be asked for a mailed link to this identity's place: not within LINK_ASKED_AGAIN_S."""
        return (
            await self._redis.command(b"SET", self._asked + digest, b"1", b"NX", b"EX", LINK_ASKED_AGAIN_S) is not None
        )

    async def ask_link_again(self, digest: bytes) -> None:
        """Postgres could not be asked."""
        await self._redis.command(b"DEL", self._asked + digest)

    async def tick(self, name: bytes, fence: bytes, health: int) -> tuple[bool, int, dict[bytes, bytes]]:
        """One controller step: (whether we lead, Redis's clock in ms, the room)."""
        arguments = (name, fence, LEADER_TTL_MS, health, OVERBOOK_MILLI, LIVE_PERIOD_MS, PACE_MEMORY_MS)
        reply = await self._call("room_tick", self._tick_keys, arguments)
        return reply[0] == b"led", reply[1], dict(zip(reply[2::2], reply[3::2], strict=True))

    async def health(self) -> int:
        """The engine's health factor in thousandths; full if nobody publishes one."""
        raw = await self._redis.command(b"GET", leases.HEALTH_KEY)
        return min(leases.HEALTH_FULL, max(0, int(raw))) if raw is not None else leases.HEALTH_FULL

    async def standing(self) -> tuple[int | None, bool]:
        """(epoch of what Redis holds, whether it was built in this very Redis)."""
        run_id = await self._redis.run_id(self._m)
        epoch, run = await self._redis.command(b"HMGET", self._m, b"epoch", b"run")
        return (int(epoch) if epoch is not None else None), run == run_id

    async def create(self, rules: Rules, serving: int, tail: int | None = None, leases_max: int | None = None) -> int:
        """Build the room of this epoch; how many phantom leases stand in for lost ones.

        ``serving`` and ``tail`` as last published, ``leases_max`` as many as there can have been; None if nobody
        knows.
        """
        fields: list[Argument] = [*rules.fields(), "on_sale_version", rules.on_sale_version]
        fields += ["controls_version", rules.controls_version, "commit", rules.commit]
        if rules.draw is not None:
            fields += ["phase", "open", "cohort", rules.draw.cohort_size, *_draw_fields(rules.draw)]
        run_id = await self._redis.run_id(self._m)
        arguments = [
            rules.epoch,
            rules.high_water,
            serving,
            rules.session_ttl_s * 1000,
            TOKEN_LEEWAY_MS,
            rules.capacity,
            rules.high_water if tail is None else tail,
            -1 if leases_max is None else leases_max,
            rules.high_water_version,
        ]
        reply = await self._redis.run(
            _SCRIPTS["room_create"], (self._m, self._claimed, self._lease, self._live[0]), (run_id, *arguments, *fields)
        )
        return int(reply[2]) if reply[0] == b"created" else 0

    async def apply(self, rules: Rules) -> None:
        """Put newer rules in force; older ones change nothing."""
        await self._call("room_rules", (self._m,), (rules.on_sale_version, rules.controls_version, *rules.fields()))

    async def forget(self, first: int) -> int | None:
        """Delete a step's worth of buckets from ``first`` on: where to go on, None if the room is gone altogether.

        The same ``first`` again if the room is in use after all.
        """
        following = first + BUCKETS_FORGOTTEN_PER_STEP
        is_last = following >= BUCKETS
        keys = [self._ids + suffix for suffix in _SUFFIXES[first:following]] + list(self._lasting if is_last else ())
        reply = await self._call("room_forget", (self._m, *keys), (b"last" if is_last else b"",))
        if reply[0] == b"in_use":
            return first
        return None if is_last else following

    async def publish_draw(self, draw: Draw, there: bytes) -> None:
        """Open the line with this draw. AssertionError if it was made for another cohort."""
        arguments = (draw.cohort_size, there, *_draw_fields(draw))
        reply = await self._call("room_draw", (self._m, *self._live), arguments)
        assert reply[0] != b"changed", "a draw was made for another cohort"

    async def registered(self, cohort_size: int) -> bytes:
        """Identity digests by registration index; eight zero bytes if an identity was lost."""
        digests = bytearray(cohort_size * DIGEST_BYTES)
        for first in range(0, BUCKETS, BUCKETS_PER_READ):
            reading = [
                self._redis.command(b"HGETALL", self._ids + b"%d" % b) for b in range(first, first + BUCKETS_PER_READ)
            ]
            for reply in reading:
                pairs = iter(await reply)
                for digest, raw in zip(pairs, pairs, strict=True):
                    number = int(raw.partition(b":")[0])
                    if number < cohort_size:
                        digests[number * DIGEST_BYTES : (number + 1) * DIGEST_BYTES] = digest
        return bytes(digests)

    async def marked(self) -> dict[int, str]:
        """Registration indexes that looked automated, and why."""
        pairs = iter(await self._redis.command(b"HGETALL", self._marked))
        return {int(index): reason.decode() for index, reason in zip(pairs, pairs, strict=True)}

    async def mark_of(self, index: int) -> str | None:
        """Why this registration looked automated, or that its address block has many; None if neither."""
        reason = await self._redis.command(b"HGET", self._marked, index)
        return reason.decode() if reason is not None else None

    async def there(self) -> bytes:
        """Who is there, as a bitmap by number."""
        bitmaps = [await self._redis.command(b"GET", key) or b"" for key in self._live]
        length = max(map(len, bitmaps))
        merged = 0
        for bitmap in bitmaps:
            merged |= int.from_bytes(bitmap.ljust(length, b"\0"), "big")
        return merged.to_bytes(length, "big")

    def _bucket(self, digest: bytes) -> bytes:
        return self._ids + _SUFFIXES[(digest[0] << 8 | digest[1]) % BUCKETS]


def _draw_fields(draw: Draw) -> list[Argument]:
    return [
        "root", draw.root, "seed", draw.seed, "secret", draw.secret, "beacon", draw.beacon, "moved", len(draw.moved),
    ]  # fmt: skip
