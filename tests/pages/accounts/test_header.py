"""Who is signed in, told to the heads of pages that are the same for everybody."""

from __future__ import annotations

import asyncpg
import pytest

from engine.foundation.connections import RedisClient
from engine.pages.cookies import ACCOUNT_COOKIE, SIGNED_IN_COOKIE
from tests.pages.conftest import Client
from tests.pages.forms import page, send
from tests.web.organizer import PASSWORD

ADA = {"email": "ada@example.test", "password": PASSWORD, "name": "Ada Lovelace"}


@pytest.fixture(autouse=True)
async def _counts_from_zero(redis_client: RedisClient) -> None:
    """How often an address was registered is remembered for a day."""


async def test_the_head_is_told_a_name_that_no_page_has_in_it(engine: Client) -> None:
    done = await send(engine, "/account/register", await page(engine, "/account/register"), ADA)
    marks = {name: done.cookies[name]["httponly"] for name in (ACCOUNT_COOKIE, SIGNED_IN_COOKIE)}
    assert marks == {ACCOUNT_COOKIE: True, SIGNED_IN_COOKIE: ""}, "scripts see the mark, and nothing that opens"
    answer = await engine.get("/account/who")
    assert await answer.json() == {"name": "Ada Lovelace"}
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "Ada" not in await page(engine, "/")


async def test_a_browser_whose_session_is_over_forgets_that_it_had_one(engine: Client, pool: asyncpg.Pool) -> None:
    await send(engine, "/account/register", await page(engine, "/account/register"), ADA)
    await pool.execute("UPDATE refresh_tokens SET revoked_at = now()")
    answer = await engine.get("/account/who")
    assert await answer.json() == {"name": ""}
    assert {name: answer.cookies[name]["max-age"] for name in answer.cookies} == {
        ACCOUNT_COOKIE: "0",
        SIGNED_IN_COOKIE: "0",
    }
