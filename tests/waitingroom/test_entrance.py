"""What stands at the door: challenge, device binding, address blocks; and the streams for the front of the queue."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

import hotpath_rs
from engine.foundation.address_limits import DELAY_MAX_S, AddressLimits, block_of
from engine.foundation.errors import SlowDown
from tests.waitingroom.conftest import NewRoom, post, room_of, until, until_phase
from tests.waitingroom.steps import b64, point, prove, solve
from waitingroom.asking import device_point


async def test_work_opens_the_door_once_and_only_here(room_client: TestClient, new_room: NewRoom) -> None:
    event_id, other_id = await new_room(challenge="pow"), await new_room(challenge="pow")
    code, refusal = await post(room_client, event_id, "join", identity="ann")
    assert (code, refusal["code"]) == (403, "challenge_required")
    solution = solve(refusal["challenge"])
    assert (await post(room_client, other_id, "join", identity="ann", challenge=solution))[0] == 403
    await post(room_client, event_id, "join", 201, identity="ann", challenge=solution)
    assert (await post(room_client, event_id, "join", identity="bob", challenge=solution))[0] == 403
    answer = await room_client.get(f"/v1/rooms/{event_id}/challenge")
    challenge = await answer.json()
    for forged in (
        solve(challenge, number=1 << 30),
        solve(challenge, salt=challenge["salt"].replace("expires=", "expires=9")),
        solve(challenge, algorithm="SHA-1"),
        "not base64!",
        "",
        base64.b64encode(b'{"deep":' + b"[" * 2_000).decode(),
    ):
        assert (await post(room_client, event_id, "join", identity="bob", challenge=forged))[0] == 403
    # However the same work is spelled, it is spent once.
    first, second = solve(challenge), solve(challenge, salt=challenge["salt"].removesuffix("&"))
    await post(room_client, event_id, "join", 201, identity="bob", challenge=first)
    assert (await post(room_client, event_id, "join", identity="eve", challenge=second))[0] == 403


async def test_a_place_bound_to_a_device_is_claimed_by_that_device_alone(
    room_client: TestClient, new_room: NewRoom
) -> None:
    event_id, other_id = await new_room(), await new_room()
    mine, theirs = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    _, place = await post(room_client, event_id, "join", 201, device_key=point(mine))
    _, again = await post(room_client, event_id, "join", 200, device_key=point(mine))
    assert again["number"] == place["number"]
    _, elsewhere = await post(room_client, other_id, "join", 201, device_key=point(mine))
    ticket = place["queue_ticket"]

    async def called() -> bool:
        return (await room_of(room_client, event_id)).board.snapshot.serving > 0

    await until(called)
    _, refusal = await post(room_client, event_id, "claim", 401, queue_ticket=ticket)
    assert refusal["code"] == "proof_required"
    nonce = refusal["nonce"]
    _, foreign = await post(room_client, other_id, "claim", 401, queue_ticket=elsewhere["queue_ticket"])
    for proof in ("", "a.b.c", prove(theirs, nonce), prove(mine, foreign["nonce"]), prove(mine, nonce)[:-2]):
        await post(room_client, event_id, "claim", 401, queue_ticket=ticket, proof=proof or None)
    await post(room_client, event_id, "claim", 200, queue_ticket=ticket, proof=prove(mine, nonce))


def test_a_device_has_one_spelling() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    text = point(key)
    assert device_point(text) is not None
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    stray = text[:-1] + letters[letters.index(text[-1]) ^ 1]
    compressed = key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)
    for other in (
        stray,
        text + "=",
        text + "\n",
        " " + text,
        text.replace("_", "/").replace("-", "+") + "=",
        b64(compressed),
    ):
        assert device_point(other) is None, other


async def test_a_name_for_a_device_that_is_no_key_binds_nothing(room_client: TestClient, new_room: NewRoom) -> None:
    event_id = await new_room()
    _, place = await post(room_client, event_id, "join", 201, device_key="my-phone")
    await post(room_client, event_id, "join", 200, device_key="my-phone")

    async def let_in() -> bool:
        return (await post(room_client, event_id, "claim", queue_ticket=place["queue_ticket"]))[0] == 200

    await until(let_in)


def test_a_block_beyond_its_rate_is_slowed_down_before_it_is_refused() -> None:
    now_s = 1000.0
    limits = AddressLimits(lambda: now_s, per_s=8, burst=16)
    delays = [limits.take(f"2001:db8:1:2{host:02x}::{host:x}") for host in range(1, 42)]
    assert delays[:17] == [0.0] * 17
    assert delays[16:] == [held_back / 8 for held_back in range(25)]
    assert delays[-1] == DELAY_MAX_S
    with pytest.raises(SlowDown):
        limits.take("2001:db8:1:2ff::1")
    assert limits.take("2001:db8:1:300::1") == 0.0
    now_s += 10
    assert limits.take("2001:db8:1:2aa::7") <= DELAY_MAX_S


def test_addresses_are_counted_by_the_network_their_owner_was_given() -> None:
    assert block_of("2001:db8:1:2ff::1") == block_of("2001:db8:1:200:ffff::9")
    assert block_of("2001:db8:1:300::1") != block_of("2001:db8:1:200::1")
    assert block_of("::ffff:198.51.100.7") == block_of("198.51.100.7") == block_of("64:ff9b::198.51.100.7")
    assert block_of("198.51.100.7") != block_of("198.51.100.99")
    assert block_of("fe80::1%eth0") == block_of("fe80::2")
    assert block_of("no address") == block_of("") == "unknown"


async def test_a_stream_tells_what_changes(room_client: TestClient, new_room: NewRoom) -> None:
    event_id = await new_room()
    await until_phase(room_client, event_id, "open")
    answer = await room_client.get(f"/v1/rooms/{event_id}/stream")
    assert answer.content_type == "text/event-stream"

    async def frame() -> dict[str, Any]:
        while True:
            line = await answer.content.readline()
            if line.startswith(b"data: "):
                return json.loads(line[6:])

    async with asyncio.timeout(3):
        first = await frame()
        await post(room_client, event_id, "join", 201)
        while (await frame())["tail"] == first["tail"]:
            pass
    answer.close()


async def test_who_leaves_is_not_waited_for_and_may_come_back(room_client: TestClient, new_room: NewRoom) -> None:
    event_id = await new_room(capacity=1)
    tickets = [(await post(room_client, event_id, "join", 201))[1]["queue_ticket"] for _ in range(3)]

    async def claim(which: int) -> int:
        return (await post(room_client, event_id, "claim", queue_ticket=tickets[which]))[0]

    async def first() -> bool:
        return await claim(0) == 200

    await until(first)
    await post(room_client, event_id, "leave", 200, queue_ticket=tickets[1])
    await asyncio.sleep(0.6)
    await post(room_client, event_id, "release", 200, queue_ticket=tickets[0])

    async def third() -> bool:
        return await claim(2) == 200

    await until(third, within_s=1.5)
    assert await claim(1) == 202  # called in passing, but the shop is full
    await post(room_client, event_id, "release", 200, queue_ticket=tickets[2])

    async def second() -> bool:
        return await claim(1) == 200

    await until(second, within_s=1.5)


async def test_a_beat_keeps_a_place_at_the_front(room_client: TestClient, new_room: NewRoom) -> None:
    event_id = await new_room(rate_per_min=1, capacity=1)
    places = [(await post(room_client, event_id, "join", 201))[1] for _ in range(3)]
    room = await room_of(room_client, event_id)
    await until_phase(room_client, event_id, "open")
    _, answer = await post(room_client, event_id, "beat", 200, queue_ticket=places[2]["queue_ticket"])
    assert answer["queue_number"] == 2
    assert answer["position"] >= 1

    async def flushed() -> bool:
        there = await room.store.there()
        return bool(there[0] & 0x20)

    await until(flushed)


async def test_who_is_in_may_beat_with_the_admission(room_client: TestClient, new_room: NewRoom) -> None:
    event_id, other_id = await new_room(), await new_room()
    _, place = await post(room_client, event_id, "join", 201)
    room_client.session.cookie_jar.clear()
    admissions: list[str] = []

    async def let_in() -> bool:
        status, answer = await post(room_client, event_id, "claim", queue_ticket=place["queue_ticket"])
        admissions.extend([answer["admission_token"]] if status == 200 else [])
        return status == 200

    await until(let_in)
    _, answer = await post(room_client, event_id, "beat", 200, admission_token=admissions[0])
    assert (answer["reason"], answer["position"], answer["eta_s"]) == ("admitted", 0, 0)
    head = {"Authorization": f"Admission {admissions[0]}"}
    assert (await room_client.post(f"/v1/rooms/{event_id}/beat", headers=head)).status == 200
    assert (await room_client.post(f"/v1/rooms/{other_id}/beat", headers=head)).status == 401


async def test_a_ticket_of_another_event_or_kind_is_refused(room_client: TestClient, new_room: NewRoom) -> None:
    here, there = await new_room(), await new_room()
    _, place = await post(room_client, there, "join", 201)
    for text in (place["queue_ticket"], place["queue_ticket"] + "A", "x" * 100):
        for verb in ("claim", "beat", "leave", "release"):
            code, refusal = await post(room_client, here, verb, queue_ticket=text)
            assert (code, refusal["code"]) == (401, "queue_ticket_invalid")
    code, _ = await post(room_client, here, "release", admission_token=place["queue_ticket"])
    assert code == 401


async def test_the_contract_is_served_and_unknown_addresses_are_refused_properly(room_client: TestClient) -> None:
    document = await (await room_client.get("/openapi.json")).json()
    assert document["paths"]["/v1/rooms/{event_id}/claim"]["post"]["responses"].keys() >= {"200", "202", "410", "503"}
    assert document["paths"]["/v1/rooms/{event_id}"]["get"]["responses"].keys() >= {"200", "304"}
    assert (await room_client.get("/docs")).status == 200
    assert (await room_client.get("/livez")).status == 200
    ready = await room_client.get("/readyz")
    assert ready.status == 200
    assert b"onsale_batch_items" in await (await room_client.get("/metrics")).read()
    missing = await room_client.get("/nowhere")
    assert (missing.status, missing.content_type) == (404, "application/problem+json")
    wrong = await room_client.delete("/v1/rooms/evt_1/join")
    assert wrong.status == 405
    assert wrong.headers["Allow"] == "OPTIONS, POST"


async def test_who_fills_in_the_trap_stands_behind_the_drawn_and_is_told(
    room_client: TestClient, new_room: NewRoom
) -> None:
    event_id = await new_room(prequeue_in_s=-5, opens_in_s=1.5, capacity=50)
    tickets = []
    for i in range(6):
        trap = {"website": "http://spam.example"} if i in {1, 4} else {}
        tickets.append((await post(room_client, event_id, "join", 201, identity=f"v{i}", **trap))[1]["queue_ticket"])
    document = await until_phase(room_client, event_id, "open")
    assert document["draw"]["tail_cohort"] == 2
    bundle = await (await room_client.get(f"/v1/rooms/{event_id}/draw")).json()
    assert bundle["tail_cohort"] == [
        {"index": 1, "number": 6, "reason": "trap_field"},
        {"index": 4, "number": 7, "reason": "trap_field"},
    ]
    hotpath_rs.verify_draw(json.dumps(bundle).encode())
    seen = []
    for index, ticket in enumerate(tickets):
        _, waiting = await post(room_client, event_id, "beat", 200, queue_ticket=ticket)
        assert waiting["moved"] == ("trap_field" if index in {1, 4} else None)
        seen.append(waiting["queue_number"])
    seed = bytes.fromhex(bundle["seed"])
    assert [seen[1], seen[4]] == [6, 7]
    assert [seen[i] for i in (0, 2, 3, 5)] == [hotpath_rs.shuffle_index(seed, i, 6) for i in (0, 2, 3, 5)]

    async def let_in() -> bool:
        return (await post(room_client, event_id, "claim", queue_ticket=tickets[4]))[0] == 200

    await until(let_in)
    _, again = await post(room_client, event_id, "join", 200, queue_ticket=tickets[1])
    assert again["queue_number"] == 6
    room_client.session.cookie_jar.clear()
    html = await (
        await room_client.get(f"/r/{event_id}", headers={"Cookie": f"onsale_queue_{event_id}={tickets[1]}"})
    ).text()
    assert 'data-alert="moved">' in html
