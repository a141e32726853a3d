"""Limits per address block that slow down rather than block: a crowd behind one address gets in, one after the other.

A block is a /24 of IPv4 or a /56 of IPv6. Beyond its rate a request is held back for the time it came too early; where
that would be more than DELAY_MAX_S it is refused with the seconds to wait. The same arithmetic as a leaky bucket, with
one number a block to remember.
"""

from __future__ import annotations

import asyncio
import ipaddress
import math
from collections import OrderedDict
from collections.abc import Callable

from engine.foundation.errors import SlowDown

PER_S = 200
BURST = 2_000
DELAY_MAX_S = 3.0
BLOCKS_MAX = 20_000
HELD_BACK_MAX = 2_000
V4_PREFIX, V6_PREFIX = 24, 56


def block_of(address: str) -> str:
    """The network that an address is counted with."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
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
        lifted_for_loopback: bool = False,
    ) -> None:
        self._now_s = now_s
        self._gap_s = 1 / per_s
        self._slack_s = burst / per_s
        self._lifted = lifted_for_loopback
        self._due_s: OrderedDict[str, float] = OrderedDict()
        self._held_back = 0
        self._blocks: dict[str, str] = {}

    async def hold_back(self, delay_s: float) -> None:
        """Let a request wait for its time. SlowDown where too many wait already."""
        if self._held_back >= HELD_BACK_MAX:
            raise SlowDown(retry_after_s=math.ceil(delay_s))
        self._held_back += 1
        try:
            await asyncio.sleep(delay_s)
        finally:
            self._held_back -= 1

    def passes(self, address: str) -> bool:
        """Count one request that need not be held back; False, and nothing counted, where it must."""
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

    def take(self, address: str) -> float:
        """Count one request: the seconds to hold it back. SlowDown beyond DELAY_MAX_S, and then it is not counted."""
        if self._lifted and is_loopback(address):
            return 0.0
        now_s = self._now_s()
        block = self._blocks.get(address)
        if block is None:
            block = self._remember(address)
        due_s = max(self._due_s.get(block, 0.0), now_s - self._slack_s)
        delay_s = due_s - now_s
        if delay_s > DELAY_MAX_S:
            raise SlowDown(retry_after_s=math.ceil(delay_s - DELAY_MAX_S))
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
