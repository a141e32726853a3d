"""Who is called when: rate, capacity, claim windows, priorities, sessions, presence, the engine's health."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from engine.foundation import leases
from engine.foundation.connections import RedisClient
from tests.waitingroom.conftest import NewRoom, post, room_of, status, until, until_phase
from waitingroom import store
from waitingroom.board import Snapshot
from waitingroom.room import Room


async def line_of(client: TestClient, event_id: str, people: int) -> list[str]:
    """People who have joined, by their tickets, in order."""
    room = await room_of(client, event_id)
    joined = await asyncio.gather(*(room.join(store.Join(room.digest(b"name:%d" % i))) for i in range(people)))
    places = [place.answer for _, place in joined if place is not None]
    return [place.queue_ticket for place in sorted(places, key=lambda place: place.number)]


async def admitted(client: TestClient, event_id: str, ticket: str) -> Any:
    code, answer = await post(client, event_id, "claim", queue_ticket=ticket)
    return answer if code == 200 else None


def snapshot(room: Room) -> Snapshot:
    assert room.board.snapshot is not None
    return room.board.snapshot


async def test_the_counter_moves_at_the_operators_rate_and_banks_nothing(
    room_client: TestClient, new_room: NewRoom
) -> None:
    event_id = await new_room(rate_per_min=600, capacity=10_000)
    await until_phase(room_client, event_id, "open")
    room = await room_of(room_client, event_id)
    await asyncio.sleep(2.0)  # idle time in which ten a second could have come
    await line_of(room_client, event_id, 200)
    started_at_ms = snapshot(room).now_ms
    course: list[tuple[int, int]] = []
    while snapshot(room).now_ms < started_at_ms + 3_000:
        course.append((snapshot(room).now_ms - started_at_ms, snapshot(room).serving))
        await asyncio.sleep(0.1)
    for elapsed_ms, serving in course:
        assert serving <= 10 + (elapsed_ms + 600) / 100, course  # one second's burst, ten a second, a step's slack
    assert course[-1][1] >= 20, course


async def test_a_call_that_nobody_answers_goes_to_the_next_in_line(room_client: TestClient, new_room: NewRoom) -> None:
    event_id = await new_room(capacity=1, claim_ttl_s=1)
    first, second, third = await line_of(room_client, event_id, 3)

    async def second_in() -> Any:
        return await admitted(room_client, event_id, second)

    started_s = time.monotonic()
    answer = await until(second_in, within_s=5)
    assert time.monotonic() - started_s > 0.7
    # Who was called first and comes late waits for the next lease, and gets it before anybody later.
    assert await admitted(room_client, event_id, first) is None
    await post(room_client, event_id, "release", 200, admission_token=answer["admission_token"])
    await asyncio.sleep(0.6)
    assert await admitted(room_client, event_id, third) is None
    assert await admitted(room_client, event_id, first) is not None


async def test_a_session_that_ends_makes_room_after_its_token_is_worthless_everywhere(
    room_client: TestClient, new_room: NewRoom
) -> None:
    event_id = await new_room(capacity=1, session_ttl_s=1)
    first, second = await line_of(room_client, event_id, 2)

    async def first_in() -> Any:
        return await admitted(room_client, event_id, first)

    async def second_in() -> Any:
        return await admitted(room_client, event_id, second)

    earlier = await until(first_in)
    later = await until(second_in, within_s=6)
    assert later["server_now_ms"] >= earlier["expires_at_ms"] + store.TOKEN_LEEWAY_MS
    code, refusal = await post(room_client, event_id, "claim", queue_ticket=first)
    assert (code, refusal["code"]) == (410, "turn_over")


async def test_valid_admissions_never_outnumber_the_capacity(room_client: TestClient, new_room: NewRoom) -> None:
    event_id = await new_room(capacity=5, session_ttl_s=1, claim_ttl_s=1)
    tickets = await line_of(room_client, event_id, 60)
    granted: list[dict[str, Any]] = []

    async def insist(ticket: str) -> None:
        for _ in range(30):
            answer = await admitted(room_client, event_id, ticket)
            if answer is not None:
                granted.append(answer)
                return
            await asyncio.sleep(0.2)

    await asyncio.gather(*(insist(ticket) for ticket in tickets))
    assert len(granted) >= 10
    assert len({answer["lease_id"] for answer in granted}) == len(granted)
    for answer in granted:
        moment_ms = answer["server_now_ms"]
        valid = [a for a in granted if a["server_now_ms"] <= moment_ms < a["expires_at_ms"] + store.TOKEN_LEEWAY_MS]
        assert len(valid) <= 5


async def test_absent_people_are_passed_and_come_back_to_their_turn(
    room_client: TestClient, new_room: NewRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "LIVE_PERIOD_MS", 300)
    event_id = await new_room(capacity=1, rate_per_min=60_000, claim_ttl_s=60)
    await until_phase(room_client, event_id, "open")
    tickets = await line_of(room_client, event_id, 6)

    async def first_in() -> Any:
        return await admitted(room_client, event_id, tickets[0])

    answer = await until(first_in)
    deadline_s = time.monotonic() + 1.5
    while time.monotonic() < deadline_s:  # only the last one says anything
        await post(room_client, event_id, "beat", 200, queue_ticket=tickets[5])
        await asyncio.sleep(0.1)
    await post(room_client, event_id, "release", 200, admission_token=answer["admission_token"])

    async def last_called() -> bool:
        return (await status(room_client, event_id))["serving"] == 6

    await until(last_called, within_s=2)
    assert await admitted(room_client, event_id, tickets[2]) is not None  # back just in time: the turn is still theirs


async def test_a_sick_engine_slows_the_line_and_the_console_says_why(
    room_client: TestClient, new_room: NewRoom, redis_client: RedisClient
) -> None:
    event_id = await new_room(rate_per_min=6_000, capacity=10_000)
    await until_phase(room_client, event_id, "open")
    await redis_client.set(leases.HEALTH_KEY, 100)
    room = await room_of(room_client, event_id)
    await asyncio.sleep(0.6)
    await line_of(room_client, event_id, 500)
    start = snapshot(room)
    await asyncio.sleep(2.0)
    end = snapshot(room)
    moved_per_s = (end.serving - start.serving) * 1000 / (end.now_ms - start.now_ms)
    assert 5 <= moved_per_s <= 20  # a tenth of a hundred a second, the first second's burst included
    assert end.binding == "health"
    assert start.rate_per_min == 6_000


async def test_a_closed_room_lets_nobody_in_and_keeps_its_admitted(room_client: TestClient, new_room: NewRoom) -> None:
    event_id = await new_room(capacity=1, closes_in_s=2.5)
    first, second = await line_of(room_client, event_id, 2)

    async def first_in() -> Any:
        return await admitted(room_client, event_id, first)

    answer = await until(first_in)
    await until_phase(room_client, event_id, "closed")
    assert (await post(room_client, event_id, "join"))[0] == 410
    assert (await post(room_client, event_id, "claim", queue_ticket=second))[0] == 410
    _, again = await post(room_client, event_id, "claim", 200, queue_ticket=first)
    assert again["lease_id"] == answer["lease_id"]


async def test_an_unpublished_event_closes_its_room(room_client: TestClient, new_room: NewRoom, pool: Any) -> None:
    event_id = await new_room()
    await until_phase(room_client, event_id, "open")
    await pool.execute("UPDATE on_sales SET live = false, version = version + 1 WHERE event_id = $1", event_id)
    await until_phase(room_client, event_id, "closed")
    await pool.execute("UPDATE on_sales SET live = true, version = version + 1 WHERE event_id = $1", event_id)
    await until_phase(room_client, event_id, "open")
