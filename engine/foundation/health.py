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
        self._running: dict[str, asyncio.Future[Any]] = {}

    async def report(self) -> tuple[bool, dict[str, Any]]:
        """(ready, document) after all checks ran side by side."""
        results = await asyncio.gather(*(self._one(name, check) for name, check in self._checks.items()))
        ready = all(result["ok"] for name, result in results if name in self._required)
        return ready, {"status": "ready" if ready else "not_ready", "subsystems": dict(results)}

    async def _one(self, name: str, check: Check) -> tuple[str, dict[str, Any]]:
        started = time.perf_counter()
        task = self._running.get(name)
        if task is None or task.done():
            task = self._running[name] = asyncio.ensure_future(check())
            task.add_done_callback(_seen)
        # A store that is frozen does not answer a cancellation either: the check is left to end when it can.
        await asyncio.wait({task}, timeout=CHECK_TIMEOUT_S)
        error = TimeoutError() if not task.done() else task.exception() if not task.cancelled() else TimeoutError()
        if not task.done():
            task.cancel()
        if error is not None:
            UP.labels(name).set(0)
            return name, {"ok": False, "error": type(error).__name__}
        UP.labels(name).set(1)
        return name, {"ok": True, "latency_ms": round((time.perf_counter() - started) * 1000, 2)}


def _seen(task: asyncio.Future[Any]) -> None:
    """Take the exception, so that nobody reports it as forgotten."""
    if not task.cancelled():
        task.exception()
