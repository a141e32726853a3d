"""Sessions that ended while their access tokens would still verify: every process refuses those within a second.

The ledger is the truth (``refresh_tokens.revoked_at``). The process that ends a session writes it into a stream of
Redis after its commit; the others read that stream every LOOK_EVERY_S, and the ledger every LEDGER_EVERY_S, which is
all that is left if Redis was away or lost what it had. Asking is one look into a dictionary: no request waits for it.

``sessions:ended``  stream  field ``s``: ids of sessions, joined by commas; entries older than KEPT_S go
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

import asyncpg

from engine.foundation import logs
from engine.foundation.bearer import ACCESS_TOKEN_TTL_S
from engine.foundation.clock import now_ms
from engine.foundation.connections import HotRedis
from engine.foundation.errors import Unavailable
from engine.foundation.store_faults import LEDGER_FAULTS

KEY: Final = b"sessions:ended"
KEPT_S: Final = ACCESS_TOKEN_TTL_S + 60  # no access token of a session verifies longer
LOOK_EVERY_S: Final = 0.25
LEDGER_EVERY_S: Final = 5.0
LEDGER_OVERLAP_S: Final = 60  # a transaction may take so long between its beginning and its commit
ENDED_MAX: Final = 100_000  # remembered here; the oldest go first
TOLD_AT_ONCE_MAX: Final = 100
READ_AT_ONCE_MAX: Final = 1_000
READY_WAIT_S: Final = 1.0
_OF_LEDGER = """
SELECT DISTINCT family FROM refresh_tokens WHERE revoked_at > now() - make_interval(secs => $1) LIMIT $2
"""
_log = logs.get("ended_sessions")


class EndedSessions:
    """``session_id in ended`` is the question; a session is a family of refresh tokens."""

    def __init__(self, *, hot: HotRedis, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self._hot = hot
        self._pool = pool
        self._ended: OrderedDict[str, float] = OrderedDict()
        self._seen = b""  # the last entry of the stream that was read here
        self._generation = -1
        self._hears = False
        self._has_read = False

    def __contains__(self, session_id: object) -> bool:
        return session_id in self._ended

    async def tell(self, session_ids: Sequence[str]) -> None:
        """Refuse them here from now on, and everywhere within a second. Call it after the commit that ended them.

        Nothing is raised: if Redis is away for longer than READY_WAIT_S, the ledger tells the others.
        """
        self._remember(session_ids)
        oldest = now_ms() - KEPT_S * 1000
        for some in _chunks(session_ids):
            words = (b"XADD", KEY, b"MINID", b"~", oldest, b"*", b"s", ",".join(some))
            try:
                try:
                    await self._hot.command(*words)
                except Unavailable:
                    await self._hot.ready(READY_WAIT_S)
                    await self._hot.command(*words)
            except Unavailable as error:
                _log.warning("ended_sessions_left_to_the_ledger", sessions=len(some), error=repr(error))

    async def follow(self) -> None:
        """Hear of what others ended; runs until cancelled. A ledger that is slow keeps nobody from hearing."""
        await asyncio.gather(self._keep_hearing(), self._keep_reading())

    async def look(self) -> None:
        """One look at both, so that a process which begins knows what ended before. What is away is asked later."""
        await self._hear()
        await self._read()

    async def _keep_hearing(self) -> None:
        while True:
            await self._hear()
            await asyncio.sleep(LOOK_EVERY_S)

    async def _keep_reading(self) -> None:
        while True:
            await asyncio.sleep(LEDGER_EVERY_S if self._hears else LOOK_EVERY_S)
            await self._read()

    async def _hear(self) -> None:
        try:
            await self._read_stream()
        except (Unavailable, RuntimeError) as error:
            self._hears = False
            _log.debug("ended_sessions_not_heard", error=repr(error))

    async def _read(self) -> None:
        since_s = LEDGER_OVERLAP_S if self._has_read else KEPT_S
        try:
            rows = await self._pool.fetch(_OF_LEDGER, since_s, ENDED_MAX)
        except LEDGER_FAULTS as error:
            _log.debug("ended_sessions_not_read", error=repr(error))
            return
        self._has_read = True
        self._remember([row["family"] for row in rows])

    async def _read_stream(self) -> None:
        if self._hot.generation != self._generation:  # another server may count its entries from an earlier clock
            self._generation, self._seen = self._hot.generation, b""
        while True:
            since = b"(" + self._seen if self._seen else b"-"
            rows = await self._hot.command(b"XRANGE", KEY, since, b"+", b"COUNT", READ_AT_ONCE_MAX)
            for entry_id, fields in rows:
                self._seen = bytes(entry_id)
                self._remember(bytes(fields[1]).decode().split(","))
            if len(rows) < READ_AT_ONCE_MAX:
                self._hears = True
                return

    def _remember(self, session_ids: Sequence[str]) -> None:
        moment_s = time.monotonic()
        for session_id in session_ids:
            self._ended[session_id] = moment_s
            self._ended.move_to_end(session_id)
        while self._ended:
            oldest, at_s = next(iter(self._ended.items()))
            if len(self._ended) <= ENDED_MAX and moment_s - at_s <= KEPT_S:
                return
            del self._ended[oldest]


def _chunks(session_ids: Sequence[str]) -> list[Sequence[str]]:
    return [session_ids[at : at + TOLD_AT_ONCE_MAX] for at in range(0, len(session_ids), TOLD_AT_ONCE_MAX)]
