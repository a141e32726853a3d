"""Errands: each topic has one handler, run at once by the process that wrote the errand, else by the worker's relay.

Handlers are idempotent and raise where they could not; the outbox then repeats them. ``repeated`` tells a handler that
an earlier run may have happened, so that it looks before it frees anything.

topic               payload                                handler
inventory.ordered   {event_id, order_id, hold_id, units}   services/money/stock_errands.py
inventory.sold      {event_id, order_id, hold_id, units}   services/money/stock_errands.py
inventory.free      {event_id, units, types, op_id}        services/money/stock_errands.py
lease.release       {event_id, lease_id}                   services/money/stock_errands.py
tickets.changed     {event_id, units}                      services/money/stock_errands.py
event.cancelled     {event_id}                             services/money/cancellations.py
mail.*              {order_id} or {refund_id}              services/messages/mail.py
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from prometheus_client import Counter

from engine.foundation import logs
from engine.stores.outbox import Errand, OutboxStore

ERRANDS_PER_STEP = 100
CONCURRENCY = 8
HANDLER_TIMEOUT_S = 45.0
MAIL = "mail."  # the relay's: no buyer waits for a mail server

Handler = Callable[[Mapping[str, Any], bool], Awaitable[None]]
_ERRANDS = Counter("onsale_outbox_total", "Errands by outcome", ["topic", "outcome"])
_log = logs.get("outbox")


class Outbox:
    """Runs errands. Handlers are registered once, by the roof."""

    def __init__(self, *, store: OutboxStore) -> None:
        self._store = store
        self._handlers: dict[str, Handler] = {}

    def on(self, topic: str, handler: Handler) -> None:
        """``handler(payload, repeated)`` does what this topic asks."""
        assert topic not in self._handlers, f"two handlers for {topic}"
        self._handlers[topic] = handler

    async def at_once(self, errands: Iterable[Errand]) -> None:
        """Do freshly committed errands now, all but mail. Whatever fails is left to the relay; nothing is raised."""
        for errand in errands:
            if errand.topic in self._handlers and not errand.topic.startswith(MAIL):
                await self._run(errand, repeated=False)

    async def step(self) -> int:
        """Claim and run up to ERRANDS_PER_STEP due errands; how many there were."""
        errands = await self._store.claim(ERRANDS_PER_STEP)
        gate = asyncio.Semaphore(CONCURRENCY)

        async def one(errand: Errand) -> None:
            async with gate:
                await self._run(errand, repeated=True)

        await asyncio.gather(*(one(errand) for errand in errands))
        return len(errands)

    async def dead(self, limit: int) -> list[dict[str, Any]]:
        """Errands that failed for good, oldest first."""
        return await self._store.dead(limit)

    async def replay(self, errand_id: int) -> dict[str, Any] | None:
        """Give a dead errand another life; as it was, None where it is none."""
        return await self._store.replay(errand_id)

    async def _run(self, errand: Errand, *, repeated: bool) -> None:
        handler = self._handlers.get(errand.topic)
        try:
            if handler is None:
                raise LookupError(f"no handler for {errand.topic}")
            async with asyncio.timeout(HANDLER_TIMEOUT_S):
                await handler(errand.payload, repeated)
            self._store.done(errand)
        except Exception as error:  # noqa: BLE001 - an errand that fails must never take its neighbours along
            _ERRANDS.labels(errand.topic, "failed").inc()
            if not repeated:
                _log.info("errand_left_to_the_relay", topic=errand.topic, key=errand.key, error=repr(error))
                return
            dead = await self._store.failed(errand, repr(error))
            _log.warning("errand_failed", topic=errand.topic, key=errand.key, dead=dead, error=repr(error))
        else:
            _ERRANDS.labels(errand.topic, "done").inc()
