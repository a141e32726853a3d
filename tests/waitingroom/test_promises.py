"""The promises at full size: the hard gate, one place an identity, a seed that nobody can know, every order."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import struct
from collections import Counter
from unittest import mock

import asyncpg
from aiohttp.test_utils import TestClient

import hotpath_rs
from engine.foundation import embedded, leases
from engine.foundation.connections import HotRedis, RedisClient
from tests.invariants.model_house import with_the_tests_clock
from tests.invariants.room_soak import Soak
from tests.waitingroom.conftest import NewRoom, post, status
from waitingroom import store as room_store

PEOPLE, CAPACITY, ASLEEP_MS = 1_000, 100, 30_000


async def test_a_thousand_claims_at_once_get_a_hundred_leases_whoever_leads(valkey: embedded.Server) -> None:
    """The counter is let run past everybody: only the gate is left. A leader that slept is refused."""
    with mock.patch.dict(room_store._SCRIPTS, with_the_tests_clock(room_store._SCRIPTS)):
        redis = await HotRedis(valkey.url).open()
        try:
            soak = Soak(redis, rate_per_min=600_000, capacity=CAPACITY)
            await soak.open(PEOPLE)
            await soak.at(soak.now_ms + ASLEEP_MS)  # the first leader sleeps; somebody else takes over
            leads, _, room = await soak.store.tick(b"other", b"-1", leases.HEALTH_FULL)
            assert leads
            await redis.command(b"HSET", b"wr:{%s}:m" % soak.store.event_id.encode(), b"serving", PEOPLE)
            claims = [asyncio.create_task(soak.store.claim(n, soak.lease(n))) for n in range(PEOPLE)]
            woken, _, _ = await soak.store.tick(b"me", soak.fence, leases.HEALTH_FULL)
            await soak.store.tick(b"other", room[b"fence"], leases.HEALTH_FULL)
            words = Counter([(one.why or one.word) for one in await asyncio.gather(*claims)])
            assert not woken, "a leader that slept came back with its old fence"
            assert words == {"granted": CAPACITY, "full": PEOPLE - CAPACITY}
            assert await redis.command(b"ZCARD", leases.lease_key(soak.store.event_id)) == CAPACITY
        finally:
            await redis.close()


async def test_a_thousand_joins_of_one_identity_at_once_are_one_place(
    room_client: TestClient, new_room: NewRoom
) -> None:
    event_id = await new_room(identity="email")
    joins = [post(room_client, event_id, "join", identity="ann@example.com") for _ in range(PEOPLE)]
    answers = await asyncio.gather(*joins)
    assert Counter(code for code, _ in answers) == {201: 1, 409: PEOPLE - 1}
    assert {place["number"] for code, place in answers if code == 201} == {0}
    assert (await post(room_client, event_id, "join", 201, identity="bob@example.com"))[1]["number"] == 1


async def test_before_the_opening_neither_seed_nor_secret_is_anywhere_but_in_the_ledger(
    room_client: TestClient, new_room: NewRoom, redis_client: RedisClient, pool: asyncpg.Pool
) -> None:
    event_id = await new_room(prequeue_in_s=-5, opens_in_s=60)
    for n in range(5):
        await post(room_client, event_id, "join", 201, identity=f"v{n}")
    document = str(await status(room_client, event_id))
    answer = await room_client.get(f"/r/{event_id}")
    page = await answer.text()
    assert answer.status == 200
    secret: bytes = await pool.fetchval("SELECT draw_secret FROM rooms WHERE event_id = $1", event_id)
    assert hashlib.sha256(secret).hexdigest() in document
    everything = bytearray()
    async for key in redis_client.scan_iter(f"*{{{event_id}}}*"):
        everything += await redis_client.dump(key) or b""
        if await redis_client.type(key) == b"hash":
            everything += b"".join([name + value for name, value in (await redis_client.hgetall(key)).items()])
    for shown in (document.encode(), page.encode(), bytes(everything)):
        assert secret not in shown
        assert secret.hex().encode() not in shown


def test_every_order_of_three_comes_up() -> None:
    orders = {
        struct.unpack("<3I", hotpath_rs.shuffle_all(hashlib.sha256(b"%d" % n).digest(), 3)) for n in range(2_000)
    }  # fmt: skip
    assert orders == set(itertools.permutations(range(3)))
