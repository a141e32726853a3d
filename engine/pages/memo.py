"""What a page shows to everybody, read once a moment however many ask: a crowd on one event's page is one query."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Final, Generic, TypeVar

T = TypeVar("T")

KEPT_MAX: Final = 512
KEPT_S: Final = 1.0


class Memo(Generic[T]):
    """Values kept for ``kept_s``; callers that come while one is being made wait for that one."""

    def __init__(self, kept_s: float = KEPT_S) -> None:
        self._kept_s = kept_s
        self._values: OrderedDict[Hashable, tuple[asyncio.Future[T], float]] = OrderedDict()

    async def get(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """The value, made by ``make`` if none is fresh. What ``make`` raises reaches everybody who waited."""
        now = time.monotonic()
        known = self._values.get(key)
        if known is not None and (not known[0].done() or now - known[1] < self._kept_s):
            return await asyncio.shield(known[0])
        made = asyncio.ensure_future(make())
        self._values[key] = made, now
        self._values.move_to_end(key)
        while len(self._values) > KEPT_MAX:
            self._values.popitem(last=False)
        made.add_done_callback(lambda done: self._drop_failure(key, done))
        return await asyncio.shield(made)

    def _drop_failure(self, key: Hashable, done: asyncio.Future[T]) -> None:
        known = self._values.get(key)
        if known is not None and known[0] is done and (done.cancelled() or done.exception() is not None):
            del self._values[key]
