"""Limits per address block that slow down rather than block: a crowd behind one address gets in, one after the other.

A block is what one customer of a network is given: an address of IPv4, a /56 of IPv6. Beyond its rate a request is held
back for the time it came too early; if that would be more than DELAY_MAX_S it is refused with the seconds to wait.
The same arithmetic as a leaky bucket, with one number a block to remember. What each route class may stands in
``limits_table``.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import math
from collections import OrderedDict
from collections.abc import Callable, Iterator

from engine.foundation.errors import SlowDown
from engine.foundation.limits_table import LIMITS, PERSON_RATE, Rate, RouteClass
from engine.foundation.pace import Pace

PER_S = LIMITS["hold"].per_s
BURST = LIMITS["hold"].burst
DELAY_MAX_S = LIMITS["hold"].delay_max_s
BLOCKS_MAX = 20_000
HELD_BACK_MAX = 2_000
V4_PREFIX, V6_PREFIX = 32, 56
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_V4_IN_V6 = 0xFFFFFFFF


def block_of(address: str) -> str:
    """The network that an address is counted with; one that cannot be read is counted with all of its kind."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        elif parsed in _NAT64:
            parsed = ipaddress.IPv4Address(int(parsed) & _V4_IN_V6)
    prefix = V4_PREFIX if parsed.version == 4 else V6_PREFIX  # noqa: PLR2004 - the version's own name
    return str(ipaddress.ip_network((parsed, prefix), strict=False))


def is_loopback(address: str) -> bool:
    """Whether a caller is on this machine. Looked at, not parsed: it stands before every request of a rehearsal."""
    return address == "::1" or address.startswith("127.")


class AddressLimits:
    """``now_s`` is a monotonic clock; ``lifted_for_loopback`` serves rehearsals."""

    def __init__(
        self,
        now_s: Callable[[], float],
        *,
        per_s: float = PER_S,
        burst: float = BURST,
        delay_max_s: float = DELAY_MAX_S,
        lifted_for_loopback: bool = False,
    ) -> None:
        self._now_s = now_s
        self._delay_max_s = delay_max_s
        self._gap_s = 1 / per_s
        self._slack_s = burst / per_s
        self._lifted = lifted_for_loopback
        self._due_s: OrderedDict[str, float] = OrderedDict()
        self._held_back = 0
        self._blocks: dict[str, str] = {}

    async def admit(self, address: str) -> None:
        """Count one request and let it wait for its time. SlowDown."""
        if not self.passes(address) and (delay_s := self.take(address)) > 0:
            await self.hold_back(delay_s)

    async def hold_back(self, delay_s: float) -> None:
        """Let a request wait for its time. SlowDown if too many wait already."""
        if self._held_back >= HELD_BACK_MAX:
            raise SlowDown(retry_after_s=math.ceil(delay_s))
        self._held_back += 1
        try:
            await asyncio.sleep(delay_s)
        finally:
            self._held_back -= 1

    def passes(self, address: str) -> bool:
        """Count one request that need not be held back; False, and nothing counted, if it must."""
        if self._lifted and is_loopback(address):
            return True
        block = self._blocks.get(address)
        due_s = self._due_s.get(block) if block is not None else None
        if block is None or due_s is None or due_s > self._now_s():
            return False
        self.take(address)
        return True

    def wait_s(self, address: str) -> float:
        """How long a request would be held back now; nothing is counted."""
        if self._lifted and is_loopback(address):
            return 0.0
        due_s = self._due_s.get(self._blocks.get(address) or block_of(address), 0.0)
        return max(0.0, due_s - self._now_s())

    def beyond(self, address: str) -> SlowDown | None:
        """The refusal of a request that could not be held back for long enough; it is not counted."""
        delay_s = self.wait_s(address)
        return self._refusal(delay_s) if delay_s > self._delay_max_s else None

    def _refusal(self, delay_s: float) -> SlowDown:
        return SlowDown(retry_after_s=max(1, math.ceil(delay_s - self._delay_max_s)))

    def take(self, address: str) -> float:
        """Count one request: the seconds to hold it back. SlowDown beyond ``delay_max_s``; then it is not counted."""
        if self._lifted and is_loopback(address):
            return 0.0
        now_s = self._now_s()
        block = self._blocks.get(address)
        if block is None:
            block = self._remember(address)
        due_s = max(self._due_s.get(block, -math.inf), now_s - self._slack_s)
        delay_s = due_s - now_s
        if delay_s > self._delay_max_s:
            raise self._refusal(delay_s)
        self._due_s[block] = due_s + self._gap_s
        self._due_s.move_to_end(block)
        if len(self._due_s) > BLOCKS_MAX:
            self._due_s.popitem(last=False)
        return max(0.0, delay_s)

    def _remember(self, address: str) -> str:
        """Parsing an address costs more than a join: the last few thousand are known."""
        if len(self._blocks) >= BLOCKS_MAX:
            self._blocks.clear()
        block = self._blocks[address] = block_of(address)
        return block


class OpenLimits:
    """How many of a kind stay open at once to a block: streams."""

    def __init__(self, at_once: int, *, lifted_for_loopback: bool = False) -> None:
        self._at_once = at_once
        self._lifted = lifted_for_loopback
        self._open: dict[str, int] = {}

    def is_full(self, address: str) -> bool:
        """Whether the block has as many open as it may."""
        lifted = self._lifted and is_loopback(address)
        return not lifted and self._open.get(block_of(address), 0) >= self._at_once

    @contextlib.contextmanager
    def opened(self, address: str, full: Callable[[], Exception]) -> Iterator[None]:
        """While one is open. Raises what ``full`` gives if the block has as many as it may."""
        if self._lifted and is_loopback(address):
            yield
            return
        block = block_of(address)
        if self._open.get(block, 0) >= self._at_once:
            raise full()
        self._open[block] = self._open.get(block, 0) + 1
        try:
            yield
        finally:
            self._open[block] -= 1
            if not self._open[block]:
                del self._open[block]

    def __len__(self) -> int:
        """How many blocks have one open."""
        return len(self._open)


class Limits:
    """The whole table at work in this process: one counter a class, made when it is first asked for."""

    def __init__(self, now_s: Callable[[], float], *, lifted_for_loopback: bool = False) -> None:
        self._now_s = now_s
        self._lifted = lifted_for_loopback
        self._of: dict[RouteClass, AddressLimits] = {}
        self._open_of: dict[RouteClass, OpenLimits] = {}
        self._people = Pace(now_s)

    def check_person(self, user_id: str, address: str) -> None:
        """Count one request of somebody signed in. SlowDown beyond PERSON_RATE."""
        early_s = 0 if self._lifted and is_loopback(address) else self._people.early_s(user_id, PERSON_RATE)
        if early_s:
            raise SlowDown(retry_after_s=early_s, per_s=PERSON_RATE.per_s)

    def of(self, name: RouteClass) -> AddressLimits:
        """The counter of a class that is limited."""
        if name not in self._of:
            rate: Rate = LIMITS[name]
            assert rate.is_limited, f"{name} is not limited"
            self._of[name] = AddressLimits(
                self._now_s,
                per_s=rate.per_s,
                burst=rate.burst,
                delay_max_s=rate.delay_max_s,
                lifted_for_loopback=self._lifted,
            )
        return self._of[name]

    def open_of(self, name: RouteClass) -> OpenLimits:
        """What stays open of a class."""
        if name not in self._open_of:
            assert LIMITS[name].at_once > 0, f"nothing of {name} stays open"
            self._open_of[name] = OpenLimits(LIMITS[name].at_once, lifted_for_loopback=self._lifted)
        return self._open_of[name]
