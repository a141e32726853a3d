"""Webhook events as received: one row an event id for ever, so that a repeated event has no second effect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from engine.foundation.batching import GroupCommit
from engine.foundation.ledger_pool import kept
from engine.stores.database import Pool, count

BATCH_MAX = 128
AGE_MAX_MS = 5_000
RETRY_FIRST_S, RETRY_MAX_S = 2, 900
ATTEMPTS_MAX = 25  # about four hours; the provider itself repeats for three days
AT_ONCE_S = 30  # the head start of the process that received it
ERROR_CHARS_MAX = 500
PAYLOAD_KEPT_DAYS = 90
FORGOTTEN_PER_STEP = 1_000

_STORE = """
INSERT INTO webhook_events (provider, id, kind, object_id, payload, correlation_id, available_at)
SELECT 'stripe', w.id, w.kind, w.object_id, w.payload::jsonb, w.correlation_id, now() + make_interval(secs => $6)
  FROM unnest((SELECT $1::text[]), $2::text[], $3::text[], $4::text[], $5::text[])
       AS w(id, kind, object_id, payload, correlation_id)
ON CONFLICT DO NOTHING RETURNING id
"""
_CLAIM = """
UPDATE webhook_events SET available_at = now() + make_interval(secs => $2)
 WHERE provider = 'stripe' AND id = ANY(ARRAY(
    SELECT id FROM webhook_events
     WHERE provider = 'stripe' AND status IN ('received', 'parked') AND available_at <= now()
     ORDER BY available_at LIMIT $1 FOR UPDATE SKIP LOCKED))
RETURNING id, kind, object_id, payload, correlation_id
"""
_END = "UPDATE webhook_events SET status = $2, processed_at = now(), error = $3 WHERE provider = 'stripe' AND id = $1"
_PARK = """
UPDATE webhook_events
   SET attempts = attempts + 1, error = $2,
       status = CASE WHEN attempts + 1 >= $5 THEN 'dead' ELSE 'parked' END,
       available_at = now() + make_interval(secs => least($4, $3 * power(2, least(attempts, 20))))
 WHERE provider = 'stripe' AND id = $1 AND status <> 'processed'
RETURNING status = 'dead'
"""
_REPLAY = """
WITH was AS (
    SELECT id, kind, object_id, error, attempts, received_at FROM webhook_events
     WHERE provider = 'stripe' AND id = $1 AND status = 'dead' FOR UPDATE)
UPDATE webhook_events w SET status = 'parked', attempts = 0, available_at = now()
  FROM was WHERE w.provider = 'stripe' AND w.id = $1
RETURNING was.*
"""
_FORGET = """
UPDATE webhook_events SET payload = '{}' WHERE (provider, id) IN (
    SELECT provider, id FROM webhook_events
     WHERE processed_at < now() - make_interval(days => $1) AND payload <> '{}' LIMIT $2)
"""
_DEAD = """
SELECT id, kind, object_id, error, attempts, received_at FROM webhook_events
 WHERE status = 'dead' ORDER BY received_at LIMIT $1
"""


@dataclass(frozen=True, slots=True)
class Received:
    """A signed event: ``payload`` is the provider's whole document."""

    id: str
    kind: str
    object_id: str | None
    payload: dict[str, Any]
    correlation_id: str = ""

    @property
    def text(self) -> str:
        """The payload as JSON."""
        return orjson.dumps(self.payload).decode()


@dataclass(frozen=True, slots=True)
class DeadEvent:
    """An event that could not be handled after all its attempts; ``error`` is the last one's."""

    id: str
    kind: str
    object_id: str | None
    error: str | None
    attempts: int
    received_at: datetime


class WebhookEventStore:
    """Stores events once and keeps what became of them."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._kept = kept(pool)
        self._storing: GroupCommit[Received, bool] = GroupCommit(
            "webhooks", self._store, batch_max=BATCH_MAX, flights_max=1, age_max_ms=AGE_MAX_MS
        )

    async def close(self) -> None:
        await self._storing.close()

    async def store(self, event: Received) -> bool:
        """Durably keep the event; False if this id was here before."""
        return await self._storing.submit(event)

    async def claim_due(self, limit: int) -> list[Received]:
        """Events that were left over, now ours for AT_ONCE_S."""
        rows = await self._pool.fetch(_CLAIM, limit, AT_ONCE_S)
        return [
            Received(row["id"], row["kind"], row["object_id"], row["payload"], row["correlation_id"]) for row in rows
        ]

    async def processed(self, event_id: str, *, ignored: bool = False, note: str | None = None) -> None:
        await self._pool.execute(_END, event_id, "ignored" if ignored else "processed", note)

    async def park(self, event_id: str, error: str) -> bool:
        """Try again later; True if that was its last attempt and it is a dead letter now."""
        return bool(
            await self._pool.fetchval(
                _PARK, event_id, error[:ERROR_CHARS_MAX], RETRY_FIRST_S, RETRY_MAX_S, ATTEMPTS_MAX
            )
        )

    async def forget(self) -> int:
        """Empty the bodies of events handled PAYLOAD_KEPT_DAYS ago: they name buyers. Ids stay for ever. How many."""
        return count(await self._pool.execute(_FORGET, PAYLOAD_KEPT_DAYS, FORGOTTEN_PER_STEP))

    async def dead(self, limit: int) -> list[DeadEvent]:
        """The dead letters, oldest first."""
        return [DeadEvent(**dict(row)) for row in await self._pool.fetch(_DEAD, limit)]

    async def replay(self, event_id: str) -> DeadEvent | None:
        """Requeue a dead letter. Returns it as it was, or None if it is not dead."""
        row = await self._pool.fetchrow(_REPLAY, event_id)
        return None if row is None else DeadEvent(**dict(row))

    async def _store(self, events: list[Received]) -> Sequence[bool]:
        rows = await self._kept.fetch(
            _STORE,
            [event.id for event in events],
            [event.kind for event in events],
            [event.object_id for event in events],
            [event.text for event in events],
            [event.correlation_id for event in events],
            AT_ONCE_S,
        )
        fresh = {row["id"] for row in rows}
        answers = []
        for event in events:
            answers.append(event.id in fresh)
            fresh.discard(event.id)
        return answers
