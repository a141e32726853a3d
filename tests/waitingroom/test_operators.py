"""What operators see and do, and who may."""

from __future__ import annotations

import time
from typing import Any

import asyncpg
import pytest
from aiohttp.test_utils import TestClient

import hotpath_rs
from engine.foundation.bearer import Bearers, Person
from engine.foundation.connections import HotRedis, RedisClient
from engine.foundation.ended_sessions import EndedSessions
from engine.foundation.ids import new_id
from tests.waitingroom.conftest import NewRoom, post, room_of, status, until, until_phase
from tests.waitingroom.steps import bearer, control
from waitingroom.settings import Settings


async def test_a_pause_stops_admission_at_once_and_ends_as_fast(
    room_client: TestClient, new_room: NewRoom, room_settings: Settings
) -> None:
    event_id = await new_room()
    await until_phase(room_client, event_id, "open")
    code, figures = await control(room_client, event_id, bearer(room_settings), paused=True, message="Back at nine")
    assert (code, figures["phase"], figures["limited_by"]) == (200, "paused", "paused")
    document = await status(room_client, event_id)
    assert (document["phase"], document["message"]) == ("paused", "Back at nine")
    _, place = await post(room_client, event_id, "join", 201)
    code, answer = await post(room_client, event_id, "claim", queue_ticket=place["queue_ticket"])
    assert (code, answer["phase"]) == (202, "paused")
    await control(room_client, event_id, bearer(room_settings), paused=False)

    async def let_in() -> bool:
        return (await post(room_client, event_id, "claim", queue_ticket=place["queue_ticket"]))[0] == 200

    started = time.monotonic()
    await until(let_in)
    assert time.monotonic() - started < 1.0


async def test_open_now_opens_a_line_that_was_scheduled_for_later(
    room_client: TestClient, new_room: NewRoom, room_settings: Settings
) -> None:
    event_id = await new_room(prequeue_in_s=None, opens_in_s=3600)
    assert (await status(room_client, event_id))["phase"] == "scheduled"
    code, _ = await control(room_client, event_id, bearer(room_settings), open_now=True)
    assert code == 200
    await until_phase(room_client, event_id, "open", within_s=1.0)
    await post(room_client, event_id, "join", 201)


async def test_a_larger_capacity_lets_the_next_in_within_a_second(
    room_client: TestClient, new_room: NewRoom, room_settings: Settings
) -> None:
    event_id = await new_room(capacity=1)
    tickets = [(await post(room_client, event_id, "join", 201))[1]["queue_ticket"] for _ in range(3)]

    async def admitted() -> int:
        return sum([(await post(room_client, event_id, "claim", queue_ticket=t))[0] == 200 for t in tickets])

    await until(admitted)
    assert await admitted() == 1
    await control(room_client, event_id, bearer(room_settings), capacity=2)

    async def two() -> bool:
        return await admitted() == 2

    await until(two, within_s=1.0)


async def test_only_owners_managers_and_platform_admins_touch_the_controls(
    room_client: TestClient, new_room: NewRoom, room_settings: Settings, pool: asyncpg.Pool
) -> None:
    event_id = await new_room()
    organization_id = await pool.fetchval("SELECT organization_id FROM on_sales WHERE event_id = $1", event_id)
    for role, expected in (("owner", 200), ("manager", 200), ("finance", 403), ("box_office", 403), (None, 403)):
        user_id = new_id("usr")
        await pool.execute(
            "INSERT INTO users (id, email, name, password_hash) VALUES ($1, $2, 'U', 'x')",
            user_id,
            f"{user_id.lower()}@x",
        )
        if role is not None:
            await pool.execute("INSERT INTO members VALUES ($1, $2, $3)", organization_id, user_id, role)
        code, _ = await control(room_client, event_id, bearer(room_settings, admin=False, user_id=user_id), capacity=7)
        assert code == expected, role
        await pool.execute("UPDATE users SET disabled_at = now() WHERE id = $1", user_id)
        code, _ = await control(room_client, event_id, bearer(room_settings, admin=False, user_id=user_id), capacity=7)
        assert code == 403, f"a disabled {role}"
    assert (await control(room_client, event_id, {}, capacity=7))[0] == 401
    assert (await control(room_client, event_id, {"Authorization": "Bearer x"}, capacity=7))[0] == 401


@pytest.mark.parametrize(
    "changes",
    [{"capacity": 0}, {"rate_per_min": -1}, {"message": "x" * 201}, {"paused": "yes"}, {"message": "€" * 190}],
)
async def test_controls_out_of_range_change_nothing(
    room_client: TestClient, new_room: NewRoom, room_settings: Settings, changes: dict[str, Any]
) -> None:
    event_id = await new_room(capacity=3)
    code, refusal = await control(room_client, event_id, bearer(room_settings), **changes)
    assert code == 422
    assert refusal["errors"][0]["pointer"].startswith("/")
    assert (await room_of(room_client, event_id)).board.snapshot.capacity == 3


async def test_the_last_unit_gone_is_told_within_two_seconds_and_a_returned_one_reopens(
    room_client: TestClient, new_room: NewRoom, redis_client: RedisClient
) -> None:
    event_id = await new_room()
    await until_phase(room_client, event_id, "open")
    pulse = f"inv:{{{event_id}}}:pulse"
    await redis_client.hset(pulse, mapping={"free": 0, "held": 0, "ordered": 0, "sold": 100})
    await until_phase(room_client, event_id, "sold_out", within_s=1.0)
    _, place = await post(room_client, event_id, "join", 201)
    code, answer = await post(room_client, event_id, "claim", queue_ticket=place["queue_ticket"])
    assert (code, answer["phase"]) == (202, "sold_out")
    await redis_client.hset(pulse, mapping={"free": 1, "sold": 99})
    await until_phase(room_client, event_id, "open", within_s=1.0)

    async def let_in() -> bool:
        return (await post(room_client, event_id, "claim", queue_ticket=place["queue_ticket"]))[0] == 200

    await until(let_in, within_s=1.0)


async def test_no_more_people_are_called_than_the_stock_can_serve(
    room_client: TestClient, new_room: NewRoom, redis_client: RedisClient
) -> None:
    event_id = await new_room(capacity=500)
    await until_phase(room_client, event_id, "open")
    await redis_client.hset(f"inv:{{{event_id}}}:pulse", mapping={"free": 5, "held": 0, "ordered": 0, "sold": 95})
    room = await room_of(room_client, event_id)
    tickets = [(await post(room_client, event_id, "join", 201))[1]["queue_ticket"] for _ in range(30)]

    async def called() -> bool:
        return room.board.snapshot.serving >= 6 and room.board.snapshot.binding == "inventory"

    await until(called)
    codes = [(await post(room_client, event_id, "claim", queue_ticket=ticket))[0] for ticket in tickets]
    assert codes.count(200) == 6  # five left, overbooked by a fifth


async def test_the_named_beacon_enters_the_seed(
    room_client: TestClient, new_room: NewRoom, room_settings: Settings
) -> None:
    event_id = await new_room(prequeue_in_s=2, opens_in_s=3)
    headers = bearer(room_settings)
    assert (await control(room_client, event_id, headers, beacon="value"))[0] == 409
    assert (await control(room_client, event_id, headers, beacon_name="drand quicknet 4242"))[0] == 200
    assert (await status(room_client, event_id))["draw"]["beacon_name"] == "drand quicknet 4242"
    await until_phase(room_client, event_id, "prequeue")
    assert (await control(room_client, event_id, headers, beacon_name="another"))[0] == 409
    await post(room_client, event_id, "join", 201)

    async def drawing() -> bool:
        return (await room_of(room_client, event_id)).board.snapshot.base_phase == "drawing"

    await until(drawing)
    assert (await control(room_client, event_id, headers, beacon="a1b2c3"))[0] == 200
    document = await until_phase(room_client, event_id, "open")
    assert document["draw"]["beacon"] == "a1b2c3"
    bundle = await (await room_client.get(f"/v1/rooms/{event_id}/draw")).read()
    assert hotpath_rs.verify_draw(bundle).beacon == "a1b2c3"


async def test_the_console_says_what_limits_admission(
    room_client: TestClient, new_room: NewRoom, room_settings: Settings
) -> None:
    event_id = await new_room(capacity=2)
    for _ in range(5):
        await post(room_client, event_id, "join", 201)

    async def full() -> Any:
        answer = await room_client.get(f"/v1/rooms/{event_id}/console", headers=bearer(room_settings))
        figures = await answer.json()
        return figures if (figures["limited_by"], figures["waiting"]) == ("capacity", 3) else None

    figures = await until(full)
    assert (figures["called"], figures["offers"], figures["queued"]) == (2, 2, 3)
    assert (await room_client.get(f"/v1/rooms/{event_id}/console")).status == 401


async def test_pages_of_the_admin_origin_may_call_and_others_may_not(
    room_client: TestClient, new_room: NewRoom, room_settings: Settings
) -> None:
    event_id = await new_room()
    path = f"/v1/rooms/{event_id}/controls"
    ours = await room_client.options(path, headers={"Origin": room_settings.admin_url})
    assert ours.headers["Access-Control-Allow-Origin"] == room_settings.admin_url
    theirs = await room_client.options(path, headers={"Origin": "http://evil.example"})
    assert "Access-Control-Allow-Origin" not in theirs.headers


async def test_what_an_operator_does_to_the_room_is_in_the_log_of_its_event(
    room_client: TestClient, new_room: NewRoom, room_settings: Settings, pool: asyncpg.Pool
) -> None:
    event_id = await new_room()
    await until_phase(room_client, event_id, "open")
    await control(room_client, event_id, bearer(room_settings), paused=True, message="Back at nine")
    await control(room_client, event_id, bearer(room_settings), paused=False)
    await control(room_client, event_id, bearer(room_settings), rate_per_min=120, capacity=7)
    rows = await pool.fetch("SELECT * FROM audit_log WHERE event_id = $1 ORDER BY id", event_id)
    assert [(row["action"], row["facts"]) for row in rows] == [
        ("room.paused", {}),
        ("room.message_set", {"message": "Back at nine"}),
        ("room.resumed", {}),
        ("room.pace_set", {"rate_per_min": 120, "capacity": 7}),
    ]
    organization_id = await pool.fetchval("SELECT organization_id FROM events WHERE id = $1", event_id)
    assert {(row["actor_kind"], row["organization_id"]) for row in rows} == {("admin", organization_id)}


async def test_an_operator_who_signed_out_is_refused_within_a_second(
    room_client: TestClient, new_room: NewRoom, room_settings: Settings, pool: asyncpg.Pool, hot: HotRedis
) -> None:
    event_id = await new_room()
    key = room_settings.jwt_key.get_secret_value().encode()
    token = Bearers(key).sign(Person(new_id("usr"), is_admin=True, session="fam_1"))
    headers = {"Authorization": f"Bearer {token}"}
    assert (await control(room_client, event_id, headers, paused=True))[0] == 200
    await EndedSessions(hot=hot, pool=pool).tell(["fam_1"])

    async def refused() -> bool:
        return (await control(room_client, event_id, headers, paused=False))[0] == 401

    await until(refused, within_s=1.0)
