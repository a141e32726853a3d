"""The outbox: what must still happen after a transaction, written inside it, done at least once.

A row is claimed for CLAIM_S by one process, deleted when it is done, put off with growing pauses when it failed, and
dead after ATTEMPTS_MAX: dead rows stay, are listed and can be replayed. Rows done at once by their own process are
written with a short delay so that the relay does not race it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from engine.domain.errands import Errand
from engine.foundation.batching import GroupCommit
from engine.foundation.errors import Unavailable
from engine.foundation.ledger_pool import kept
from engine.foundation.postgres import again
from engine.stores.database import Database, Pool, Record

CLAIM_S = 60
AT_ONCE_DELAY_S = 5  # the head start of the process that wrote the row
RETRY_FIRST_S, RETRY_MAX_S = 2, 300
ATTEMPTS_MAX = 30  # about two hours
ERROR_CHARS_MAX = 500
DONE_BATCH_MAX = 256
DONE_LINGER_S = 0.2  # what is done waits for company: its row is nobody's before AT_ONCE_DELAY_S

_ADD = """
INSERT INTO outbox (topic, key, payload, available_at, lane)
VALUES ($1, $2, $3, now() + make_interval(secs => $4), $5)
RETURNING id
"""
_CLAIM = """
UPDATE outbox SET locked_until = now() + make_interval(secs => $2), attempts = attempts + 1
 WHERE id = ANY(ARRAY(
    SELECT id FROM outbox
     WHERE done_at IS NULL AND dead_at IS NULL AND lane = $3 AND available_at <= now()
       AND (locked_until IS NULL OR locked_until < now())
     ORDER BY available_at, id LIMIT $1 FOR UPDATE SKIP LOCKED))
RETURNING id, topic, key, payload, attempts
"""
_FAILED = """
UPDATE outbox
   SET error = $2, locked_until = NULL,
       available_at = now() + make_interval(secs => least($4, $3 * power(2, least(attempts, 20) - 1))),
       dead_at = CASE WHEN attempts >= $5 THEN now() END
 WHERE id = $1
RETURNING dead_at IS NOT NULL
"""
_REPLAY = """
WITH was AS (
    SELECT id, topic, key, error, attempts, created_at, dead_at FROM outbox
     WHERE id = $1 AND dead_at IS NOT NULL FOR UPDATE)
UPDATE outbox o SET dead_at = NULL, attempts = 0, available_at = now(), locked_until = NULL
  FROM was WHERE o.id = $1
RETURNING was.*
"""
_DELETE = "DELETE FROM outbox WHERE id = ANY((SELECT $1::bigint[])::bigint[])"
_DEAD = """
SELECT id, topic, key, error, attempts, created_at, dead_at FROM outbox WHERE dead_at IS NOT NULL ORDER BY id LIMIT $1
"""


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """An errand as it waits, under the id of what it is about. ``payload``: as written, or as the table gave it."""

    id: int
    topic: str
    key: str
    payload: Errand | dict[str, Any]
    attempts: int = 0


async def add(db: Database, key: str, errand: Errand, *, delay_s: float = 0) -> OutboxRow:
    """Write an errand in the caller's transaction."""
    row_id = await db.fetchval(_ADD, errand.topic, key, msgspec.to_builtins(errand), delay_s, errand.lane)
    return OutboxRow(row_id, errand.topic, key, errand)


def written(rows: Sequence[Record]) -> list[OutboxRow]:
    """What a statement that writes errands returned: id, topic, key, payload."""
    return [OutboxRow(row["id"], row["topic"], row["key"], row["payload"]) for row in rows]


class OutboxStore:
    """Claims and endings of errands."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._kept = kept(pool)
        self._done: GroupCommit[int, bool] = GroupCommit(
            "outbox_done", self._delete, batch_max=DONE_BATCH_MAX, flights_max=1, age_max_ms=60_000
        )
        self._lingering: list[int] = []
        self._timer: asyncio.TimerHandle | None = None

    async def claim(self, limit: int, lane: int = 0) -> list[OutboxRow]:
        """Up to ``limit`` due errands of a lane, now ours for CLAIM_S."""
        rows = await self._pool.fetch(_CLAIM, limit, CLAIM_S, lane)
        return [OutboxRow(row["id"], row["topic"], row["key"], row["payload"], row["attempts"]) for row in rows]

    def done(self, row: OutboxRow) -> None:
        """It happened. The row goes with others of this moment; if that fails, the errand is merely repeated."""
        self._lingering.append(row.id)
        if len(self._lingering) >= DONE_BATCH_MAX:
            self._let_go()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(DONE_LINGER_S, self._let_go)

    async def failed(self, row: OutboxRow, error: str) -> bool:
        """Put it off; True if that was its last attempt."""
        return bool(
            await self._pool.fetchval(
                _FAILED, row.id, error[:ERROR_CHARS_MAX], RETRY_FIRST_S, RETRY_MAX_S, ATTEMPTS_MAX
            )
        )

    async def dead(self, limit: int) -> list[dict[str, Any]]:
        """The dead letters, oldest first."""
        return [dict(row) for row in await self._pool.fetch(_DEAD, limit)]

    async def replay(self, errand_id: int) -> dict[str, Any] | None:
        """Requeue a dead letter. Returns it as it was, or None if it is not dead."""
        row = await self._pool.fetchrow(_REPLAY, errand_id)
        return None if row is None else dict(row)

    async def close(self) -> None:
        """Let the last batch go."""
        self._let_go()
        await self._done.close()

    def _let_go(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        ids, self._lingering = self._lingering, []
        with contextlib.suppress(Unavailable):
            for row_id in ids:
                self._done.submit(row_id).add_done_callback(_seen)

    async def _delete(self, ids: list[int]) -> Sequence[bool]:
        await again(lambda: self._kept.execute(_DELETE, ids))
        return [True] * len(ids)


def _seen(future: asyncio.Future[bool]) -> None:
    """A lost deletion is no news: take the exception so that nobody reports it as forgotten."""
    if not future.cancelled():
        future.exception()
