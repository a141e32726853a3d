"""The mailed link of a place: opened once, twice, by many, late, elsewhere, after a loss."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from engine.foundation import queue_links
from engine.foundation.clock import now_ms
from engine.foundation.connections import RedisClient
from tests.waitingroom.conftest import NewRoom, post, room_of, status, until
from tests.waitingroom.letters import ANN, Post, claim, clicked, given, let_in, opened
from waitingroom.app import create_app
from waitingroom.languages import WORDS
from waitingroom.settings import Settings
from waitingroom.store import SEEN_PERIOD_MS


async def test_a_link_opened_again_asks_first_and_the_last_who_wants_it_has_the_place(
    room_client: TestClient, new_room: NewRoom, letters: Post
) -> None:
    event_id = await new_room(identity="email", capacity=5)
    await post(room_client, event_id, "join", 201, identity=ANN)
    await post(room_client, event_id, "join", 409, identity=ANN)
    link = await letters.link()
    # Programs that look at links: nothing is moved.
    assert (await room_client.head(link)).status == 204
    assert (await room_client.get(link, headers={"Sec-Fetch-Dest": "image"}, allow_redirects=False)).status == 204
    assert (await room_client.get(link, headers={"Sec-Purpose": "prefetch"}, allow_redirects=False)).status == 204
    code, first, _ = await opened(room_client, link)
    assert (code, first is not None) == (303, True)
    for language in ("en", "fr", "es"):
        room_client.session.cookie_jar.clear()
        answer = await room_client.get(link, headers={"Accept-Language": language}, allow_redirects=False)
        html = await answer.text()
        assert (answer.status, given(answer)) == (409, None)
        assert WORDS[language]["link_used_title"] in html
        assert "no-referrer" in answer.headers["Referrer-Policy"]
    # Nobody gives up another place in this queue because somebody sent them a link.
    _, bob = await post(room_client, event_id, "join", 201, identity="bob@example.com")
    code, ticket, html = await opened(room_client, link, **{f"onsale_queue_{event_id}": bob["queue_ticket"]})
    assert (code, ticket) == (409, None)
    assert WORDS["en"]["link_other_title"] in html
    # Anybody who has the place opens the link once more: nothing changes for their other tabs.
    code, ticket, _ = await opened(room_client, link, **{f"onsale_queue_{event_id}": first or ""})
    assert (code, ticket) == (303, None)
    await post(room_client, event_id, "join", 200, queue_ticket=first)
    assert (await clicked(room_client, link, **{"Sec-Fetch-Site": "cross-site"}))[0] == 403
    code, second = await clicked(room_client, link)
    assert (code, second is not None) == (303, True)
    assert (await claim(room_client, event_id, first or ""))[0] == 410
    await let_in(room_client, event_id, second or "")


async def seen(client: TestClient, event_id: str) -> bool:
    return await (await room_of(client, event_id)).is_looked_at(0)


@pytest.mark.parametrize("opens_in_s", [600, -1], ids=["before the draw", "in the line"])
async def test_a_fetched_link_takes_no_place_from_an_open_page_and_a_click_does(
    room_client: TestClient, new_room: NewRoom, letters: Post, redis_client: RedisClient, opens_in_s: float
) -> None:
    event_id = await new_room(prequeue_in_s=-5, opens_in_s=opens_in_s, identity="email", rate_per_min=0)
    _, mine = await post(room_client, event_id, "join", 201, identity=ANN)
    await post(room_client, event_id, "join", 409, identity=ANN)  # by anybody who knows the address
    link = await letters.link()
    assert not await seen(room_client, event_id)
    await post(room_client, event_id, "beat", 200, queue_ticket=mine["queue_ticket"])
    await until(lambda: seen(room_client, event_id))
    for head in (
        {},
        {"Accept": "application/json"},
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Accept-Language": "fr"},
        {"Accept-Language": "es"},
    ):
        room_client.session.cookie_jar.clear()
        answer = await room_client.get(link, headers=head, allow_redirects=False)
        words, html = WORDS[head.get("Accept-Language", "en")], await answer.text()
        assert (answer.status, given(answer)) == (200, None)
        assert words["link_confirm_title"] in html
        assert (html.count("<form"), html.count("<script"), link.partition("token=")[2] in html) == (1, 0, True)
        assert "no-store" in answer.headers["Cache-Control"]
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    await post(room_client, event_id, "beat", 200, queue_ticket=mine["queue_ticket"])
    left_ms = [await redis_client.pttl("wr:{%s}:seen:%d" % (event_id, n)) for n in (0, 1)]  # noqa: UP031
    assert 0 < max(left_ms) <= 2 * SEEN_PERIOD_MS
    code, moved = await clicked(room_client, link)
    assert (code, moved is not None) == (303, True)
    assert (await post(room_client, event_id, "beat", queue_ticket=mine["queue_ticket"]))[0] == 410
    await post(room_client, event_id, "beat", 200, queue_ticket=moved)


async def test_a_link_brings_at_once_what_its_last_page_has_left(
    room_client: TestClient, new_room: NewRoom, letters: Post
) -> None:
    event_id = await new_room(prequeue_in_s=-5, opens_in_s=600, identity="email")
    _, place = await post(room_client, event_id, "join", 201, identity=ANN)
    await post(room_client, event_id, "beat", 200, queue_ticket=place["queue_ticket"])
    await until(lambda: seen(room_client, event_id))
    await post(room_client, event_id, "leave", 200, queue_ticket=place["queue_ticket"])

    async def gone() -> bool:
        return not await seen(room_client, event_id)

    await until(gone)
    await post(room_client, event_id, "join", 409, identity=ANN)
    assert (await opened(room_client, await letters.link()))[0] == 303


async def test_twenty_who_open_a_link_at_once_are_one_opener(
    room_client: TestClient, new_room: NewRoom, letters: Post
) -> None:
    event_id = await new_room(identity="email")
    await post(room_client, event_id, "join", 201, identity=ANN)
    await post(room_client, event_id, "join", 409, identity=ANN)
    link = await letters.link()
    answers = await asyncio.gather(*(room_client.get(link, allow_redirects=False) for _ in range(15)))
    assert Counter(answer.status for answer in answers) == {303: 1, 409: 14}
    [ticket] = [ticket for answer in answers if (ticket := given(answer))]
    await let_in(room_client, event_id, ticket)


async def test_a_link_opened_after_the_place_went_in_is_the_same_admission(
    room_client: TestClient, new_room: NewRoom, letters: Post
) -> None:
    event_id = await new_room(identity="email", capacity=5)
    _, place = await post(room_client, event_id, "join", 201, identity=ANN)
    admitted = await let_in(room_client, event_id, place["queue_ticket"])
    await post(room_client, event_id, "join", 409, identity=ANN)
    _, ticket = await clicked(room_client, await letters.link())
    assert ticket
    assert (await claim(room_client, event_id, ticket))[1]["lease_id"] == admitted["lease_id"]
    assert (await claim(room_client, event_id, place["queue_ticket"]))[0] == 410
    # Once that turn is over, the link's next opener begins again, at the end of the line.
    await post(room_client, event_id, "release", 200, queue_ticket=ticket)
    _, anew = await clicked(room_client, await letters.link())
    assert anew
    _, again = await post(room_client, event_id, "join", 200, queue_ticket=anew)
    assert again["number"] == 1


async def test_links_that_are_old_or_of_elsewhere_move_nothing(
    room_client: TestClient, new_room: NewRoom, letters: Post, room_settings: Settings
) -> None:
    event_id, other_id = await new_room(identity="email"), await new_room(identity="email")
    _, place = await post(room_client, event_id, "join", 201, identity=ANN)
    await post(room_client, other_id, "join", 201, identity=ANN)
    await post(room_client, event_id, "join", 409, identity=ANN)
    link = await letters.link()
    token = link.partition("token=")[2]
    room = await room_of(room_client, event_id)
    asked = queue_links.LinkAsked(
        event_id=event_id, email=ANN, title="", language="en", identity=room.digest(b"email:" + ANN.encode()).hex(),
        number=0, generation=0,
    )  # fmt: skip
    keys = room_settings.keyring.platform()
    # By the room's clock: a reading of Redis's, late by the time that the reading took.
    old = queue_links.mint(keys, asked, room.board.now_ms() - queue_links.VALID_MS - 1_000)
    foreign = keys.mint_signed("room-nonce", b"x" * 16, now_ms() + 60_000)
    for path, expected, words in (
        (f"/r/{event_id}/place?token={old}", 410, "link_ended"),
        (f"/r/{other_id}/place?token={token}", 401, "link_invalid"),
        (f"/r/{event_id}/place?token={token[:-1]}", 401, "link_invalid"),
        (f"/r/{event_id}/place?token={token}=", 401, "link_invalid"),
        (f"/r/{event_id}/place?token={foreign}", 401, "link_invalid"),
        (f"/r/{event_id}/place?token={place['queue_ticket']}", 401, "link_invalid"),
        (f"/r/{event_id}/place?token=", 401, "link_invalid"),
        (f"/r/{event_id}/place", 401, "link_invalid"),
    ):
        code, ticket, html = await opened(room_client, path)
        assert (code, ticket) == (expected, None), path
        assert WORDS["en"][f"{words}_title"] in html
    await post(room_client, event_id, "join", 200, queue_ticket=place["queue_ticket"])
    assert (await clicked(room_client, link))[0] == 303


async def test_a_moved_place_stays_moved_when_redis_loses_everything(
    room_client: TestClient, new_room: NewRoom, letters: Post, redis_client: RedisClient
) -> None:
    event_id = await new_room(identity="email", capacity=5)
    await post(room_client, event_id, "join", 201, identity="first@example.com")
    _, squatted = await post(room_client, event_id, "join", 201, identity=ANN)
    await post(room_client, event_id, "join", 409, identity=ANN)
    link = await letters.link()
    await redis_client.flushall()

    async def restored() -> bool:
        return (await status(room_client, event_id))["epoch"] == 2

    await until(restored)
    _, ticket, _ = await opened(room_client, link)  # the number is the link's: Redis knows nothing of it
    assert ticket
    _, again = await post(room_client, event_id, "join", 200, queue_ticket=ticket)
    assert again["number"] == squatted["number"]
    await redis_client.flushall()
    code, told = await until(lambda: _settled(room_client, event_id, queue_ticket=squatted["queue_ticket"]))
    assert (code, told["code"]) == (410, "place_moved")
    _, again = await post(room_client, event_id, "join", 200, queue_ticket=ticket)
    assert again["number"] == squatted["number"]


async def test_a_ticket_keeps_its_number_though_a_stranger_typed_its_address_after_a_loss(
    room_client: TestClient, new_room: NewRoom, redis_client: RedisClient
) -> None:
    event_id = await new_room(identity="email", capacity=1)
    await post(room_client, event_id, "join", 201, identity="first@example.com")
    _, mine = await post(room_client, event_id, "join", 201, identity=ANN)
    await redis_client.flushall()

    async def restored() -> bool:
        return (await status(room_client, event_id))["epoch"] == 2

    await until(restored)
    _, theirs = await post(room_client, event_id, "join", 201, identity=ANN)
    assert theirs["number"] > mine["number"]
    _, again = await post(room_client, event_id, "join", 200, queue_ticket=mine["queue_ticket"])
    assert again["number"] == mine["number"]
    _, stranger = await post(room_client, event_id, "join", 200, queue_ticket=theirs["queue_ticket"])
    assert stranger["number"] == theirs["number"]
    await post(room_client, event_id, "join", 409, identity=ANN)


async def test_every_process_hears_of_a_move(
    room_client: TestClient, new_room: NewRoom, letters: Post, room_settings: Settings
) -> None:
    event_id = await new_room(prequeue_in_s=-5, opens_in_s=600, identity="email")
    async with TestClient(TestServer(await create_app(room_settings))) as other:
        _, place = await post(room_client, event_id, "join", 201, identity=ANN)
        await post(other, event_id, "claim", 202, queue_ticket=place["queue_ticket"])
        await post(room_client, event_id, "join", 409, identity=ANN)
        await clicked(room_client, await letters.link())

        async def heard() -> bool:
            return (await claim(other, event_id, place["queue_ticket"]))[0] == 410

        await until(heard, within_s=3)
    async with TestClient(TestServer(await create_app(room_settings))) as fresh:
        assert (await claim(fresh, event_id, place["queue_ticket"]))[0] == 410


async def _settled(client: TestClient, event_id: str, **body: str) -> Any:
    code, told = await post(client, event_id, "join", **body)
    return None if code == 503 else (code, told)
