"""The table of failures: what the room does when Redis, a leader or a clock is not what it should be."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiohttp.test_utils import TestClient, TestServer

import hotpath_rs
from engine.foundation import embedded
from engine.foundation.connections import HotRedis, open_client
from tests.waitingroom.conftest import NewRoom, post, room_of, status, until, until_phase
from waitingroom import appkeys, drawing
from waitingroom.app import create_app
from waitingroom.controller import Controller
from waitingroom.draw import VACANT, hold
from waitingroom.endpoint import ENDPOINT
from waitingroom.ledger import NUMBER_BLOCK, Ledger
from waitingroom.room import Room
from waitingroom.settings import Settings
from waitingroom.store import LEADER_TTL_MS, Fenced, Join


@pytest.fixture
def own_valkey(store_folder: Path, tmp_path: Path) -> Iterator[embedded.Server]:
    """A Redis that the test may kill; the embedded server keeps its data if the others keep theirs."""
    server = embedded.start_valkey(store_folder / tmp_path.name, fsync="always")
    yield server
    server.stop()


@pytest.fixture
async def fragile(room_settings: Settings, own_valkey: embedded.Server) -> AsyncIterator[TestClient]:
    settings = room_settings.model_copy(update={"redis_url": own_valkey.url})
    async with TestClient(TestServer(await create_app(settings))) as client:
        yield client


def port_of(server: embedded.Server) -> int:
    return int(server.url.rpartition(":")[2].partition("/")[0])


async def serving_reaches(client: TestClient, event_id: str, number: int) -> None:
    async def reached() -> bool:
        return (await status(client, event_id))["serving"] >= number

    await until(reached)


async def test_without_redis_the_last_status_is_served_as_stale_and_joins_wait(
    fragile: TestClient, new_room: NewRoom, own_valkey: embedded.Server, room_settings: Settings
) -> None:
    event_id = await new_room(capacity=5)
    _, place = await post(fragile, event_id, "join", 201, identity="ann")
    await serving_reaches(fragile, event_id, 1)
    _, admitted = await post(fragile, event_id, "claim", 200, queue_ticket=place["queue_ticket"])
    _, other = await post(fragile, event_id, "join", 201, identity="bob")
    own_valkey.stop()

    async def stale() -> Any:
        return (await status(fragile, event_id)).get("stale")

    await until(stale, within_s=4)
    for verb, body in (("join", {"identity": "eve"}), ("claim", {"queue_ticket": other["queue_ticket"]})):
        fragile.session.cookie_jar.clear()
        answer = await fragile.post(f"/v1/rooms/{event_id}/{verb}", json=body)
        assert answer.status == 503
        assert 1 <= int(answer.headers["Retry-After"]) <= 5
    # Who is in stays in: tokens verify without anybody's help.
    keys = room_settings.keyring.event(event_id)
    assert (
        keys.verify_admission(admitted["admission_token"], admitted["server_now_ms"]).lease_id.hex()
        == admitted["lease_id"]
    )


async def test_after_a_total_loss_old_places_stand_first_and_capacity_holds(
    fragile: TestClient, new_room: NewRoom, own_valkey: embedded.Server, pool: asyncpg.Pool
) -> None:
    event_id = await new_room(prequeue_in_s=-5, opens_in_s=0.5, capacity=3, session_ttl_s=60)
    tickets = [(await post(fragile, event_id, "join", 201, identity=f"v{i}"))[1]["queue_ticket"] for i in range(8)]
    before = await until_phase(fragile, event_id, "open")
    await serving_reaches(fragile, event_id, 3)
    admitted = [t for t in tickets if (await post(fragile, event_id, "claim", queue_ticket=t))[0] == 200]
    assert len(admitted) == 3
    await asyncio.sleep(0.8)  # the counter's last value is kept in Postgres within half a second
    client = open_client(own_valkey.url)
    await client.flushall()
    await client.aclose()

    async def reborn() -> Any:
        document = await status(fragile, event_id)
        return document if document["epoch"] == 2 else None

    after = await until(reborn)
    assert after["draw"] == before["draw"]
    assert after["serving"] >= before["serving"]
    assert after["tail"] == NUMBER_BLOCK
    _, late = await post(fragile, event_id, "join", 201, identity="late")
    assert late["number"] >= NUMBER_BLOCK
    # Nobody of the three can be told apart from a lost lease: nobody else is let in until those must have ended.
    await asyncio.sleep(1.0)
    for ticket in [t for t in tickets if t not in admitted] + [late["queue_ticket"]]:
        assert (await post(fragile, event_id, "claim", queue_ticket=ticket))[0] == 202
    # An old ticket finds its old place again.
    _, again = await post(fragile, event_id, "join", 200, queue_ticket=tickets[5])
    assert again["number"] == 5


async def test_after_a_total_loss_neither_ghosts_nor_phantoms_keep_the_living_out(
    fragile: TestClient, new_room: NewRoom, own_valkey: embedded.Server
) -> None:
    """The numbers up to the mark that nobody got take no offers; a lost lease keeps a place and wants no ticket."""
    event_id = await new_room(prequeue_in_s=None, opens_in_s=-1, capacity=20, rate_per_min=6_000, claim_ttl_s=120)
    client = open_client(own_valkey.url)
    for n in range(8):
        _, place = await post(fragile, event_id, "join", 201, identity=f"early{n}")
        await serving_reaches(fragile, event_id, n + 1)
        await post(fragile, event_id, "claim", 200, queue_ticket=place["queue_ticket"])
    await asyncio.sleep(0.8)
    await client.flushall()
    pulse = f"inv:{{{event_id}}}:pulse"
    await client.hset(pulse, mapping={"free": 6, "held": 0, "ordered": 0, "sold": 94})  # fewer than were let in before

    async def reborn() -> bool:
        return bool((await status(fragile, event_id))["epoch"] == 2)

    await until(reborn)
    assert int(await client.hget(f"wr:{{{event_id}}}:m", "phantoms")) == 8
    _, place = await post(fragile, event_id, "join", 201, identity="late")
    assert place["number"] >= NUMBER_BLOCK

    async def admitted() -> bool:
        return (await post(fragile, event_id, "claim", queue_ticket=place["queue_ticket"]))[0] == 200

    await until(admitted, within_s=5)
    await client.aclose()


async def test_who_stands_in_after_a_second_loss_stands_beside_those_of_the_first(
    fragile: TestClient, new_room: NewRoom, own_valkey: embedded.Server
) -> None:
    event_id = await new_room(prequeue_in_s=None, opens_in_s=-1, capacity=20, rate_per_min=6_000, session_ttl_s=600)
    for n in range(4):
        _, place = await post(fragile, event_id, "join", 201, identity=f"early{n}")
        await serving_reaches(fragile, event_id, n + 1)
        await post(fragile, event_id, "claim", 200, queue_ticket=place["queue_ticket"])
    await asyncio.sleep(0.8)
    client = open_client(own_valkey.url)
    room = f"wr:{{{event_id}}}:m"

    async def reborn(epoch: int) -> None:
        async def shown() -> bool:
            return bool((await status(fragile, event_id))["epoch"] == epoch)

        await until(shown)

    await client.flushall()
    await reborn(2)
    assert await client.zcard(f"wr:{{{event_id}}}:lease") == 4
    await client.hset(room, "run", "another")  # it comes back without its last moments
    await reborn(3)
    # How many more depends on how far the controller had come; all that matters is that none took another's place.
    leases = [name.partition(b":")[0] for name in await client.zrange(f"wr:{{{event_id}}}:lease", 0, -1)]
    assert (len(leases), leases.count(b"phantom2")) == (int(await client.hget(room, "phantoms")), 4)
    assert 4 <= leases.count(b"phantom3") == len(leases) - 4 <= 16
    await client.aclose()


async def test_a_loss_in_the_prequeue_costs_nobody_their_place_in_the_draw(
    fragile: TestClient, new_room: NewRoom, own_valkey: embedded.Server
) -> None:
    event_id = await new_room(prequeue_in_s=-5, opens_in_s=3)
    tickets = [(await post(fragile, event_id, "join", 201, identity=f"v{i}"))[1]["queue_ticket"] for i in range(5)]
    client = open_client(own_valkey.url)
    await client.flushall()
    await client.aclose()

    async def shown_again() -> bool:
        return (await post(fragile, event_id, "join", queue_ticket=tickets[0]))[0] == 200

    await until(shown_again)
    await until_phase(fragile, event_id, "open")
    bundle = await (await fragile.get(f"/v1/rooms/{event_id}/draw")).read()
    report = hotpath_rs.verify_draw(bundle, tickets[0])
    assert report.cohort_size == NUMBER_BLOCK  # gaps, never duplicates
    room = await room_of(fragile, event_id)
    assert report.tickets == [(0, room.board.snapshot.number(0))]
    # Who did not show their ticket again holds a signed one: their place is the one it always was.
    for index, ticket in enumerate(tickets):
        _, waiting = await post(fragile, event_id, "beat", 200, queue_ticket=ticket)
        assert waiting["queue_number"] == hotpath_rs.shuffle_index(report.seed, index, NUMBER_BLOCK)
    digests = await Ledger(await _pool_of(fragile)).cohort(event_id)
    assert digests is not None
    assert digests[:8] != VACANT
    assert digests[8:16] == VACANT


async def _pool_of(client: TestClient) -> asyncpg.Pool:
    return client.app[appkeys.LEDGER]._pool


async def test_a_restart_that_lost_the_last_second_gives_no_number_twice(
    fragile: TestClient, new_room: NewRoom, own_valkey: embedded.Server, store_folder: Path, tmp_path: Path
) -> None:
    event_id = await new_room()
    numbers = [(await post(fragile, event_id, "join", 201))[1]["number"] for _ in range(5)]
    client = open_client(own_valkey.url)
    await client.hset(f"wr:{{{event_id}}}:m", "tail", 2)  # as if the last three had not reached the disk
    await client.aclose()
    port = port_of(own_valkey)
    own_valkey.stop()
    again = embedded.start_valkey(store_folder / tmp_path.name, port=port, fsync="always")
    try:

        async def joined() -> Any:
            code, place = await post(fragile, event_id, "join")
            return place["number"] if code == 201 else None

        number = await until(joined, within_s=10)
        assert number not in numbers
        assert number >= NUMBER_BLOCK

        async def new_epoch() -> bool:
            return (await status(fragile, event_id))["epoch"] == 2

        await until(new_epoch)
    finally:
        again.stop()


async def test_after_a_restart_the_next_visitor_is_let_in_at_once(
    fragile: TestClient, new_room: NewRoom, own_valkey: embedded.Server, store_folder: Path, tmp_path: Path
) -> None:
    event_id = await new_room()
    for _ in range(5):
        await post(fragile, event_id, "join", 201)
    port = port_of(own_valkey)
    own_valkey.stop()
    again = embedded.start_valkey(store_folder / tmp_path.name, port=port, fsync="always")
    try:
        place: dict[str, Any] = {}

        async def admitted() -> bool:
            if not place:
                code, answer = await post(fragile, event_id, "join")
                if code != 201:
                    return False
                place.update(answer)
            code, answer = await post(fragile, event_id, "claim", queue_ticket=place["queue_ticket"])
            return bool(code == 200)

        await until(admitted, within_s=15)
    finally:
        again.stop()


async def second_view(client: TestClient, room: Room) -> tuple[Room, Controller, HotRedis]:
    """The same room as another process would have it."""
    redis = await HotRedis(client.app[appkeys.SETTINGS].redis_url).open()
    ledger = client.app[appkeys.LEDGER]
    other = Room(rules=room.rules, keys=room.keys, redis=redis, ledger=ledger)
    return other, Controller(other, ledger, b"other"), redis


async def test_a_leader_that_slept_comes_back_as_a_follower(room_client: TestClient, new_room: NewRoom) -> None:
    event_id = await new_room(capacity=4, rate_per_min=60_000)
    room = await room_of(room_client, event_id)
    await until_phase(room_client, event_id, "open")
    for i in range(20):
        await post(room_client, event_id, "join", 201, identity=f"v{i}")
    _, other, redis = await second_view(room_client, room)
    try:
        await other.step()
        assert not other.leads  # the first still leads
        # The first stops: its own steps are held back while the other takes over.
        rooms = room_client.app[ENDPOINT].rooms
        controller, task = rooms._controllers[event_id]
        task.cancel()
        stopped_at_s = time.monotonic()
        old_fence = controller._fence

        async def taken_over() -> bool:
            await other.step()
            return other.leads

        await until(taken_over, within_s=3.0)
        assert time.monotonic() - stopped_at_s < 3.0
        assert int(other._fence) > int(old_fence)
        # It resumes with what it believed: refused, and it learns so.
        await controller.step()
        assert not controller.leads
        await other.step()
        assert other.leads
    finally:
        await redis.close()


async def test_two_controllers_at_once_let_no_more_in_than_one(room_client: TestClient, new_room: NewRoom) -> None:
    event_id = await new_room(capacity=7, rate_per_min=60_000)
    room = await room_of(room_client, event_id)
    await until_phase(room_client, event_id, "open")
    tickets = [(await post(room_client, event_id, "join", 201, identity=f"v{i}"))[1]["queue_ticket"] for i in range(40)]
    await serving_reaches(room_client, event_id, 7)
    other_room, other, redis = await second_view(room_client, room)
    try:
        servings: list[int] = []

        async def step_on() -> None:
            for _ in range(40):
                await other.step()
                servings.append(other_room.board.snapshot.serving)
                await asyncio.sleep(LEADER_TTL_MS / 1000 / 20)

        async def claim_on() -> set[str]:
            inside = set()
            for _ in range(4):
                for ticket in tickets:
                    code, answer = await post(room_client, event_id, "claim", queue_ticket=ticket)
                    if code == 200:
                        inside.add(answer["lease_id"])
            return inside

        _, inside = await asyncio.gather(step_on(), claim_on())
        assert len(inside) == 7
        assert servings == sorted(servings)
    finally:
        await redis.close()


async def test_clocks_that_are_wrong_by_five_minutes_change_nothing(
    room_client: TestClient, new_room: NewRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    event_id = await new_room(session_ttl_s=120)
    real_ms = time.time_ns() // 1_000_000
    true_time_ns = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: true_time_ns() + 300 * 10**9)
    _, place = await post(room_client, event_id, "join", 201)
    await serving_reaches(room_client, event_id, 1)
    _, admitted = await post(room_client, event_id, "claim", 200, queue_ticket=place["queue_ticket"])
    assert abs(admitted["server_now_ms"] - real_ms) < 10_000
    assert abs(admitted["expires_at_ms"] - real_ms - 120_000) < 10_000
    assert abs((await status(room_client, event_id))["server_now_ms"] - real_ms) < 10_000


async def test_a_draw_that_broke_in_the_middle_is_published_and_not_repeated(
    room_client: TestClient, new_room: NewRoom, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from waitingroom.store import RoomStore

    event_id = await new_room(prequeue_in_s=-5, opens_in_s=0.7)
    for i in range(9):
        await post(room_client, event_id, "join", 201, identity=f"v{i}")
    original, failures = RoomStore.publish_draw, []

    async def broken(self: RoomStore, *arguments: Any) -> None:
        if len(failures) < 2:
            failures.append(1)
            raise OSError("the process died here")
        await original(self, *arguments)

    monkeypatch.setattr(RoomStore, "publish_draw", broken)

    async def recorded() -> Any:
        return await pool.fetchval("SELECT draw->>'seed' FROM rooms WHERE event_id = $1", event_id)

    seed = await until(recorded)
    document = await until_phase(room_client, event_id, "open")
    assert document["draw"]["seed"] == seed
    assert len(failures) == 2


async def test_two_draws_at_once_are_one(room_client: TestClient, new_room: NewRoom) -> None:
    event_id = await new_room(prequeue_in_s=-5, opens_in_s=60)
    for i in range(9):
        await post(room_client, event_id, "join", 201, identity=f"v{i}")
    room, ledger = await room_of(room_client, event_id), room_client.app[appkeys.LEDGER]
    digests = await room.store.registered(9)
    assert digests.count(VACANT) == 0
    rules = await ledger.room(event_id)
    first = hold(rules.secret, digests, "")
    second = hold(rules.secret, digests[8:] + digests[:8], "")
    kept = [await ledger.keep_draw(event_id, draw.stored(), digests) for draw in (first, second, first)]
    assert all(draw["seed"] == first.seed.hex() for draw in kept)


async def test_a_draw_for_a_cohort_that_postgres_contradicts_is_never_published(
    room_client: TestClient, new_room: NewRoom
) -> None:
    event_id = await new_room(prequeue_in_s=-5, opens_in_s=60)
    for i in range(5):
        await post(room_client, event_id, "join", 201, identity=f"v{i}")
    room, ledger = await room_of(room_client, event_id), room_client.app[appkeys.LEDGER]
    rules = await ledger.room(event_id)
    recorded = hold(rules.secret, bytes(8 * 7), "")
    await ledger.keep_draw(event_id, recorded.stored(), bytes(8 * 7))
    await drawing.hold_draw(room, ledger, 5)

    async def published() -> Any:
        document = await status(room_client, event_id)
        return document if document["draw"].get("seed") else None

    document = await until(published)
    assert document["draw"]["seed"] == recorded.seed.hex()
    assert document["cohort_size"] == 7
    assert document["epoch"] == 2


async def test_a_join_whose_answer_was_lost_is_found_again(room_client: TestClient, new_room: NewRoom) -> None:
    event_id = await new_room()
    room = await room_of(room_client, event_id)
    digest = room.digest(b"name:ann")
    device = Join(digest, b"~")
    task = asyncio.ensure_future(room.join(device))
    await asyncio.sleep(0)
    task.cancel()  # the caller is gone, its join may be committed or not
    await asyncio.sleep(0.1)
    (first, _), (second, _) = await room.join(device), await room.join(device)
    assert first.number == second.number == 0


async def test_no_number_is_given_that_postgres_has_not_promised(
    room_client: TestClient, new_room: NewRoom, pool: asyncpg.Pool
) -> None:
    event_id = await new_room()
    room = await room_of(room_client, event_id)
    numbers: list[int] = []
    for wave in range(45):
        digests = [room.digest(b"%d %d" % (wave, i)) for i in range(500)]
        places = await asyncio.gather(*(room.join(Join(digest)) for digest in digests))
        numbers += [joined.number for joined, _ in places]
        promised = await pool.fetchval("SELECT high_water FROM rooms WHERE event_id = $1", event_id)
        assert max(numbers) < promised
        assert promised % NUMBER_BLOCK == 0
    assert sorted(numbers) == list(range(22_500))


async def test_a_room_in_another_redis_is_fenced(room_client: TestClient, new_room: NewRoom, redis_client: Any) -> None:
    event_id = await new_room()
    room = await room_of(room_client, event_id)
    await until_phase(room_client, event_id, "open")
    await redis_client.hset(f"wr:{{{event_id}}}:m", "run", "another")
    with pytest.raises(Fenced):
        await room.store.claim(0, bytes(16))
