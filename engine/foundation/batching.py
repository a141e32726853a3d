"""Group commit: what waits goes out together, and an idle system answers at once.

``submit`` queues an item and returns a future. While fewer than ``flights_max`` batches are under way a flush is
scheduled for the end of this loop tick; each finished batch starts the next. So a batch is one item when nobody else
is there, and the arrivals of one round trip when everybody is. The same class serves Redis scripts and Postgres
inserts. A hold has no timer in its way; what costs its store much more a batch than an item has batches begin at least
``pace_s`` apart, so that a busy system makes fewer of them and an idle one still waits for nothing.

Limits: a batch holds ``batch_max`` items, the queue ``queue_max``. Where the first in the queue has waited longer than
``age_max_ms``, a newcomer is shed with 503 (Overloaded) before it is queued, if the queue is longer than one herd
(``CROWD_MAX``) or the store has not answered a batch for twice that time: a thousand callers of one second are a crowd
that goes down by itself, and each of them is owed a seat or a true refusal, however slow the machine. Age is counted in
ticks of a metronome that runs only while something waits, so that a stalled event loop (a thousand requests parsed in
one tick) does not look like a slow store.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, Protocol, TypeVar

from engine.foundation import metrics
from engine.foundation.errors import Unavailable

Item = TypeVar("Item")
Answer = TypeVar("Answer")
Told_contra = TypeVar("Told_contra", contravariant=True)

BATCH_MAX = 64
FLIGHTS_MAX = 2
QUEUE_MAX = 10_000
AGE_MAX_MS = 50
WORTH_IT = 8  # this many share what a batch costs; more would save little
# Between two batches of one kind for the ledger: a statement costs both sides several times what a row in it does. On
# its way to its tickets an order waits for some six of them.
LEDGER_PACE_S = 0.01
CROWD_MAX = 1_024
STALLED_AGES = 2
TICK_S = 0.01
DRAIN_TIMEOUT_S = 5.0


class Overloaded(Unavailable):
    code, title = "overloaded", "Too many requests are waiting: try again in a moment"


class Promise(Protocol[Told_contra]):
    """Takes an answer: a future, or something with its manners and without its turn of the loop."""

    def done(self) -> bool: ...
    def cancelled(self) -> bool: ...
    def set_result(self, result: Told_contra, /) -> None: ...
    def set_exception(self, exception: BaseException, /) -> None: ...


class GroupCommit(Generic[Item, Answer]):
    """Collects items and commits them in batches.

    ``commit`` takes 1..batch_max items and returns one answer each, in order; an answer that is an exception fails that
    item alone, an exception raised fails the batch. ``undo`` is called with (item, answer) if the caller was
    cancelled but its item was committed.
    """

    def __init__(
        self,
        name: str,
        commit: Callable[[list[Item]], Awaitable[Sequence[Answer | BaseException]]],
        *,
        undo: Callable[[Item, Answer], None] | None = None,
        batch_max: int = BATCH_MAX,
        flights_max: int = FLIGHTS_MAX,
        queue_max: int = QUEUE_MAX,
        age_max_ms: int = AGE_MAX_MS,
        pace_s: float = 0.0,
    ) -> None:
        """``pace_s``: a batch of fewer than WORTH_IT items begins no sooner after the last one did."""
        self._name = name
        self._commit = commit
        self._undo = undo
        self._batch_max = batch_max
        self._flights_max = flights_max
        self._queue_max = queue_max
        self._age_ticks_max = max(1, round(age_max_ms / 1000 / TICK_S))
        self._pace_s = pace_s
        self._began_s = -math.inf
        self._pacing: asyncio.TimerHandle | None = None
        self._queue: deque[tuple[Item, Promise[Answer], int]] = deque()
        self._flights = 0
        self._scheduled = False
        self._closing = False
        self._tick = 0
        self._answered_tick = 0
        self._metronome: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._sizes = metrics.BATCH_SIZE.labels(name)
        self._shed = metrics.SHED.labels(name)

    def submit(self, item: Item) -> asyncio.Future[Answer]:
        """A future for this item's answer. Overloaded if the queue is too long, or old and not going down."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.submit_to(item, future)
        return future

    def submit_to(self, item: Item, promise: Promise[Answer]) -> None:
        """As ``submit``, with a place of the caller's own for the answer. Its methods must not raise."""
        queue = self._queue
        if (queue and (len(queue) >= self._queue_max or self._is_late(queue[0][2]))) or self._closing:
            self._shed.inc()
            raise Overloaded(retry_after_s=1)
        queue.append((item, promise, self._tick))
        if not self._scheduled and self._flights < self._flights_max:
            self._schedule()
        elif self._pacing is not None and len(queue) >= WORTH_IT:
            self._pacing.cancel()
            self._pacing = None
            asyncio.get_running_loop().call_soon(self._flush)  # not now: the caller has yet to say who waits
        if self._metronome is None:
            self._metronome = asyncio.get_running_loop().call_later(TICK_S, self._beat)

    async def close(self) -> None:
        """Refuse newcomers, finish what is queued (bounded by DRAIN_TIMEOUT_S), then stop."""
        self._closing = True
        deadline = asyncio.get_running_loop().time() + DRAIN_TIMEOUT_S
        while (self._queue or self._tasks) and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110 - once, at the end
            await asyncio.sleep(TICK_S)
        if self._metronome is not None:
            self._metronome.cancel()
            self._metronome = None
        for _item, future, _tick in self._queue:
            if not future.done():
                future.set_exception(Overloaded("The server is stopping"))
        self._queue.clear()

    @property
    def idle(self) -> bool:
        """Nobody is in it: it may be forgotten."""
        return not (self._queue or self._tasks or self._scheduled)

    def __len__(self) -> int:
        return len(self._queue)

    def _is_late(self, first_tick: int) -> bool:
        """Whether the first has waited too long in a queue that is more than a herd, or that stands still."""
        if self._tick - first_tick <= self._age_ticks_max:
            return False
        stands_still = self._tick - self._answered_tick > STALLED_AGES * self._age_ticks_max
        return stands_still or len(self._queue) >= CROWD_MAX

    def _beat(self) -> None:
        self._tick += 1
        busy = bool(self._queue or self._flights)
        self._metronome = asyncio.get_running_loop().call_later(TICK_S, self._beat) if busy else None

    def _schedule(self) -> None:
        """Flush with the end of this tick, or when it is time for the next batch."""
        self._scheduled = True
        loop = asyncio.get_running_loop()
        early_s = self._began_s + self._pace_s - loop.time() if self._pace_s else 0.0
        if early_s > 0 and len(self._queue) < WORTH_IT:
            self._pacing = loop.call_later(early_s, self._flush)
        else:
            loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._scheduled = False
        if self._pacing is not None:
            self._pacing.cancel()
            self._pacing = None
        queue = self._queue
        while queue and self._flights < self._flights_max:
            batch = [queue.popleft() for _ in range(min(len(queue), self._batch_max))]
            batch = [entry for entry in batch if not entry[1].cancelled()]
            if not batch:
                continue
            self._flights += 1
            loop = asyncio.get_running_loop()
            self._began_s = loop.time()
            task = loop.create_task(self._fly(batch))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _fly(self, batch: list[tuple[Item, Promise[Answer], int]]) -> None:
        self._sizes.observe(len(batch))
        try:
            answers = await self._commit([item for item, _, _ in batch])
            assert len(answers) == len(batch), f"{self._name}: {len(batch)} items, {len(answers)} answers"
        except BaseException as error:  # noqa: BLE001 - every waiting caller must hear of it, whatever it is
            answers = [error] * len(batch)
        self._flights -= 1
        self._answered_tick = self._tick
        for (item, future, _), answer in zip(batch, answers, strict=True):
            if isinstance(answer, BaseException):
                if not future.done():
                    future.set_exception(answer)
            elif not future.done():
                future.set_result(answer)
            elif self._undo is not None:
                self._undo(item, answer)
        if self._queue and not self._scheduled:
            if self._pace_s:
                self._schedule()
            else:
                self._flush()
