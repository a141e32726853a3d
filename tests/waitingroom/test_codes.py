"""Presale and invite codes: who brings one joins, who does not takes nothing, and nobody can try them all."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from aiohttp.test_utils import TestClient, TestServer

from engine.foundation.address_limits import AddressLimits
from engine.foundation.connections import RedisClient
from engine.foundation.leases import tell_changed
from engine.foundation.limits_table import LIMITS
from tests.waitingroom.conftest import NewRoom, post, status, until, until_phase
from tests.waitingroom.steps import page, shown, solve
from waitingroom.app import create_app
from waitingroom.codes import Codes
from waitingroom.languages import WORDS
from waitingroom.settings import Settings

WRONG_BURST = int(LIMITS["code_guess"].burst)


@pytest.fixture
async def strict(room_settings: Settings) -> AsyncIterator[TestClient]:
    """A room that counts this machine's requests too."""
    app = await create_app(room_settings.model_copy(update={"rehearsal": False}))
    async with TestClient(TestServer(app)) as client:
        yield client


def test_a_code_is_known_however_it_is_typed_and_no_other_is() -> None:
    codes = Codes(["early-bird", "Café"])
    for typed in (
        "EARLY-BIRD",
        " early-Bird ",
        "cafe\u0301",
        "CAFÉ",
        "\uff45arly-bird",
        "early\u2013bird",
        "early bird",
        "ear\u200bly\u00a0bird",
        "earlybird",
    ):
        assert codes.admits(typed), typed
    for typed in ("", "-", "early", "early-bird!", "early-birdy", "cafe"):
        assert not codes.admits(typed), typed
    assert (codes.required, Codes(()).required, Codes(()).admits("")) == (True, False, False)


async def test_a_join_without_a_code_or_with_a_wrong_one_takes_no_number(
    room_client: TestClient, new_room: NewRoom
) -> None:
    event_id = await new_room(identity="email", codes=["EARLY-BIRD", "FRIENDS"])
    await until_phase(room_client, event_id, "open")
    for given, code in (
        ({}, "code_required"),
        ({"code": " "}, "code_required"),
        ({"code": "EARLY"}, "code_invalid"),
        ({"code": "early-bird2"}, "code_invalid"),
    ):
        _, refusal = await post(room_client, event_id, "join", 403, identity="ann@example.com", **given)
        assert refusal["code"] == code
        assert "EARLY" not in json.dumps(refusal).replace("EARLY-BIRD2", "")
    await post(room_client, event_id, "join", 422, identity="ann@example.com", code="x" * 65)
    assert (await status(room_client, event_id))["tail"] == 0
    _, ann = await post(room_client, event_id, "join", 201, identity="ann@example.com", code="early-bird ")
    # A code is nobody's own: it works again.
    _, bob = await post(room_client, event_id, "join", 201, identity="bob@example.com", code="Early-Bird")
    assert (ann["number"], bob["number"]) == (0, 1)
    # Who has a place already shows their ticket, not the code again.
    _, again = await post(room_client, event_id, "join", 200, queue_ticket=ann["queue_ticket"])
    assert again["number"] == 0
    body = await (await room_client.get(f"/v1/rooms/{event_id}")).text()
    assert "BIRD" not in body


async def test_codes_set_or_lifted_while_people_wait_hold_at_once(
    room_client: TestClient, new_room: NewRoom, pool: asyncpg.Pool, hot: Any
) -> None:
    event_id = await new_room()
    await post(room_client, event_id, "join", 201)

    async def put(codes: list[str]) -> None:
        await pool.execute(
            "UPDATE on_sales SET room = room || jsonb_build_object('codes', $2::jsonb), version = version + 1"
            " WHERE event_id = $1",
            event_id,
            codes,
        )
        await tell_changed(hot, event_id)

    await put(["LATER"])

    async def asked() -> bool:
        return (await post(room_client, event_id, "join"))[1].get("code") == "code_required"

    await until(asked)
    await post(room_client, event_id, "join", 201, code="later")
    await put([])

    async def open_to_all() -> bool:
        return (await post(room_client, event_id, "join"))[0] == 201

    await until(open_to_all)


async def test_work_is_asked_for_before_a_code_is_compared(room_client: TestClient, new_room: NewRoom) -> None:
    event_id = await new_room(challenge="pow", codes=["FRIENDS"])
    for code in ("friends", "wrong"):
        _, refusal = await post(room_client, event_id, "join", 403, code=code)
        assert refusal["code"] == "challenge_required"
    _, wrong = await post(room_client, event_id, "join", 403, code="wrong", challenge=solve(refusal["challenge"]))
    assert wrong["code"] == "code_invalid"
    _, refusal = await post(room_client, event_id, "join", 403, code="friends")
    await post(room_client, event_id, "join", 201, code="friends", challenge=solve(refusal["challenge"]))


async def test_who_guesses_is_slowed_down_until_even_the_right_code_must_wait(
    strict: TestClient, new_room: NewRoom
) -> None:
    event_id = await new_room(codes=["FRIENDS"])
    await until_phase(strict, event_id, "open")
    answers = [(await post(strict, event_id, "join", code=f"guess {i}"))[1] for i in range(WRONG_BURST + 3)]
    codes = [answer["code"] for answer in answers]
    assert codes[:WRONG_BURST] == ["code_invalid"] * WRONG_BURST
    assert codes[-1] == "slow_down"
    assert 1 <= answers[-1]["retry_after_s"] <= 3
    # Compared or not, one cannot tell: the right one is not let through either.
    _, refusal = await post(strict, event_id, "join", code="friends")
    assert refusal["code"] == "slow_down"


def test_looking_how_long_one_would_wait_counts_nothing() -> None:
    now_s = 50.0
    limits = AddressLimits(lambda: now_s, per_s=0.5, burst=2)
    assert [limits.wait_s("198.51.100.1") for _ in range(9)] == [0.0] * 9
    for _ in range(3):
        limits.take("198.51.100.1")
    assert limits.wait_s("::ffff:198.51.100.1") == 2.0
    assert limits.wait_s("198.51.100.2") == 0.0
    now_s += 2
    assert limits.wait_s("198.51.100.1") == 0.0


async def test_the_page_asks_for_the_code_without_scripts_too(room_client: TestClient, new_room: NewRoom) -> None:
    event_id, open_id = await new_room(identity="email", codes=["FRIENDS"]), await new_room()
    await until_phase(room_client, event_id, "open")
    for language in ("en", "fr", "es"):
        html = await page(room_client, f"/r/{event_id}", **{"Accept-Language": language})
        assert f'<label for="code">{WORDS[language]["code_label"]}</label>' in html
        assert '<p class="error" id="code-error" hidden>' in html
        assert "FRIENDS" not in html
    assert 'id="code"' not in await page(room_client, f"/r/{open_id}")

    async def send(**data: str) -> tuple[int, str]:
        room_client.session.cookie_jar.clear()
        answer = await room_client.post(f"/r/{event_id}/join", data=data, allow_redirects=False)
        return answer.status, await answer.text()

    for typed in ("", "foes", "friends" + "x" * 60):
        code, html = await send(identity="ann@example.com", code=typed)
        assert (code, shown(html)) == (403, {"join"})
        assert '<p class="error" id="code-error">' in html
        assert '<p class="error" id="identity-error" hidden>' in html
        assert 'value="ann@example.com"' in html
    assert 'aria-describedby="code-hint code-error" value="friends' in html
    code, html = await send(identity="ann", code='"><b>')
    assert code == 422
    assert "&#34;&gt;&lt;b&gt;" in html
    assert (await send(identity="ann@example.com", code=" friends"))[0] == 303


@pytest.mark.browser
async def test_in_a_browser_a_wrong_code_is_pointed_out_and_the_right_one_joins(
    room_client: TestClient, new_room: NewRoom, browser: Any, redis_client: RedisClient
) -> None:
    event_id = await new_room(prequeue_in_s=-5, opens_in_s=600, codes=["FRIENDS"])
    visitor = await browser.new_page()
    troubles: list[str] = []
    visitor.on("pageerror", lambda error: troubles.append(str(error)))
    await visitor.goto(str(room_client.make_url(f"/r/{event_id}")))
    await visitor.fill("#code", "foes")
    await visitor.click("#join button")
    await visitor.wait_for_selector("#code-error:not([hidden])")
    assert await visitor.get_attribute("#code", "aria-invalid") == "true"
    assert await visitor.evaluate("document.activeElement.id") == "code"
    await visitor.fill("#code", "friends")
    await visitor.click("#join button")
    await visitor.wait_for_selector('[data-show="registered"]:not([hidden])')
    assert not await visitor.is_visible("#code-error")
    assert troubles == []
