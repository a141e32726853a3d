"""A session that ended is refused in every process within a second, whatever is lost on the way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest

from engine.foundation import ended_sessions
from engine.foundation.bearer import Bearers, Person
from engine.foundation.connections import HotRedis, RedisClient
from engine.foundation.embedded import Server
from engine.foundation.ended_sessions import EndedSessions
from engine.foundation.errors import Unauthenticated

WITHIN_S = 1.0


async def until(ended: EndedSessions, session_id: str) -> float:
    """Seconds until it is refused there."""
    began_s = time.monotonic()
    async with asyncio.timeout(10):
        while session_id not in ended:
            await asyncio.sleep(0.01)
    return time.monotonic() - began_s


@pytest.fixture
async def processes(
    valkey: Server, redis_client: RedisClient, pool: asyncpg.Pool
) -> AsyncIterator[Callable[[], Awaitable[EndedSessions]]]:
    """``await processes()``: what another process knows, following."""
    made: list[tuple[HotRedis, asyncio.Task[None]]] = []

    async def run() -> EndedSessions:
        hot = await HotRedis(valkey.url).open()
        ended = EndedSessions(hot=hot, pool=pool)
        await ended.look()
        made.append((hot, asyncio.create_task(ended.follow())))
        return ended

    yield run
    for hot, task in made:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await hot.close()


async def revoked(pool: asyncpg.Pool, session_id: str) -> None:
    await pool.execute(
        "INSERT INTO users (id, email, name, password_hash) VALUES ('usr_1', 'a@b.test', 'A', '')"
        " ON CONFLICT DO NOTHING"
    )
    await pool.execute(
        "INSERT INTO refresh_tokens (token_hash, family, user_id, expires_at, revoked_at)"
        " VALUES ($1::bytea, $2, 'usr_1', now() + interval '1 day', now())",
        session_id.encode(),
        session_id,
    )


async def test_every_process_hears_of_it_within_a_second(processes):
    teller, *others = [await processes() for _ in range(3)]
    await teller.tell(["fam_1", "fam_2"])
    assert "fam_1" in teller
    for other in others:
        assert await until(other, "fam_2") < WITHIN_S
        assert "fam_3" not in other


async def test_many_sessions_at_once_are_all_told(processes, monkeypatch):
    monkeypatch.setattr(ended_sessions, "READ_AT_ONCE_MAX", 2)
    teller, other = await processes(), await processes()
    every = [f"fam_{n}" for n in range(ended_sessions.TOLD_AT_ONCE_MAX * 5 + 1)]
    await teller.tell(every)
    assert await until(other, every[-1]) < WITHIN_S
    assert all(session_id in other for session_id in every)


async def test_a_process_that_begins_later_knows_what_ended_before(processes, pool):
    await (await processes()).tell(["fam_1"])
    await revoked(pool, "fam_2")
    late = await processes()
    assert "fam_1" in late
    assert "fam_2" in late


async def test_the_ledger_tells_what_redis_lost(processes, pool, redis_client: RedisClient, monkeypatch):
    monkeypatch.setattr(ended_sessions, "LEDGER_EVERY_S", 0.1)
    other = await processes()
    await revoked(pool, "fam_1")
    await redis_client.flushall()
    await until(other, "fam_1")
    await other.tell(["fam_2"])
    assert await until(await processes(), "fam_2") < WITHIN_S


async def test_what_no_token_can_outlive_is_forgotten_and_no_more_is_kept_than_may_be(processes, monkeypatch):
    ended = await processes()
    monkeypatch.setattr(ended_sessions, "ENDED_MAX", 3)
    await ended.tell([f"fam_{n}" for n in range(5)])
    assert [f"fam_{n}" in ended for n in range(5)] == [False, False, True, True, True]
    monkeypatch.setattr(ended_sessions, "KEPT_S", -1)
    await ended.tell(["fam_9"])
    assert "fam_4" not in ended


def test_a_token_of_an_ended_session_is_refused_and_those_of_others_are_not():
    ended: set[str] = set()
    bearers = Bearers(b"k" * 32, ended)
    tokens = {name: bearers.sign(Person("usr_1", is_admin=False, session=name)) for name in ("fam_1", "fam_2", "")}
    ended.add("fam_1")
    with pytest.raises(Unauthenticated) as refused:
        bearers.verify(tokens["fam_1"])
    assert refused.value.facts == {"reason": "session_ended"}
    assert [bearers.verify(tokens[name]).session for name in ("fam_2", "")] == ["fam_2", ""]


async def test_a_session_ends_here_at_once_and_in_the_ledgers_time_elsewhere_while_redis_is_away(
    pool: asyncpg.Pool, processes, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(ended_sessions, "LEDGER_EVERY_S", 0.1)
    monkeypatch.setattr(ended_sessions, "READY_WAIT_S", 0.05)
    alone = EndedSessions(hot=HotRedis("redis://127.0.0.1:9/0"), pool=pool)
    await alone.look()
    other = await processes()
    await revoked(pool, "fam_1")
    await alone.tell(["fam_1"])
    assert "fam_1" in alone
    await until(other, "fam_1")
