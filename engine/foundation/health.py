"""Liveness and readiness: one named check per subsystem, each bounded in time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from engine.foundation.metrics import UP

CHECK_TIMEOUT_S = 1.0

Check = Callable[[], Awaitable[Any]]


class Health:
    """Runs the subsystem checks. ``required`` ones decide readiness, the others are reported."""

    def __init__(self, checks: dict[str, Check], required: frozenset[str]) -> None:
        self._checks = checks
        self._required = required

    async def report(self) -> tuple[bool, dict[str, Any]]:
        """(ready, document) after all checks ran side by side."""
        results = await asyncio.gather(*(self._one(name, check) for name, check in self._checks.items()))
        ready = all(result["ok"] for name, result in results if name in self._required)
        return ready, {"status": "ready" if ready else "not_ready", "subsystems": dict(results)}

    @staticmethod
    async def _one(name: str, check: Check) -> tuple[str, dict[str, Any]]:
        started = time.perf_counter()
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_S):
                await check()
        except Exception as error:  # noqa: BLE001 - whatever a subsystem throws, it is not well
            UP.labels(name).set(0)
            return name, {"ok": False, "error": type(error).__name__}
        UP.labels(name).set(1)
        return name, {"ok": True, "latency_ms": round((time.perf_counter() - started) * 1000, 2)}
