"""A room that ended long ago leaves nothing behind in Redis, and anybody who still asks is told that it is closed."""

from __future__ import annotations

from typing import Any

import asyncpg
from aiohttp.test_utils import TestClient, TestServer

from engine.foundation.connections import HotRedis, RedisClient
from engine.foundation.leases import tell_changed
from tests.waitingroom.conftest import NewRoom, post, room_of, status, until, until_phase
from waitingroom.app import create_app
from waitingroom.settings import Settings
from waitingroom.store import BUCKETS, BUCKETS_FORGOTTEN_PER_STEP

DAY_S = 86_400


async def end(pool: asyncpg.Pool, hot: HotRedis, event_id: str, ago_s: int, column: str = "closes_at") -> None:
    """Let sale or event have ended this many seconds ago."""
    moment = f"now() - make_interval(secs => {ago_s:d})"
    if column == "closes_at":
        await pool.execute(
            f"UPDATE on_sales SET closes_at = {moment}, version = version + 1 WHERE event_id = $1", event_id
        )
    else:
        await pool.execute(
            f"UPDATE events SET starts_at = {moment} - interval '1 hour', ends_at = {moment} WHERE id = $1", event_id
        )
    await tell_changed(hot, event_id)


async def visited(client: TestClient, event_id: str) -> list[dict[str, Any]]:
    """A room with people in line, in the shop and gone."""
    places = [(await post(client, event_id, "join", 201, identity=f"v{i}"))[1] for i in range(30)]

    async def let_in() -> bool:
        return (await post(client, event_id, "claim", queue_ticket=places[0]["queue_ticket"]))[0] == 200

    await until(let_in)
    await post(client, event_id, "leave", 200, queue_ticket=places[1]["queue_ticket"])
    return places


async def keys_of(redis_client: RedisClient, event_id: str) -> set[bytes]:
    return set(await redis_client.keys(f"wr:{{{event_id}}}:*"))


async def test_a_day_after_its_end_redis_holds_nothing_of_a_room_but_what_goes_by_itself(
    room_client: TestClient, new_room: NewRoom, pool: asyncpg.Pool, hot: HotRedis, redis_client: RedisClient
) -> None:
    event_id, other_id = await new_room(), await new_room()
    await visited(room_client, event_id)
    await visited(room_client, other_id)
    room = await room_of(room_client, event_id)
    steps: list[int] = []
    forget = room.store.forget

    async def counted(first: int) -> int | None:
        steps.append(first)
        return await forget(first)

    room.store.forget = counted  # type: ignore[method-assign]
    await end(pool, hot, event_id, DAY_S + 5)
    base = f"wr:{{{event_id}}}:".encode()

    async def gone() -> bool:
        return await keys_of(redis_client, event_id) <= {base + b"m", base + b"over"}

    await until(gone, within_s=25)
    assert steps == list(range(0, BUCKETS, BUCKETS_FORGOTTEN_PER_STEP))
    for key in await keys_of(redis_client, event_id):
        assert 0 < await redis_client.ttl(key) <= 3 * 3600, key
    assert len(await keys_of(redis_client, other_id)) > 30

    async def remembered() -> Any:
        return await pool.fetchval("SELECT forgotten_at FROM rooms WHERE event_id = $1", event_id)

    assert await until(remembered)
    # Late visitors are told, by this process and by one that starts now; nothing is kept for them.
    assert (await status(room_client, event_id))["phase"] == "closed"
    assert (await post(room_client, event_id, "join", identity="late"))[1]["code"] == "room_closed"
    await redis_client.delete(base + b"m")
    assert (await (await room_client.get(f"/v1/rooms/{event_id}/draw")).json())["event_id"] == event_id
    assert (await post(room_client, event_id, "join", identity="late"))[1]["code"] == "room_closed"
    assert await keys_of(redis_client, event_id) <= {base + b"m", base + b"over"}
    assert 0 < await redis_client.ttl(base + b"m") <= 3600


async def test_less_than_a_day_after_its_end_everything_is_there(
    room_client: TestClient, new_room: NewRoom, pool: asyncpg.Pool, hot: HotRedis, redis_client: RedisClient
) -> None:
    event_id = await new_room()
    await visited(room_client, event_id)
    before = await keys_of(redis_client, event_id)
    await end(pool, hot, event_id, DAY_S - 600)
    await until_phase(room_client, event_id, "closed")
    room = await room_of(room_client, event_id)
    assert await room.store.forget(0) == 0
    assert await keys_of(redis_client, event_id) >= before


async def test_without_a_closing_time_the_events_end_counts(
    room_client: TestClient, new_room: NewRoom, pool: asyncpg.Pool, hot: HotRedis, redis_client: RedisClient
) -> None:
    event_id = await new_room()
    places = await visited(room_client, event_id)
    await end(pool, hot, event_id, DAY_S + 5, "ends_at")
    await until_phase(room_client, event_id, "closed")
    assert (await post(room_client, event_id, "claim", queue_ticket=places[2]["queue_ticket"]))[0] == 410
    assert (await post(room_client, event_id, "join", identity="late"))[0] == 410


async def test_a_room_that_ended_while_nobody_ran_is_forgotten_at_the_next_start(
    room_settings: Settings, new_room: NewRoom, pool: asyncpg.Pool, hot: HotRedis, redis_client: RedisClient
) -> None:
    event_id = await new_room()
    async with TestClient(TestServer(await create_app(room_settings))) as client:
        await visited(client, event_id)
    await end(pool, hot, event_id, 3 * DAY_S)
    async with TestClient(TestServer(await create_app(room_settings))):

        async def gone() -> bool:
            return len(await keys_of(redis_client, event_id)) <= 2

        await until(gone, within_s=25)


async def test_a_sale_prolonged_after_it_was_forgotten_goes_on_with_new_numbers(
    room_client: TestClient, new_room: NewRoom, pool: asyncpg.Pool, hot: HotRedis, redis_client: RedisClient
) -> None:
    event_id = await new_room()
    places = await visited(room_client, event_id)
    await end(pool, hot, event_id, DAY_S + 5)

    async def forgotten() -> Any:
        return await pool.fetchval("SELECT forgotten_at FROM rooms WHERE event_id = $1", event_id)

    await until(forgotten, within_s=25)
    await end(pool, hot, event_id, -3600)
    await until_phase(room_client, event_id, "open")
    assert await redis_client.ttl(f"wr:{{{event_id}}}:m") == -1
    _, late = await post(room_client, event_id, "join", 201, identity="late")
    assert late["number"] >= len(places)
    _, again = await post(room_client, event_id, "join", 200, queue_ticket=places[5]["queue_ticket"])
    assert again["number"] == 5
