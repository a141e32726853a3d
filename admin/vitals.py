"""How the shop itself is doing: the health factor it publishes, how fast it answers, what it sheds.

Read from the engine's own metrics page. Several engine processes share one port, so each reading is one of them at a
time; a reading is compared with the last one of the same process.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Final

import aiohttp

from engine.foundation.connections import HotRedis
from engine.foundation.errors import Unavailable
from engine.foundation.leases import HEALTH_FULL, HEALTH_KEY

REMEMBERED_S: Final = 1.5
COMPARED_S: Final = 120.0  # an older reading says nothing about now
PROCESSES_MAX: Final = 128
QUANTILE: Final = 0.99
WATCHED: Final = ("/v1/holds", "/v1/orders")
_STARTED = re.compile(r"^process_start_time_seconds (\S+)", re.MULTILINE)
_SHED = re.compile(r"^onsale_shed_total\{[^}]*\} (\S+)", re.MULTILINE)
_BUCKET = re.compile(r"^onsale_http_request_seconds_bucket\{([^}]*)\} (\S+)", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Vital:
    """``health`` 0..1; ``p99_ms`` of placing holds and opening orders (an upper bound); None: not known."""

    health: float | None = None
    p99_ms: float | None = None
    shed_per_s: float | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One process's counters: answers by upper bound in seconds (cumulative), requests shed."""

    at_s: float
    process: str
    buckets: dict[float, float]
    shed: float


class Vitals:
    """Asks the engine, at most once in REMEMBERED_S."""

    def __init__(self, *, client: aiohttp.ClientSession, url: str, token: str, hot: HotRedis) -> None:
        self._client = client
        self._url = url.rstrip("/") + "/metrics"
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._hot = hot
        self._readings: dict[str, Reading] = {}
        self._known: tuple[float, Vital] = (0.0, Vital())

    async def now(self) -> Vital:
        """The figures; what cannot be read is None."""
        if time.monotonic() - self._known[0] >= REMEMBERED_S:
            self._known = (time.monotonic(), await self._read())
        return self._known[1]

    async def _read(self) -> Vital:
        health = None
        try:
            raw = await self._hot.command(b"GET", HEALTH_KEY)
            health = int(raw) / HEALTH_FULL if raw is not None else None
            async with self._client.get(self._url, headers=self._headers, allow_redirects=False) as answer:
                text = await answer.text() if answer.ok else ""
        except (Unavailable, aiohttp.ClientError, TimeoutError):
            text = ""
        reading = parse(text, time.monotonic())
        if reading is None:
            return Vital(health)
        before = self._readings.get(reading.process)
        if len(self._readings) >= PROCESSES_MAX:
            self._readings.clear()
        self._readings[reading.process] = reading
        if before is None or reading.at_s - before.at_s > COMPARED_S:
            return Vital(health)
        return Vital(health, quantile_ms(before, reading), shed_per_s(before, reading))


def parse(text: str, at_s: float) -> Reading | None:
    """A metrics page; None if it is none."""
    started = _STARTED.search(text)
    if started is None:
        return None
    buckets: dict[float, float] = {}
    for labels, value in _BUCKET.findall(text):
        named = dict(_LABEL.findall(labels))
        if named.get("method") == "POST" and named.get("route") in WATCHED:
            bound = float(named["le"])
            buckets[bound] = buckets.get(bound, 0.0) + float(value)
    return Reading(at_s, started[1], buckets, sum(float(value) for value in _SHED.findall(text)))


def quantile_ms(before: Reading, after: Reading) -> float | None:
    """The bound below which QUANTILE of the answers between two readings lay; None if there were none."""
    counts = {bound: count - before.buckets.get(bound, 0.0) for bound, count in after.buckets.items()}
    total = max(counts.values(), default=0.0)
    if total <= 0:
        return None
    bound = min((bound for bound, count in counts.items() if count >= QUANTILE * total), default=float("inf"))
    return bound * 1000


def shed_per_s(before: Reading, after: Reading) -> float:
    return max(0.0, (after.shed - before.shed) / max(after.at_s - before.at_s, 0.001))
