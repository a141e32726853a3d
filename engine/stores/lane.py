"""The payment lane's turns in Redis: one bucket an endpoint, shared by every process."""

from __future__ import annotations

from pathlib import Path

from engine.foundation import scripts
from engine.foundation.connections import HotRedis

_TAKE = scripts.load(Path(__file__).parent / "lua" / "lane_take.lua")
_MICROS_PER_S = 1_000_000


class LaneTurns:
    """``rate_per_s`` calls a second at each endpoint, ``burst`` of them at once."""

    def __init__(self, hot: HotRedis, *, rate_per_s: int, burst: int) -> None:
        self._hot = hot
        self._interval_us = _MICROS_PER_S // rate_per_s
        self._burst = burst

    async def take(self, endpoint: str, *, wait_max_s: float) -> tuple[bool, float]:
        """(whether a turn was taken, seconds to wait for it). A refused turn says how long it would have been."""
        word, wait_us = await self._hot.run(
            _TAKE, [b"lane:{%s}" % endpoint.encode()], [self._interval_us, self._burst, int(wait_max_s * _MICROS_PER_S)]
        )
        return word == b"turn", wait_us / _MICROS_PER_S
