"""Pages of other sites that the settings name call the API from a browser: with a token, never with a cookie."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import DummyCookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from engine.app import create_app
from engine.foundation.cors import origins_in
from engine.foundation.limits_table import LIMITS
from engine.foundation.manners import LIMITS as COUNTED
from engine.settings import Settings
from tests.shop import Shop

SHOP, STRANGER = "https://shop.example", "https://elsewhere.example"
THERE = {"Origin": SHOP, "Sec-Fetch-Site": "cross-site"}
ASKS = {**THERE, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
READS, KNOWS = "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"


@pytest.fixture
async def open_to_shop(settings: Settings, shop: Shop) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    own = settings.model_copy(update={"api_origins": SHOP, "stripe_url": shop.stripe_url})
    async with TestClient(TestServer(create_app(own)), cookie_jar=DummyCookieJar()) as client:
        yield client


@pytest.mark.parametrize(
    "text",
    ["*", "https://shop.example/", "https://shop.example/path", "http://shop.example", "shop.example", "https://",
     "https://me@shop.example", "null", " ".join(f"https://s{n}.example" for n in range(21))],
)  # fmt: skip
def test_what_is_no_origin_is_refused_at_the_start(text: str):
    with pytest.raises(ValueError, match="origin"):
        list(origins_in(text))


async def test_a_named_site_reads_and_changes_by_a_token_and_a_stranger_does_not(
    open_to_shop: TestClient[web.Request, web.Application], shop: Shop
):
    await shop.open_event()
    hold = {"event_id": shop.event_id, "items": [{"ticket_type_id": shop.types[0], "quantity": 1}]}
    path = f"/v1/events/{shop.event_id}"
    for _ in range(2):  # the second one stands ready
        read = await open_to_shop.get(path, headers=THERE)
        assert (read.status, read.headers[READS], KNOWS in read.headers) == (200, SHOP, False)
        assert "Origin" in read.headers.getall("Vary")[-1]
    made = await open_to_shop.post("/v1/holds", json=hold, headers={**THERE, "Idempotency-Key": shop.key()})
    assert (made.status, made.headers[READS]) == (201, SHOP)
    wrong = await open_to_shop.post("/v1/holds", json={}, headers={**THERE, "Idempotency-Key": shop.key()})
    assert (wrong.status, wrong.headers[READS]) == (422, SHOP)
    with_cookie = {**THERE, "Idempotency-Key": shop.key(), "Cookie": "onsale_hold=x"}
    refused = await open_to_shop.post("/v1/holds", json=hold, headers=with_cookie)
    assert (refused.status, (await refused.json())["code"]) == (403, "cross_site")
    own = {"Origin": STRANGER, "Sec-Fetch-Site": "cross-site"}
    assert READS not in (await open_to_shop.get(path, headers=own)).headers
    assert (await open_to_shop.post("/v1/holds", json=hold, headers=own)).status == 403
    assert READS not in (await open_to_shop.get("/", headers=THERE)).headers, "pages are nobody else's to read"


async def test_a_preflight_is_answered_to_named_sites_alone_and_only_so_often(
    open_to_shop: TestClient[web.Request, web.Application], shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    told = await open_to_shop.options("/v1/holds", headers=ASKS)
    assert (told.status, told.headers[READS], KNOWS in told.headers) == (204, SHOP, False)
    assert "Authorization" in told.headers["Access-Control-Allow-Headers"]
    for path, headers in (("/v1/holds", {**ASKS, "Origin": STRANGER}), ("/account", ASKS)):
        refused = await open_to_shop.options(path, headers=headers)
        assert refused.status == 405
        assert READS not in refused.headers
    counter = open_to_shop.app[COUNTED].of("read")
    monkeypatch.setattr(counter, "_lifted", False)
    counter._due_s["127.0.0.1"] = counter._now_s() + LIMITS["read"].delay_max_s + 60
    counter._blocks["127.0.0.1"] = "127.0.0.1"
    assert (await open_to_shop.options("/v1/holds", headers=ASKS)).status == 429
