"""A code typed in the shop opens the places set apart for it, in whatever spelling, and shows them to its holder."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import asyncpg
import pytest
from playwright.async_api import expect

from engine.foundation.ids import new_id
from engine.services import appkeys
from tests import factories
from tests.pages.browsing import Site
from tests.pages.conftest import Client, Night
from tests.pages.forms import page, send

SEATS = ["Stalls/1/4", "Stalls/1/5"]
SPELLINGS = ["guestlist-9", " GuestList 9 ", "GUESTLIST\u20139", "ｇｕｅｓｔｌｉｓｔ９", "guest\u200blist9"]


async def set_apart(pool: asyncpg.Pool, event_id: str, open_to: list[str], seats: list[str] = SEATS) -> None:
    units = await factories._units(pool, event_id, seats)
    await pool.execute(
        "INSERT INTO allotments (id, event_id, number, name, units, open_to) VALUES ($1, $2, 1, 'Guests', $3, $4)",
        new_id("alt"),
        event_id,
        units,
        open_to,
    )


@pytest.mark.parametrize("typed", SPELLINGS)
async def test_the_form_without_scripts_opens_them_with_any_spelling(
    engine: Client, night: Night, pool: asyncpg.Pool, typed: str
) -> None:
    await set_apart(pool, night.id, ["guestlist-9"])
    await engine.app[appkeys.INVENTORY].changed(night.id)
    await engine.app[appkeys.INVENTORY].relot(night.id)
    asked = {"promo_code": typed}
    shown = await engine.post(f"/v1/events/{night.id}/seat-status/set-apart", json=asked)
    assert (await shown.json())["units"] == [[3, 2]]
    item = {"ticket_type_id": night.types[0], "quantity": 2, "seats": SEATS}
    body = {"event_id": night.id, "items": [item], **asked}
    held = await engine.post("/v1/holds", json=body, headers={"Idempotency-Key": new_id("k")})
    assert held.status == 201, await held.text()
    await engine.app[appkeys.INVENTORY].changed(night.id)
    path = f"/e/{night.slug}/shop"
    response = await send(engine, path, await page(engine, path), {f"q-{night.types[0]}": "2", **asked})
    assert response.status == 303


async def test_a_code_that_there_is_not_has_one_answer_whoever_is_asked(
    engine: Client, night: Night, pool: asyncpg.Pool
) -> None:
    await set_apart(pool, night.id, ["guestlist-9"])
    item = {"ticket_type_id": night.types[0], "quantity": 1}
    hold = await engine.post(
        "/v1/holds", json={"event_id": night.id, "items": [item]}, headers={"Idempotency-Key": new_id("k")}
    )
    held = await hold.json()
    for wrong in ("guestlist", "---", "\u200b\u200b", "x" * 40):
        for path, body in {
            "/v1/holds": {"event_id": night.id, "items": [item], "promo_code": wrong},
            "/v1/orders/quote": {"event_id": night.id, "items": [item], "promo_code": wrong},
            f"/v1/events/{night.id}/seat-status/set-apart": {"promo_code": wrong},
            f"/v1/events/{night.id}/promo-codes/validate": {"code": wrong},
        }.items():
            answer = await engine.post(path, json=body, headers={"Idempotency-Key": new_id("k")})
            assert (answer.status, (await answer.json())["code"]) == (422, "promo_invalid"), path
        swap = await engine.post(
            f"/v1/holds/{held['id']}/swap",
            params={"code": wrong},
            json={"seats": ["Stalls/1/1"]},
            headers={"X-Order-Token": held["hold_token"]},
        )
        assert (swap.status, (await swap.json())["code"]) == (422, "promo_invalid")


async def test_what_is_sold_of_them_is_not_shown_as_free(engine: Client, night: Night, pool: asyncpg.Pool) -> None:
    await set_apart(pool, night.id, ["guests"])
    await engine.app[appkeys.INVENTORY].relot(night.id)
    path, asked = f"/v1/events/{night.id}/seat-status/set-apart", {"promo_code": "Guests"}
    assert (await (await engine.post(path, json=asked)).json())["units"] == [[3, 2]]
    body = {"event_id": night.id, "items": [{"ticket_type_id": night.types[0], "quantity": 1, "seats": SEATS[:1]}]}
    held = await engine.post("/v1/holds", json={**body, **asked}, headers={"Idempotency-Key": new_id("k")})
    assert held.status == 201, await held.text()
    engine.app[appkeys.AVAILABILITY]._copies.clear()
    assert (await (await engine.post(path, json=asked)).json())["units"] == [[4, 1]]


async def test_a_house_whose_last_places_are_set_apart_has_a_way_in_for_holders_of_a_code(
    engine: Client, publish: Callable[..., Awaitable[Night]], pool: asyncpg.Pool
) -> None:
    seating = factories.chart(factories.seated("Stalls", 1, 2))
    night = await publish([{"price_cents": 0, "categories": ["Stalls"]}], seating=seating)
    await set_apart(pool, night.id, ["guests"], ["Stalls/1/1", "Stalls/1/2"])
    await engine.app[appkeys.INVENTORY].relot(night.id)
    await engine.app[appkeys.INVENTORY].changed(night.id)
    html = await page(engine, f"/e/{night.slug}")
    assert "Sold out." in html
    assert "I have a code" in html
    path = f"/e/{night.slug}/shop"
    response = await send(engine, path, await page(engine, path), {f"q-{night.types[0]}": "2", "promo_code": "Guests"})
    assert response.status == 303
    await pool.execute("DELETE FROM allotments")
    await engine.app[appkeys.INVENTORY].changed(night.id)
    assert "I have a code" not in await page(engine, f"/e/{night.slug}")


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.xdist_group("browser")
async def test_the_holder_of_a_code_sees_the_places_takes_them_and_others_do_not(site: Site) -> None:
    await site.publish()
    await set_apart(site.pool, site.event_id, ["guestlist-9"])
    await site.server.app[appkeys.INVENTORY].changed(site.event_id)
    await site.server.app[appkeys.INVENTORY].relot(site.event_id)
    await site.open_shop()
    await site.page.click("#tab-list")
    seat = site.page.get_by_role("button", name=re.compile(r"row\s1, seat\s4 "))
    await expect(seat).to_be_disabled()
    await site.page.locator("#basket .basket-promo summary").click()
    await site.page.fill("#promo", "nobody knows")
    await site.page.keyboard.press("Tab")
    await expect(site.page.locator("#alert")).to_contain_text("This promo code is not valid here")
    await site.page.fill("#promo", "Guestlist \u2013 9")
    await site.page.keyboard.press("Tab")
    await seat.click()
    await expect(site.page.locator(".basket-line")).to_have_count(1)
    await site.page.fill("#promo", "")
    await site.page.keyboard.press("Tab")
    await expect(site.page.locator(".basket-line")).to_have_count(0)
    await site.page.fill("#promo", "guestlist9")
    await site.page.keyboard.press("Tab")
    await seat.click()
    await site.page.click("#hold")
    await site.page.wait_for_url("**/checkout/**")
    await expect(site.page.locator(".checkout-lines")).to_contain_text("seat 4")
