"""Waiting for an order to change, instead of asking again and again.

Who waits costs nothing until somebody says that the order changed (``News``) or their time is over: then all that
are to be looked at are read in one statement. Because news may be lost, all that are waited for are compared with the
ledger every SWEEP_S, in one statement too, which answers with those that moved.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from typing import Final

from engine.domain.money.order_status import OrderStatus
from engine.foundation import logs
from engine.foundation.batching import Promise
from engine.services.money.order_reads import KnownOrder, OrderReads

WAIT_MAX_S: Final = 25
WAITING_MAX: Final = 5_000  # in this process; beyond it everybody is answered at once
LOOKED_AT_ONCE_MAX: Final = 500
SWEEP_S: Final = 0.5

_log = logs.get("order_waits")


class _Waiting:
    __slots__ = ("is_due", "promise", "seen", "stays", "timer")

    def __init__(
        self,
        promise: Promise[KnownOrder | None],
        seen: OrderStatus,
        stays: contextlib.AbstractContextManager[None],
    ) -> None:
        self.promise = promise
        self.seen = seen
        self.timer: asyncio.TimerHandle | None = None
        self.stays = stays
        self.is_due = False


class _Watched:
    """An order that somebody waits for, as it was last read."""

    __slots__ = ("known", "waiting")

    def __init__(self, known: KnownOrder) -> None:
        self.known = known
        self.waiting: list[_Waiting] = []


class OrderWaits:
    """Who waits, by order. ``sweep`` runs as long as the process serves."""

    def __init__(self, *, reads: OrderReads) -> None:
        self._reads = reads
        self._watched: dict[str, _Watched] = {}
        self._stirred: dict[str, None] = {}
        self._looking: asyncio.Task[None] | None = None
        self._count = 0
        self._closed = False

    def __len__(self) -> int:
        return self._count

    @property
    def is_full(self) -> bool:
        """Whether nobody more may wait: those who ask are answered at once."""
        return self._closed or self._count >= WAITING_MAX

    def wait(
        self,
        known: KnownOrder,
        promise: Promise[KnownOrder | None],
        wait_s: float,
        stays: contextlib.AbstractContextManager[None],
    ) -> None:
        """Give the order to ``promise`` as soon as its status is another than ``known`` has, or after ``wait_s``.

        The promise is refused only if the time is over and the ledger is away. ``stays`` is entered while it waits.
        """
        order_id = known.head.id
        one = _Waiting(promise, known.status, stays)
        one.timer = asyncio.get_running_loop().call_later(wait_s, self._due, order_id, one)
        stays.__enter__()
        watched = self._watched.get(order_id)
        if watched is None:
            watched = self._watched[order_id] = _Watched(known)
        watched.waiting.append(one)
        self._count += 1
        if not self._reads.holds(known):
            self._stir([order_id])

    def heard(self, order_ids: frozenset[str] | None) -> None:
        """These changed; None: any of them may have."""
        self._stir(self._watched if order_ids is None else order_ids & self._watched.keys())

    async def sweep(self) -> None:
        """Look for changes that nobody told, and for callers who hung up; runs until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_S)
            for order_id, watched in list(self._watched.items()):
                for one in [one for one in watched.waiting if one.promise.cancelled()]:
                    self._end(order_id, watched, one)
            try:
                marks = {order_id: watched.known.mark for order_id, watched in self._watched.items()}
                if marks:
                    self._stir(await self._reads.moved(marks))
            except Exception as error:  # noqa: BLE001 - the ledger is away; who waits waits on
                _log.info("order_waits_not_swept", error=repr(error))

    def close(self) -> None:
        """Nobody waits any longer: everybody is told what is known."""
        self._closed = True
        for order_id, watched in list(self._watched.items()):
            for one in list(watched.waiting):
                self._end(order_id, watched, one)
                if not one.promise.cancelled():
                    one.promise.set_result(watched.known)

    def _due(self, order_id: str, one: _Waiting) -> None:
        one.is_due = True
        self._stir([order_id])

    def _stir(self, order_ids: Iterable[str]) -> None:
        self._stirred.update(dict.fromkeys(order_ids))
        if self._stirred and self._looking is None:
            self._looking = asyncio.get_running_loop().create_task(self._look())

    async def _look(self) -> None:
        try:
            while self._stirred:
                some = list(self._stirred)[:LOOKED_AT_ONCE_MAX]
                for order_id in some:
                    del self._stirred[order_id]
                try:
                    found = await self._reads.look(some)
                except Exception as error:  # noqa: BLE001 - told to those whose time is over
                    self._refuse(some, error)
                else:
                    for order_id, known in zip(some, found, strict=True):
                        self._tell(order_id, known)
        finally:
            self._looking = None

    def _tell(self, order_id: str, known: KnownOrder | None) -> None:
        watched = self._watched.get(order_id)
        if watched is None:
            return
        if known is not None:
            watched.known = known
        for one in list(watched.waiting):
            if one.is_due or known is None or known.status != one.seen:
                self._end(order_id, watched, one)
                if not one.promise.cancelled():
                    one.promise.set_result(known)

    def _refuse(self, order_ids: Iterable[str], error: Exception) -> None:
        _log.info("order_waits_not_read", error=repr(error))
        for order_id in order_ids:
            watched = self._watched.get(order_id)
            for one in [] if watched is None else [one for one in watched.waiting if one.is_due]:
                assert watched is not None
                self._end(order_id, watched, one)
                if not one.promise.cancelled():
                    one.promise.set_exception(error)

    def _end(self, order_id: str, watched: _Watched, one: _Waiting) -> None:
        if one.timer is not None:
            one.timer.cancel()
        one.stays.__exit__(None, None, None)
        watched.waiting.remove(one)
        self._count -= 1
        if not watched.waiting:
            self._watched.pop(order_id, None)
