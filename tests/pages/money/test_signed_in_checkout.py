"""The checkout of somebody who is signed in: filled in, and kept with their account; some events ask for one."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from engine.foundation.connections import RedisClient
from engine.services import appkeys
from tests.pages.conftest import HTML, Client, Night
from tests.pages.forms import ADA, held, page, send
from tests.web.organizer import PASSWORD

GRACE = {"email": "grace@example.test", "password": PASSWORD, "name": "Grace Hopper"}
WAIT_S_MAX = 10


@pytest.fixture(autouse=True)
async def _counts_from_zero(redis_client: RedisClient) -> None:
    """How often an address was registered is remembered for a day."""


async def sign_up(engine: Client) -> None:
    done = await send(engine, "/account/register", await page(engine, "/account/register"), GRACE)
    assert done.status == 303, await done.text()


async def ask_for_accounts(engine: Client, night: Night, pool: asyncpg.Pool) -> None:
    """From here on the event sells to who is signed in."""
    await pool.execute("UPDATE on_sales SET account = 'required' WHERE event_id = $1", night.id)
    await engine.app[appkeys.INVENTORY].changed(night.id)
    async with asyncio.timeout(WAIT_S_MAX):
        while not (await engine.app[appkeys.SELLING].get(night.id)).account_required:
            await asyncio.sleep(0.05)


async def test_who_is_signed_in_finds_the_form_filled_in_and_the_order_with_the_account(
    engine: Client, night: Night, pool: asyncpg.Pool
) -> None:
    await sign_up(engine)
    checkout = await held(engine, night)
    html = await page(engine, checkout)
    assert 'value="Grace Hopper"' in html
    assert 'value="grace@example.test"' in html
    done = await send(engine, checkout, html, {"name": "Grace", "email": "other@example.test"})
    assert done.status == 303, await done.text()
    row = await pool.fetchrow("SELECT u.email, o.buyer_email FROM orders o JOIN users u ON u.id = o.user_id")
    assert tuple(row) == ("grace@example.test", "other@example.test")
    assert "Night of" in await page(engine, "/account")


async def test_an_event_that_asks_for_an_account_leads_there_and_back(
    engine: Client, night: Night, pool: asyncpg.Pool
) -> None:
    checkout = await held(engine, night)
    html = await page(engine, checkout)
    await ask_for_accounts(engine, night, pool)
    seen = await engine.get(checkout, headers=HTML, allow_redirects=False)
    for asked in (seen, await send(engine, checkout, html, ADA)):
        assert (asked.status, asked.headers["Location"]) == (303, f"/account/sign-in?next={checkout}")
    assert await pool.fetchval("SELECT count(*) FROM orders") == 0
    form = await page(engine, f"/account/register?next={checkout}")
    assert f'value="{checkout}"' in form
    done = await send(engine, "/account/register", form, {**GRACE, "next": checkout})
    assert done.headers["Location"] == checkout
    done = await send(engine, checkout, await page(engine, checkout), ADA)
    assert done.headers["Location"].startswith("/order/")


async def test_the_api_says_that_an_account_is_asked_for(engine: Client, night: Night, pool: asyncpg.Pool) -> None:
    await ask_for_accounts(engine, night, pool)
    item = {"ticket_type_id": night.types[1], "quantity": 1}
    body = {"event_id": night.id, "items": [item]}
    hold = await (await engine.post("/v1/holds", json=body, headers={"Idempotency-Key": "k1"})).json()
    order = {"hold_id": hold["id"], "user_info": {"name": "Ada", "email": "ada@example.test"}}
    for number, bearer in enumerate(("", "Bearer ")):
        headers = {"Idempotency-Key": f"o{number}", "X-Order-Token": hold["hold_token"]}
        if bearer:
            await engine.post("/v1/auth/register", json=GRACE)
            session = await (await engine.post("/v1/auth/login", json=GRACE)).json()
            headers["Authorization"] = bearer + session["access_token"]
        answer = await engine.post("/v1/orders", json=order, headers=headers)
        expected = (201, None) if bearer else (403, "account_required")
        assert (answer.status, (await answer.json()).get("code")) == expected
