"""A hold as Redis keeps it: the record's layout, written here once for Python.

A record is HEAD, whom it counts for (as long as HEAD's last byte says), and runs of RUN_BYTES each to the end. All
numbers are big-endian. ``stores/lua/lib/inventory.lua`` writes it, ``hotpath_rs/src/desk/record.rs`` reads it on the
hot path; ``tests/stores/sale/test_hold_records.py`` holds the three together.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

REF_BYTES = 8  # a hold is known by this many bytes of its id
UNIT_BYTES = 3
RUN_BYTES = 5  # ticket type u8, unit u24, length u8
LIFE_MS_MAX: Final = 0x7FFFFF
COUNTED: Final = 0x800000  # the bit of a life that says: the hold's units were counted for somebody
LEASE_BYTES: Final = 16  # a buyer who was admitted
PERSON_BYTES: Final = 8  # a buyer who is signed in
BLOCK_BYTES: Final = 4  # an address block
STATE_NAME: Final = {1: "held", 2: "ordering", 3: "ordered", 4: "ended"}
# State u8, placed at u48 ms, life u24 ms (with COUNTED), body hash 4 bytes, total u32 cents, allocation u8 (see
# ``allocation_byte``), promo u8, length u8 of whom it counts for.
HEAD: Final = struct.Struct(">B6s3s4sIBBB")

_STEP_SHIFT, _ADJACENT, _ORPHANS_MAX = 5, 0b1_0000, 0b1111


@dataclass(frozen=True, slots=True)
class Run:
    """``length`` neighbouring units from ``unit`` on, of the ticket type with this number."""

    kind: int
    unit: int
    length: int

    def pack(self) -> bytes:
        return bytes((self.kind, *self.unit.to_bytes(UNIT_BYTES, "big"), self.length))

    @classmethod
    def unpack(cls, raw: bytes, at: int) -> Run:
        return cls(raw[at], int.from_bytes(raw[at + 1 : at + 4], "big"), raw[at + 4])


@dataclass(frozen=True, slots=True)
class Record:
    """A hold's record. Times are Redis's, in epoch ms."""

    state: str
    placed_at_ms: int
    life_ms: int
    body_hash: bytes
    total_cents: int
    step: int
    adjacent: bool
    orphans_created: int
    promo: int
    counted_for: bytes  # a buyer's 16 or 8 bytes, if one is known, then an address block's 4, if it is limited
    runs: tuple[Run, ...]

    @property
    def expires_at_ms(self) -> int:
        return self.placed_at_ms + self.life_ms

    @property
    def lease_id(self) -> bytes:
        """The admission's, b"" if it came in on none."""
        buyer, _ = counted_of(self.counted_for)
        return buyer if len(buyer) == LEASE_BYTES else b""

    def stands(self, now_ms: int) -> bool:
        """Whether the hold is not over: one whose buyer pays stands until the order ends it."""
        return self.state != "ended" and not (self.state == "held" and self.expires_at_ms <= now_ms)

    @classmethod
    def unpack(cls, raw: bytes, at: int = 0) -> Record:
        """From the record's bytes; ``at`` skips what stands in front."""
        state, placed, life, body_hash, total, allocation, promo, counted_for_bytes = HEAD.unpack_from(raw, at)
        counted_for_at = at + HEAD.size
        runs_at = counted_for_at + counted_for_bytes
        return cls(
            state=STATE_NAME[state],
            placed_at_ms=int.from_bytes(placed, "big"),
            life_ms=int.from_bytes(life, "big") & LIFE_MS_MAX,
            body_hash=body_hash,
            total_cents=total,
            step=allocation >> _STEP_SHIFT,
            adjacent=bool(allocation & _ADJACENT),
            orphans_created=allocation & _ORPHANS_MAX,
            promo=promo,
            counted_for=raw[counted_for_at:runs_at],
            runs=tuple([Run.unpack(raw, i) for i in range(runs_at, len(raw), RUN_BYTES)]),
        )


def allocation_byte(step: int, *, adjacent: bool, orphans: int) -> int:
    """How the units were found: step (3 bits), adjacent (1 bit), orphans (4 bits)."""
    return step << _STEP_SHIFT | adjacent * _ADJACENT | min(orphans, _ORPHANS_MAX)


def counted_of(counted_for: bytes) -> tuple[bytes, bytes]:
    """(the buyer, the address block), each b"" if there is none."""
    has_block = len(counted_for) % PERSON_BYTES == BLOCK_BYTES
    return (counted_for[:-BLOCK_BYTES], counted_for[-BLOCK_BYTES:]) if has_block else (counted_for, b"")


def units_of(packed: bytes) -> tuple[int, ...]:
    """u24 units as numbers."""
    return tuple([int.from_bytes(packed[i : i + UNIT_BYTES], "big") for i in range(0, len(packed), UNIT_BYTES)])


def pack_units(units: Sequence[int]) -> bytes:
    return b"".join([unit.to_bytes(UNIT_BYTES, "big") for unit in units])
