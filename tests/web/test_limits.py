"""What an address block may ask of the engine: codes, lists, streams; and what another site may make a browser send."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from engine.app import create_app
from engine.foundation import forwarded, uploads
from engine.foundation.address_limits import block_of
from engine.foundation.limits_table import LIMITS, RouteClass
from engine.foundation.manners import LIMITS as COUNTED
from engine.foundation.manners import SAFE
from engine.settings import Settings
from engine.web.routes import ROUTES
from tests import factories
from tests.shop import Shop

HERE, THERE = "198.51.100.7", "203.0.113.9"
# What a page may send to another site unasked.
SIMPLE = ("text/plain", "text/plain; charset=utf-8", "", "application/x-www-form-urlencoded", "multipart/form-data")
DOORS = ("validate", "validate here", "quote", "hold", "swap", "booking", "set apart", "form")
STATE_CHANGES = [route for route in ROUTES if route.method not in SAFE]


@pytest.fixture
async def behind_a_proxy(settings: Settings, shop: Shop) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    """A second process over the same stores, whose limits are not lifted: everybody comes through our own proxy."""
    own = settings.model_copy(update={"rehearsal": False, "trust_forwarded": True, "stripe_url": shop.stripe_url})
    async with TestClient(TestServer(create_app(own))) as client:
        yield client


def spend(client: TestClient[web.Request, web.Application], name: RouteClass, address: str) -> None:
    """As if the block had asked for a minute's more than it may."""
    client.app[COUNTED].of(name)._due_s[block_of(address)] = time.monotonic() + 60


def bare(path: str) -> str:
    """The address with a name where an id stands: what is asked of every request comes before what it names."""
    return path.replace("{", "").replace("}", "")


class Typing:
    """Somebody who types a code at every door there is."""

    def __init__(self, client: TestClient[web.Request, web.Application], shop: Shop) -> None:
        self._client, self._shop = client, shop

    async def at(self, door: str, code: str, address: str) -> tuple[int, str]:
        """(status, the problem's code) of typing it there."""
        shop, event = self._shop, self._shop.event_id
        item = {"ticket_type_id": shop.types[0], "quantity": 1}
        camel = {"ticketTypeId": shop.types[0], "quantity": 1}
        hold = await shop.hold() if door == "swap" else None
        path, body = {
            "validate": (f"/v1/events/{event}/promo-codes/validate", {"code": code}),
            "validate here": ("/v1/promo-codes/validate", {"event_id": event, "code": code}),
            "set apart": (f"/v1/events/{event}/seat-status/set-apart", {"promo_code": code}),
            "quote": ("/v1/orders/quote", {"event_id": event, "items": [item], "promo_code": code}),
            "hold": ("/v1/holds", {"event_id": event, "items": [item], "promo_code": code}),
            "swap": (f"/v1/holds/{hold['id'] if hold else ''}/swap?code={code}", {"seats": ["Stalls/1/9"]}),
            "booking": ("/api/v1/orders", {"items": [camel], "userInfo": {"name": "A", "email": "a@b.test"},
                                           "promoCode": code}),
            "form": ("", None),
        }[door]  # fmt: skip
        headers = {"X-Forwarded-For": address, "Idempotency-Key": shop.key()}
        if hold is not None:
            headers["X-Order-Token"] = hold["hold_token"]
        if door == "form":
            return await self._in_the_form(code, address)
        async with self._client.post(path, json=body, headers=headers) as answer:
            told = await answer.json()
            return answer.status, told.get("code", "")

    async def _in_the_form(self, code: str, address: str) -> tuple[int, str]:
        slug = await self._shop.services.common.pool.fetchval(
            "SELECT slug FROM events WHERE id = $1", self._shop.event_id
        )
        headers = {"X-Forwarded-For": address, "Accept": "text/html"}
        async with self._client.get(f"/e/{slug}/shop", headers=headers) as page:
            found = re.search(r'name="csrf" value="([^"]+)"', await page.text())
        assert found is not None
        form = {"csrf": found[1], f"q-{self._shop.types[0]}": "1", "promo_code": code, "split": "yes"}
        async with self._client.post(f"/e/{slug}/shop", data=form, headers=headers, allow_redirects=False) as answer:
            return answer.status, "slow_down" if answer.status == 429 else ""


@pytest.fixture
async def typing(behind_a_proxy: TestClient[web.Request, web.Application], shop: Shop) -> Typing:
    await shop.open_event(factories.seated("Stalls", 4, 10), types=[{"categories": ["Stalls"]}])
    owner = await shop.organizer()
    path = f"/v1/events/{shop.event_id}/promo-codes"
    made = await shop.ask("POST", path, {"code": "TEN", "kind": "percent", "value": 1000}, Authorization=owner)
    assert made.status == 201
    return Typing(behind_a_proxy, shop)


@pytest.mark.parametrize("door", DOORS)
async def test_a_wrong_code_counts_wherever_it_is_typed_and_a_right_one_waits_everywhere(
    typing: Typing, behind_a_proxy: TestClient[web.Request, web.Application], door: str
):
    counted = behind_a_proxy.app[COUNTED].of("code_guess")._due_s
    status, code = await typing.at(door, "WRONG", HERE)
    assert (status, code) in {(422, "promo_invalid"), (422, "promo_unknown"), (422, "")}
    assert set(counted) == {block_of(HERE)}, "one wrong code was counted"
    spend(behind_a_proxy, "code_guess", HERE)
    for other in DOORS:
        assert await typing.at(other, "TEN", HERE) == (429, "slow_down"), other
    assert (await typing.at(door, "TEN", THERE))[0] < 429


async def test_a_right_code_is_never_counted(typing: Typing, behind_a_proxy: TestClient[web.Request, web.Application]):
    for door in DOORS:
        status, code = await typing.at(door, "TEN", HERE)
        assert status != 429, door
        assert code not in {"promo_invalid", "promo_unknown"}, door
    assert behind_a_proxy.app[COUNTED].of("code_guess")._due_s == {}


async def test_the_last_of_all_forwarded_lines_is_counted_and_what_cannot_be_read_shares_one_count(
    behind_a_proxy: TestClient[web.Request, web.Application],
):
    async def ask(*lines: str) -> int:
        headers = [("X-Forwarded-For", line) for line in lines]
        async with behind_a_proxy.get("/v1/events", headers=headers) as answer:
            return answer.status

    spend(behind_a_proxy, "listing", HERE)
    assert await ask(HERE) == 429
    assert await ask(THERE, HERE) == 429
    assert await ask(f"{THERE}, {HERE}:4711") == 429
    assert await ask(HERE, THERE) == 200
    spend(behind_a_proxy, "listing", forwarded.UNKNOWN)
    for unreadable in ("unknown", "127.0.0.1", "_x", "[::1]:80", ""):
        assert await ask(THERE, unreadable) == 429, unreadable
    spend(behind_a_proxy, "listing", "2001:db8:0:100::1")
    assert await ask("[2001:db8:0:1ff::9]:80") == 429, "a block is a /56"
    assert await ask("2001:db8:0:200::9") == 200


async def test_a_rehearsal_is_lifted_for_this_machine_alone(settings: Settings, shop: Shop):
    own = settings.model_copy(update={"rehearsal": True, "trust_forwarded": True, "stripe_url": shop.stripe_url})
    async with TestClient(TestServer(create_app(own))) as client:
        for address in (HERE, forwarded.UNKNOWN, "127.0.0.1"):
            spend(client, "listing", address)
        assert (await client.get("/v1/events")).status == 200
        for line in (HERE, "127.0.0.1", "nonsense"):
            assert (await client.get("/v1/events", headers={"X-Forwarded-For": line})).status == 429, line


async def test_metrics_are_not_for_who_comes_through_a_proxy(shop: Shop):
    assert (await shop.ask("GET", "/metrics")).status == 200
    for header in ("X_Forwarded_For", "Forwarded", "X_Real_IP", "Via"):
        assert (await shop.ask("GET", "/metrics", **{header: "127.0.0.1"})).status == 403, header


async def test_one_block_holds_few_seat_streams_and_others_theirs(
    behind_a_proxy: TestClient[web.Request, web.Application], shop: Shop
):
    await shop.open_event()
    path, most = f"/v1/events/{shop.event_id}/seat-status/stream", LIMITS["stream"].at_once

    async def begin(address: str) -> Any:
        return await behind_a_proxy.get(path, headers={"X-Forwarded-For": address})

    begun = await asyncio.gather(*(begin(f"2001:db8:9::{n:x}") for n in range(1, most + 4)))
    refused = [stream for stream in begun if stream.status == 429]
    assert len(refused) == 3
    assert (await refused[0].json())["code"] == "too_many_open"
    other = await begin(THERE)
    assert other.status == 200
    for stream in (*begun, other):
        stream.close()


@pytest.mark.parametrize("content_type", SIMPLE)
async def test_json_under_another_name_is_taken_nowhere(shop: Shop, content_type: str):
    """Such a body needs no leave of the browser's to be sent from another site's page."""
    for route in STATE_CHANGES:
        if route.who == "provider" or (route.takes_file and content_type == uploads.TAKEN):
            continue
        headers = {"Content-Type": content_type or "application/octet-stream", "Idempotency-Key": shop.key()}
        skip = ["Content-Type"] if not content_type else None
        for path in (route.path, *route.aliases):
            async with shop.http.request(
                route.method, shop.url + bare(path), data=b'{"name": "x"}', headers=headers, skip_auto_headers=skip
            ) as answer:
                assert (answer.status, (await answer.json())["code"]) == (415, "unsupported_media_type"), path


async def test_a_page_of_another_site_changes_nothing(shop: Shop):
    for route in STATE_CHANGES:
        answer = await shop.ask(route.method, bare(route.path), {"name": "x"}, Sec_Fetch_Site="cross-site")
        if route.who == "provider":
            assert answer.status in {400, 415}, "its callers prove themselves otherwise: by a signature, by a state"
        else:
            assert (answer.status, answer["code"]) == (403, "cross_site"), route.path
    for site in ("same-origin", "same-site", "none"):
        answer = await shop.ask("POST", "/v1/auth/login", {"email": "a@b.test", "password": "x"}, Sec_Fetch_Site=site)
        assert answer.status == 401, site
    ours = {"Sec_Fetch_Site": "cross-site", "Origin": "http://127.0.0.1:8081"}  # the room, on a site of its own
    assert (await shop.ask("POST", "/v1/auth/login", {"email": "a@b.test", "password": "x"}, **ours)).status == 401
    assert (await shop.ask("GET", "/v1/events", Sec_Fetch_Site="cross-site")).status == 200


async def test_a_list_of_events_is_cards_alone_and_may_be_kept_by_everybody(shop: Shop):
    await shop.open_event(description="d" * 5_000, terms="t" * 5_000)
    listed = await shop.ask("GET", "/v1/events")
    (card,) = listed["data"]
    assert card["id"] == shop.event_id
    assert {"title", "summary", "starts_at", "price_from_cents", "venue", "organization", "on_sale"} <= card.keys()
    assert not {"description", "terms", "entry_rules", "taxes", "fee"} & card.keys()
    assert listed.headers["Cache-Control"].startswith("public, max-age=")
    again = await shop.ask("GET", "/v1/events", If_None_Match=listed.headers["ETag"])
    assert (again.status, again.headers["ETag"]) == (304, listed.headers["ETag"])
    assert again.headers["Cache-Control"] == listed.headers["Cache-Control"]


async def test_searches_leave_connections_to_the_ledger_for_buyers(shop: Shop):
    """More searches than the pool has connections, all of them slow: an order still finds one."""
    await shop.open_event()
    pool = shop.services.common.pool
    async with pool.acquire() as locker, locker.transaction():
        await locker.execute("LOCK TABLE on_sales IN ACCESS EXCLUSIVE MODE")  # what searches join, and orders do not
        searches = [asyncio.ensure_future(shop.ask("GET", f"/v1/events?q=a{n}")) for n in range(30)]
        await asyncio.sleep(0.2)
        answer = await shop.ask("GET", "/readyz")
        assert answer.status == 200, answer.body
    assert {answer.status for answer in await asyncio.gather(*searches)} <= {200, 503}
