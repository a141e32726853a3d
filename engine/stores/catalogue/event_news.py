"""News of events for ticket holders: what happened, who is to hear it, and who heard it already."""

from __future__ import annotations

from typing import Final

import msgspec

from engine.domain.catalogue.event_news import EventNews, Kind, TimeAndPlace
from engine.domain.errands import TellHolders
from engine.domain.order_states import SOLD
from engine.stores import outbox
from engine.stores.database import Connection, Database, Record
from engine.stores.outbox import OutboxRow

NEWS_READ_MAX: Final = 100
HOLDING: Final = ("valid", "used", "transfer_pending", "blocked")  # statuses of a ticket that somebody has

_INSERT: Final = """
INSERT INTO event_news (event_id, kind, before, after, message, created_by) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id
"""
_RECIPIENTS: Final = """
INSERT INTO event_news_recipients (event_id, email, news_id)
SELECT DISTINCT $1, lower(holders.email), $2::bigint FROM (
    SELECT o.buyer_email AS email FROM orders o WHERE o.event_id = $1 AND o.status = ANY($3::text[])
    UNION ALL
    SELECT t.holder_email FROM tickets t WHERE t.event_id = $1 AND t.status = ANY($4::text[])
) holders WHERE holders.email LIKE '%@%'
"""
_READ: Final = "SELECT id, event_id, kind, before, after, message, created_at FROM event_news"
# The cursor moves only once from each place: an errand that is done again orders no second mail.
_MOVE_ON: Final = "UPDATE event_news SET told_to = $3 WHERE id = $1 AND told_to = $2 RETURNING id"
_PAGE: Final = """
SELECT email FROM event_news_recipients WHERE news_id = $1 AND email > $2 ORDER BY email LIMIT $3
"""
_ORDER_MAILS: Final = """
WITH page AS (
    SELECT event_id, email FROM event_news_recipients WHERE news_id = $1 AND email = ANY($2::text[])
)
INSERT INTO outbox (topic, key, payload, available_at, lane)
SELECT 'mail.event_news', p.event_id, jsonb_build_object('event_id', p.event_id, 'email', p.email), now(), 1 FROM page p
"""
_TAKE: Final = """
WITH untold AS (
    UPDATE event_news_recipients SET told_at = now() WHERE event_id = $1 AND email = $2 AND told_at IS NULL
    RETURNING news_id
)
SELECT n.id, n.event_id, n.kind, n.before, n.after, n.message, n.created_at
  FROM event_news n WHERE n.id = ANY(ARRAY(SELECT news_id FROM untold)) ORDER BY n.id
"""


async def record(
    db: Connection, event_id: str, kind: Kind, before: TimeAndPlace, after: TimeAndPlace, message: str, by: str
) -> None:
    """Note the news, whom it concerns as of now, and the errand that tells them, in the caller's transaction."""
    news_id = await db.fetchval(
        _INSERT, event_id, kind, msgspec.to_builtins(before), msgspec.to_builtins(after), message, by
    )
    await db.execute(_RECIPIENTS, event_id, news_id, sorted(SOLD), list(HOLDING))
    await outbox.add(db, event_id, TellHolders(news_id))


async def of_event(db: Database, event_id: str) -> list[EventNews]:
    """The newest NEWS_READ_MAX, oldest first."""
    rows = await db.fetch(_READ + " WHERE event_id = $1 ORDER BY id DESC LIMIT $2", event_id, NEWS_READ_MAX)
    return [_news(row) for row in reversed(rows)]


async def order_mails(db: Connection, news_id: int, after: str, limit: int, pause_s: float) -> OutboxRow | None:
    """Order the mails of one page of recipients, and the errand for the next, once. None if there is no next page."""
    rows = await db.fetch(_PAGE, news_id, after, limit)
    emails = [row["email"] for row in rows]
    if not emails or await db.fetchval(_MOVE_ON, news_id, after, emails[-1]) is None:
        return None
    await db.execute(_ORDER_MAILS, news_id, emails)
    if len(emails) < limit:
        return None
    return await outbox.add(db, f"news-{news_id}", TellHolders(news_id, emails[-1]), delay_s=pause_s)


async def take(db: Connection, event_id: str, email: str) -> list[EventNews]:
    """What this address was not told yet, oldest first: told from now on, if the caller's transaction ends well."""
    return [_news(row) for row in await db.fetch(_TAKE, event_id, email)]


def _news(row: Record) -> EventNews:
    values = dict(row)
    for name in ("before", "after"):
        values[name] = msgspec.convert(values[name], TimeAndPlace)
    return EventNews(**values)
