"""Errands are run: each has one handler, called at once by the process that wrote the errand, else by the relay.

What errands there are, and what each holds, says ``engine/domain/errands.py``. Handlers are idempotent and raise if
they could not do it; the outbox then repeats them. ``repeated`` tells a handler that an earlier run may have happened,
so that it looks before it frees anything.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, TypeVar

import msgspec
from prometheus_client import Counter

from engine.domain.errands import Errand
from engine.foundation import logs
from engine.foundation.metrics import labelled
from engine.stores.outbox import OutboxRow, OutboxStore

ERRANDS_PER_STEP = 100
CONCURRENCY = 8
WAITING_PER_STEP = 25  # of the lane that can wait: a step ends soon after something urgent began
WAITING_CONCURRENCY = 2  # fewer than the connections to the mail server (stores/messages/mail.py)
HANDLER_TIMEOUT_S = 45.0
SOON_MAX = 1_000  # keys under which something is done while its caller goes on; beyond, callers wait
SEVERAL_MAX = 25  # errands that are read for at once: the last of them is told what was true a moment ago

Doing = Callable[[], Awaitable[None]]

E = TypeVar("E", bound=Errand)
_ERRANDS = Counter("onsale_outbox_total", "Errands by outcome", ["topic", "outcome"])
_log = logs.get("outbox")


class Outbox:
    """Runs errands. Handlers are registered once, by the roof."""

    def __init__(self, *, store: OutboxStore) -> None:
        self._store = store
        self._kinds: dict[str, type[Errand]] = {}
        self._handlers: dict[type[Errand], Callable[[Any, bool], Awaitable[None]]] = {}
        self._of_several: dict[str, Callable[[Sequence[Any]], Awaitable[Sequence[Doing]]]] = {}
        self._soon: dict[str, asyncio.Task[None]] = {}

    def on(
        self,
        kind: type[E],
        handler: Callable[[E, bool], Awaitable[None]],
        *,
        of_several: Callable[[Sequence[E]], Awaitable[Sequence[Doing]]] | None = None,
    ) -> None:
        """``handler(errand, repeated)`` does errands of this kind.

        ``of_several`` reads what several of them need, at most SEVERAL_MAX, and returns what is left to do for each.
        """
        assert kind.topic not in self._kinds, f"two handlers for {kind.topic}"
        self._kinds[kind.topic] = kind
        self._handlers[kind] = handler
        if of_several is not None:
            self._of_several[kind.topic] = of_several

    async def at_once(self, rows: Sequence[OutboxRow]) -> None:
        """Do freshly committed errands now, except mail. What fails is left to the relay; nothing is raised.

        Those that were given to ``soon`` under the same key are done before.
        """
        for key in {row.key for row in rows}:
            await self.done_for(key)
        await self._now(rows)

    async def soon(self, key: str, rows: Sequence[OutboxRow]) -> None:
        """As ``at_once``, while the caller goes on; ``done_for`` waits for it."""
        if len(self._soon) >= SOON_MAX or key in self._soon:
            await self.at_once(rows)
            return
        task = self._soon[key] = asyncio.get_running_loop().create_task(self._now(rows))
        task.add_done_callback(lambda _: self._soon.pop(key, None))

    async def done_for(self, key: str) -> None:
        """Wait until what was to be done soon under this key is done."""
        task = self._soon.get(key)
        if task is not None:
            await asyncio.wait([task])

    async def _now(self, rows: Iterable[OutboxRow]) -> None:
        kinds = [(row, kind) for row in rows if (kind := self._kinds.get(row.topic)) is not None and kind.at_once]
        in_company = [self._run(row, repeated=False) for row, kind in kinds if kind.in_company]
        if in_company:
            await asyncio.gather(*in_company)
        for row, kind in kinds:
            if not kind.in_company:
                await self._run(row, repeated=False)

    async def step(self) -> int:
        """Claim and run up to ERRANDS_PER_STEP due errands of the first lane; how many there were."""
        return await self._claimed(await self._store.claim(ERRANDS_PER_STEP), CONCURRENCY)

    async def step_waiting(self) -> int:
        """The same for what can wait, a few at a time."""
        return await self._claimed(await self._store.claim(WAITING_PER_STEP, lane=1), WAITING_CONCURRENCY)

    async def _claimed(self, rows: Sequence[OutboxRow], concurrency: int) -> int:
        gate = asyncio.Semaphore(concurrency)
        several: dict[str, list[OutboxRow]] = {topic: [] for topic in self._of_several}
        alone = [row for row in rows if row.topic not in several]
        for row in rows:
            if row.topic in several:
                several[row.topic].append(row)
        await asyncio.gather(
            *[self._gated(gate, row) for row in alone], *[self._several(gate, alike) for alike in several.values()]
        )
        return len(rows)

    async def _several(self, gate: asyncio.Semaphore, rows: Sequence[OutboxRow]) -> None:
        """Errands of one kind, group by group: a group is read when the one before is done."""
        for at in range(0, len(rows), SEVERAL_MAX):
            group = rows[at : at + SEVERAL_MAX]
            doings = await self._read_ahead(group)
            await asyncio.gather(*[self._gated(gate, row, doing) for row, doing in zip(group, doings, strict=True)])

    async def _read_ahead(self, rows: Sequence[OutboxRow]) -> Sequence[Doing | None]:
        """What is left to do for each; None for all if that failed: then each does for itself what it can."""
        try:
            errands = [self._read(row) for row in rows]
            async with asyncio.timeout(HANDLER_TIMEOUT_S):
                return await self._of_several[rows[0].topic](errands)
        except Exception as error:  # noqa: BLE001 - one that cannot be read must never take its neighbours along
            _log.info("errands_are_read_one_by_one", topic=rows[0].topic, error=repr(error))
            return [None] * len(rows)

    async def _gated(self, gate: asyncio.Semaphore, row: OutboxRow, doing: Doing | None = None) -> None:
        async with gate:
            await self._run(row, repeated=True, doing=doing)

    async def dead(self, limit: int) -> list[dict[str, Any]]:
        """Errands that failed for good, oldest first."""
        return await self._store.dead(limit)

    async def replay(self, errand_id: int) -> dict[str, Any] | None:
        """Requeue a dead errand. Returns it as it was, or None if it is not dead."""
        return await self._store.replay(errand_id)

    async def _run(self, row: OutboxRow, *, repeated: bool, doing: Doing | None = None) -> None:
        try:
            if doing is None:
                errand = self._read(row)
                doing = functools.partial(self._handlers[type(errand)], errand, repeated)
            async with asyncio.timeout(HANDLER_TIMEOUT_S):
                await doing()
            self._store.done(row)
        except Exception as error:  # noqa: BLE001 - an errand that fails must never take its neighbours along
            labelled(_ERRANDS, row.topic, "failed").inc()
            if not repeated:
                _log.info("errand_left_to_the_relay", topic=row.topic, key=row.key, error=repr(error))
                return
            dead = await self._store.failed(row, repr(error))
            _log.warning("errand_failed", topic=row.topic, key=row.key, dead=dead, error=repr(error))
        else:
            labelled(_ERRANDS, row.topic, "done").inc()

    def _read(self, row: OutboxRow) -> Errand:
        """LookupError for a topic nobody handles, msgspec.ValidationError for fields that are not its errand's."""
        kind = self._kinds.get(row.topic)
        if kind is None:
            raise LookupError(f"no handler for {row.topic}")
        return msgspec.convert(row.payload, kind)
