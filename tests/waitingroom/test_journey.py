"""The way of a visitor through the room: join, draw, wait, claim, give back."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp.test_utils import TestClient

import hotpath_rs
from tests.waitingroom.conftest import NewRoom, post, room_of, status, until, until_phase
from waitingroom.board import DOCUMENT_BYTES_MAX
from waitingroom.settings import Settings


async def test_the_whole_way_from_the_prequeue_to_an_admission(
    room_client: TestClient, new_room: NewRoom, room_settings: Settings
) -> None:
    event_id = await new_room(prequeue_in_s=-5, opens_in_s=3.0, capacity=5)
    before = await status(room_client, event_id)
    assert before["phase"] == "prequeue"
    assert "seed" not in before["draw"]
    tickets = []
    for i in range(20):
        _, place = await post(room_client, event_id, "join", 201, identity=f"visitor {i}")
        assert (place["kind"], place["number"]) == ("cohort", i)
        tickets.append(place["queue_ticket"])
    _, waiting = await post(room_client, event_id, "claim", 202, queue_ticket=tickets[0])
    assert waiting["position"] is None
    assert waiting["reason"] == "drawing"

    after = await until_phase(room_client, event_id, "open")
    draw = after["draw"]
    assert draw["commit"] == before["draw"]["commit"]
    assert after["cohort_size"] == 20
    numbers = [hotpath_rs.shuffle_index(bytes.fromhex(draw["seed"]), i, 20) for i in range(20)]
    assert sorted(numbers) == list(range(20))

    _, late = await post(room_client, event_id, "join", 201, identity="late")
    assert (late["kind"], late["number"]) == ("live", 20)

    async def five_called() -> bool:
        return (await status(room_client, event_id))["serving"] >= 5

    await until(five_called)
    admitted = []
    for number in range(20):
        code, answer = await post(room_client, event_id, "claim", queue_ticket=tickets[numbers.index(number)])
        if code == 200:
            admitted.append((number, answer))
    assert [number for number, _ in admitted] == [0, 1, 2, 3, 4]
    answer = admitted[0][1]
    admission = room_settings.keyring.event(event_id).verify_admission(
        answer["admission_token"], answer["server_now_ms"]
    )
    assert admission.lease_id.hex() == answer["lease_id"]
    assert admission.expires_at_ms == answer["expires_at_ms"]

    _, again = await post(room_client, event_id, "claim", 200, queue_ticket=tickets[numbers.index(0)])
    assert again["lease_id"] == answer["lease_id"]
    assert again["expires_at_ms"] == answer["expires_at_ms"]

    _, given_back = await post(room_client, event_id, "release", 200, admission_token=answer["admission_token"])
    assert given_back["released"] is True

    async def sixth_admitted() -> bool:
        return (await post(room_client, event_id, "claim", queue_ticket=tickets[numbers.index(5)]))[0] == 200

    await until(sixth_admitted, within_s=1.5)


async def test_the_audit_bundle_proves_the_draw_and_a_changed_one_does_not(
    room_client: TestClient, new_room: NewRoom
) -> None:
    event_id = await new_room(prequeue_in_s=-5, opens_in_s=0.8)
    tickets = [(await post(room_client, event_id, "join", 201, identity=f"v{i}"))[1]["queue_ticket"] for i in range(7)]
    answer = await room_client.get(f"/v1/rooms/{event_id}/draw")
    assert answer.status == 409
    document = await until_phase(room_client, event_id, "open")
    bundle = await (await room_client.get(f"/v1/rooms/{event_id}/draw")).json()
    report = hotpath_rs.verify_draw(json.dumps(bundle).encode(), *tickets)
    assert report.cohort_size == 7
    assert report.seed == bytes.fromhex(document["draw"]["seed"])
    bundle["identities"][0], bundle["identities"][1] = bundle["identities"][1], bundle["identities"][0]
    with pytest.raises(hotpath_rs.DrawError):
        hotpath_rs.verify_draw(json.dumps(bundle).encode())


async def test_an_identity_has_one_place_however_often_it_joins(room_client: TestClient, new_room: NewRoom) -> None:
    event_id = await new_room(identity="email")
    _, first = await post(room_client, event_id, "join", 201, identity="Ann@Example.com ")
    _, known = await post(room_client, event_id, "join", 409, identity=" ann@example.COM")
    assert known["code"] == "identity_known"
    _, again = await post(room_client, event_id, "join", 200, queue_ticket=first["queue_ticket"])
    _, other = await post(room_client, event_id, "join", 201, identity="bob@example.com")
    assert first["number"] == again["number"] == other["number"] - 1


async def test_joins_acknowledged_in_order_have_rising_numbers(room_client: TestClient, new_room: NewRoom) -> None:
    event_id = await new_room()
    numbers: list[int] = []
    for _ in range(10):
        answers = await asyncio.gather(*(post(room_client, event_id, "join", 201) for _ in range(20)))
        wave = [answer["number"] for _, answer in answers]
        assert min(wave) > max(numbers, default=-1)
        numbers += wave
    assert sorted(numbers) == list(range(200))


async def test_a_malformed_join_consumes_no_number(room_client: TestClient, new_room: NewRoom) -> None:
    event_id = await new_room(identity="email")
    for body, expected in (
        ({}, 422),
        ({"identity": "nobody"}, 422),
        ({"identity": 7}, 422),
        ({"identity": "a@b " + "x" * 300}, 422),
        ({"queue_ticket": "AAAA"}, 401),
    ):
        await post(room_client, event_id, "join", expected, **body)
    answer = await room_client.post(
        f"/v1/rooms/{event_id}/join", data=b"{", headers={"Content-Type": "application/json"}
    )
    assert answer.status == 400
    _, place = await post(room_client, event_id, "join", 201, identity="a@example.com")
    assert place["number"] == 0


async def test_nobody_joins_before_the_line_opens(room_client: TestClient, new_room: NewRoom) -> None:
    event_id = await new_room(prequeue_in_s=None, opens_in_s=30)
    assert (await status(room_client, event_id))["phase"] == "scheduled"
    code, refusal = await post(room_client, event_id, "join")
    assert (code, refusal["code"]) == (409, "queue_not_open")
    assert 25 <= refusal["retry_after_s"] <= 31


async def test_a_place_whose_admission_has_ended_is_taken_anew_at_the_end(
    room_client: TestClient, new_room: NewRoom
) -> None:
    event_id = await new_room()
    _, place = await post(room_client, event_id, "join", 201, identity="ann")
    await post(room_client, event_id, "join", 201, identity="bob")

    async def let_in() -> bool:
        return (await post(room_client, event_id, "claim", queue_ticket=place["queue_ticket"]))[0] == 200

    await until(let_in)
    await post(room_client, event_id, "release", 200, queue_ticket=place["queue_ticket"])
    code, refusal = await post(room_client, event_id, "claim", queue_ticket=place["queue_ticket"])
    assert (code, refusal["code"]) == (410, "turn_over")
    await post(room_client, event_id, "join", 409, identity="ann")
    _, anew = await post(room_client, event_id, "join", 201, queue_ticket=place["queue_ticket"])
    assert anew["number"] == 2
    _, again = await post(room_client, event_id, "join", 200, queue_ticket=place["queue_ticket"])
    assert again["number"] == 2


async def test_an_event_without_a_room_has_none(room_client: TestClient) -> None:
    answer = await room_client.get("/v1/rooms/evt_01ARZ3NDEKTSV4RRFFQ69G5FAV")
    assert answer.status == 404
    assert (await answer.json())["code"] == "no_room"


async def test_a_poll_costs_no_redis_command(room_client: TestClient, new_room: NewRoom, redis_client) -> None:
    event_id = await new_room()
    document = await status(room_client, event_id)
    room = await room_of(room_client, event_id)
    sent = []
    original = room.store._redis.command
    room.store._redis.command = lambda *arguments: (sent.append(arguments[0]), original(*arguments))[1]
    try:
        for _ in range(50):
            answer = await room_client.get(f"/v1/rooms/{event_id}")
            assert len(await answer.read()) <= DOCUMENT_BYTES_MAX
    finally:
        room.store._redis.command = original
    # What was sent meanwhile is the controller's own step, not the polls'.
    assert len(sent) <= 20, sent
    etag = answer.headers["ETag"]
    assert document["poll"] == {"min_s": 2, "max_s": 120, "divisor": 4}
    for _ in range(20):  # the room may just have moved on: then there is a newer document to know
        again = await room_client.get(f"/v1/rooms/{event_id}", headers={"If-None-Match": etag})
        if again.status == 304:
            break
        etag = again.headers["ETag"]
    assert again.status == 304
    assert "Set-Cookie" not in answer.headers
    assert "Vary" not in answer.headers
    assert answer.headers["Cache-Control"] == "public, max-age=1, stale-while-revalidate=10"
