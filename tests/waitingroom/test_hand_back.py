"""A clean stop hands the unused numbers of the last block back: no gap if nothing was lost, never a number twice.

Two processes are A, the application under test, and B, a second view of the same room. What may interleave:

- A's refusal in Redis, B's raise (both halves), A's lowering in Postgres: the lowering is refused, B's mark stands.
- B's raise in Postgres, A's refusal, A's lowering, B's raise in Redis: the same.
- B's raise in Postgres, a raise and a hand-back of A, B's raise in Redis: B's is outdated and not obeyed.
- A's refusal, a crash: the mark stays high, a gap.
- a new epoch begun, a raise of the old one: refused, so that the mark that the new epoch reads stays what it is.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiohttp.test_utils import TestClient, TestServer

from engine.foundation import embedded
from engine.foundation.bearer import Person
from engine.foundation.connections import HotRedis, RedisClient
from tests.waitingroom.conftest import NewRoom, post, room_of, status, until, until_phase
from waitingroom import appkeys
from waitingroom.app import create_app
from waitingroom.controller import Controller
from waitingroom.draw import VACANT
from waitingroom.endpoint import ENDPOINT
from waitingroom.ledger import NUMBER_BLOCK, Ledger
from waitingroom.room import Room
from waitingroom.settings import Settings
from waitingroom.store import Fenced, Join


class Stack:
    """A room over a Redis of its own that can be stopped and started again over the same data."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings, self._folder = settings, folder
        self.redis = embedded.start_valkey(folder, fsync="always")
        self._client: TestClient | None = None

    async def up(self) -> TestClient:
        settings = self._settings.model_copy(update={"redis_url": self.redis.url})
        self._client = TestClient(TestServer(await create_app(settings)))
        await self._client.start_server()
        return self._client

    async def down(self) -> None:
        if self._client is not None:
            await self._client.close()
        self._client = None

    async def restarted(self) -> TestClient:
        await self.down()
        self.redis.stop()
        self.redis = embedded.start_valkey(self._folder, fsync="always")
        return await self.up()


@pytest.fixture
async def stack(room_settings: Settings, store_folder: Path, tmp_path: Path) -> AsyncIterator[Stack]:
    stack = Stack(room_settings, store_folder / tmp_path.name)
    yield stack
    await stack.down()
    stack.redis.stop()


async def test_after_a_clean_restart_the_next_number_follows_the_last(stack: Stack, new_room: NewRoom) -> None:
    event_id = await new_room(capacity=1)
    client = await stack.up()
    places = [(await post(client, event_id, "join", 201, identity=f"v{i}"))[1] for i in range(3)]

    async def called() -> bool:
        return bool((await status(client, event_id))["serving"] == 1)

    await until(called)
    await post(client, event_id, "claim", 200, queue_ticket=places[0]["queue_ticket"])
    for restart in (1, 2):
        client = await stack.restarted()
        document = await status(client, event_id)
        assert (document["epoch"], document["tail"], document["serving"]) == (1 + restart, 2 + restart, 1)
        _, place = await post(client, event_id, "join", 201, identity=f"late{restart}")
        assert place["number"] == 2 + restart
        _, waiting = await post(client, event_id, "claim", 202, queue_ticket=place["queue_ticket"])
        assert waiting["ahead"] == 1 + restart  # the people who really stand there
    _, again = await post(client, event_id, "join", 200, queue_ticket=places[1]["queue_ticket"])
    assert again["number"] == 1


async def test_a_prequeue_that_was_restarted_counts_people_only(
    stack: Stack, new_room: NewRoom, pool: asyncpg.Pool
) -> None:
    event_id = await new_room(prequeue_in_s=-5, opens_in_s=600)
    client = await stack.up()
    for i in range(3):
        await post(client, event_id, "join", 201, identity=f"v{i}")
    client = await stack.restarted()
    assert (await status(client, event_id))["cohort_size"] == 3
    _, place = await post(client, event_id, "join", 201, identity="late")
    assert (place["number"], place["kind"]) == (3, "cohort")
    ledger: Ledger = client.app[appkeys.LEDGER]
    opened = {"opened_at_ms": time.time_ns() // 1_000_000}
    await ledger.keep_controls(event_id, opened, Person("usr_operator", is_admin=True), [])
    document = await until_phase(client, event_id, "open")
    assert document["cohort_size"] == 4
    digests = await ledger.cohort(event_id)
    assert digests is not None
    assert len(digests) == 4 * 8
    assert VACANT not in {digests[at : at + 8] for at in range(0, len(digests), 8)}


async def test_a_room_that_nobody_joined_stays_as_it_is(stack: Stack, new_room: NewRoom) -> None:
    event_id = await new_room()
    client = await stack.up()
    await status(client, event_id)
    client = await stack.restarted()
    _, place = await post(client, event_id, "join", 201)
    assert place["number"] == 0


class Pair:
    """Two processes' views of one room, stepped by the test alone."""

    def __init__(self, a: Room, b: Room, ledger: Ledger, pool: asyncpg.Pool) -> None:
        self.a, self.b, self.ledger, self._pool = a, b, ledger, pool
        self.given: list[int] = []

    async def join(self, room: Room) -> int:
        joined, _ = await room.join(Join(room.digest(b"%d" % len(self.given))))
        self.given.append(joined.number)
        await self.check()
        return joined.number

    async def check(self) -> None:
        assert len(set(self.given)) == len(self.given)
        assert max(self.given, default=-1) < await self.mark()

    async def mark(self) -> int:
        mark: int = await self._pool.fetchval("SELECT high_water FROM rooms WHERE event_id = $1", self.a.event_id)
        return mark


@pytest.fixture
async def pair(room_client: TestClient, new_room: NewRoom, pool: asyncpg.Pool) -> AsyncIterator[Pair]:
    event_id = await new_room(prequeue_in_s=None)
    a = await room_of(room_client, event_id)
    await until_phase(room_client, event_id, "open")
    controller, task = room_client.app[ENDPOINT].rooms._controllers[event_id]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    redis = await HotRedis(room_client.app[appkeys.SETTINGS].redis_url).open()
    ledger = room_client.app[appkeys.LEDGER]
    b = Room(rules=a.rules, keys=a.keys, redis=redis, ledger=ledger)
    await controller.step()
    await Controller(b, ledger, b"b").step()
    pair = Pair(a, b, ledger, pool)
    for _ in range(3):
        await pair.join(a)
    yield pair
    await pair.check()
    await b.close()
    await redis.close()


async def test_a_process_that_hands_back_does_not_disturb_the_others(pair: Pair) -> None:
    for _ in range(3):
        await pair.a.hand_back()
        assert await pair.mark() == len(pair.given)
        assert await pair.join(pair.b) == len(pair.given) - 1
        assert await pair.mark() == NUMBER_BLOCK
        await pair.b.hand_back()
        assert await pair.join(pair.a) == len(pair.given) - 1


async def test_a_raise_between_the_two_steps_of_a_hand_back_stands(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    lower = Ledger.hand_back

    async def late(self: Ledger, *arguments: Any) -> bool:
        assert await pair.join(pair.b) == 3  # raised to the same value as before: only the version tells
        return await lower(self, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "hand_back", late)
        await pair.a.hand_back()
    assert await pair.mark() == NUMBER_BLOCK
    assert await pair.join(pair.b) == 4


async def test_a_raise_that_reaches_redis_after_a_hand_back_is_not_obeyed(
    pair: Pair, redis_client: RedisClient
) -> None:
    key = f"wr:{{{pair.a.event_id}}}:m"
    slow = await pair.ledger.raise_high_water(pair.a.event_id, 1, 2)
    await pair.a.hand_back()
    assert slow is not None
    assert await pair.mark() == NUMBER_BLOCK  # it was raised since: not lowered
    await pair.b.store.raise_high_water(1, *slow)
    assert int(await redis_client.hget(key, "hwm")) == NUMBER_BLOCK
    slow = await pair.ledger.raise_high_water(pair.a.event_id, 1, 2)
    await pair.a.raise_high_water(1, 2)
    await pair.a.hand_back()
    assert slow is not None
    assert await pair.mark() == 3
    await pair.b.store.raise_high_water(1, *slow)
    assert int(await redis_client.hget(key, "hwm")) == 3
    assert await pair.join(pair.b) == 3


async def test_a_crash_in_the_middle_of_a_hand_back_is_a_gap(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, redis_client: RedisClient
) -> None:
    async def crash(*_: Any) -> bool:
        raise OSError("the process died here")

    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "hand_back", crash)
        with pytest.raises(OSError, match="died"):
            await pair.a.hand_back()
    await redis_client.hset(f"wr:{{{pair.a.event_id}}}:m", "run", "another")
    assert await pair.join(pair.b) == NUMBER_BLOCK


async def test_a_raise_of_an_epoch_that_is_over_builds_the_next(pair: Pair) -> None:
    """Who began the next epoch read the mark, and died or is slow: nothing beyond may be given out meanwhile."""
    await pair.a.hand_back()
    await pair.ledger.next_epoch(pair.a.event_id, 1)
    read = await pair.ledger.room(pair.a.event_id)
    assert read is not None
    assert await pair.join(pair.b) == 3
    assert await pair.a.store.standing() == (2, True)
    await pair.a.store.create(read, 0)  # the slow one: it is known already
    assert await pair.join(pair.a) == 4


async def test_a_stop_in_the_middle_of_a_raise_hands_back_all_the_same(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    await pair.a.hand_back()
    reached, go_on = asyncio.Event(), asyncio.Event()
    raise_in_redis = pair.a.store.raise_high_water

    async def slow(*arguments: int) -> None:
        reached.set()
        await go_on.wait()
        await raise_in_redis(*arguments)

    monkeypatch.setattr(pair.a.store, "raise_high_water", slow)
    raising = asyncio.create_task(pair.a.raise_high_water(1, 3))
    await reached.wait()
    raising.cancel()
    await asyncio.gather(raising, return_exceptions=True)
    handing_back = asyncio.create_task(pair.a.hand_back())
    go_on.set()
    await handing_back
    assert await pair.mark() == 3


SCHEDULES, STEPS = 30, 60


async def test_no_interleaving_gives_a_number_twice(pair: Pair, redis_client: RedisClient) -> None:
    """Raises, hand-backs, joins, losses and crashes of four processes in any order, each halting between its steps."""
    event_id, store, ledger = pair.a.event_id, pair.a.store, pair.ledger
    key = f"wr:{{{event_id}}}:m"

    async def epoch() -> int:
        return int(await redis_client.hget(key, "epoch"))

    async def raises() -> AsyncIterator[None]:
        at, tail = await epoch(), int(await redis_client.hget(key, "tail"))
        yield
        raised = await ledger.raise_high_water(event_id, at, tail)
        yield
        if raised is not None:
            await store.raise_high_water(at, *raised)

    async def hands_back() -> AsyncIterator[None]:
        at = await epoch()
        yield
        unused = await store.hand_back(at)
        yield
        if unused is not None:
            await ledger.hand_back(event_id, at, *unused)

    async def rebuilds() -> AsyncIterator[None]:
        at = await epoch()
        yield
        await ledger.next_epoch(event_id, at)
        yield
        rules = await ledger.room(event_id)
        assert rules is not None
        yield
        await store.create(rules, 0)

    async def joins() -> AsyncIterator[None]:
        joined = (await store.join([Join(b"%08d" % len(pair.given))]))[0]
        if joined.word == "taken":
            pair.given.append(joined.number)
        yield

    handed_back = 0
    for seed in range(SCHEDULES):
        chance = random.Random(seed)
        running: list[AsyncIterator[None]] = []
        for _ in range(STEPS):
            if len(running) < 4:
                kinds = (raises, raises, hands_back, hands_back, joins, joins, joins, rebuilds)
                running.append(chance.choice(kinds)())
            one = chance.choice(running)
            try:
                await anext(one)
            except (StopAsyncIteration, Fenced):
                running.remove(one)
            await pair.check()
            handed_back += await pair.mark() % NUMBER_BLOCK != 0
        # Whatever was still under way died; a Redis that came back is built again.
        await redis_client.hset(key, "run", f"another{seed}")
        await pair.a.restore()
    assert len(pair.given) > SCHEDULES
    assert handed_back > SCHEDULES
