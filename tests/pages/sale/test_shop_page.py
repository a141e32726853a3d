from __future__ import annotations

import asyncio

import asyncpg
import pytest

from engine.foundation.clock import now_ms
from engine.services import appkeys
from tests.pages.conftest import HTML, Client, Night
from tests.pages.forms import page, send


async def test_the_form_works_without_scripts_and_leads_to_the_checkout(engine: Client, night: Night) -> None:
    path = f"/e/{night.slug}/shop"
    response = await send(engine, path, await page(engine, path), {f"q-{night.types[0]}": "2", "split": "yes"})
    assert response.status == 303
    assert response.headers["Location"].startswith("/checkout/hld_")
    html = await page(engine, response.headers["Location"])
    assert html.count("Give back Stalls, row") == 2
    assert "CA$111.30" in html


async def test_pressing_twice_holds_once(engine: Client, night: Night) -> None:
    path = f"/e/{night.slug}/shop"
    html = await page(engine, path)
    fields = {f"q-{night.types[0]}": "2"}
    first, second = await send(engine, path, html, fields), await send(engine, path, html, fields)
    assert first.headers["Location"] == second.headers["Location"]


async def test_a_refusal_shows_the_form_again_as_it_was_filled_in(engine: Client, night: Night) -> None:
    path = f"/e/{night.slug}/shop"
    response = await send(engine, path, await page(engine, path), {f"q-{night.types[0]}": "11"})
    html = await response.text()
    assert response.status in {409, 422}
    assert 'value="11"' in html
    assert 'role="alert" id="alert-server"' in html


async def test_asking_for_nothing_is_told_in_words(engine: Client, night: Night) -> None:
    path = f"/e/{night.slug}/shop"
    response = await send(engine, path, await page(engine, path), {})
    assert response.status == 422
    assert "How many tickets?" in await response.text()


async def test_a_form_from_elsewhere_is_refused(engine: Client, night: Night) -> None:
    path = f"/e/{night.slug}/shop"
    await page(engine, path)
    response = await engine.post(path, data={f"q-{night.types[0]}": "1", "csrf": "x" * 32}, headers=HTML)
    assert response.status == 403
    response = await engine.post(path, data={f"q-{night.types[0]}": "1"}, headers=HTML)
    assert response.status == 403


UNREADABLE = [
    ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\nx\r\n--b--\r\n'),
    ("multipart/form-data", b"--b\r\n"),
    ("application/x-www-form-urlencoded; charset=foo", b"csrf=x"),
    ("application/x-www-form-urlencoded; charset=utf-16", b"a=%ff"),
    ("application/x-www-form-urlencoded", b"\xff\xfe=%00%ff&" + b"a=1&" * 3000),
]


@pytest.mark.parametrize(("kind", "body"), UNREADABLE)
@pytest.mark.parametrize(
    "path", ["/e/{}/shop", "/shop/admission", "/checkout/hld_x/enter", "/checkout/hld_x", "/checkout/hld_x/release",
             "/order/ord_x/enter", "/order/ord_x/cancel"],
)  # fmt: skip
async def test_a_form_that_cannot_be_read_is_refused(
    engine: Client, night: Night, path: str, kind: str, body: bytes
) -> None:
    response = await engine.post(path.format(night.slug), data=body, headers={"Content-Type": kind})
    assert response.status in {400, 403, 415}, await response.text()


async def test_the_shops_data_cannot_close_its_script_element(engine: Client, publish) -> None:
    night = await publish([{"name": "</script><b>&", "price_cents": 100, "categories": ["Floor"]}])
    html = await page(engine, f"/e/{night.slug}/shop")
    data = html.split('id="shop-data">')[1].split("</script>")[0]
    assert "<" not in data
    assert "\\u003c/script" in data


async def test_a_shop_that_is_not_open_leads_back_to_the_event(
    engine: Client, night: Night, pool: asyncpg.Pool
) -> None:
    await pool.execute("UPDATE on_sales SET opens_at = now() + interval '1 hour'")
    response = await engine.get(f"/e/{night.slug}/shop", headers=HTML, allow_redirects=False)
    assert (response.status, response.headers["Location"]) == (303, f"/e/{night.slug}")


async def test_a_ticket_types_own_address_asks_for_one(engine: Client, night: Night) -> None:
    html = await page(engine, f"/checkout/{night.id}/{night.types[0]}")
    assert f'name="q-{night.types[0]}" type="number" inputmode="numeric" min="0" max="10" value="1"' in html


class TestWithARoom:
    async def _with_room(self, engine: Client, night: Night, pool: asyncpg.Pool) -> str:
        """Put a queue before the event; an admission token for it."""
        await pool.execute("UPDATE on_sales SET room_enabled = true")
        engine.app[appkeys.SELLING].forget(night.id)
        selling = await engine.app[appkeys.SELLING].get(night.id)
        moment_ms = now_ms()
        return selling.keys.mint_admission(
            lease_id=b"l" * 16, device_key_hash=b"", not_before_ms=moment_ms, expires_at_ms=moment_ms + 60_000
        )

    async def test_strangers_stand_before_the_door(self, engine: Client, night: Night, pool: asyncpg.Pool) -> None:
        await self._with_room(engine, night, pool)
        html = await page(engine, f"/e/{night.slug}/shop")
        assert "The queue is the way in" in html
        assert "shop-data" not in html

    async def test_an_admission_becomes_a_cookie_and_opens_the_shop(
        self, engine: Client, night: Night, pool: asyncpg.Pool
    ) -> None:
        token = await self._with_room(engine, night, pool)
        door = await page(engine, f"/e/{night.slug}/shop")
        response = await send(engine, "/shop/admission", door, {"admission": token})
        assert (response.status, response.headers["Location"]) == (303, f"/e/{night.slug}/shop")
        assert "HttpOnly" in response.headers["Set-Cookie"]
        html = await page(engine, f"/e/{night.slug}/shop")
        assert "shop-data" in html
        response = await send(engine, f"/e/{night.slug}/shop", html, {f"q-{night.types[0]}": "1"})
        assert response.status == 303

    async def test_the_rooms_own_form_needs_no_token_of_ours(
        self, engine: Client, night: Night, pool: asyncpg.Pool
    ) -> None:
        token = await self._with_room(engine, night, pool)
        post = {"data": {"admission": token}, "allow_redirects": False}
        ours = await engine.post("/shop/admission", **post, headers={**HTML, "Origin": "http://127.0.0.1:8081"})
        assert ours.status == 303
        engine.session.cookie_jar.clear()
        theirs = await engine.post("/shop/admission", **post, headers={**HTML, "Origin": "http://evil.example"})
        assert theirs.status == 403

    async def test_a_forged_admission_opens_nothing(self, engine: Client, night: Night, pool: asyncpg.Pool) -> None:
        token = await self._with_room(engine, night, pool)
        door = await page(engine, f"/e/{night.slug}/shop")
        for bad in (token[:-2] + ("AA" if token[-2:] != "AA" else "BB"), "", "x" * 5000):
            response = await send(engine, "/shop/admission", door, {"admission": bad})
            assert response.status == 403, bad

    async def test_an_admission_that_ran_out_sends_back_to_the_queue(
        self, engine: Client, night: Night, pool: asyncpg.Pool
    ) -> None:
        await self._with_room(engine, night, pool)
        selling = await engine.app[appkeys.SELLING].get(night.id)
        moment_ms = now_ms()
        token = selling.keys.mint_admission(
            lease_id=b"l" * 16, device_key_hash=b"", not_before_ms=moment_ms, expires_at_ms=moment_ms + 300
        )
        door = await page(engine, f"/e/{night.slug}/shop")
        assert (await send(engine, "/shop/admission", door, {"admission": token})).status == 303
        await asyncio.sleep(0.5)
        assert "The queue is the way in" in await page(engine, f"/e/{night.slug}/shop")
