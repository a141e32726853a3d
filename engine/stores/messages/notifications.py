"""Messages in the ledger: what is known of a cause, what came of trying it, and what a server said afterwards.

Many messages of one moment are looked up by one statement and written by one: a mail costs no statement of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from msgspec import UNSET

from engine.domain.messages.notifications import (
    KEPT_D,
    SAID_CHARS_MAX,
    SUBJECT_CHARS_MAX,
    EventCounts,
    Notification,
    Outcome,
    Standing,
    address_hash,
)
from engine.foundation.batching import GroupCommit
from engine.foundation.ledger_pool import kept
from engine.foundation.postgres import again
from engine.stores.database import Database, Pool, Record

BATCH_MAX: Final = 64
AGE_MAX_MS: Final = 30_000
FORGOTTEN_PER_STEP: Final = 5_000
OF_ORDER_MAX: Final = 500

_LOOK: Final = """
SELECT n.id, n.status, w.hash IS NOT NULL AND s.address_hash IS NOT NULL AS suppressed
  FROM unnest((SELECT $1::text[]), $2::bytea[]) WITH ORDINALITY AS w(cause, hash, at)
  LEFT JOIN notifications n ON n.cause = w.cause
  LEFT JOIN suppressed_addresses s ON s.address_hash = w.hash
 ORDER BY w.at
"""
# A message that was taken may be bounced by the time that its being sent is written: the later word stands. A mail that
# was under way while its reader was erased leaves no trace.
_WRITE: Final = """
INSERT INTO notifications AS n (id, cause, kind, channel, recipient, locale, subject, content_hash, attachments,
    provider_id, status, said, attempts, order_id, ticket_id, event_id, sent_at)
SELECT w.id, w.cause, w.kind, w.channel, w.recipient, w.locale, w.subject, w.content_hash,
       string_to_array(w.attachments, '/'), w.provider_id, w.status, w.said,
       CASE WHEN w.status = 'suppressed' THEN 0 ELSE 1 END, w.order_id, w.ticket_id, w.event_id,
       CASE WHEN w.status = 'sent' THEN now() END
  FROM unnest((SELECT $1::text[]), $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
              $8::bytea[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[])
           AS w(id, cause, kind, channel, recipient, locale, subject, content_hash, attachments, provider_id, status,
                said, order_id, ticket_id, event_id)
 WHERE NOT EXISTS (
    SELECT 1 FROM erasures x WHERE x.address_hash = sha256(convert_to(w.recipient, 'UTF8'))
       AND (x.done_at IS NULL OR x.done_at > now() - interval '5 minutes'))
ON CONFLICT (cause) DO UPDATE
   SET status = CASE WHEN n.status IN ('delivered', 'bounced') THEN n.status ELSE excluded.status END,
       said = CASE WHEN n.status IN ('delivered', 'bounced') THEN n.said ELSE excluded.said END,
       recipient = excluded.recipient, subject = excluded.subject, locale = excluded.locale,
       content_hash = excluded.content_hash, attachments = excluded.attachments,
       provider_id = excluded.provider_id, attempts = n.attempts + excluded.attempts,
       sent_at = coalesce(n.sent_at, excluded.sent_at), updated_at = now()
"""
_COLUMNS: Final = """
SELECT id, kind, channel, recipient, locale, subject, attachments, status, attempts, order_id, ticket_id, event_id,
       created_at, sent_at, updated_at, said, provider_id, encode(content_hash, 'hex') AS content_hash
  FROM notifications
"""
_OF_ORDER: Final = _COLUMNS + " WHERE order_id = $1 ORDER BY id DESC LIMIT $2"
_OF_EVENT: Final = (
    _COLUMNS + " WHERE event_id = $1 AND ($2::text IS NULL OR status = $2) AND ($3::text IS NULL OR kind = $3)"
    " AND ($4::text IS NULL OR id < $4) ORDER BY id DESC LIMIT $5"
)
_COUNTS: Final = "SELECT status, count(*) AS messages FROM notifications WHERE event_id = $1 GROUP BY status"
_UNREACHED: Final = """
SELECT event_id, count(*) AS messages FROM notifications
 WHERE event_id = ANY($1::text[]) AND status IN ('bounced', 'failed')
   AND updated_at > now() - make_interval(days => $2)
 GROUP BY event_id
"""
_RETURNED: Final = """
UPDATE notifications SET status = $2, said = $3, updated_at = now()
 WHERE id = $1 AND channel = 'email' AND status IN ('queued', 'sent', 'delivered') AND status <> $2
RETURNING id, kind, recipient, order_id, event_id
"""
_BY_PROVIDER: Final = """
UPDATE notifications SET status = $3, said = $4, updated_at = now()
 WHERE provider_id = $2 AND channel = $1 AND status IN ('queued', 'sent')
RETURNING id
"""
_SUPPRESS: Final = """
INSERT INTO suppressed_addresses AS s (address_hash, said) VALUES ($1, $2)
ON CONFLICT (address_hash) DO UPDATE SET said = excluded.said, created_at = now()
"""
_FORGET: Final = """
DELETE FROM notifications WHERE id = ANY(ARRAY(
    SELECT id FROM notifications WHERE created_at < now() - make_interval(days => $1) ORDER BY created_at LIMIT $2))
"""


class NotificationStore:
    """Looks up and writes."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._kept = kept(pool)
        self._looking: GroupCommit[tuple[str, bytes | None], Standing] = GroupCommit(
            "notification_looks", self._look, batch_max=BATCH_MAX, age_max_ms=AGE_MAX_MS
        )
        self._writing: GroupCommit[Outcome, bool] = GroupCommit(
            "notifications", self._write, batch_max=BATCH_MAX, age_max_ms=AGE_MAX_MS
        )

    async def close(self) -> None:
        await asyncio.gather(self._looking.close(), self._writing.close())

    async def look(self, cause: str, address: str | None = None) -> Standing:
        """What became of this cause; with an ``address``, whether it takes nothing any more."""
        return await self._looking.submit((cause, address_hash(address) if address is not None else None))

    async def write(self, outcome: Outcome) -> None:
        """Keep what came of one try."""
        await self._writing.submit(outcome)

    async def _look(self, asked: list[tuple[str, bytes | None]]) -> Sequence[Standing]:
        rows = await self._kept.fetch(_LOOK, [cause for cause, _ in asked], [digest for _, digest in asked])
        return [Standing(row["id"], row["status"], row["suppressed"]) for row in rows]

    async def _write(self, outcomes: list[Outcome]) -> Sequence[bool]:
        newest = list({outcome.note.cause: outcome for outcome in outcomes}.values())
        columns: list[list[Any]] = [
            [outcome.id for outcome in newest],
            *[
                [getattr(outcome.note, name) for outcome in newest]
                for name in ("cause", "kind", "channel", "recipient", "locale")
            ],
            [outcome.note.subject[:SUBJECT_CHARS_MAX] for outcome in newest],
            [outcome.content_hash for outcome in newest],
            ["/".join(outcome.note.attachments) for outcome in newest],
            [outcome.provider_id for outcome in newest],
            [outcome.status for outcome in newest],
            [outcome.said[:SAID_CHARS_MAX] for outcome in newest],
            *[[getattr(outcome.note, name) for outcome in newest] for name in ("order_id", "ticket_id", "event_id")],
        ]
        await again(lambda: self._kept.execute(_WRITE, *columns))
        return [True] * len(outcomes)


async def of_order(db: Database, order_id: str, *, to_staff: bool) -> list[Notification]:
    """What was told about an order, newest first, up to OF_ORDER_MAX."""
    return [_read(row, to_staff=to_staff) for row in await db.fetch(_OF_ORDER, order_id, OF_ORDER_MAX)]


async def of_event(
    db: Database, event_id: str, *, status: str | None, kind: str | None, before: str | None, limit: int
) -> list[Notification]:
    """Up to limit + 1 of an event's messages, newest first, as staff read them."""
    rows = await db.fetch(_OF_EVENT, event_id, status, kind, before, limit + 1)
    return [_read(row, to_staff=True) for row in rows]


async def counts(db: Database, event_id: str) -> EventCounts:
    """How many of an event's messages stand where."""
    return EventCounts(**{row["status"]: row["messages"] for row in await db.fetch(_COUNTS, event_id)})


async def unreached(db: Database, event_ids: Sequence[str], days: int) -> dict[str, int]:
    """By event: how many of its messages of these days reached nobody; an event without any is left out."""
    rows = await db.fetch(_UNREACHED, list(event_ids), days)
    return {row["event_id"]: row["messages"] for row in rows}


async def returned(db: Database, message_id: str, status: str, said: str) -> Record | None:
    """Note what a server said of a mail that it had taken; None if there is no such mail, or it says nothing new."""
    return await db.fetchrow(_RETURNED, message_id, status, said[:SAID_CHARS_MAX])


async def told_by_provider(db: Database, channel: str, provider_id: str, status: str, said: str) -> bool:
    """Note what a provider says became of a text; False if it says nothing new."""
    return await db.fetchval(_BY_PROVIDER, channel, provider_id, status, said[:SAID_CHARS_MAX]) is not None


async def suppress(db: Database, address: str, said: str) -> None:
    """Nothing that can be left out goes to this address any more."""
    await db.execute(_SUPPRESS, address_hash(address), said[:SAID_CHARS_MAX])


async def is_suppressed(db: Database, address: str) -> bool:
    """Whether nothing that can be left out goes there."""
    asked = "SELECT true FROM suppressed_addresses WHERE address_hash = $1"
    return bool(await db.fetchval(asked, address_hash(address)))


async def lift(db: Database, address: str) -> bool:
    """Write to this address again; False if it was written to anyway."""
    gone = "DELETE FROM suppressed_addresses WHERE address_hash = $1 RETURNING true"
    return bool(await db.fetchval(gone, address_hash(address)))


async def forget(db: Database) -> None:
    """Delete up to FORGOTTEN_PER_STEP rows older than KEPT_D days."""
    await db.execute(_FORGET, KEPT_D, FORGOTTEN_PER_STEP)


def _read(row: Record, *, to_staff: bool) -> Notification:
    values = dict(row)
    values["attachments"] = tuple(values["attachments"])
    if not to_staff:
        values |= {"said": UNSET, "provider_id": UNSET, "content_hash": UNSET}
    return Notification(**values)
