"""Holds in Redis: what an item of the batch looks like in bytes, and the scripts themselves.

The scripts are the contract (stores/lua/hold_*.lua); what they answer is read in ``hold_answers``.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from engine.domain.sale.price_steps import Span
from engine.foundation.connections import HotRedis
from engine.foundation.scripts import load_folder
from engine.stores import keys
from engine.stores.sale import hold_answers as answers
from engine.stores.sale.hold_records import Run, pack_units

SCRIPTS: Final = load_folder(Path(__file__).parents[1] / "lua")
MOVES_MAX: Final = 64
POLICY_BYTE: Final = {"off": 0, "strict": 1, "lenient": 2}
_ITEM = struct.Struct(">8s4s3sIB3sB")


class Fenced(Exception):  # noqa: N818 - an answer, handled by the service
    """The epoch is missing or another: the map must be (re)loaded before anything is sold."""


def pick_exact(runs: Sequence[Run], allocation: int) -> bytes:
    """These units and no others."""
    return b"\x00" + bytes((len(runs),)) + b"".join([run.pack() for run in runs]) + bytes((allocation,))


def pick_general(first: int, size: int, parts: Sequence[tuple[int, int]]) -> bytes:
    """The lowest free numbers of a section, for (ticket type number, count) parts."""
    return b"\x01" + first.to_bytes(3, "big") + size.to_bytes(3, "big") + _parts(parts)


def pick_tape(name: bytes, policy: str, parts: Sequence[tuple[int, int]]) -> bytes:
    """The best block on this tape."""
    return b"\x02" + bytes((len(name),)) + name + bytes((POLICY_BYTE[policy],)) + _parts(parts)


def _parts(parts: Sequence[tuple[int, int]]) -> bytes:
    return bytes((len(parts),)) + b"".join([bytes(part) for part in parts])


@dataclass(frozen=True, slots=True)
class Item:
    """One hold to place: everything the script must know, except how to pick."""

    ref: bytes
    body_hash: bytes
    life_ms: int
    total_cents: int
    lots: bytes
    caps: tuple[tuple[int, int], ...] = ()
    promo: int = 0
    promo_uses_max: int = 0
    counted_for: bytes = b""  # a buyer, then an address block (``hold_records.counted_of``)
    buyer_units_max: int = 0  # units one buyer may have; 0: no limit
    spans: tuple[Span, ...] = ()  # of the types that have price steps
    picks: tuple[bytes, ...] = ()

    def with_picks(self, picks: tuple[bytes, ...]) -> Item:
        return replace(self, picks=picks)

    def pack(self) -> bytes:
        caps = b"".join([bytes((kind, *most.to_bytes(3, "big"))) for kind, most in self.caps])
        head = _ITEM.pack(
            self.ref,
            self.body_hash,
            self.life_ms.to_bytes(3, "big"),
            self.total_cents,
            self.promo,
            self.promo_uses_max.to_bytes(3, "big"),
            len(self.counted_for),
        )
        return b"".join((
            head, self.counted_for, self.buyer_units_max.to_bytes(2, "big"), bytes((len(self.lots),)), self.lots,
            bytes((len(self.caps),)), caps, bytes((len(self.picks),)), *self.picks,
            *((bytes((len(self.spans),)), _spans(self.spans)) if self.spans else ()),
        ))  # fmt: skip


def _spans(spans: Sequence[Span]) -> bytes:
    return b"".join([
        bytes((len(span.numbers), *span.numbers)) + span.low.to_bytes(3, "big") + span.high.to_bytes(3, "big")
        for span in spans
    ])  # fmt: skip


@dataclass(frozen=True, slots=True)
class Move:
    """Units that are an order's (``to`` ORDERED) or paid (SOLD), as the ledger says. ``counted_for``: see UnitsSold."""

    to: int
    ref: bytes
    order_id: str
    units: Sequence[int]
    counted_for: bytes = b""

    def pack(self) -> bytes:
        op = self.order_id.encode()
        return b"".join((
            bytes((self.to,)), self.ref, bytes((len(self.counted_for),)), self.counted_for, bytes((len(op),)), op,
            pack_units(self.units),
        ))  # fmt: skip


class HoldStore:
    """The hold scripts of all events, over the hot connection; Fenced if ``epoch`` is not the one in force."""

    def __init__(self, hot: HotRedis, *, block_units_max: int = 0) -> None:
        self._hot = hot
        self._block_units_max = block_units_max  # units one address block may have unpaid; 0: no limit

    async def place(self, event_id: str, epoch: bytes, items: Sequence[bytes]) -> list[bytes]:
        """One answer an item, as the script wrote it: Rust reads most of them, ``read_placed`` the others."""
        reply: list[bytes] = await self._run("hold_place", event_id, epoch, self._block_units_max, *items)
        return reply[1:]

    async def place_one(self, event_id: str, epoch: bytes, item: Item) -> answers.Placing:
        """A hold by itself, without a batch."""
        (answer,) = await self.place(event_id, epoch, [item.pack()])
        return answers.read_placed(answer)

    async def read(self, event_id: str, epoch: bytes, ref: bytes) -> answers.Reading:
        return answers.read_standing(await self._run("hold_read", event_id, epoch, ref))

    async def release(self, event_id: str, epoch: bytes, ref: bytes, *, forget: bool = False) -> answers.Releasing:
        """``forget``: as if it had never been placed."""
        return answers.read_released(await self._run("hold_release", event_id, epoch, ref, int(forget)))

    async def extend(
        self, event_id: str, epoch: bytes, ref: bytes, *, add_ms: int, life_ms_max: int
    ) -> answers.Extending:
        return answers.read_extended(await self._run("hold_extend", event_id, epoch, ref, add_ms, life_ms_max))

    async def order(
        self, event_id: str, epoch: bytes, ref: bytes, *, order_ms: int, life_ms_max: int, grace_ms: int
    ) -> answers.StartingToPay:
        reply = await self._run("hold_order", event_id, epoch, ref, order_ms, life_ms_max, grace_ms)
        return answers.read_ordering(reply)

    async def bought(self, event_id: str, epoch: bytes, moves: Sequence[Move]) -> list[int]:
        """Tell what the ledger decided. For each, how many of its units are astray: neither its hold's nor an order's.

        At most MOVES_MAX.
        """
        reply: list[Any] = await self._run("hold_bought", event_id, epoch, *[move.pack() for move in moves])
        return reply[1:]

    async def swap(
        self,
        event_id: str,
        epoch: bytes,
        ref: bytes,
        *,
        lots: bytes,
        runs: Sequence[Run],
        total_cents: int,
        allocation: int,
        caps: Sequence[tuple[int, int]] = (),
        spans: Sequence[Span] = (),
        buyer_units_max: int = 0,
    ) -> answers.Swapping:
        packed = b"".join([run.pack() for run in runs])
        facts = struct.pack(">IBHI", total_cents, allocation, buyer_units_max, self._block_units_max)
        limits = b"".join([bytes((kind, *most.to_bytes(3, "big"))) for kind, most in caps])
        return answers.read_swapped(
            await self._run("hold_swap", event_id, epoch, ref, lots, packed, facts, limits, _spans(spans))
        )

    async def expire(self, event_id: str, epoch: bytes) -> tuple[bool, list[bytes]]:
        """One bounded step: (more is waiting, leases of holds that ended)."""
        reply = await self._run("hold_expire", event_id, epoch)
        return bool(reply[1]), reply[2:]

    async def free(
        self,
        event_id: str,
        epoch: bytes,
        op_id: str,
        units: Sequence[tuple[int, int]],
        promo: int = 0,
        counted_for: bytes = b"",
    ) -> bool:
        """Units with their ticket type numbers back to their lots, with the promo's use; False if done before.

        ``counted_for``: for whom they no longer count, b"" if they still do.
        """
        packed = b"".join([bytes((*unit.to_bytes(3, "big"), kind)) for unit, kind in units])
        reply = await self._run("units_free", event_id, epoch, op_id, packed, promo, counted_for)
        return bool(reply[0] == b"freed")

    async def load(
        self,
        event_id: str,
        seen: bytes,
        epoch: bytes,
        *,
        base: bytes,
        owned: bytes,
        types: Mapping[int, int],
        promos: Mapping[int, int],
        buyers: Mapping[bytes, int] | None = None,
        blocks: Mapping[bytes, int] | None = None,
    ) -> bool:
        """Write the whole map as the ledger says and lift the fence; False if somebody else did meanwhile.

        ``types`` and ``promos`` are what orders own and use, by number; ``buyers`` and ``blocks`` have the units of
        orders that count for them.
        """
        reply = await self._hot.run(
            SCRIPTS["inventory_load"],
            [keys.epoch(event_id)],
            [
                seen,
                epoch,
                base,
                owned,
                _pack_counts(types),
                _pack_counts(promos),
                "rebuild",
                _pack_owners(buyers or {}),
                _pack_owners(blocks or {}),
            ],
        )
        return bool(reply[0] == b"loaded")

    async def relot(self, event_id: str, epoch: bytes, base: bytes) -> bool:
        """New lots under a running sale: free units change theirs, taken ones stay taken."""
        reply = await self._hot.run(
            SCRIPTS["inventory_load"], [keys.epoch(event_id)], [epoch, epoch, base, b"", b"", b"", "relot"]
        )
        return bool(reply[0] == b"loaded")

    async def _run(self, script: str, event_id: str, epoch: bytes, *arguments: bytes | str | int) -> Any:
        reply = await self._hot.run(SCRIPTS[script], [keys.epoch(event_id)], [epoch, *arguments])
        if reply[0] == b"fenced":
            raise Fenced(event_id)
        return reply


def _pack_owners(units: Mapping[bytes, int]) -> bytes:
    return b"".join([bytes((len(who),)) + who + count.to_bytes(3, "big") for who, count in units.items()])


def _pack_counts(counts: Mapping[int, int]) -> bytes:
    return b"".join([bytes((number, *count.to_bytes(3, "big"))) for number, count in counts.items()])
