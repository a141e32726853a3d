"""The words that a misspelt one may have been meant as: those of events that are gone leave them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import asyncpg

from engine.stores.catalogue.discovery import vocabulary

Make = Callable[..., Awaitable[str]]


async def _words(pool: asyncpg.Pool) -> set[str]:
    return {row["word"] for row in await pool.fetch("SELECT word FROM search_vocabulary")}


async def _pruned(pool: asyncpg.Pool, after: str, limit: int) -> tuple[str, int]:
    async with pool.acquire() as db, db.transaction():
        return await vocabulary.prune(db, after, limit)


async def test_words_of_events_that_are_gone_go_in_small_steps_and_what_others_share_stays(
    make: Make, guest, pool: asyncpg.Pool
) -> None:
    await make(title="Rigoletto", venue={"name": "Opera", "city": "Parma"})
    gone = await make(title="Zauberflöte", summary="Opernabend", venue={"name": "Opera", "city": "Parma"})
    before = await _words(pool)
    await pool.execute("UPDATE events SET status = 'cancelled' WHERE id = $1", gone)
    after, left, steps = "", 0, 0
    while steps == 0 or after:
        after, went = await _pruned(pool, after, 2)
        left, steps = left + went, steps + 1
    kept = await _words(pool)
    assert steps > len(before) / 2
    assert (before - kept, left) == ({"zauberflote"}, 1)
    assert {"rigoletto", "opera", "parma"} <= kept
    assert (await guest.ok("GET", "/v1/events?q=rigoleto"))["data"]
    assert not (await guest.ok("GET", "/v1/events?q=zauberflote"))["data"]


async def test_who_lists_an_event_right_now_goes_first(make: Make, pool: asyncpg.Pool) -> None:
    gone = await make(title="Parsifal")
    await pool.execute("UPDATE events SET status = 'cancelled' WHERE id = $1", gone)
    async with pool.acquire() as db, db.transaction():
        await db.execute("UPDATE events SET status = 'published' WHERE id = $1", gone)
        assert await _pruned(pool, "", 100) == ("", 0)
    await _pruned(pool, "", 100)
    assert "parsifal" in await _words(pool)
