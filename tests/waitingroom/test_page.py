"""The waiting page: without scripts by its markup, with scripts in a real browser."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiohttp.test_utils import TestClient
from playwright._impl._driver import compute_driver_executable

from engine.foundation.connections import RedisClient
from engine.foundation.world.languages import LANGUAGES, choose
from tests.waitingroom.conftest import NewRoom, post, room_of, until, until_phase
from tests.waitingroom.steps import bearer, control, page, shown
from waitingroom.languages import WORDS
from waitingroom.settings import Settings

STATIC = Path(__file__).parent.parent.parent / "waitingroom" / "static"
VECTORS = Path(__file__).parent.parent.parent / "hotpath_rs" / "tests" / "vectors" / "draw.json"


async def test_without_scripts_a_visitor_joins_waits_enters_and_reaches_the_shop(
    room_client: TestClient, new_room: NewRoom, room_settings: Settings
) -> None:
    event_id = await new_room(capacity=1)
    await until_phase(room_client, event_id, "open")
    _, first = await post(room_client, event_id, "join", 201)

    async def first_in() -> bool:
        return (await post(room_client, event_id, "claim", queue_ticket=first["queue_ticket"]))[0] == 200

    await until(first_in)
    assert shown(await page(room_client, f"/r/{event_id}")) == {"join"}
    answer = await room_client.post(f"/r/{event_id}/join", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, f"/r/{event_id}")
    cookie = answer.headers["Set-Cookie"].partition(";")[0]
    assert "HttpOnly" in answer.headers["Set-Cookie"]

    html = await page(room_client, f"/r/{event_id}", Cookie=cookie)
    assert shown(html) == {"waiting"}
    seconds, target = re.search(r'http-equiv="refresh" content="(\d+);url=([^"]+)"', html).groups()
    assert 5 <= int(seconds) <= 60
    assert target.startswith(f"/r/{event_id}?shown=")

    await post(room_client, event_id, "release", 200, queue_ticket=first["queue_ticket"])

    async def called() -> bool:
        return shown(await page(room_client, f"/r/{event_id}", Cookie=cookie)) == {"called"}

    await until(called)
    answer = await room_client.post(f"/r/{event_id}/enter", headers={"Cookie": cookie})
    html = await answer.text()
    assert shown(html) == {"admitted"}
    token = re.search(r'name="admission" value="([^"]+)"', html).group(1)
    room = await room_of(room_client, event_id)
    assert room.keys.verify_admission(token, room.board.now_ms()).lease_id == room.lease_id(1)
    assert f'action="{room_settings.engine_url}/shop/admission"' in html
    assert room_settings.engine_url in answer.headers["Content-Security-Policy"]

    await post(room_client, event_id, "release", 200, admission_token=token)
    over = await (await room_client.post(f"/r/{event_id}/enter", headers={"Cookie": cookie})).text()
    assert shown(over) == {"over"}


async def test_position_and_wait_never_go_up_even_without_scripts(room_client: TestClient, new_room: NewRoom) -> None:
    event_id = await new_room(rate_per_min=1, capacity=1)
    await until_phase(room_client, event_id, "open")
    answers = [await post(room_client, event_id, "join", 201) for _ in range(30)]
    cookie = f"onsale_queue_{event_id}={answers[-1][1]['queue_ticket']}"
    html = await page(room_client, f"/r/{event_id}?shown=29.40.7.3", Cookie=cookie)
    assert 'data-fact="position" data-digits="1">7</p>' in html
    assert "about 3 min" in html
    forged = await page(room_client, f"/r/{event_id}?shown=28.40.7.3", Cookie=cookie)
    assert 'data-fact="position" data-digits="1">7</p>' not in forged


async def test_a_bad_address_is_pointed_out_on_the_page(room_client: TestClient, new_room: NewRoom) -> None:
    event_id = await new_room(identity="email")
    answer = await room_client.post(f"/r/{event_id}/join", data={"identity": "nobody"})
    assert answer.status == 422
    assert 'aria-invalid="true"' in await answer.text()


async def test_an_event_without_a_queue_sends_its_visitors_to_the_shop(
    room_client: TestClient, new_room: NewRoom, pool: asyncpg.Pool
) -> None:
    event_id = await new_room()
    await pool.execute(
        'UPDATE on_sales SET room_enabled = false, card = card || \'{"shop_url": "http://127.0.0.1:1/e/x/shop"}\''
        " WHERE event_id = $1",
        event_id,
    )

    async def sent_on() -> Any:
        answer = await room_client.get(f"/r/{event_id}", allow_redirects=False)
        return answer.status == 303 and answer.headers["Location"]

    assert await until(sent_on) == "http://127.0.0.1:1/e/x/shop"
    missing = await room_client.get("/r/evt_01ARZ3NDEKTSV4RRFFQ69G5FAV")
    assert (missing.status, missing.content_type) == (404, "text/html")


async def test_a_room_leads_to_where_the_shop_stands_now(
    room_client: TestClient, new_room: NewRoom, pool: asyncpg.Pool, room_settings: Settings
) -> None:
    """An event keeps the address it was published under; a stack that starts again may answer at another one."""
    event_id = await new_room()
    await pool.execute(
        'UPDATE on_sales SET card = card || \'{"slug": "x", "shop_url": "http://127.0.0.1:1/e/x/shop"}\''
        " WHERE event_id = $1",
        event_id,
    )

    async def moved() -> bool:
        return f'data-shop="{room_settings.engine_url.rstrip("/")}/e/x/shop"' in await page(
            room_client, f"/r/{event_id}"
        )

    assert await until(moved)


async def test_a_sold_out_room_says_so_before_it_offers_the_queue(
    room_client: TestClient, new_room: NewRoom, redis_client: RedisClient
) -> None:
    event_id = await new_room()
    await until_phase(room_client, event_id, "open")
    await redis_client.hset(f"inv:{{{event_id}}}:pulse", mapping={"free": 0, "held": 0, "ordered": 0, "sold": 1})
    await until_phase(room_client, event_id, "sold_out")
    html = await page(room_client, f"/r/{event_id}")
    told, offered = html.index('data-alert="sold_out"'), html.index('data-show="join"')
    assert told < offered
    assert "hidden" not in html[told : told + 40]
    assert 'data-when="open" hidden' in html
    assert 'data-when="sold_out">' in html


async def test_faces_follow_the_phase(
    room_client: TestClient, new_room: NewRoom, room_settings: Settings, redis_client: RedisClient
) -> None:
    scheduled, closed, live = (
        await new_room(prequeue_in_s=None, opens_in_s=600),
        await new_room(closes_in_s=-1),
        await new_room(),
    )
    assert shown(await page(room_client, f"/r/{scheduled}")) == {"scheduled"}
    assert shown(await page(room_client, f"/r/{closed}")) == {"closed"}
    await until_phase(room_client, live, "open")
    await control(room_client, live, bearer(room_settings), paused=True, message="<b>Back</b> soon")
    html = await page(room_client, f"/r/{live}")
    assert 'data-alert="paused">' in html
    assert "&lt;b&gt;Back&lt;/b&gt; soon" in html
    await redis_client.hset(f"inv:{{{live}}}:pulse", mapping={"free": 0, "held": 0, "ordered": 0, "sold": 1})
    await until_phase(room_client, live, "sold_out")
    assert 'data-alert="sold_out">' in await page(room_client, f"/r/{live}")


async def test_the_page_speaks_the_readers_language(room_client: TestClient, new_room: NewRoom) -> None:
    event_id = await new_room()
    for header, expected in (("fr-BE, en;q=0.8", "fr"), ("de, nl", "de"), ("ar", "ar"), ("ja, nl", "en"), ("", "en")):
        html = await page(room_client, f"/r/{event_id}", **{"Accept-Language": header})
        assert f'<html lang="{expected}"' in html
        assert ('dir="rtl">\n<head>' in html) == (expected == "ar")
        assert WORDS[expected]["join_button"] in html
    assert '<html lang="pt"' in await page(room_client, f"/r/{event_id}?lang=pt")
    assert '<html lang="pt"' in await page(room_client, f"/r/{event_id}", **{"Accept-Language": "fr"})  # kept


def test_languages_are_chosen_by_weight_then_order() -> None:
    assert choose("es;q=0.5, fr;q=0.9, en;q=0.9") == "fr"
    assert choose("fr;q=0, es;q=zzz, *") == "en"


def test_every_language_has_all_words_with_their_places() -> None:
    def places(words: dict[str, str]) -> dict[str, list[str]]:
        return {name: sorted(re.findall(r"{\w+}", text)) for name, text in words.items()}

    assert {language: places(words) for language, words in WORDS.items()} == dict.fromkeys(
        LANGUAGES, places(WORDS["en"])
    )


def test_the_browsers_shuffle_is_the_servers() -> None:
    vectors = json.loads(VECTORS.read_text())
    cases = [[case["seed"], case["count"], list(enumerate(case["numbers"]))[:40]] for case in vectors["shuffles"]]
    large = vectors["large"]
    cases.append([large["seed"], large["count"], [[int(index), number] for index, number in large["numbers"].items()]])
    assert len(cases) > 3
    script = f"""
      const {{ shuffle }} = await import("file://{STATIC}/draw.js");
      const {{ fromHex }} = await import("file://{STATIC}/sha256.js");
      for (const [seed, count, pairs] of {json.dumps(cases)})
        for (const [index, number] of pairs)
          if (shuffle(fromHex(seed), index, count) !== number) throw new Error(`${{seed}} ${{index}}`);
    """
    subprocess.run([compute_driver_executable()[0], "--input-type=module", "-e", script], check=True, timeout=60)


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 390, 700, 720, 1280])
async def test_a_place_of_any_length_stands_on_one_line(
    room_client: TestClient, new_room: NewRoom, browser: Any, width: int
) -> None:
    event_id = await new_room(capacity=1)
    await post(room_client, event_id, "join", 201)
    await until_phase(room_client, event_id, "open")
    visitor = await browser.new_page(viewport={"width": width, "height": 800})
    await visitor.goto(str(room_client.make_url(f"/r/{event_id}")))
    for position in (1, 20_002, 123_456, 9_876_543):
        lines, beyond = await visitor.evaluate(
            """async (position) => {
              const script = document.querySelector("script[type=module]").src;
              const view = await import(script.replace("room.js", "view.js"));
              view.showFace("waiting");
              view.showPlace(position, position - 1, 7200, 0);
              const place = document.querySelector(".huge");
              const line = parseFloat(getComputedStyle(place).lineHeight);
              return [Math.round(place.offsetHeight / line), document.documentElement.scrollWidth - innerWidth];
            }""",
            position,
        )
        assert (lines, beyond) == (1, 0), position
    await visitor.close()


@pytest.mark.browser
async def test_in_a_browser_a_visitor_joins_checks_the_draw_and_is_handed_over(
    room_client: TestClient, new_room: NewRoom, browser: Any, tmp_path: Path
) -> None:
    # The work before joining takes seconds on a busy machine: the opening must not come first.
    event_id = await new_room(prequeue_in_s=-5, opens_in_s=20, capacity=2, identity="email", challenge="pow")
    visitor = await browser.new_page(viewport={"width": 390, "height": 844})
    troubles: list[str] = []
    visitor.on("pageerror", lambda error: troubles.append(str(error)))
    visitor.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    await visitor.route(
        "**/e/**", lambda route: route.fulfill(status=200, content_type="text/html", body="<h1>shop</h1>")
    )
    await visitor.goto(str(room_client.make_url(f"/r/{event_id}")))
    await visitor.fill("#identity", "ann@example.com")
    await visitor.click("#join button")
    await visitor.wait_for_selector('[data-show="registered"]:not([hidden])')
    await visitor.screenshot(path=str(tmp_path / "registered.png"))
    await visitor.wait_for_url("**/shop#admission=*", timeout=45_000)
    token = visitor.url.partition("#admission=")[2]
    room = await room_of(room_client, event_id)
    assert room.keys.verify_admission(token, room.board.now_ms()).lease_id == room.lease_id(0)
    assert troubles == []


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("multipart/form-data; boundary=b", b"--b\r\n", 415),
        ("application/x-www-form-urlencoded; charset=foo", b"identity=a%40b.test", 303),
        ("application/x-www-form-urlencoded", b"identity=%ff%00" + b"a" * 5000, 413),
    ],
)
async def test_a_form_that_cannot_be_read_breaks_nothing(
    room_client: TestClient, new_room: NewRoom, kind: str, body: bytes, status: int
) -> None:
    event_id = await new_room()
    await until_phase(room_client, event_id, "open")
    answer = await room_client.post(
        f"/r/{event_id}/join", data=body, headers={"Content-Type": kind}, allow_redirects=False
    )
    assert answer.status == status, await answer.text()


@pytest.mark.parametrize(
    "sent", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.test"}, {"Origin": "null"}]
)
async def test_a_form_of_another_site_takes_no_place_and_keeps_the_one_there_is(
    room_client: TestClient, new_room: NewRoom, sent: dict[str, str]
) -> None:
    event_id = await new_room()
    await until_phase(room_client, event_id, "open")
    for verb in ("join", "enter"):
        answer = await room_client.post(f"/r/{event_id}/{verb}", headers=sent, allow_redirects=False)
        assert answer.status == 403, verb
        assert "Set-Cookie" not in answer.headers
    disguised = {"Sec-Fetch-Mode": "navigate", "Content-Type": "application/json"}
    answer = await room_client.post(f"/v1/rooms/{event_id}/join", data="{}", headers=disguised)
    assert (answer.status, (await answer.json())["code"]) == (403, "form_forged")
    disguised = {**disguised, "Content-Type": "text/plain"}
    answer = await room_client.post(f"/v1/rooms/{event_id}/join", data="{}", headers=disguised)
    assert answer.status == 415
    own = {"Origin": str(room_client.make_url("/")).rstrip("/")}
    answer = await room_client.post(f"/r/{event_id}/join", headers=own, allow_redirects=False)
    assert (answer.status, "Set-Cookie" in answer.headers) == (303, True)
