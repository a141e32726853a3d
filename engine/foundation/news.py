"""Word that things changed: at once to those who follow in this process, and to every other process over Redis.

It is given after the commit that changed them, and may be lost: a process dies first, Redis is away. So nobody leans on
it for longer than a second; it only makes soon what would be noticed anyway.

A message is the teller's mark, then ids, all joined by commas. Channel ``orders:changed`` has ids of orders,
``flags:changed`` says that flags of the platform turned.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Final, TypeAlias

from engine.foundation import logs
from engine.foundation.connections import HotRedis

ORDERS_CHANGED: Final = b"orders:changed"
FLAGS_CHANGED: Final = b"flags:changed"
TOLD_AT_ONCE_MAX: Final = 500  # ids in one message
UNTOLD_MAX: Final = 10_000  # the oldest are left out: the others notice by themselves
TELL_EVERY_S: Final = 0.02  # between two messages: a crowd's changes go together
TOLD_WITHIN_S: Final = 0.25  # nobody waits longer for Redis to take a message
LISTEN_RETRY_S: Final = 0.3

# What is told: the ids that changed; None if it may have been any.
Told: TypeAlias = Callable[[frozenset[str] | None], None]

_log = logs.get("news")


class News:
    """Told by those who change things, followed by those who remember them."""

    def __init__(self, channel: bytes, *, hot: HotRedis) -> None:
        self._channel = channel
        self._hot = hot
        self._mark = secrets.token_hex(8)
        self._followers: list[Told] = []
        self._untold: OrderedDict[str, None] = OrderedDict()
        self._telling: asyncio.Task[None] | None = None
        self._next: asyncio.Future[None] = asyncio.get_running_loop().create_future()  # the next message is out

    def follow(self, told: Told) -> None:
        """Called with each piece of news, in the order of following."""
        self._followers.append(told)

    async def changed(self, *ids: str) -> None:
        """What has these ids is not what it was. Call it after the commit; nothing is raised.

        Here it is known at once. Redis has handed it to the others when this returns, unless it takes longer than
        TOLD_WITHIN_S: who is told of the change, and asks another process, is not told otherwise there.
        """
        if not ids:
            return
        self.changed_here(ids)
        for each in ids:
            self._untold[each] = None
        while len(self._untold) > UNTOLD_MAX:
            self._untold.popitem(last=False)
        if self._telling is None:
            self._next = asyncio.get_running_loop().create_future()
            self._telling = asyncio.get_running_loop().create_task(self._tell())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TOLD_WITHIN_S):
                await asyncio.shield(self._next)

    def changed_here(self, ids: Iterable[str]) -> None:
        """The same for changes that are too many to be told: other processes notice them within the second."""
        if changed := frozenset(ids):
            self._told(changed)

    async def listen(self) -> None:
        """Hear what other processes changed; runs until cancelled."""
        while True:
            with contextlib.suppress(Exception):
                await self._hot.hear([self._channel], self._hear, began=lambda: self._told(None))
            await asyncio.sleep(LISTEN_RETRY_S)

    async def close(self) -> None:
        """Tell what is still to be told."""
        if self._telling is not None:
            await self._telling

    def _hear(self, _channel: bytes, data: bytes) -> None:
        mark, *ids = data.decode().split(",")
        if mark != self._mark:
            self._told(frozenset(ids))

    def _told(self, ids: frozenset[str] | None) -> None:
        for told in self._followers:
            told(ids)

    async def _tell(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._untold:
                told, self._next = self._next, loop.create_future()
                ids = list(islice(self._untold, TOLD_AT_ONCE_MAX))
                for each in ids:
                    del self._untold[each]
                try:
                    await self._hot.command(b"PUBLISH", self._channel, ",".join([self._mark, *ids]))
                finally:
                    told.set_result(None)
                await asyncio.sleep(TELL_EVERY_S)
        except Exception as error:  # noqa: BLE001 - news only hastens what is noticed anyway
            self._untold.clear()
            _log.info("news_lost", error=repr(error))
        finally:
            self._telling = None
            if not self._next.done():
                self._next.set_result(None)
