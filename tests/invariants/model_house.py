"""What the model test's world stands on: a small house, its numbers, and the ledger as the oracle has it.

Only the clock is the test's: every ``TIME`` in the scripts is read from a key, so that a day may pass in a step.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha1
from types import SimpleNamespace
from typing import Any

import orjson

import hotpath_rs
from engine.domain.sale.inventory import FREE, free_byte
from engine.domain.sale.selling import tape_name
from engine.foundation.scripts import Script
from engine.stores.sale.hold_records import BLOCK_BYTES, LEASE_BYTES, PERSON_BYTES
from tests import factories as make
from tests.invariants.oracle import Oracle

EVENT = "evt_01M7WPJWGMWHRPBVG8W40V4TAK"
CLOCK = b"test:clock"
START_MS = 1_800_000_000_000
GENERAL, ALLOTMENT = 12, 1
CAPS = {1: 8, 4: 5}
PROMO_USES_MAX = 3
# Four admissions, two people, three parts of the network.
BUYERS = [bytes([n]) * LEASE_BYTES for n in range(1, 5)] + [bytes([n]) * PERSON_BYTES for n in (5, 6)]
BLOCKS = [bytes([n]) * BLOCK_BYTES for n in (7, 8, 9)]
BUYER_UNITS_MAX, BLOCK_UNITS_MAX = 8, 12
PLAIN, OPENED = bytes([FREE]), bytes([FREE, free_byte(ALLOTMENT, accessible=False)])
WITH_ACCESSIBLE = bytes([FREE, FREE + 1])
FULL_CHECK_EVERY, QUIESCE_EVERY = 50, 100
POLICIES = ("off", "strict", "lenient")
ORDER_MS, LIFE_MAX_MS, GRACE_MS = 600_000, 900_000, 120_000


def with_the_tests_clock(scripts: dict[str, Script]) -> dict[str, Script]:
    """The same scripts, asking the test what time it is."""
    changed = {}
    for name, script in scripts.items():
        text = script.text.replace(b"local time = call('TIME')", b"local time = call('LRANGE', '%s', 0, 1)" % CLOCK)
        changed[name] = Script(name, text, sha1(text, usedforsecurity=False).hexdigest().encode())
    return changed


def chart() -> dict[str, Any]:
    left = make.seated("A", 3, 8)
    for row in left["rows"]:
        row["aisle_after"] = [4]
    left["rows"][0]["accessible"] = [2, 3]
    return make.chart(left, make.seated("B", 2, 6, y0=10), make.general("Floor", GENERAL))


class Snapshot:
    """What Inventory asks of a selling event."""

    def __init__(self) -> None:
        self.id = EVENT
        self.seat_map = hotpath_rs.SeatMap.parse(orjson.dumps(chart()))
        self.units = self.seat_map.units
        base = bytearray(self.seat_map.base_map())
        for unit in (9, 10, 11, self.units - 1, self.units - 2):
            base[unit] = free_byte(ALLOTMENT, accessible=bool(base[unit] & 1))
        self.base = bytes(base)
        self.seated_b = 24
        self.general = self.units - GENERAL
        categories = {0: 0, 1: 0, 2: 1, 3: 2, 4: 2}
        kinds = [
            SimpleNamespace(id=f"tt_{n}", number=n, categories=(c,), max_per_order=5) for n, c in categories.items()
        ]
        self.ticket_types = {kind.id: kind for kind in kinds}
        self.promo_by_number = {1: SimpleNamespace(id="prm_1", number=1)}
        self.tapes = {
            (c, size): (tape_name(self.seat_map.etag, (c,), None, size).encode(), self.seat_map.tape([c], None, size))
            for c in (0, 1)
            for size in range(1, 6)
        }

    async def get(self, _event_id: str) -> Snapshot:
        return self

    def forget(self, _event_id: str) -> None:
        """Nothing changes."""


class MemoryLedger:
    """The oracle's orders as the stores that Inventory and Stock read."""

    def __init__(self, oracle: Oracle) -> None:
        self.oracle = oracle

    async def owned(self, _event_id: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        live = [order for order in self.oracle.orders.values() if order.status in {"unpaid", "paid"}]
        units = [
            {"unit": unit, "number": kind, "unpaid": order.status == "unpaid"}
            for order in live
            for unit, kind in order.units
        ]
        uses = sum(bool(order.promo) and order.status != "closed" for order in self.oracle.orders.values())
        return units, [{"id": "prm_1", "uses": uses}]

    async def counted(self, _event_id: str, _kept_s: int) -> list[tuple[bytes, bool, bool, int]]:
        return [
            (b"".join(order.counted_for), order.status == "unpaid", False, len(order.units))
            for order in self.oracle.orders.values()
            if order.status != "closed" and any(order.counted_for)
        ]

    async def blocked(self, _event_id: str) -> list[int]:
        return []

    async def ended_leases(self, _event_id: str, _kept_s: int) -> list[bytes]:
        return []

    async def still_owned(self, _event_id: str, units: Sequence[int], order_id: str | None = None) -> set[int]:
        owners = self.oracle.owners()
        return {u for u in units if u in owners and (order_id is None or owners[u] is self.oracle.orders[order_id])}
