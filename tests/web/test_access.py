"""Who may call what: every row of the contract that is not public, asked by everybody who must not.

Nobody; somebody signed in who owns another organization; a scanner of another event; the buyer of another order. None
gets further than 401, 403 or 404, and none leaves a trace in the ledger.
"""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import asyncpg
import pytest

from engine.foundation.bearer import Person
from engine.foundation.ids import new_id
from engine.web.routes import ROUTES
from tests.shop import Shop
from tests.web.estate import body_of, close_the_door, estate

ANSWER_S_MAX = 30
OPEN_TO_ALL = {"public", "operations", "provider"}
GUARDED = [route for route in ROUTES if route.who not in OPEN_TO_ALL]
# What every signed-in person, and every scanner, may ask about itself.
OWN_AFFAIRS = {("person", route.path) for route in ROUTES if route.who == "person"} | {
    ("device", "/v1/devices/me"),
    ("device", "/v1/tickets/validate"),  # tried below: another event's code is rejected there
    ("device", "/v1/tickets/{ticket_id}/validate"),
    *(("holder", route.path) for route in ROUTES if route.path.startswith("/v1/cart")),  # one's own hold
}


async def ledger(pool: asyncpg.Pool) -> dict[str, Any]:
    """How many rows every table has, and what stands in those that name an owner or a price."""
    tables = await pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    counts = {name: await pool.fetchval(f'SELECT count(*) FROM "{name}"') for (name,) in tables}
    kept = ("organizations", "members", "events", "ticket_types", "on_sales", "orders", "order_units", "tickets")
    return counts | {f"{name}.": sorted(map(repr, await pool.fetch(f"SELECT * FROM {name}"))) for name in kept}


async def test_every_guarded_row_refuses_everybody_but_its_own_people(shop: Shop):
    theirs = await estate(shop)
    mine = await estate(shop)
    await close_the_door(shop, mine.ids["event_id"])
    await shop.settled_errands()
    before = await ledger(shop.services.common.pool)
    strangers = {
        "nobody": {},
        "person": {"Authorization": theirs.owner},
        "device": {"Authorization": theirs.device},
        "buyer": {"X_Order_Token": theirs.order_token},
        "holder": {"X_Order_Token": theirs.hold_token},
        "forger": {"X_Order_Token": mine.order_token[:-2] + "AA", "Authorization": "Bearer " + "e30." * 3},
        "other kind": {"X_Order_Token": mine.code, "Authorization": f"Admission {mine.hold_token}"},
    }
    for route in GUARDED:
        path = route.path.format(**mine.ids)
        if route.query is not None and "organization_id" in route.query.__struct_fields__:
            path += f"?organization_id={mine.ids['organization_id']}"
        if route.query is not None and path.endswith("/attendees"):
            path += "?q=ada"
        for who, credential in strangers.items():
            if (who, route.path) in OWN_AFFAIRS:
                continue
            answer = await shop.ask(
                route.method, path, body_of(route, mine), Idempotency_Key=shop.key(), If_Match="*", **credential
            )
            assert answer.status in {401, 403, 404}, (who, route.method, route.path, answer.status, answer.body)
            assert answer.headers["Content-Type"] == "application/problem+json"
    assert await ledger(shop.services.common.pool) == before


async def _platform_admin(shop: Shop) -> str:
    user_id = new_id("usr")
    await shop.services.common.pool.execute(
        "INSERT INTO users (id, email, name, password_hash, is_admin) VALUES ($1, 'root@x.test', 'R', 'x', true)",
        user_id,
    )
    return "Bearer " + shop.bearers.sign(Person(user_id, is_admin=True))


async def test_the_same_rows_open_to_whom_they_belong(shop: Shop):
    """Otherwise the test above would pass with a locked door."""
    mine = await estate(shop)
    credentials = {
        "organizer": {"Authorization": mine.owner},
        "person": {"Authorization": mine.owner},
        "device": {"Authorization": mine.device},
        "admin": {"Authorization": await _platform_admin(shop)},
    }
    for route in GUARDED:
        if route.method != "GET":
            continue
        held = "{hold_id}" in route.path or route.path.startswith("/v1/cart")
        token = mine.hold_token if held else mine.order_token
        path = route.path.format(**mine.ids)
        if route.query is not None and "organization_id" in route.query.__struct_fields__:
            path += f"?organization_id={mine.ids['organization_id']}"
        if path.endswith("/attendees"):
            path += "?q=ada"
        answer = await shop.ask("GET", path, **credentials.get(route.who, {"X_Order_Token": token}))
        assert answer.status == 200, (route.path, answer.status, answer.body)


async def test_a_head_is_answered_as_its_get_without_a_body_on_a_connection_that_goes_on(shop: Shop):
    mine = await estate(shop)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as one_connection:
        for route in ROUTES:
            if route.method != "GET":
                continue
            path, headers = shop.url + route.path.format(**mine.ids), {"Authorization": mine.owner}
            async with one_connection.head(path, headers=headers) as head:
                assert await head.read() == b""
            async with one_connection.get(path, headers=headers) as got:  # a stream's own body never ends: not read
                assert head.status == got.status, route.path
                assert head.content_type == got.content_type, route.path
            async with one_connection.head(path, headers=headers) as head, asyncio.timeout(ANSWER_S_MAX):
                assert await head.read() == b""
            async with one_connection.get(shop.url + "/livez") as alive, asyncio.timeout(ANSWER_S_MAX):
                assert await alive.json() == {"status": "alive"}, f"something follows the head of {route.path}"


async def test_a_code_of_another_event_is_rejected_at_the_gate(shop: Shop):
    theirs, mine = await estate(shop), await estate(shop)
    answer = await shop.ask("POST", "/v1/tickets/validate", {"code": mine.code}, Authorization=theirs.device)
    assert (answer.status, answer["result"], answer["reason"]) == (200, "reject", "wrong_event")
    assert await shop.services.common.pool.fetchval("SELECT count(*) FROM tickets WHERE checked_in_at IS NOT NULL") == 0


@pytest.mark.parametrize("kind", ["hold_token", "order_token", "code"])
async def test_a_capability_opens_only_what_it_is_for(shop: Shop, kind: str):
    mine = await estate(shop)
    text = getattr(mine, kind)
    opens = {"hold_token": "/v1/holds/{hold_id}", "order_token": "/v1/orders/{order_id}"}
    for name, path in opens.items():
        answer = await shop.ask("GET", path.format(**mine.ids), X_Order_Token=text)
        assert answer.status == (200 if name == kind else 403), (name, answer.status)
    for other in (text + "A", text + "=", text[:-1], text.swapcase(), f" {text}", text[: len(text) // 2] * 2):
        for path in opens.values():
            answer = await shop.ask("GET", path.format(**mine.ids), X_Order_Token=other)
            assert answer.status in {200, 401, 403, 404}
            assert answer.status != 200 or other.strip() == text, other
    nothing = await shop.ask("GET", f"/v1/orders/{new_id('ord')}", X_Order_Token=text)
    assert nothing.status in {403, 404}
