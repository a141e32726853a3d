"""The payment lane's turns in Redis: one bucket an endpoint, shared by every process."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from engine.foundation import scripts
from engine.foundation.connections import HotRedis

_TAKE = scripts.load(Path(__file__).parents[1] / "lua" / "lane_take.lua")
_MICROS_PER_S = 1_000_000
CREDIT_SHARE = 8  # of what may go out together, a process takes an eighth at a time while nobody waits
# It must be used within this time: any second then sees the rate, the burst and what comes free in this time, however
# many processes there are.
CREDIT_S = 0.05
AWAY_MS = 5_000  # how long a provider that did not answer counts as away


class LaneStore:
    """``rate_per_s`` calls a second at each endpoint, ``burst`` of them at once."""

    def __init__(self, hot: HotRedis, *, rate_per_s: int, burst: int) -> None:
        self._hot = hot
        self._interval_us = _MICROS_PER_S // rate_per_s
        self._burst = burst
        self._block = max(1, burst // CREDIT_SHARE)
        self._credits: dict[str, tuple[int, float]] = {}  # by endpoint: turns taken beforehand, until when they hold

    async def take(
        self, endpoint: str, *, wait_max_s: float, share: int = 1, every_s: float | None = None
    ) -> tuple[bool, float]:
        """(whether a turn was taken, seconds to wait for it). A refused turn says how long it would have been.

        ``share``: that part of the rate only; ``every_s``: one turn in this many seconds instead.
        """
        plain = share == 1 and every_s is None
        if plain and self._spend(endpoint):
            return True, 0.0
        interval_us, burst = self._interval_us * share, max(1, self._burst // share)
        if every_s is not None:
            interval_us, burst = int(every_s * _MICROS_PER_S), 1
        more = self._block - 1 if plain else 0
        word, wait_us, *taken = await self._hot.run(
            _TAKE, [_key(endpoint)], [interval_us, burst, int(wait_max_s * _MICROS_PER_S), more]
        )
        if taken and taken[0]:
            left, until_s = self._credits.get(endpoint, (0, 0.0))
            now_s = time.monotonic()
            ends_s = min(until_s, now_s + CREDIT_S) if left and until_s > now_s else now_s + CREDIT_S
            self._credits[endpoint] = (left if until_s > now_s else 0) + taken[0], ends_s
        return word == b"turn", wait_us / _MICROS_PER_S

    def _spend(self, endpoint: str) -> bool:
        """Whether a turn was left of those taken beforehand; it is used."""
        left, until_s = self._credits.pop(endpoint, (0, 0.0))
        if not left or time.monotonic() >= until_s:
            return False
        if left > 1:
            self._credits[endpoint] = left - 1, until_s
        return True

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
