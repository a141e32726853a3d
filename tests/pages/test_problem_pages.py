from __future__ import annotations

import pytest

from engine.foundation.connections import RedisAway
from engine.services import appkeys
from tests.pages.conftest import HTML, Client, Night
from tests.pages.forms import page, send


async def test_a_browser_gets_a_page_and_a_program_a_document(engine: Client) -> None:
    shown = await engine.get("/nowhere", headers=HTML)
    assert (shown.status, shown.content_type) == (404, "text/html")
    told = await engine.get("/nowhere", headers={"Accept": "application/json"})
    assert (told.status, told.content_type) == (404, "application/problem+json")


async def test_the_api_never_answers_with_pages(engine: Client) -> None:
    response = await engine.get("/v1/events/none", headers=HTML)
    assert (response.status, response.content_type) == (404, "application/problem+json")


@pytest.mark.parametrize("path", ["/", "/nowhere", "/my-tickets", "/order/ord_1"])
async def test_every_page_is_guarded(engine: Client, path: str) -> None:
    headers = (await engine.get(path, headers=HTML)).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"


async def test_in_practice_mode_nothing_of_stripes_may_be_loaded(engine: Client) -> None:
    policy = (await engine.get("/", headers=HTML)).headers["Content-Security-Policy"]
    assert "stripe.com" not in policy
    assert "http://127.0.0.1:9" in policy


async def test_a_problem_page_carries_its_reference(engine: Client) -> None:
    response = await engine.get("/nowhere", headers={**HTML, "X-Request-Id": "my-reference"})
    assert "my-reference" in await response.text()
    assert response.headers["X-Request-Id"] == "my-reference"


async def test_a_buyer_is_told_what_to_do_and_not_which_part_is_away(
    engine: Client, night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/e/{night.slug}/shop"
    html = await page(engine, path)

    async def away(*_: object, **__: object) -> None:
        raise RedisAway

    for part in (appkeys.HOLDS, appkeys.SELLING):  # the form again, and where even that cannot be drawn, a page
        monkeypatch.setattr(type(engine.app[part]), "place" if part is appkeys.HOLDS else "get", away)
        response = await send(engine, path, html, {f"q-{night.types[0]}": "1"})
        told = await response.text()
        assert response.status == 503
        assert "Very busy just now" in told
        assert "nventory" not in told
