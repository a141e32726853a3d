"""The check-in map in Redis: one bit a unit, a fence, and short-lived marks of claims whose ledger write is under way.

It spares the ledger the crowd around one code; it never decides alone. Whatever it has lost is read from the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine.foundation.connections import HotRedis
from engine.foundation.scripts import load

MARK_TTL_MS: Final = 3_000  # a worker that died with a claim blocks its unit no longer than this
MAP_TTL_S: Final = 14 * 24 * 3600
CLAIMS_PER_SCRIPT_MAX: Final = 100  # 0.4 ms
CLAIMED, OTHERWISE, BEING_WRITTEN = 1, 0, -1

_LUA = Path(__file__).parents[1] / "lua"
_REDEEM = load(_LUA / "scan_redeem.lua")
_TAKE = load(_LUA / "scan_take.lua")
_PUT = load(_LUA / "scan_put.lua")
_LOAD = load(_LUA / "scan_load.lua")


class MapMissing(Exception):  # noqa: N818 - an answer, handled by the service
    """The fence is gone: load the map from the ledger first."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A unit's bit as the ledger lets us expect it, and as it will be."""

    unit: int
    expected: bool
    bit: bool


def _key(event_id: str, name: str) -> bytes:
    return f"scan:{{{event_id}}}:{name}".encode()


def _marks(event_id: str, units: Iterable[int]) -> list[bytes]:
    return [_key(event_id, f"mark:{unit}") for unit in units]


async def redeem(hot: HotRedis, event_id: str, claims: Sequence[Claim], mark: str) -> list[int]:
    """CLAIMED, OTHERWISE or BEING_WRITTEN for each claim. MapMissing if the map must be loaded first."""
    answers: list[int] = []
    for start in range(0, len(claims), CLAIMS_PER_SCRIPT_MAX):
        part = claims[start : start + CLAIMS_PER_SCRIPT_MAX]
        keys = [_key(event_id, "epoch"), _key(event_id, "in"), *_marks(event_id, (claim.unit for claim in part))]
        arguments: list[bytes | str | int] = [MARK_TTL_MS, mark]
        for claim in part:
            arguments += (claim.unit, int(claim.expected), int(claim.bit))
        reply: list[Any] = await hot.run(_REDEEM, keys, arguments)
        if reply[0] == b"missing":
            raise MapMissing
        answers += reply[1:]
    return answers


async def take(hot: HotRedis, event_id: str, units: bytes) -> None:
    """Set the bits of a bitmap, as the ledger has them. MapMissing as for ``redeem``."""
    keys = [_key(event_id, "epoch"), _key(event_id, "in"), _key(event_id, "tmp")]
    reply = await hot.run(_TAKE, keys, [units])
    if reply[0] == b"missing":
        raise MapMissing


async def put(hot: HotRedis, event_id: str, bits: Sequence[tuple[int, bool]], mark: str = "") -> None:
    """Set bits as the ledger has them; with a mark, only if the claim is still ours."""
    for start in range(0, len(bits), CLAIMS_PER_SCRIPT_MAX):
        part = bits[start : start + CLAIMS_PER_SCRIPT_MAX]
        keys = [_key(event_id, "in"), *_marks(event_id, (unit for unit, _ in part))]
        arguments: list[bytes | str | int] = [mark]
        for unit, bit in part:
            arguments += (unit, int(bit))
        await hot.run(_PUT, keys, arguments)


async def load_map(hot: HotRedis, event_id: str, units_in: Sequence[int]) -> bool:
    """Put the map in place; False if somebody else did."""
    keys = [_key(event_id, "epoch"), _key(event_id, "in")]
    reply = await hot.run(_LOAD, keys, [bitmap(units_in), MAP_TTL_S])
    return bool(reply[0] == b"loaded")


async def forget(hot: HotRedis, event_id: str) -> None:
    """Drop the map; the next scan loads it again (the rules changed what a bit means)."""
    await hot.command(b"DEL", _key(event_id, "epoch"), _key(event_id, "in"))


def bitmap(units: Sequence[int]) -> bytes:
    """Redis's bit order: unit 0 is the highest bit of the first byte."""
    raw = bytearray((max(units, default=-1) >> 3) + 1)
    for unit in units:
        raw[unit >> 3] |= 0x80 >> (unit & 7)
    return bytes(raw)
