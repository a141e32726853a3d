"""An address that was only typed proves nothing: nobody takes, moves or ends a place by it."""

from __future__ import annotations

import asyncio
from collections import Counter

import asyncpg
import pytest
from aiohttp.test_utils import TestClient
from cryptography.hazmat.primitives.asymmetric import ec

from engine.foundation import queue_links
from engine.foundation.connections import RedisClient
from tests.waitingroom.conftest import NewRoom, post, status, until_phase
from tests.waitingroom.letters import ANN, Post, claim, clicked, let_in, opened
from tests.waitingroom.steps import point, prove, shown
from waitingroom.languages import WORDS


@pytest.mark.parametrize(
    "typed", [ANN, " ANN@Example.com", "\uff41nn@example.com", "an\u200bn@example.com.", "ann@EXAMPLE\u3002com"]
)
async def test_who_types_a_known_address_gets_nothing_of_its_place(
    room_client: TestClient, new_room: NewRoom, letters: Post, typed: str
) -> None:
    event_id = await new_room(prequeue_in_s=-5, opens_in_s=1.5, identity="email")
    _, place = await post(room_client, event_id, "join", 201, identity=ANN)
    for trap in ({}, {"website": "http://spam.example"}, {"device_key": "my-phone"}):
        _, refusal = await post(room_client, event_id, "join", 409, identity=typed, **trap)
        assert refusal["code"] == "identity_known"
        assert not {"queue_ticket", "number"} & refusal.keys()
    document = await until_phase(room_client, event_id, "open")
    # Neither was it marked by the trap, nor did anybody stand in line twice.
    assert (document["draw"].get("tail_cohort", 0), document["tail"], document["cohort_size"]) == (0, 1, 1)
    _, again = await post(room_client, event_id, "join", 200, queue_ticket=place["queue_ticket"])
    assert again["number"] == place["number"]
    assert len(await letters.mails()) == 1


async def test_the_mailed_link_brings_the_place_to_its_opener_and_older_tickets_end(
    room_client: TestClient, new_room: NewRoom, letters: Post
) -> None:
    event_id = await new_room(identity="email", capacity=5)
    _, squatted = await post(room_client, event_id, "join", 201, identity=ANN)
    _, refusal = await post(room_client, event_id, "join", 409, identity=ANN)
    assert refusal["mailed"] is True
    code, ticket, _ = await opened(room_client, await letters.link())
    assert code == 303
    assert ticket
    for verb in ("claim", "join", "beat", "leave", "release"):
        status_code, told = await post(room_client, event_id, verb, queue_ticket=squatted["queue_ticket"])
        assert (status_code, told["code"]) == (410, "place_moved"), verb
    _, again = await post(room_client, event_id, "join", 200, queue_ticket=ticket)
    assert again["number"] == squatted["number"]
    admitted = await let_in(room_client, event_id, ticket)
    # What the opener was given since is as good, and the squatter cannot end the admission either.
    assert (await claim(room_client, event_id, again["queue_ticket"]))[1]["lease_id"] == admitted["lease_id"]
    assert (await post(room_client, event_id, "release", queue_ticket=squatted["queue_ticket"]))[0] == 410
    assert (await status(room_client, event_id))["tail"] == 1


async def test_a_cookie_of_the_place_is_proof_and_one_of_another_place_is_not(
    room_client: TestClient, new_room: NewRoom
) -> None:
    event_id = await new_room(identity="email")
    _, ann = await post(room_client, event_id, "join", 201, identity=ANN)
    _, bob = await post(room_client, event_id, "join", 201, identity="bob@example.com")
    for ticket, expected in ((ann["queue_ticket"], 200), (bob["queue_ticket"], 409), ("made-up", 409)):
        room_client.session.cookie_jar.clear()
        answer = await room_client.post(
            f"/v1/rooms/{event_id}/join",
            json={"identity": ANN},
            headers={"Cookie": f"onsale_queue_{event_id}={ticket}"},
        )
        assert answer.status == expected
    room_client.session.cookie_jar.clear()
    answer = await room_client.post(
        f"/v1/rooms/{event_id}/join",
        json={"identity": "new@example.com"},
        headers={"Cookie": f"onsale_queue_{event_id}={ann['queue_ticket']}"},
    )
    assert (answer.status, (await answer.json())["number"]) == (201, 2)


async def test_a_device_key_stays_with_the_place_and_proves_it(
    room_client: TestClient, new_room: NewRoom, letters: Post
) -> None:
    event_id = await new_room(identity="email", capacity=5)
    mine, theirs = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    _, place = await post(room_client, event_id, "join", 201, identity=ANN, device_key=point(mine))
    _, refusal = await post(room_client, event_id, "join", 409, identity=ANN, device_key=point(theirs))
    nonce = refusal["nonce"]
    await post(room_client, event_id, "join", 409, identity=ANN, proof=prove(theirs, nonce))
    assert (await post(room_client, event_id, "join", identity=ANN, proof="a.b.c"))[1]["code"] == "proof_required"
    for proof in ({"device_key": point(mine)}, {"proof": prove(mine, nonce)}):
        _, again = await post(room_client, event_id, "join", 200, identity=ANN, **proof)
        assert again["number"] == place["number"]
        # It still is bound to the device: the ticket alone lets nobody in.
        assert (await claim(room_client, event_id, again["queue_ticket"]))[1]["code"] == "proof_required"
    # A stranger's key neither replaced it nor stays once the owner of the address opened the link.
    _, ticket = await clicked(room_client, await letters.link())
    assert ticket
    await let_in(room_client, event_id, ticket)
    await post(room_client, event_id, "join", 409, identity=ANN, device_key=point(mine))


async def test_fifty_who_ask_at_once_make_one_mail(room_client: TestClient, new_room: NewRoom, letters: Post) -> None:
    event_id = await new_room(identity="email")
    await post(room_client, event_id, "join", 201, identity=ANN)
    answers = await asyncio.gather(*(post(room_client, event_id, "join", identity=ANN) for _ in range(50)))
    assert Counter((code, told["mailed"]) for code, told in answers) == {(409, True): 1, (409, False): 49}
    assert len(await letters.mails()) == 1


async def test_an_address_is_mailed_once_in_ten_minutes_also_when_redis_forgot(
    room_client: TestClient, new_room: NewRoom, letters: Post, redis_client: RedisClient, pool: asyncpg.Pool
) -> None:
    event_id = await new_room(identity="email")
    await post(room_client, event_id, "join", 201, identity=ANN)
    asked = "wr:{%s}:asked:*" % event_id  # noqa: UP031 - braces are the key's
    for expected in (True, False):
        _, refusal = await post(room_client, event_id, "join", 409, identity=ANN)
        assert refusal["mailed"] is expected
        await redis_client.delete(*await redis_client.keys(asked))
    await pool.execute("UPDATE room_places SET asked_at = asked_at - interval '10 minutes'")
    assert (await post(room_client, event_id, "join", 409, identity=ANN))[1]["mailed"] is True
    assert len(await letters.mails()) == 2


async def test_one_address_is_not_flooded_by_the_rooms_of_many_events(
    room_client: TestClient, new_room: NewRoom, letters: Post
) -> None:
    mailed = []
    for _ in range(queue_links.MAILED_PER_HOUR_MAX + 2):
        event_id = await new_room(identity="email")
        await post(room_client, event_id, "join", 201, identity=ANN)
        mailed.append((await post(room_client, event_id, "join", 409, identity=ANN))[1]["mailed"])
    assert mailed == [True] * queue_links.MAILED_PER_HOUR_MAX + [False] * 2
    assert len(await letters.mails()) == queue_links.MAILED_PER_HOUR_MAX


async def test_a_link_takes_the_mark_of_the_trap_off_a_squatted_place(
    room_client: TestClient, new_room: NewRoom, letters: Post
) -> None:
    event_id = await new_room(prequeue_in_s=-5, opens_in_s=2, identity="email")
    await post(room_client, event_id, "join", 201, identity=ANN, website="http://spam.example")
    await post(room_client, event_id, "join", 201, identity="bot@example.com", website="http://spam.example")
    await post(room_client, event_id, "join", 409, identity=ANN)
    await opened(room_client, await letters.link())
    document = await until_phase(room_client, event_id, "open")
    assert document["draw"]["tail_cohort"] == 1


async def test_a_name_of_no_address_is_known_too_and_nobody_is_mailed(
    room_client: TestClient, new_room: NewRoom, letters: Post
) -> None:
    event_id = await new_room()
    await post(room_client, event_id, "join", 201, identity=ANN)
    _, refusal = await post(room_client, event_id, "join", 409, identity=ANN)
    assert (refusal["code"], refusal["mailed"]) == ("identity_known", False)
    assert await letters.mails() == []


@pytest.mark.parametrize(
    ("language", "word"), [("en", "Somebody"), ("fr", "Quelqu’un"), ("de", "Jemand"), ("ja", "Somebody")]
)
async def test_the_mail_is_to_the_folded_address_in_the_askers_language_without_their_words(
    room_client: TestClient, new_room: NewRoom, letters: Post, language: str, word: str
) -> None:
    event_id = await new_room(identity="email")
    await post(room_client, event_id, "join", 201, identity="Ann@B\u00fccher.example")
    room_client.session.cookie_jar.clear()
    answer = await room_client.post(
        f"/v1/rooms/{event_id}/join",
        json={
            "identity": "ANN@xn--bcher-kva.EXAMPLE",
            "website": "http://buy.example",
            "device_key": "http://buy.example",
        },
        headers={"Accept-Language": language},
    )
    assert answer.status == 409
    [mail] = await letters.mails()
    assert mail["to"] == ["ann@xn--bcher-kva.example"]
    assert word in mail["text"]
    assert "buy.example" not in mail["text"] + mail["html"]
    assert mail["text"].count("?token=") == mail["html"].count("?token=") == 1


async def test_the_page_says_in_plain_words_that_a_link_was_sent(
    room_client: TestClient, new_room: NewRoom, letters: Post
) -> None:
    event_id = await new_room(identity="email")
    _, place = await post(room_client, event_id, "join", 201, identity=ANN)
    for language in ("en", "fr", "es"):
        room_client.session.cookie_jar.clear()
        answer = await room_client.post(
            f"/r/{event_id}/join", data={"identity": ANN}, headers={"Accept-Language": language}, allow_redirects=False
        )
        html = await answer.text()
        assert (answer.status, shown(html)) == (409, {"join"})
        assert WORDS[language]["known_title"] in html
        assert f'{WORDS[language]["known_text"]} <strong id="known-address">{ANN}</strong>' in html
    await opened(room_client, await letters.link())
    room_client.session.cookie_jar.clear()
    answer = await room_client.get(
        f"/r/{event_id}", headers={"Cookie": f"onsale_queue_{event_id}={place['queue_ticket']}"}
    )
    html = await answer.text()
    assert shown(html) == {"join"}
    assert 'data-alert="elsewhere">' in html
