"""What goes to whom: claimed for one try, ended by its answer, put off, sent again. Each try leaves a line.

Of an object's messages to one endpoint only the first that waits may be claimed, so they arrive in their order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from engine.domain.messages.webhooks import FAILING_DAYS_MAX, REPLAYED_MAX, WebhookAttempt
from engine.stores.database import Connection, Database

CLAIM_S: Final = 30  # longer than a try may take: what its process left behind is another's then
AT_ONCE_MAX: Final = 8  # tries under way to one endpoint; one of them if it is failing

# $1 how many, $2 for how long, $3 and $4 the tries that this process has under way, by endpoint, $5 at most to each.
_CLAIM = """
WITH busy AS (SELECT * FROM unnest($3::text[], $4::int[]) AS b(endpoint_id, tries)),
due AS (
    SELECT d.endpoint_id, d.message_id
      FROM webhook_endpoints w
      LEFT JOIN busy b ON b.endpoint_id = w.id
     CROSS JOIN LATERAL (
           SELECT d.endpoint_id, d.message_id, d.due_at FROM webhook_deliveries d
            WHERE d.endpoint_id = w.id AND d.status = 'pending' AND d.due_at <= now()
              AND (d.locked_until IS NULL OR d.locked_until < now())
              AND NOT EXISTS (SELECT FROM webhook_deliveries o
                               WHERE o.endpoint_id = d.endpoint_id AND o.object_id = d.object_id
                                 AND o.status = 'pending' AND o.sequence < d.sequence)
            ORDER BY d.due_at
            LIMIT greatest(0, CASE WHEN w.failing_since IS NULL THEN $5::int ELSE 1 END - coalesce(b.tries, 0))) d
     WHERE w.enabled
     ORDER BY d.due_at LIMIT $1
), claimed AS (
    UPDATE webhook_deliveries t SET locked_until = now() + make_interval(secs => $2)
      FROM (SELECT d.endpoint_id, d.message_id FROM webhook_deliveries d JOIN due USING (endpoint_id, message_id)
             WHERE d.status = 'pending' AND (d.locked_until IS NULL OR d.locked_until < now())
               FOR UPDATE OF d SKIP LOCKED) f
     WHERE t.endpoint_id = f.endpoint_id AND t.message_id = f.message_id
    RETURNING t.endpoint_id, t.message_id, t.attempts
)
SELECT c.endpoint_id, c.message_id, c.attempts, w.url, w.secret,
       CASE WHEN w.older_secret_until > now() THEN w.older_secret END AS older_secret,
       m.kind, m.object_id, m.subject, m.sequence, m.organization_id, m.happened_at, m.body
  FROM claimed c
  JOIN webhook_endpoints w ON w.id = c.endpoint_id
  JOIN webhook_messages m ON m.id = c.message_id
"""
_TRIED = """
INSERT INTO webhook_attempts (id, endpoint_id, message_id, number, status, error, response, took_ms)
SELECT $1, d.endpoint_id, d.message_id, $4::int, $5::int, $6::text, $7::text, $8::int FROM webhook_deliveries d
 WHERE d.endpoint_id = $2 AND d.message_id = $3
"""
_DELIVERED = """
UPDATE webhook_deliveries SET status = 'delivered', attempts = $3, locked_until = NULL
 WHERE endpoint_id = $1 AND message_id = $2
"""
_WORKS = "UPDATE webhook_endpoints SET failing_since = NULL WHERE id = $1 AND failing_since IS NOT NULL"
_PUT_OFF = """
UPDATE webhook_deliveries
   SET attempts = $3, locked_until = NULL, status = CASE WHEN $4::float8 IS NULL THEN 'failed' ELSE 'pending' END,
       due_at = now() + make_interval(secs => coalesce($4::float8, 0))
 WHERE endpoint_id = $1 AND message_id = $2
"""
_FAILS = """
UPDATE webhook_endpoints SET failing_since = coalesce(failing_since, now()) WHERE id = $1
RETURNING failing_since < now() - make_interval(days => $2)
"""
_KEEP = "UPDATE webhook_messages SET body = $2 WHERE id = $1 AND body IS NULL"
_AGAIN = """
INSERT INTO webhook_deliveries AS d (endpoint_id, message_id, object_id, sequence)
SELECT $1, m.id, m.object_id, m.sequence FROM webhook_messages m WHERE m.organization_id = $2 AND m.id = $3
ON CONFLICT (endpoint_id, message_id) DO UPDATE
   SET status = 'pending', attempts = 0, due_at = now(), locked_until = NULL
RETURNING message_id
"""
_SINCE = """
WITH wanted AS (
    SELECT m.id, m.object_id, m.sequence, m.created_at FROM webhook_messages m
     WHERE m.organization_id = $2 AND m.created_at >= $3 AND m.kind = ANY($4::text[])
     ORDER BY m.created_at, m.id LIMIT $5
), queued AS (
    INSERT INTO webhook_deliveries AS d (endpoint_id, message_id, object_id, sequence)
    SELECT $1, w.id, w.object_id, w.sequence FROM wanted w
    ON CONFLICT (endpoint_id, message_id) DO UPDATE
       SET status = 'pending', attempts = 0, due_at = now(), locked_until = NULL
)
SELECT count(*) AS queued, max(created_at) AS last_at,
       (SELECT id FROM wanted ORDER BY created_at DESC, id DESC LIMIT 1) AS last_id
  FROM wanted
"""
_MORE = """
SELECT min(created_at) FROM webhook_messages
 WHERE organization_id = $1 AND (created_at, id) > ($2, $3) AND kind = ANY($4::text[])
"""
_ATTEMPTS = """
SELECT a.id, a.message_id, m.kind AS type, m.object_id, m.sequence, a.number, a.status, a.error, a.response, a.took_ms,
       a.attempted_at, a.status IS NOT NULL AND a.status BETWEEN 200 AND 299 AS delivered
  FROM webhook_attempts a JOIN webhook_messages m ON m.id = a.message_id
 WHERE a.endpoint_id = $1 AND ($2::text IS NULL OR a.id < $2) ORDER BY a.id DESC LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message on its way to one endpoint, ours for CLAIM_S. Secrets are sealed, ``tried`` is how often it was."""

    endpoint_id: str
    message_id: str
    tried: int
    url: str
    secret: bytes
    older_secret: bytes | None
    kind: str
    object_id: str
    subject: str
    sequence: int
    organization_id: str
    happened_at: datetime
    body: str | None


@dataclass(frozen=True, slots=True)
class Try:
    """What one try came to. ``status`` None: no answer."""

    id: str
    status: int | None
    error: str
    response: str
    took_ms: int


async def claim(db: Database, limit: int, busy: Mapping[str, int]) -> list[Delivery]:
    """Up to ``limit`` deliveries that are due. ``busy``: how many tries the caller has under way, by endpoint."""
    rows = await db.fetch(_CLAIM, limit, CLAIM_S, list(busy), list(busy.values()), AT_ONCE_MAX)
    return [
        Delivery(
            endpoint_id=row["endpoint_id"],
            message_id=row["message_id"],
            tried=row["attempts"],
            url=row["url"],
            secret=row["secret"],
            older_secret=row["older_secret"],
            kind=row["kind"],
            object_id=row["object_id"],
            subject=row["subject"],
            sequence=row["sequence"],
            organization_id=row["organization_id"],
            happened_at=row["happened_at"],
            body=row["body"],
        )
        for row in rows
    ]


async def delivered(db: Connection, delivery: Delivery, tried: Try) -> None:
    """It arrived: its object's next may go, and the endpoint works."""
    await _note(db, delivery, tried)
    await db.execute(_DELIVERED, delivery.endpoint_id, delivery.message_id, delivery.tried + 1)
    await db.execute(_WORKS, delivery.endpoint_id)


async def failed(db: Connection, delivery: Delivery, tried: Try, pause: timedelta | None) -> bool:
    """Put it off, or give it up if ``pause`` is None. True if nothing arrived at the endpoint for FAILING_DAYS_MAX."""
    await _note(db, delivery, tried)
    pause_s = None if pause is None else pause.total_seconds()
    await db.execute(_PUT_OFF, delivery.endpoint_id, delivery.message_id, delivery.tried + 1, pause_s)
    return bool(await db.fetchval(_FAILS, delivery.endpoint_id, FAILING_DAYS_MAX))


async def keep_body(db: Database, message_id: str, body: str) -> None:
    """Keep a body that was written again, unless there is one."""
    await db.execute(_KEEP, message_id, body)


async def again(db: Connection, organization_id: str, endpoint_id: str, message_id: str) -> bool:
    """Queue one message of the organization for this endpoint, delivered or not. False if there is none."""
    return await db.fetchval(_AGAIN, endpoint_id, organization_id, message_id) is not None


async def again_since(
    db: Connection, organization_id: str, endpoint_id: str, kinds: tuple[str, ...], since: datetime
) -> tuple[int, datetime | None]:
    """Queue messages of these kinds since a moment; how many, and the moment of the next that was left out."""
    row = await db.fetchrow(_SINCE, endpoint_id, organization_id, since, list(kinds), REPLAYED_MAX)
    assert row is not None
    if row["queued"] < REPLAYED_MAX:
        return row["queued"], None
    last = row["last_at"], row["last_id"]
    following: datetime | None = await db.fetchval(_MORE, organization_id, *last, list(kinds))
    return row["queued"], following


async def attempts(db: Database, endpoint_id: str, before: str | None, limit: int) -> list[WebhookAttempt]:
    """What was tried at an endpoint, newest first."""
    return [WebhookAttempt(**dict(row)) for row in await db.fetch(_ATTEMPTS, endpoint_id, before, limit)]


async def _note(db: Connection, delivery: Delivery, tried: Try) -> None:
    await db.execute(
        _TRIED, tried.id, delivery.endpoint_id, delivery.message_id, delivery.tried + 1, tried.status, tried.error,
        tried.response, tried.took_ms,
    )  # fmt: skip
