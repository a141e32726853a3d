"""The on-sale: its window, its room, and what the waiting room reads of it."""

from __future__ import annotations

import asyncio

import asyncpg
import orjson
import pytest

from engine.foundation import leases
from engine.foundation.connections import RedisClient
from tests.web.organizer import at, join


async def test_the_room_reads_its_settings_and_card(register, pool: asyncpg.Pool):
    organizer = await register()
    event = await organizer.published()
    room = {"enabled": True, "capacity": 20, "rate_per_min": 60, "claim_ttl_s": 30, "session_ttl_s": 300,
            "identity": "email", "challenge": "pow"}  # fmt: skip
    given = {"prequeue_opens_at": at(1), "opens_at": at(2), "closes_at": at(3), "room": room}
    on_sale = await organizer.ok("PUT", f"/v1/events/{event['id']}/on-sale", given, 200)
    assert (on_sale["room"], on_sale["live"]) == (room, True)
    row = await pool.fetchrow("SELECT * FROM on_sales")
    assert (row["room_enabled"], row["room"]["capacity"], row["room"]["identity"]) == (True, 20, "email")
    assert row["card"].keys() >= {"title", "slug", "venue", "city", "starts_at", "timezone", "shop_url"}
    assert row["organization_id"] == event["organization_id"]


async def test_putting_it_again_replaces_all_of_it(register):
    organizer = await register()
    event = await organizer.published()
    path = f"/v1/events/{event['id']}/on-sale"
    first = await organizer.ok("PUT", path, {"opens_at": at(1), "closes_at": at(2), "room": {"enabled": True}})
    again = await organizer.ok("PUT", path, {"opens_at": at(1)})
    assert (again["closes_at"], again["room"]["enabled"], again["version"]) == (None, False, first["version"] + 1)


@pytest.mark.parametrize(
    ("given", "pointers"),
    [
        ({}, ["/opens_at"]),
        ({"opens_at": at(2), "prequeue_opens_at": at(3), "closes_at": at(1)}, ["/prequeue_opens_at", "/closes_at"]),
        ({"opens_at": at(400)}, ["/opens_at"]),
        ({"opens_at": at(1), "room": {"capacity": 0}}, ["/room/capacity"]),
        ({"opens_at": at(1), "room": {"rate_per_min": 1_000_001}}, ["/room/rate_per_min"]),
        ({"opens_at": at(1), "room": {"identity": "passport"}}, ["/room/identity"]),
        ({"opens_at": "now", "closes_at": 5}, ["/opens_at", "/closes_at"]),
    ],
)
async def test_times_and_settings_out_of_order_are_named(register, given, pointers):
    organizer = await register()
    event = await organizer.published()
    document = await organizer.refused("invalid", "PUT", f"/v1/events/{event['id']}/on-sale", given)
    assert [fault["pointer"] for fault in document["errors"]] == pointers


async def test_once_the_queue_was_drawn_its_opening_stays(register, pool: asyncpg.Pool):
    organizer = await register()
    event = await organizer.published()
    path = f"/v1/events/{event['id']}/on-sale"
    opening = {"prequeue_opens_at": at(-2), "opens_at": at(-1)}
    await organizer.ok("PUT", path, {**opening, "room": {"enabled": True}})
    await pool.execute(
        "INSERT INTO rooms (event_id, draw_secret, draw) VALUES ($1, '', '{\"seed\": \"00\"}')", event["id"]
    )
    await organizer.refused("on_sale_running", "PUT", path, {**opening, "opens_at": at(1), "room": {"enabled": True}})
    await organizer.ok("PUT", path, {**opening, "closes_at": at(1), "room": {"enabled": True, "capacity": 9}})


async def test_the_rooms_are_told_of_every_change(register, redis_client: RedisClient):
    organizer = await register()
    event = await organizer.published()
    async with redis_client.pubsub(ignore_subscribe_messages=True) as channel:
        await channel.subscribe(leases.CHANGED_CHANNEL)
        await channel.get_message(timeout=1)
        await organizer.ok("PUT", f"/v1/events/{event['id']}/on-sale", {"opens_at": at(1)})
        async with asyncio.timeout(5):
            while (message := await channel.get_message(timeout=1)) is None:
                pass
    assert message["data"].decode() == event["id"]


async def test_a_draft_has_none_until_one_is_put(register, guest):
    organizer = await register()
    organization_id = await organizer.organization()
    event = await organizer.event(organization_id, await organizer.venue(organization_id))
    path = f"/v1/events/{event['id']}/on-sale"
    await organizer.refused("on_sale_missing", "GET", path)
    await organizer.ok("PUT", path, {"opens_at": at(1)})
    response = await organizer.ask("GET", path)
    assert orjson.loads(await response.read())["live"] is False
    assert (await organizer.ask("GET", path, headers={"If-None-Match": response.headers["ETag"]})).status == 304
    await guest.refused("event_unknown", "GET", path)


async def test_codes_are_kept_as_they_are_compared_and_shown_to_who_may_set_them_alone(
    register, guest, pool: asyncpg.Pool
):
    organizer, stranger = await register(), await register()
    event = await organizer.published()
    staff = {role: await register() for role in ("finance", "box_office", "manager")}
    for role, member in staff.items():
        await join(pool, organizer, event["organization_id"], member, role)
    path = f"/v1/events/{event['id']}/on-sale"
    room = {"enabled": True, "codes": [" early-bird ", "EARLY\u2013 bird", "amis"]}
    given = await organizer.ok("PUT", path, {"opens_at": at(1), "room": room})
    assert (given["room"]["codes"], given["room"]["code_required"]) == (["EARLY-BIRD", "AMIS"], True)
    assert await pool.fetchval("SELECT room->'codes' FROM on_sales") == ["EARLY-BIRD", "AMIS"]
    asked = [(organizer, True), (stranger, False), (guest, False)]
    for asking, seen in (*asked, *((member, role == "manager") for role, member in staff.items())):
        body = await (await asking.ask("GET", path)).read()
        assert orjson.loads(body)["room"]["code_required"] is True
        assert (b"codes" in body, b"EARLY" in body) == (seen, seen)
        event_body = await (await asking.ask("GET", f"/v1/events/{event['id']}")).read()
        assert b"EARLY" not in event_body
    shut = await organizer.ok("PUT", path, {"opens_at": at(1), "room": {"enabled": True}})
    assert shut["room"]["challenge"] == "pow", "work is asked for unless the organizer says otherwise"
    assert shut["room"].keys().isdisjoint({"codes", "code_required"})


@pytest.mark.parametrize(
    ("room", "pointer"),
    [
        ({"enabled": True, "codes": ["  "]}, "/room/codes/0"),
        ({"enabled": True, "codes": ["ok", "\u2013 -"]}, "/room/codes/1"),
        ({"enabled": True, "codes": ["ok", "x" * 65]}, "/room/codes/1"),
        ({"enabled": True, "codes": ["two\nlines"]}, "/room/codes/0"),
        ({"enabled": True, "codes": [f"c{i}" for i in range(1001)]}, "/room/codes"),
        ({"enabled": False, "codes": ["alone"]}, "/room/codes"),
    ],
)
async def test_codes_that_could_never_be_asked_for_are_refused(register, room, pointer):
    organizer = await register()
    event = await organizer.published()
    given = {"opens_at": at(1), "room": room}
    document = await organizer.refused("invalid", "PUT", f"/v1/events/{event['id']}/on-sale", given)
    assert [fault["pointer"] for fault in document["errors"]] == [pointer]
