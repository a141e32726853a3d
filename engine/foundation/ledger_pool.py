"""asyncpg's pool, which takes a connection back at once if there is nothing to undo. That is nearly always.

asyncpg makes a task, a timer and four coroutines of it, a quarter of what a statement costs this process.

A pool has another next to it for what is asked at every order and scan (``kept``): its sessions plan a statement once
and keep the plan. Left to itself Postgres compares the kept plan, made again whenever the tables were counted, with the
first ones, made while they were small. These look cheaper, so it plans at every call, and comes to the same plan.
"""
# ruff: noqa: SLF001 - a pool's parts, which asyncpg shows to nobody; its version is pinned, and tests hold them together

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import asyncpg

if TYPE_CHECKING:
    _Pool = asyncpg.Pool[asyncpg.Record]
else:
    _Pool = asyncpg.Pool


class LedgerPool(_Pool):
    """Of connections that say by ``failed`` that they are of no more use (``LedgerConnection``).

    ``next_to_it``: the pool of sessions that keep their plans, if it has one; what ends all connections ends its too.
    """

    __slots__ = ("next_to_it",)

    def __init__(self, *arguments: Any, next_to_it: LedgerPool | None = None, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.next_to_it = next_to_it

    async def fetch(self, query: str, *args: Any, **more: Any) -> list[Any]:
        """As asyncpg's, without the block and the wrapper of its connection around it."""
        pool: Any = self
        connection = await pool._acquire(None)
        try:
            ask = connection._con.fetch
            found: list[Any] = await ask(query, *args, **more)
            return found
        finally:
            await self.release(connection)

    async def close(self) -> None:
        """As asyncpg's."""
        if self.next_to_it is not None:
            await self.next_to_it.close()
        await super().close()

    def terminate(self) -> None:
        """As asyncpg's."""
        if self.next_to_it is not None:
            self.next_to_it.terminate()
        super().terminate()

    async def expire_connections(self) -> None:
        """As asyncpg's."""
        if self.next_to_it is not None:
            await self.next_to_it.expire_connections()
        await super().expire_connections()

    async def release(self, connection: Any, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - asyncpg's own
        """As asyncpg's."""
        ours, holder = connection._con, connection._holder
        if ours is None or holder._pool is not self or not _is_clean(ours, holder):
            await super().release(connection, timeout=timeout)
            return
        ours._on_release()
        holder._timeout = None
        holder._release()
        holder._setup_inactive_callback()


def kept(pool: _Pool) -> _Pool:
    """The pool for a statement of the rush, whose plan must serve any values; the same one behind a pooler."""
    return getattr(pool, "next_to_it", None) or pool


def _is_clean(connection: Any, holder: Any) -> bool:
    """Whether it is as it was when it was handed out, and may be handed out again."""
    protocol = connection._protocol
    return (
        not connection.is_closed()
        and connection.failed is None
        and connection._top_xact is None
        and not connection._listeners
        and not connection._log_listeners
        and not protocol.is_in_transaction()
        and not protocol._is_cancelling()
        and protocol.queries_count < holder._max_queries
        and holder._generation == holder._pool._generation
    )
