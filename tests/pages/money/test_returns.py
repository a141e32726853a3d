"""Giving tickets back from the order's page: said before it is asked, done in two clicks, without scripts."""

from __future__ import annotations

import re

import asyncpg

from tests.pages.conftest import Client, Night
from tests.pages.forms import bought, page, send

POLICY = "UPDATE events SET refund_policy = jsonb_build_object('mode', $1::text)"
_TICKET = re.compile(r'name="ticket" value="([^"]+)"')


async def test_a_buyer_gives_one_of_two_tickets_back(engine: Client, night: Night, pool: asyncpg.Pool) -> None:
    order = await bought(engine, night)
    assert "Give tickets back" not in await page(engine, order)
    await pool.execute(POLICY, "automatic")
    html = await page(engine, order)
    first, _ = _TICKET.findall(html)
    assert "Nothing comes back for it" in html  # they were free
    nothing = await send(engine, order + "/give-back", html, {})
    assert (nothing.status, "Choose at least one ticket." in await nothing.text()) == (422, True)
    assert (await send(engine, order + "/give-back", html, {"ticket": first})).status == 303
    html = await page(engine, order)
    assert "The tickets were taken back." in html
    assert first not in _TICKET.findall(html)
    again = await send(engine, order + "/give-back", html, {"ticket": first})
    assert (again.status, "was given back before" in await again.text()) == (409, True)


async def test_the_organizers_answer_is_waited_for(engine: Client, night: Night, pool: asyncpg.Pool) -> None:
    order = await bought(engine, night)
    await pool.execute(POLICY, "approval")
    html = await page(engine, order)
    sent = await send(engine, order + "/give-back", html, {"ticket": _TICKET.findall(html)[0], "reason": "<b>ill</b>"})
    assert sent.status == 303
    assert "You asked to give 1 ticket back." in await page(engine, order)
    assert await pool.fetchval("SELECT reason FROM refund_requests") == "<b>ill</b>"


async def test_without_the_orders_key_nothing_is_given_back(engine: Client, night: Night, pool: asyncpg.Pool) -> None:
    order = await bought(engine, night)
    await pool.execute(POLICY, "automatic")
    html = await page(engine, order)
    ticket = _TICKET.findall(html)[0]
    assert (await send(engine, order + "/give-back", "", {"ticket": ticket})).status == 403
    engine.session.cookie_jar.clear()
    assert (await send(engine, order + "/give-back", html, {"ticket": ticket})).status in {401, 403}
    assert await pool.fetchval("SELECT count(*) FROM refund_requests") == 0
