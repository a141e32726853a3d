"""A connection that has nothing to undo is taken back at once; any other as asyncpg does it."""

from __future__ import annotations

import asyncio
import warnings
from typing import Any

import asyncpg
import pytest

from engine.foundation import store_faults
from engine.foundation.ledger_pool import kept

PID = "SELECT pg_backend_pid()"
GROWN = "SELECT count(*) FROM growing WHERE at = ANY((SELECT $1::integer[])::integer[])"
PLANS = "SELECT custom_plans, generic_plans FROM pg_prepared_statements WHERE statement = $1"


async def test_statements_that_follow_each_other_share_a_connection(pool: Any):
    assert len({await pool.fetchval(PID) for _ in range(20)}) == 1
    assert pool.get_idle_size() == pool.get_size() == 1


async def test_nothing_waits_when_a_connection_is_taken_back(pool: Any):
    connection = await pool.acquire()
    with pytest.raises(StopIteration):
        pool.release(connection).send(None)
    assert pool.get_idle_size() == 1
    with pytest.raises(asyncpg.InterfaceError):
        await connection.fetchval(PID)
    await pool.release(connection)  # twice is once
    assert pool.get_idle_size() == 1


async def test_whoever_waits_for_a_connection_gets_the_one_that_is_taken_back(pool: Any):
    held = [await pool.acquire() for _ in range(pool.get_max_size())]
    pids = {await each.fetchval(PID) for each in held}
    waiting = [asyncio.create_task(pool.fetchval(PID)) for _ in range(20)]
    await asyncio.sleep(0.01)
    for each in held:
        await pool.release(each)
    assert set(await asyncio.gather(*waiting)) <= pids


async def test_a_transaction_that_was_left_open_is_rolled_back_first(pool: Any):
    connection = await pool.acquire()
    pid = await connection.fetchval(PID)
    await connection.execute("BEGIN")
    await connection.execute("CREATE TABLE left_open (x int)")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        await pool.release(connection)
    assert await pool.fetchval(PID) == pid
    assert await pool.fetchval("SELECT to_regclass('left_open')") is None


async def test_whoever_listened_is_forgotten(pool: Any):
    connection = await pool.acquire()
    await connection.add_listener("news", lambda *_: None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        await pool.release(connection)
    async with pool.acquire() as again:
        assert not again._con._listeners


async def test_a_connection_that_was_ended_is_not_handed_out_again(pool: Any):
    async with pool.acquire() as killer:
        connection = await pool.acquire()
        pid = await connection.fetchval(PID)
        await killer.execute("SELECT pg_terminate_backend($1)", pid)
        with pytest.raises(store_faults.LEDGER_FAULTS):  # asyncpg says it as it finds the broken connection
            await connection.fetchval(PID)
        await pool.release(connection)
    assert pid not in {await pool.fetchval(PID) for _ in range(3)}


async def test_a_connection_from_before_they_all_expired_is_closed(pool: Any):
    connection = await pool.acquire()
    pid = await connection.fetchval(PID)
    await pool.expire_connections()
    await pool.release(connection)
    assert await pool.fetchval(PID) != pid


async def test_a_connection_that_answered_enough_is_replaced(pool: Any):
    connection = await pool.acquire()
    pid = await connection.fetchval(PID)
    connection._holder._max_queries = 1
    await pool.release(connection)
    assert await pool.fetchval(PID) != pid


async def test_a_statement_that_is_cancelled_leaves_a_connection_that_answers(pool: Any):
    slow = asyncio.create_task(pool.fetchval("SELECT pg_sleep(30)"))
    await asyncio.sleep(0.1)
    slow.cancel()
    with pytest.raises(asyncio.CancelledError):
        await slow
    async with asyncio.timeout(5):
        assert await pool.fetchval("SELECT 7") == 7


async def test_a_statement_of_the_rush_is_planned_once_however_its_tables_grow(pool: Any):
    await pool.execute("CREATE TABLE growing (id integer PRIMARY KEY, at integer); CREATE INDEX ON growing (at)")
    plans = {}
    async with pool.acquire() as usual, kept(pool).acquire() as hot:
        for _ in range(10):
            for session in (usual, hot):
                await session.fetchval(GROWN, [1, 2])
        await pool.execute("INSERT INTO growing SELECT n, n % 50 FROM generate_series(1, 5000) AS n")
        await pool.execute("ANALYZE growing")
        for _ in range(10):
            for session in (usual, hot):
                await session.fetchval(GROWN, [1, 2])
        for name, session in (("usual", usual), ("hot", hot)):
            plans[name] = tuple(await session.fetchrow(PLANS, GROWN))
    assert plans["hot"] == (0, 20)
    assert plans["usual"][0] > 10, "Postgres keeps the plan by itself by now: one pool is enough"


async def test_what_ends_a_pools_connections_ends_those_of_the_rush(pool: Any):
    hot = kept(pool)
    before = await hot.fetchval(PID)
    await pool.expire_connections()
    assert await hot.fetchval(PID) != before
    await pool.close()
    with pytest.raises(asyncpg.InterfaceError):
        await hot.fetchval(PID)
