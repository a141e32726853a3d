"""Who takes units, as far as limits go: the same for every door that units are taken through.

How often a taker's address block may ask, and how many units it may have unpaid, are limited; both are lifted together
(``lifted_for_loopback``). A buyer, who is known by an admission or as a signed-in person, may have as many as the
event says. Counting is the scripts' work (``stores/lua/lib/inventory.lua``); here stand the bytes they count under.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict

from msgspec import Struct

from engine.domain.sale.selling import SellingEvent
from engine.foundation import logs
from engine.foundation.address_limits import AddressLimits, block_of, is_loopback
from engine.foundation.bearer import Bearers
from engine.stores.sale.hold_records import BLOCK_BYTES, PERSON_BYTES

ADDRESSES_KEPT_MAX = 20_000
PERSON = "person:"  # begins the principal of somebody who is signed in
TOLD_AGAIN_S = 60.0
TOLD_MAX = 1_000

_log = logs.get("holds")


class Taker(Struct):
    """``block`` is what the address counts under, b"" if it is not limited; ``waited``: its rate was counted."""

    address: str
    block: bytes
    waited: bool = False


class Takers:
    """Knows takers by their addresses, and lets them wait for their turn. ``trust_forwarded`` as in the settings."""

    def __init__(
        self, limits: AddressLimits, *, bearers: Bearers, trust_forwarded: bool, lifted_for_loopback: bool
    ) -> None:
        self.limits = limits
        self.bearers = bearers
        self.trust_forwarded = trust_forwarded
        self._lifted = lifted_for_loopback
        self._blocks: dict[str, bytes] = {}
        self._told_s: OrderedDict[bytes, float] = OrderedDict()

    def of(self, address: str) -> Taker:
        """Who asks from this address."""
        return Taker(address, self.block(address))

    def block(self, address: str) -> bytes:
        """The bytes that the address is counted under, b"" if its limits are lifted."""
        known = self._blocks.get(address)
        if known is None:
            if len(self._blocks) >= ADDRESSES_KEPT_MAX:
                self._blocks.clear()
            lifted = self._lifted and is_loopback(address)
            known = b"" if lifted else hashlib.sha256(block_of(address).encode()).digest()[:BLOCK_BYTES]
            self._blocks[address] = known
        return known

    async def turn(self, taker: Taker) -> None:
        """Let the taker's block wait for its time, once a request. SlowDown."""
        if not taker.waited:
            await self.limits.admit(taker.address)
            taker.waited = True

    def full(self, event_id: str, taker: Taker, held: int) -> None:
        """Tell the operator, once a minute, of a block that has as many units unpaid as it may."""
        now_s = time.monotonic()
        if now_s - self._told_s.get(taker.block, -TOLD_AGAIN_S) < TOLD_AGAIN_S:
            return
        self._told_s[taker.block] = now_s
        self._told_s.move_to_end(taker.block)
        if len(self._told_s) > TOLD_MAX:
            self._told_s.popitem(last=False)
        _log.warning("address_block_full", event_id=event_id, block=block_of(taker.address), units=held)


def counted_for(event: SellingEvent, taker: Taker, *, lease_id: bytes, principal: str) -> bytes:
    """Whom the units of a new hold count for (the Rust desk makes the same bytes of a usual one)."""
    if not lease_id and principal.startswith(PERSON):
        lease_id = event.keys.identity_digest(b"buyer\0" + principal.encode())[:PERSON_BYTES]
    return lease_id + taker.block
