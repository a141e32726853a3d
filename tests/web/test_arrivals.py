"""Public answers before the router: the same as behind it, until something changes."""

from __future__ import annotations

import asyncio
import gzip
import re
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web

from engine.app import create_app
from engine.foundation import metrics
from engine.foundation.bearer import Bearers, Person
from engine.foundation.clock import now_ms
from engine.foundation.ids import new_id
from engine.foundation.serving import ExpressRunner
from engine.foundation.shelf import SHELF
from engine.services import appkeys
from engine.services.wiring import open_services
from engine.settings import Settings
from engine.web.arrivals import express
from engine.web.callers import CALLER_COOKIE
from tests import factories


class Door:
    """The engine behind its own socket, and one event for sale."""

    def __init__(self, url: str, app: web.Application, event_id: str, types: list[str]) -> None:
        self.url, self.app, self.event_id, self.types = url, app, event_id, types
        self.reads = {
            "event": f"/v1/events/{event_id}",
            "alias": f"/api/v1/events/{event_id}",
            "listing": "/v1/events?limit=5",
            "availability": f"/v1/events/{event_id}/availability",
            "status": f"/v1/events/{event_id}/seat-status",
            "map": f"/v1/events/{event_id}/seatmap",
            "page": f"/e/{event_id.lower()}",
            "list page": "/",
        }

    async def get(self, path: str, **headers: str) -> tuple[int, bytes, Any]:
        """As it is on the wire: nothing is unpacked."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with (
            aiohttp.ClientSession(auto_decompress=False) as client,
            client.get(self.url + path, headers={"Accept-Encoding": "identity"} | named) as answer,
        ):
            return answer.status, await answer.read(), answer.headers

    def stands(self, path: str) -> bool:
        return self.app[SHELF].find(path) is not None

    async def hold(self, key: str, visitor: str = "") -> Any:
        """Two tickets, for somebody new each time or for a visitor whose cookie is known."""
        items = [{"ticket_type_id": self.types[0], "quantity": 2}]
        body = orjson.dumps({"event_id": self.event_id, "items": items})
        told = {"Idempotency-Key": key, "Content-Type": "application/json"}
        headers = told | ({"Cookie": f"{CALLER_COOKIE}={visitor}"} if visitor else {})
        async with (
            aiohttp.ClientSession() as client,
            client.post(self.url + "/v1/holds", data=body, headers=headers) as answer,
        ):
            return await answer.json(content_type=None)


@pytest.fixture
async def door(settings: Settings, hot: Any) -> AsyncIterator[Door]:
    stalls = factories.seated("Stalls", 4, 10)
    stalls["rows"][0]["accessible"] = [1, 2]  # a pair that stays free to the end
    async with open_services(settings) as services:
        event_id, types = await factories.event(
            services.common.pool, factories.chart(stalls), [{"categories": ["Stalls"]}],
            price_from_cents=1000, price_to_cents=1000,
        )  # fmt: skip
        await services.sale.inventory.load(event_id)
    app = create_app(settings)
    runner = ExpressRunner(app, express, shutdown_timeout_s=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    yield Door(f"http://{host}:{port}", app, event_id, types)
    await runner.cleanup()


async def test_what_stands_ready_is_what_the_route_answers(door: Door):
    for name, path in door.reads.items():
        first = await door.get(path, X_Request_Id="mine")
        assert (first[0], first[2]["X-Request-Id"]) == (200, "mine"), (name, first)
        second = await door.get(path)
        assert second[0] == 200
        assert "public, max-age=" in first[2]["Cache-Control"], name
        assert first[2]["X-Content-Type-Options"] == "nosniff"
        same = ("Content-Type", "Cache-Control", "ETag", "Vary", "Content-Security-Policy")
        assert {n: first[2].get(n) for n in same} == {n: second[2].get(n) for n in same}, name
        if first[2].get("ETag"):
            assert first[1] == second[1], name
            unchanged = await door.get(path, If_None_Match=first[2]["ETag"])
            assert (unchanged[0], unchanged[1], unchanged[2]["ETag"]) == (304, b"", first[2]["ETag"]), name
            assert "Content-Length" not in unchanged[2]
            assert (await door.get(path, If_None_Match='"other"'))[0] == 200
        async with aiohttp.ClientSession() as client, client.head(door.url + path) as head:
            assert (head.status, await head.read()) == (200, b"")


async def test_an_answer_is_compressed_once_for_those_who_unpack(door: Door):
    path = door.reads["map"]
    _, plain, _ = await door.get(path)
    _, packed, headers = await door.get(path, Accept_Encoding="br, gzip")
    assert headers["Content-Encoding"] == "gzip"
    assert (gzip.decompress(packed), len(packed) < len(plain)) == (plain, True)
    for accepted in ("identity", "br", "gzip;q=0"):
        assert "Content-Encoding" not in (await door.get(path, Accept_Encoding=accepted))[2]


async def test_answers_before_the_router_are_counted_as_those_behind_it(door: Door):
    path = door.reads["availability"]
    counts = metrics.ANSWERS.of("/v1/events/{event_id}/availability", "GET").statuses
    before = counts.get(200, 0)
    for _ in range(3):
        await door.get(path)
    assert counts[200] - before == 3
    assert door.stands(path)


async def test_a_change_is_told_at_once(door: Door):
    for path in door.reads.values():
        await door.get(path)
    async with open_services(door.app[appkeys.SETTINGS]) as services:
        await services.common.pool.execute("UPDATE events SET title = 'Renamed' WHERE id = $1", door.event_id)
    await door.app[appkeys.INVENTORY].changed(door.event_id)
    for name in ("event", "alias", "listing"):
        assert b'"title":"Renamed"' in (await door.get(door.reads[name]))[1], name


async def test_what_was_read_before_a_change_is_not_kept_after_it(door: Door, monkeypatch: pytest.MonkeyPatch):
    events = door.app[appkeys.EVENTS]
    read = events.get

    async def slowly(*arguments: Any) -> Any:
        found = await read(*arguments)
        door.app[SHELF].forget(door.event_id)
        return found

    monkeypatch.setattr(events, "get", slowly)
    assert (await door.get(door.reads["event"]))[0] == 200
    assert not door.stands(door.reads["event"])


async def test_a_held_seat_is_seen_within_a_moment(door: Door):
    path = door.reads["status"]
    before = orjson.loads((await door.get(path))[1])
    assert (await door.hold("one"))["status"] == "held"
    async with asyncio.timeout(10):
        while (after := orjson.loads((await door.get(path))[1]))["version"] == before["version"]:
            await asyncio.sleep(0.01)
    assert after["taken"] != before["taken"]
    since = f"{path}?since={before['version']}"
    for _ in range(2):
        assert len(orjson.loads((await door.get(since))[1])["changes"]) == 2
    assert door.stands(since)


async def test_an_organizer_is_not_given_what_stands_for_everybody(door: Door, pool: Any):
    path, bearers = door.reads["availability"], door.app[appkeys.BEARERS]
    assert isinstance(bearers, Bearers)
    user_id = new_id("usr")
    await pool.execute("INSERT INTO users (id, email, name, password_hash) VALUES ($1, 'o@x.test', 'O', 'x')", user_id)
    await pool.execute(
        "INSERT INTO members (organization_id, user_id, role) SELECT organization_id, $2, 'owner' FROM events"
        " WHERE id = $1",
        door.event_id,
        user_id,
    )
    await door.get(path)
    _, body, headers = await door.get(path, Authorization="Bearer " + bearers.sign(Person(user_id, is_admin=False)))
    assert "sold" in orjson.loads(body)["ticket_types"][0]
    assert headers["Cache-Control"] == "private, no-store"
    assert "sold" not in orjson.loads((await door.get(path))[1])["ticket_types"][0]


async def test_a_house_that_is_gone_is_told_without_a_plan_until_a_pair_comes_back(door: Door, monkeypatch: Any):
    held = [await door.hold(f"pair-{number}", visitor="v" * 23 + "abcdefghijklmnopqrs"[number]) for number in range(19)]
    holds = door.app[appkeys.HOLDS]
    plans = 0
    planned = holds._batches.plan

    def counted(*arguments: Any) -> Any:
        nonlocal plans
        plans += 1
        return planned(*arguments)

    monkeypatch.setattr(holds._batches, "plan", counted)
    monkeypatch.setattr("engine.services.sale.usual_holds.GONE_KEPT_S", 60.0)
    late = [await door.hold(f"late-{number}") for number in range(10)]
    assert len({each["code"] for each in late} | {"sold_out", "best_available_not_found"}) == 2
    assert plans == 1
    again = await door.hold("pair-3", visitor="v" * 23 + "d")
    assert again["id"] == held[3]["id"], "who asked before is answered as before"
    async with aiohttp.ClientSession() as client:
        path = f"{door.url}/v1/holds/{held[7]['id']}"
        async with client.delete(path, headers={"X-Order-Token": held[7]["hold_token"]}) as answer:
            assert answer.status == 204
    assert (await door.hold("back"))["status"] == "held"


async def test_an_event_that_nobody_knows_is_asked_for_once(door: Door):
    stranger = new_id("evt")
    real, door.event_id = door.event_id, stranger
    for number in range(3):
        assert (await door.hold(f"no-{number}"))["code"] == "not_found"
    assert door.app[appkeys.SELLING].is_unknown(stranger)
    door.app[appkeys.SELLING].forget(stranger)
    assert not door.app[appkeys.SELLING].is_unknown(stranger)
    door.event_id = real
    assert (await door.hold("yes"))["status"] == "held"


async def test_the_shop_page_is_rendered_once_and_filled_in_for_each_visitor(door: Door):
    path = f"/e/{door.event_id.lower()}/shop"
    tokens, keys = [], []
    for _ in range(3):
        status, body, headers = await door.get(path, Accept="text/html")
        assert (status, headers["Cache-Control"]) == (200, "private, no-store")
        assert not re.search(rb"@[a-z-]+@", body), "every mark is filled in"
        (token,) = set(re.findall(rb'name="csrf" value="([^"]+)"', body))
        assert f"onsale_csrf={token.decode()}" in headers["Set-Cookie"]
        tokens.append(token.decode())
        keys.append(re.search(rb'name="key" value="([0-9a-f]{32})"', body)[1].decode())
        data = orjson.loads(re.search(rb'id="shop-data">(.*?)</script>', body)[1])
        assert (data["event_id"], data["session_until_ms"]) == (door.event_id, None)
        assert isinstance(data["server_now_ms"], int)
    assert door.stands(path)
    assert (len(set(tokens)), len(set(keys))) == (3, 3)
    _, body, headers = await door.get(path, Cookie=f"onsale_csrf={tokens[1]}")
    assert (tokens[1].encode() in body, "Set-Cookie" in headers) == (True, False)
    form = {"csrf": tokens[1], "key": keys[1], f"q-{door.types[0]}": "2", "split": "yes"}
    async with (
        aiohttp.ClientSession() as client,
        client.post(
            door.url + path, data=form, headers={"Cookie": f"onsale_csrf={tokens[1]}"}, allow_redirects=False
        ) as answer,
    ):
        assert (answer.status, answer.headers["Location"].startswith("/checkout/hld_")) == (303, True)
    asked = await door.get(f"{path}?type={door.types[0]}")
    assert b'value="1"' in asked[1]


async def test_a_shop_behind_a_queue_shows_its_door_to_those_who_are_not_in(door: Door):
    path = f"/e/{door.event_id.lower()}/shop"
    async with open_services(door.app[appkeys.SETTINGS]) as services:
        await services.common.pool.execute("UPDATE on_sales SET room_enabled = true WHERE event_id = $1", door.event_id)
    await door.app[appkeys.INVENTORY].changed(door.event_id)
    keys = door.app[appkeys.SETTINGS].keyring.event(door.event_id)
    until_ms = now_ms() + 600_000
    token = keys.mint_admission(lease_id=b"L" * 16, device_key_hash=b"", not_before_ms=0, expires_at_ms=until_ms)
    await asyncio.sleep(1.1)  # what the page knew of the event
    for _ in range(2):
        _, inside, _ = await door.get(path, Cookie=f"onsale_admission={token}")
        assert f'"session_until_ms":{until_ms}'.encode() in inside
        _, outside, _ = await door.get(path)
        assert (b"shop-data" in outside, b"/r/" in outside) == (False, True)
