"""The payment lane's turns in Redis: one bucket an endpoint, shared by every process."""

from __future__ import annotations

import asyncio
from pathlib import Path

from engine.foundation import scripts
from engine.foundation.connections import HotRedis

_TAKE = scripts.load(Path(__file__).parents[1] / "lua" / "lane_take.lua")
_MICROS_PER_S = 1_000_000
AWAY_MS = 5_000  # how long a provider that did not answer counts as away


class LaneStore:
    """``rate_per_s`` calls a second at each endpoint, ``burst`` of them at once."""

    def __init__(self, hot: HotRedis, *, rate_per_s: int, burst: int) -> None:
        self._hot = hot
        self._interval_us = _MICROS_PER_S // rate_per_s
        self._burst = burst

    async def take(
        self, endpoint: str, *, wait_max_s: float, share: int = 1, every_s: float | None = None
    ) -> tuple[bool, float]:
        """(whether a turn was taken, seconds to wait for it). A refused turn says how long it would have been.

        ``share``: that part of the rate only; ``every_s``: one turn in this many seconds instead.
        """
        interval_us, burst = self._interval_us * share, max(1, self._burst // share)
        if every_s is not None:
            interval_us, burst = int(every_s * _MICROS_PER_S), 1
        word, wait_us = await self._hot.run(
            _TAKE, [_key(endpoint)], [interval_us, burst, int(wait_max_s * _MICROS_PER_S)]
        )
        return word == b"turn", wait_us / _MICROS_PER_S

    async def away(self, endpoint: str) -> None:
        """Remember for AWAY_MS that the provider did not answer here."""
        await self._hot.command(b"SET", _away_key(endpoint), b"1", b"PX", AWAY_MS)

    async def backlog(self, endpoint: str) -> tuple[float, bool]:
        """(seconds a newcomer would wait, whether the provider counts as away), over all processes."""
        free, away, (seconds, micros) = await asyncio.gather(
            self._hot.command(b"GET", _key(endpoint)),
            self._hot.command(b"GET", _away_key(endpoint)),
            self._hot.command(b"TIME"),
        )
        now_us = int(seconds) * _MICROS_PER_S + int(micros)
        wait_us = max(0, int(free or 0) - (self._burst - 1) * self._interval_us - now_us)
        return wait_us / _MICROS_PER_S, away is not None


def _key(endpoint: str) -> bytes:
    return b"lane:{%s}" % endpoint.encode()


def _away_key(endpoint: str) -> bytes:
    return b"lane:{%s}:away" % endpoint.encode()
