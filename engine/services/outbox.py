"""Errands are run: each has one handler, called at once by the process that wrote the errand, else by the relay.

What errands there are, and what each holds, says ``engine/domain/errands.py``. Handlers are idempotent and raise if
they could not do it; the outbox then repeats them. ``repeated`` tells a handler that an earlier run may have happened,
so that it looks before it frees anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

import msgspec
from prometheus_client import Counter

from engine.domain.errands import Errand
from engine.foundation import logs
from engine.stores.outbox import OutboxRow, OutboxStore

ERRANDS_PER_STEP = 100
CONCURRENCY = 8
HANDLER_TIMEOUT_S = 45.0

E = TypeVar("E", bound=Errand)
_ERRANDS = Counter("onsale_outbox_total", "Errands by outcome", ["topic", "outcome"])
_log = logs.get("outbox")


class Outbox:
    """Runs errands. Handlers are registered once, by the roof."""

    def __init__(self, *, store: OutboxStore) -> None:
        self._store = store
        self._kinds: dict[str, type[Errand]] = {}
        self._handlers: dict[type[Errand], Callable[[Any, bool], Awaitable[None]]] = {}

    def on(self, kind: type[E], handler: Callable[[E, bool], Awaitable[None]]) -> None:
        """``handler(errand, repeated)`` does errands of this kind."""
        assert kind.topic not in self._kinds, f"two handlers for {kind.topic}"
        self._kinds[kind.topic] = kind
        self._handlers[kind] = handler

    async def at_once(self, rows: Iterable[OutboxRow]) -> None:
        """Do freshly committed errands now, except mail. What fails is left to the relay; nothing is raised."""
        for row in rows:
            kind = self._kinds.get(row.topic)
            if kind is not None and kind.at_once:
                await self._run(row, repeated=False)

    async def step(self) -> int:
        """Claim and run up to ERRANDS_PER_STEP due errands; how many there were."""
        rows = await self._store.claim(ERRANDS_PER_STEP)
        gate = asyncio.Semaphore(CONCURRENCY)

        async def one(row: OutboxRow) -> None:
            async with gate:
                await self._run(row, repeated=True)

        await asyncio.gather(*(one(row) for row in rows))
        return len(rows)

    async def dead(self, limit: int) -> list[dict[str, Any]]:
        """Errands that failed for good, oldest first."""
        return await self._store.dead(limit)

    async def replay(self, errand_id: int) -> dict[str, Any] | None:
        """Requeue a dead errand. Returns it as it was, or None if it is not dead."""
        return await self._store.replay(errand_id)

    async def _run(self, row: OutboxRow, *, repeated: bool) -> None:
        try:
            errand = self._read(row)
            async with asyncio.timeout(HANDLER_TIMEOUT_S):
                await self._handlers[type(errand)](errand, repeated)
            self._store.done(row)
        except Exception as error:  # noqa: BLE001 - an errand that fails must never take its neighbours along
            _ERRANDS.labels(row.topic, "failed").inc()
            if not repeated:
                _log.info("errand_left_to_the_relay", topic=row.topic, key=row.key, error=repr(error))
                return
            dead = await self._store.failed(row, repr(error))
            _log.warning("errand_failed", topic=row.topic, key=row.key, dead=dead, error=repr(error))
        else:
            _ERRANDS.labels(row.topic, "done").inc()

    def _read(self, row: OutboxRow) -> Errand:
        """LookupError for a topic nobody handles, msgspec.ValidationError for fields that are not its errand's."""
        kind = self._kinds.get(row.topic)
        if kind is None:
            raise LookupError(f"no handler for {row.topic}")
        return msgspec.convert(row.payload, kind)
