"""Holds before the router: what a buyer reads does not tell which way it came."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web

from engine.app import create_app
from engine.foundation import bodies, metrics
from engine.foundation.bearer import Bearers, Person
from engine.foundation.ids import is_id, new_id
from engine.foundation.serving import ExpressRunner
from engine.services import appkeys
from engine.services.wiring import open_services
from engine.settings import Settings
from engine.web.sale.express import express
from tests import factories

PLACE = "/v1/holds"


class Door:
    """The engine behind its own socket, and one event for sale."""

    def __init__(self, url: str, app: web.Application, event_id: str, types: list[str]) -> None:
        self.url, self.app, self.event_id, self.types = url, app, event_id, types
        self.cookies = aiohttp.CookieJar(unsafe=True)  # one visitor, who comes over a new connection each time

    def body(self, quantity: int = 2, **more: Any) -> bytes:
        items = [{"ticket_type_id": self.types[0], "quantity": quantity, **more}]
        return orjson.dumps({"event_id": self.event_id, "items": items})

    async def ask(self, body: bytes | None = None, path: str = PLACE, **headers: str) -> tuple[int, Any, Any]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with aiohttp.ClientSession(cookie_jar=self.cookies) as client:
            data = self.body() if body is None else body
            async with client.post(self.url + path, data=data, headers=named) as answer:
                return answer.status, orjson.loads(await answer.read()), answer.headers

    @property
    def answered(self) -> dict[int, int]:
        return dict(metrics.ANSWERS.of(PLACE, "POST").statuses)


@pytest.fixture
async def door(settings: Settings, hot: Any) -> AsyncIterator[Door]:
    async with open_services(settings) as services:
        event_id, types = await factories.event(
            services.common.pool, factories.chart(factories.seated("Stalls", 4, 10)), [{"categories": ["Stalls"]}]
        )
        await services.sale.inventory.load(event_id)
    app = create_app(settings)
    runner = ExpressRunner(app, express, shutdown_timeout_s=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    yield Door(f"http://{host}:{port}", app, event_id, types)
    await runner.cleanup()


async def test_the_long_way_and_the_short_way_give_the_same_hold(door: Door):
    status, first, _ = await door.ask(Idempotency_Key="one", X_Request_Id="mine")  # the first learns the price
    assert status == 201
    status, second, headers = await door.ask(Idempotency_Key="two", X_Request_Id="mine")
    assert (status, headers["X-Request-Id"]) == (201, "mine")
    assert first.keys() == second.keys()
    assert first["price"] == second["price"]
    assert {item["seat"] for item in first["items"]}.isdisjoint(item["seat"] for item in second["items"])
    status, again, headers = await door.ask(Idempotency_Key="two")
    assert (status, again["id"], headers["Idempotent-Replayed"]) == (201, second["id"], "true")
    assert is_id("req", headers["X-Request-Id"])


async def test_every_refusal_is_the_routes_own_and_is_counted_once(door: Door):
    await door.ask(Idempotency_Key="first")
    before = door.answered
    for body, key, expected, code in (
        (b"{", "k1", 400, "malformed"),
        (door.body(), "", 400, "idempotency_key_required"),
        (door.body(0), "k2", 422, "invalid"),
        (door.body(11), "k3", 422, "max_per_order"),
        (door.body(1), "first", 422, "idempotency_key_reused"),
    ):
        status, problem, headers = await door.ask(body, **({"Idempotency_Key": key} if key else {}))
        assert (status, problem["code"]) == (expected, code)
        assert problem["request_id"] == headers["X-Request-Id"]
    after = door.answered
    assert {status: after.get(status, 0) - before.get(status, 0) for status in (201, 400, 422)} == {
        201: 0, 400: 2, 422: 3,
    }  # fmt: skip


async def test_a_sold_out_house_says_so_and_what_only_a_plan_finds_is_planned(door: Door):
    for number in range(20):
        assert (await door.ask(Idempotency_Key=f"pair-{number}"))[0] == 201
    status, problem, _ = await door.ask(Idempotency_Key="late")
    assert (status, problem["code"]) == (409, "sold_out")


async def test_a_group_larger_than_any_row_comes_by_a_planned_batch(door: Door):
    async with open_services(door.app[appkeys.SETTINGS]) as services:
        await services.common.pool.execute("UPDATE ticket_types SET max_per_order = 20 WHERE id = $1", door.types[0])
        await services.sale.inventory.changed(door.event_id)
    status, hold, _ = await door.ask(door.body(14), Idempotency_Key="group")
    assert (status, len(hold["items"]), hold["allocation"]["adjacent"]) == (201, 14, False)


async def test_a_signed_in_buyer_has_keys_of_their_own_and_a_bad_token_is_refused(door: Door):
    bearers: Bearers = door.app[appkeys.BEARERS]
    tokens = [bearers.sign(Person(new_id("usr"), is_admin=False)) for _ in range(2)]
    holds = [await door.ask(Authorization=f"Bearer {token}", Idempotency_Key="same") for token in tokens]
    assert [status for status, _, _ in holds] == [201, 201]
    assert holds[0][1]["id"] != holds[1][1]["id"]
    status, problem, _ = await door.ask(Authorization="Bearer nonsense", Idempotency_Key="same")
    assert (status, problem["code"]) == (401, "unauthenticated")


async def test_a_body_that_comes_late_and_other_spellings_of_the_address_go_through_the_router(door: Door):
    async def slowly() -> AsyncIterator[bytes]:
        body = door.body()
        yield body[:10]
        yield body[10:]

    async with aiohttp.ClientSession() as client:
        async with client.post(door.url + PLACE, data=slowly(), headers={"Idempotency-Key": "slow"}) as answer:
            assert answer.status == 201
        async with client.get(door.url + "/livez") as answer:
            assert answer.status == 200
    assert (await door.ask(path="/api/v1/holds", Idempotency_Key="alias"))[0] == 201
    assert (await door.ask(path=PLACE + "?x=1", Idempotency_Key="query"))[0] == 201


async def test_a_body_too_long_to_be_one_is_refused_by_the_route(door: Door):
    status, problem, headers = await door.ask(b"x" * (bodies.BODY_BYTES_MAX + 1), Idempotency_Key="long")
    assert (status, problem["code"]) == (413, "too_large")
    assert headers["Content-Type"] == "application/problem+json"
