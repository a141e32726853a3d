"""The words under which something is listed, of which a misspelt one may be meant: those of events that are gone go."""

from __future__ import annotations

from typing import Final

import asyncpg

from engine.stores.database import Connection

# Those who list an event hold this table until they are done: a word that is just being listed would not be seen yet.
_ALONE: Final = "LOCK TABLE search_vocabulary IN SHARE ROW EXCLUSIVE MODE NOWAIT"
_PRUNE: Final = """
WITH looked AS MATERIALIZED (SELECT word FROM search_vocabulary WHERE word ~>~ $1 ORDER BY word USING ~<~ LIMIT $2),
gone AS (
    DELETE FROM search_vocabulary v USING looked l
     WHERE v.word = l.word
       AND NOT EXISTS (SELECT 1 FROM listed_events e WHERE e.words @@ ('''' || l.word || ''':AB')::tsquery)
    RETURNING v.word)
SELECT (SELECT max(word COLLATE "C") FROM looked) AS last, (SELECT count(*) FROM gone) AS gone
"""


async def prune(db: Connection, after: str, limit: int) -> tuple[str, int]:
    """Inside a transaction: look at the words that follow ``after`` and delete those that nothing is listed under.

    Returns the last word that was looked at, empty behind the last of all, and how many went. Somebody who is listing
    something now goes first: then nothing is done, and ``after`` comes back.
    """
    try:
        async with db.transaction():
            await db.execute(_ALONE)
    except asyncpg.LockNotAvailableError:
        return after, 0
    row = await db.fetchrow(_PRUNE, after, limit)
    assert row is not None
    return row["last"] or "", row["gone"]
