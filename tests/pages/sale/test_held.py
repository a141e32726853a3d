"""What a visitor holds, without scripts: shown in the shop, made smaller, larger and longer."""

from __future__ import annotations

import re

import asyncpg

from engine.services import appkeys
from tests.pages.conftest import Client, Night
from tests.pages.forms import held, page, send


async def test_a_hold_is_added_to_and_given_back_ticket_by_ticket(engine: Client, night: Night) -> None:
    checkout = await held(engine, night, kind=0)
    shop = f"/e/{night.slug}/shop?hold={checkout.rpartition('/')[2]}"
    html = await page(engine, shop)
    assert "You still hold 2 tickets for this event." in html
    response = await send(engine, shop, html, {f"q-{night.types[1]}": "1"})
    assert (response.status, response.headers["Location"]) == (303, checkout), await response.text()
    units = _units(html := await page(engine, checkout))
    assert len(units) == 3
    for at, back in ((checkout, {}), (checkout, {}), (shop, {"back": "shop"})):
        response = await send(engine, f"{checkout}/drop", html, {"unit": units[0], **back})
        assert (response.status, response.headers["Location"]) == (303, at), "the same one twice is once"
    assert len(_units(await page(engine, checkout))) == 2
    for unit in units[1:]:
        response = await send(engine, f"{checkout}/drop", html, {"unit": unit})
    assert response.headers["Location"] == f"/e/{night.slug}/shop"


async def test_a_hold_is_kept_longer_as_far_as_that_goes(engine: Client, night: Night, pool: asyncpg.Pool) -> None:
    checkout = await held(engine, night)
    html = await page(engine, checkout)
    assert "I need longer" in html
    holds, hold_id = engine.app[appkeys.HOLDS], checkout.rpartition("/")[2]
    token = {cookie.key: cookie.value for cookie in engine.session.cookie_jar}["onsale_hold"]
    before = await holds.of_token(hold_id, token)
    response = await send(engine, f"{checkout}/longer", html, {})
    assert (response.status, response.headers["Location"]) == (303, checkout)
    assert (await holds.of_token(hold_id, token)).expires_at_ms > before.expires_at_ms


async def test_a_strangers_hold_is_not_shown(engine: Client, night: Night) -> None:
    checkout = await held(engine, night)
    engine.session.cookie_jar.clear()
    html = await page(engine, f"/e/{night.slug}/shop?hold={checkout.rpartition('/')[2]}")
    assert "You still hold" not in html
    response = await send(engine, f"{checkout}/drop", html, {"unit": "1"})
    assert response.status == 403


def _units(html: str) -> list[str]:
    return re.findall(r'name="unit" value="(\d+)"', html)
