"""Idempotency keys: once however often it is sent, told apart by principal and path, forgotten after a refusal."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from engine.foundation.errors import (
    Conflict,
    IdempotencyInFlight,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
)
from engine.foundation.idempotency import RECIPE, Idempotency, key_of, scope_of


def request(path: str = "/v1/orders", key: str | None = "k") -> web.Request:
    return make_mocked_request("POST", path, headers={} if key is None else {"Idempotency-Key": key})


class Work:
    """Counts how often it ran."""

    def __init__(self, error: Exception | None = None) -> None:
        self.runs = 0
        self.error = error
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self) -> web.Response:
        self.runs += 1
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return web.json_response({"run": self.runs}, status=201)


async def test_the_same_key_and_body_get_the_first_answer_again(pool: asyncpg.Pool):
    idempotency, work = Idempotency(pool), Work()
    scope = scope_of("usr_1", request(), "k")
    first = await idempotency.once(scope, b"body", work)
    again = await idempotency.once(scope, b"body", work)
    assert (first.status, first.body) == (again.status, again.body)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert work.runs == 1


async def test_of_a_long_answer_a_recipe_is_kept_and_the_answer_made_again_from_it(pool: asyncpg.Pool):
    idempotency, scope = Idempotency(pool), scope_of("usr_1", request(), "k")

    async def work() -> web.Response:
        response = web.Response(body=b"long " * 1000, content_type="text/plain")
        response[RECIPE] = b"long 1000"
        return response

    async def remake(kept: bytes) -> bytes:
        word, times = kept.split(b" ")
        return (word + b" ") * int(times)

    first = await idempotency.once(scope, b"body", work, remake)
    again = await idempotency.once(scope, b"body", work, remake)
    assert await pool.fetchval("SELECT body FROM idempotency_keys") == b"long 1000"
    assert (again.body, again.content_type) == (first.body, first.content_type)
    assert again.headers["Idempotent-Replayed"] == "true"


async def test_of_many_that_come_at_once_each_key_runs_once(pool: asyncpg.Pool):
    first, second = Idempotency(pool), Idempotency(pool)
    works = [Work() for _ in range(20)]
    scopes = [scope_of("usr_1", request(), f"k{number}") for number in range(20)]

    async def ask(turn: int) -> int:
        here = (first, second)[turn % 2]
        try:
            return (await here.once(scopes[turn % 20], b"body", works[turn % 20])).status
        except IdempotencyInFlight:
            return 409

    answers = await asyncio.gather(*(ask(turn) for turn in range(200)))
    assert [work.runs for work in works] == [1] * 20
    assert set(answers) <= {201, 409}
    assert [await ask(turn) for turn in range(20)] == [201] * 20
    assert [work.runs for work in works] == [1] * 20
    await asyncio.gather(first.close(), second.close())


async def test_another_body_under_the_same_key_is_refused(pool: asyncpg.Pool):
    idempotency, work = Idempotency(pool), Work()
    scope = scope_of("usr_1", request(), "k")
    await idempotency.once(scope, b"one", work)
    with pytest.raises(IdempotencyKeyReused):
        await idempotency.once(scope, b"two", work)
    assert work.runs == 1


async def test_of_many_at_once_one_runs_and_the_others_are_told_to_wait(pool: asyncpg.Pool):
    idempotency, work = Idempotency(pool), Work()
    work.gate.clear()
    scope = scope_of("usr_1", request(), "k")
    tasks = [asyncio.create_task(idempotency.once(scope, b"body", work)) for _ in range(20)]
    await asyncio.sleep(0.2)
    work.gate.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert work.runs == 1
    assert sum(isinstance(answer, web.Response) for answer in answers) == 1
    assert sum(isinstance(answer, IdempotencyInFlight) for answer in answers) == 19


async def test_a_refused_request_leaves_its_key_free(pool: asyncpg.Pool):
    idempotency = Idempotency(pool)
    scope = scope_of("usr_1", request(), "k")
    with pytest.raises(Conflict):
        await idempotency.once(scope, b"body", Work(Conflict()))
    answer = await idempotency.once(scope, b"another body", Work())
    assert answer.status == 201


async def test_a_request_that_is_cancelled_at_any_await_leaves_its_key_free_or_answered(pool: asyncpg.Pool):
    """As a test's server, or one that is shut down, cancels a request whose caller has gone."""
    for turns in range(40):
        idempotency, work = Idempotency(pool), Work()
        scope = scope_of("hold", request(), f"cancelled {turns}")
        task = asyncio.ensure_future(idempotency.once(scope, b"body", work))
        for _ in range(turns):
            await asyncio.sleep(0)
            if turns > 20:  # and between Postgres's answers
                await asyncio.sleep(0.0005)
        task.cancel()
        await asyncio.wait([task])
        async with asyncio.timeout(5):
            while True:
                try:
                    answer = await idempotency.once(scope, b"body", work)
                    break
                except IdempotencyInFlight:
                    await asyncio.sleep(0.1)
        assert answer.status == 201
        assert work.runs <= 2
        await idempotency.close()


async def test_an_answer_is_forgotten_after_a_day_and_a_dead_process_is_not_waited_for(pool: asyncpg.Pool):
    idempotency, work = Idempotency(pool), Work()
    old, dead = scope_of("usr_1", request(), "old"), scope_of("usr_1", request(), "dead")
    await idempotency.once(old, b"one", work)
    await pool.execute("UPDATE idempotency_keys SET created_at = now() - interval '25 hours'")
    await pool.execute(
        "INSERT INTO idempotency_keys (scope, body_hash, locked_until) VALUES ($1, $2, now() - interval '1 second')",
        dead,
        b"\0" * 32,
    )
    assert (await idempotency.once(old, b"two", work)).status == 201
    assert (await idempotency.once(dead, b"three", work)).status == 201
    assert work.runs == 3
    await pool.execute("UPDATE idempotency_keys SET created_at = now() - interval '25 hours'")
    assert await idempotency.sweep() == 2


def test_a_scope_is_told_apart_by_principal_method_path_and_key():
    scopes = {
        scope_of("usr_1", request(), "k"),
        scope_of("usr_2", request(), "k"),
        scope_of("usr_1", request("/v1/orders/quote"), "k"),
        scope_of("usr_1", request(), "kk"),
        scope_of("usr_1k", request(), ""),
        scope_of("usr_1", make_mocked_request("PUT", "/v1/orders"), "k"),
    }
    assert len(scopes) == 6


def test_a_key_is_required_and_has_a_longest_length():
    assert key_of(request(key="x" * 255)) == "x" * 255
    assert key_of(request(key=None), fallback="from the body") == "from the body"
    for wrong in (None, "", "x" * 256):
        with pytest.raises(IdempotencyKeyRequired):
            key_of(request(key=wrong))
