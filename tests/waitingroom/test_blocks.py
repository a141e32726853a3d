"""What one address block may do: join at a growing price, stand behind with what is too much, open few streams."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any, get_args

import pytest
from aiohttp.test_utils import TestClient, TestServer

import hotpath_rs
from engine.foundation.address_limits import AddressLimits, Limits, OpenLimits
from engine.foundation.errors import SlowDown
from engine.foundation.limits_table import LIMITS, RouteClass
from tests.waitingroom.conftest import NewRoom, post, room_of, until_phase
from tests.waitingroom.steps import solve
from waitingroom.app import create_app
from waitingroom.challenge import EASY_PER_WINDOW, FACTOR_MAX, WINDOW_S, WORK, Work
from waitingroom.drawing import COHORT_PER_BLOCK_PLACE, reason_of
from waitingroom.languages import WORDS
from waitingroom.routes import ROUTES
from waitingroom.settings import Settings
from waitingroom.store import PLACES_PER_BLOCK, Join

CROWD = PLACES_PER_BLOCK + 12


@pytest.fixture
async def proxied(room_settings: Settings) -> AsyncIterator[TestClient]:
    """A room behind a proxy of ours: the test says which address a caller has."""
    app = await create_app(room_settings.model_copy(update={"rehearsal": False, "trust_forwarded": True}))
    async with TestClient(TestServer(app)) as client:
        yield client


async def ask(client: TestClient, method: str, path: str, address: str, **body: Any) -> tuple[int, Any]:
    client.session.cookie_jar.clear()
    more = {"json": body} if method == "POST" else {}
    answer = await client.request(method, path, headers={"X-Forwarded-For": address}, **more)
    return answer.status, await answer.json()


def test_every_route_of_the_room_is_in_the_table_of_limits() -> None:
    assert {route.limit for route in ROUTES} <= set(get_args(RouteClass))
    free = {route.path for route in ROUTES if route.limit == "free"}
    assert free == {"/v1/rooms/{event_id}"}, "only what is served from memory is not counted"


@pytest.mark.parametrize("name", [name for name in get_args(RouteClass) if LIMITS[name].is_limited])
def test_a_class_lets_its_burst_pass_and_then_its_rate(name: RouteClass) -> None:
    now_s, rate = 100.0, LIMITS[name]
    limits = Limits(lambda: now_s).of(name)
    most = int(rate.burst + rate.per_s * rate.delay_max_s)
    delays = [limits.take(f"2001:db8::{n:x}") for n in range(1, most + 1)]
    assert delays[: int(rate.burst)] == [0.0] * int(rate.burst)
    assert max(delays) <= rate.delay_max_s
    with pytest.raises(SlowDown):  # one is still let pass at the very edge
        assert [limits.take("2001:db8::1") for _ in range(2)] == []
    assert limits.take("2001:db8:1::1") == 0.0
    now_s += 1.01 / rate.per_s
    limits.take("2001:db8::ffff")


def test_what_stays_open_is_counted_by_block_and_given_back() -> None:
    limits = OpenLimits(2)
    one, two = limits.opened("2001:db8::1", RuntimeError), limits.opened("2001:db8::2", RuntimeError)
    with one, two:
        with pytest.raises(RuntimeError), limits.opened("2001:db8:0:ff::3", RuntimeError):
            pass
        with limits.opened("2001:db8:1::1", RuntimeError):
            assert len(limits) == 2
    assert len(limits) == 0
    lifted = OpenLimits(1, lifted_for_loopback=True)
    with lifted.opened("127.0.0.1", RuntimeError), lifted.opened("127.0.0.1", RuntimeError):
        pass


async def test_limits_count_together_what_waits_and_what_passes() -> None:
    now_s = 5.0
    limits = AddressLimits(lambda: now_s, per_s=1, burst=2, delay_max_s=0.0)
    for _ in range(3):
        await limits.admit("198.51.100.7")
    with pytest.raises(SlowDown) as refused:
        await limits.admit("::ffff:198.51.100.7")
    assert refused.value.retry_after_s == 1


async def test_a_room_asks_for_work_unless_its_organizer_said_otherwise(
    room_client: TestClient, new_room: NewRoom, pool: Any
) -> None:
    event_id = await new_room()
    await pool.execute("UPDATE on_sales SET room = room - 'challenge', version = version + 1")
    await (await room_of(room_client, event_id)).learn()
    assert (await post(room_client, event_id, "join"))[1]["code"] == "challenge_required"


def test_work_grows_with_what_a_block_asked_for_and_is_forgiven_in_time() -> None:
    now_s = 0.0
    work = Work(lambda: now_s)
    owed = [work.owed(f"2001:db8::{n:x}") for n in range(1, EASY_PER_WINDOW * FACTOR_MAX + 100)]
    assert owed[:EASY_PER_WINDOW] == [WORK] * EASY_PER_WINDOW
    assert owed[EASY_PER_WINDOW] == 2 * WORK
    assert owed == sorted(owed)
    assert owed[-1] == FACTOR_MAX * WORK
    assert work.owed("198.51.100.7") == WORK
    now_s += WINDOW_S / 2
    assert WORK < work.owed("2001:db8::1") < FACTOR_MAX * WORK
    now_s += 2 * WINDOW_S
    assert work.owed("2001:db8::1") == WORK
    lifted = Work(lambda: now_s, lifted_for_loopback=True)
    assert {lifted.owed("127.0.0.1") for _ in range(100)} == {WORK}


async def test_harder_work_is_told_to_its_solver_and_opens_the_door(proxied: TestClient, new_room: NewRoom) -> None:
    event_id = await new_room(challenge="pow")
    path = f"/v1/rooms/{event_id}"
    asked = [(await ask(proxied, "GET", f"{path}/challenge", "198.51.100.7"))[1] for _ in range(EASY_PER_WINDOW + 4)]
    assert [asked[0]["maxnumber"], asked[-1]["maxnumber"]] == [WORK, 2 * WORK]
    _, refusal = await ask(proxied, "POST", f"{path}/join", "198.51.100.7")
    assert refusal["challenge"]["maxnumber"] == 2 * WORK
    for challenge in (asked[-1], refusal["challenge"]):
        code, _ = await ask(proxied, "POST", f"{path}/join", "198.51.100.7", challenge=solve(challenge))
        assert code == 201
    assert (await ask(proxied, "GET", f"{path}/challenge", "198.51.100.8"))[1]["maxnumber"] == WORK


async def test_places_of_a_crowded_block_are_told_so_and_stand_behind_the_drawn(
    proxied: TestClient, new_room: NewRoom
) -> None:
    event_id = await new_room(prequeue_in_s=-5, opens_in_s=9, capacity=50)
    path = f"/v1/rooms/{event_id}/join"
    await until_phase(proxied, event_id, "prequeue")
    crowd = [await ask(proxied, "POST", path, f"2001:db8:7::{n:x}") for n in range(1, CROWD + 1)]
    others = [await ask(proxied, "POST", path, f"198.51.100.{n}") for n in range(1, 9)]
    told = [place.get("behind") for _, place in crowd]
    assert told == [None] * PLACES_PER_BLOCK + ["crowded_block"] * (CROWD - PLACES_PER_BLOCK)
    assert {place.get("behind") for _, place in others} == {None}
    last = crowd[-1][1]["queue_ticket"]

    async def page(ticket: str) -> str:
        proxied.session.cookie_jar.clear()
        head = {"Cookie": f"onsale_queue_{event_id}={ticket}", "X-Forwarded-For": "198.51.100.99"}
        return await (await proxied.get(f"/r/{event_id}", headers=head)).text()

    assert 'data-alert="crowded">' in await page(last)
    assert 'data-alert="crowded" hidden>' in await page(others[0][1]["queue_ticket"])
    await until_phase(proxied, event_id, "open", within_s=12)
    bundle = await (await proxied.get(f"/v1/rooms/{event_id}/draw")).json()
    hotpath_rs.verify_draw(json.dumps(bundle).encode())
    assert Counter(each["reason"] for each in bundle["tail_cohort"]) == {"crowded_block": CROWD - PLACES_PER_BLOCK}
    assert min(each["number"] for each in bundle["tail_cohort"]) == CROWD + 8
    _, waiting = await ask(proxied, "POST", f"/v1/rooms/{event_id}/beat", "198.51.100.99", queue_ticket=last)
    assert waiting["moved"] == "crowded_block"
    html = await page(last)
    assert 'data-alert="moved_crowded">' in html
    assert 'data-alert="moved" hidden>' in html
    assert WORDS["en"]["moved_crowded_text"] in html
    # Who comes later comes in order of arrival, whatever their network did before.
    code, late = await ask(proxied, "POST", path, "2001:db8:7::ffff")
    assert (code, late["kind"], late.get("behind")) == (201, "live", None)


async def test_opening_ones_own_link_does_not_lift_the_mark_of_a_crowded_block(
    room_client: TestClient, new_room: NewRoom
) -> None:
    event_id = await new_room(prequeue_in_s=-5, opens_in_s=600, identity="email")
    await until_phase(room_client, event_id, "prequeue")
    room = await room_of(room_client, event_id)
    # Every second one fills in the trap as well, so that its mark is another.
    wishes = [b"!trap_field" if n % 2 else b"" for n in range(PLACES_PER_BLOCK + 4)]
    joins = [Join(n.to_bytes(8, "big"), wish, b"", b"\1" * 8) for n, wish in enumerate(wishes)]
    await room.join(joins[0])  # raises the high-water mark: the others are numbered as they stand here
    await asyncio.gather(*map(room.join, joins[1:]))
    last = range(PLACES_PER_BLOCK - 2, PLACES_PER_BLOCK + 4)
    marks = await room.store.marked()
    assert [reason_of(marks[n], 1_000) if n in marks else None for n in last] == [
        None, "trap_field", "crowded_block", "trap_field", "crowded_block", "trap_field",
    ]  # fmt: skip
    for n in last:
        assert await room.open_link(n.to_bytes(8, "big"), n, 0, again=False) is not None
    marks = await room.store.marked()
    assert [marks.get(n) for n in last] == [None, None, *(f"crowded_block:{n + 1}" for n in last[2:])]


def test_in_a_large_cohort_more_of_a_block_are_let_be() -> None:
    assert reason_of("trap_field", 10) == "trap_field"
    assert reason_of(f"crowded_block:{PLACES_PER_BLOCK + 1}", 1_000) == "crowded_block"
    many = 1_000_000
    assert reason_of(f"crowded_block:{many // COHORT_PER_BLOCK_PLACE}", many) is None
    assert reason_of(f"crowded_block:{many // COHORT_PER_BLOCK_PLACE + 1}", many) == "crowded_block"


async def test_one_block_holds_few_streams_and_others_theirs(proxied: TestClient, new_room: NewRoom) -> None:
    event_id = await new_room()
    await until_phase(proxied, event_id, "open")
    path, most = f"/v1/rooms/{event_id}/stream", LIMITS["stream"].at_once

    async def open_one(address: str) -> Any:
        return await proxied.get(path, headers={"X-Forwarded-For": address})

    streams = [await open_one(f"2001:db8:9::{n:x}") for n in range(1, most + 4)]
    assert Counter(stream.status for stream in streams) == {200: most, 429: 3}
    refusal = await streams[-1].json()
    assert (refusal["code"], streams[-1].headers["Retry-After"] != "") == ("too_many_streams", True)
    other = await open_one("198.51.100.7")
    assert other.status == 200
    other.close()
    for stream in streams:
        stream.close()
    for _ in range(100):
        await asyncio.sleep(0.05)
        again = await open_one("2001:db8:9::1")
        again.close()
        if again.status == 200:
            break
    assert again.status == 200, "a stream that ended is given back"


async def test_wrong_codes_of_one_block_slow_its_guesses_whatever_the_address(
    proxied: TestClient, new_room: NewRoom
) -> None:
    event_id = await new_room(codes=["FRIENDS 26"])
    await until_phase(proxied, event_id, "open")
    path, burst = f"/v1/rooms/{event_id}/join", int(LIMITS["code_guess"].burst)
    codes = [
        (await ask(proxied, "POST", path, f"2001:db8:5:{n:x}::1", code=f"guess-{n}"))[1]["code"]
        for n in range(burst + 3)
    ]
    assert Counter(codes[:burst]) == {"code_invalid": burst}
    assert codes[-1] == "slow_down"
    assert (await ask(proxied, "POST", path, "2001:db8:5::1", code="friends26"))[1]["code"] == "slow_down"
    assert (await ask(proxied, "POST", path, "198.51.100.7", code=" Friends\u201426 "))[0] == 201


async def test_a_block_that_claims_or_reads_draws_too_fast_is_slowed_down(
    proxied: TestClient, new_room: NewRoom
) -> None:
    event_id = await new_room()
    await until_phase(proxied, event_id, "open")
    answers = [await ask(proxied, "GET", f"/v1/rooms/{event_id}/draw", "198.51.100.7") for _ in range(15)]
    assert {code for code, _ in answers[:10]} == {200}
    assert (answers[-1][0], answers[-1][1]["code"]) == (429, "slow_down")
    assert (await ask(proxied, "GET", f"/v1/rooms/{event_id}/draw", "198.51.100.8"))[0] == 200
