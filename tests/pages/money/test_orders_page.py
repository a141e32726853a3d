from __future__ import annotations

import asyncpg

from engine.services import appkeys
from tests.pages.conftest import HTML, Client, Night
from tests.pages.forms import bought, page, send


async def test_an_order_tells_seats_payment_and_tickets_apart(engine: Client, night: Night) -> None:
    html = await page(engine, await bought(engine, night))
    for name, value in (("hold", "sold"), ("payment", "not_needed"), ("tickets", "issued")):
        assert f'data-state="{name}" data-value="{value}"' in html


async def test_all_tickets_come_as_one_pdf(engine: Client, night: Night) -> None:
    response = await engine.get(await bought(engine, night) + "/tickets.pdf")
    assert response.content_type == "application/pdf"
    assert (await response.read()).startswith(b"%PDF-")


async def test_without_its_key_an_order_says_nothing(engine: Client, night: Night) -> None:
    order = await bought(engine, night)
    engine.session.cookie_jar.clear()
    html = await page(engine, order, 401)
    assert "Ada" not in html
    assert "needs its key" in html
    assert (await engine.get(order + "/tickets.pdf")).status == 401


async def test_the_key_of_one_order_opens_no_other(engine: Client, night: Night) -> None:
    first, second = await bought(engine, night), await bought(engine, night)
    key = engine.app[appkeys.SETTINGS].keyring.platform().mint_order_token(first.rpartition("/")[2])
    engine.session.cookie_jar.clear()
    door = await page(engine, second, 401)
    assert (await send(engine, second + "/enter", door, {"order_token": key})).status == 403
    assert (await send(engine, first + "/enter", door, {"order_token": key})).status == 303
    assert "You are going." in await page(engine, first)
    assert "needs its key" in await page(engine, second, 401)


async def test_two_orders_live_side_by_side_in_one_browser(engine: Client, night: Night) -> None:
    first, second = await bought(engine, night), await bought(engine, night)
    assert first != second
    for order in (first, second):
        assert "You are going." in await page(engine, order)


async def test_a_ticket_that_is_void_shows_no_code(engine: Client, night: Night, pool: asyncpg.Pool) -> None:
    order = await bought(engine, night)
    await pool.execute("UPDATE tickets SET status = 'blocked' WHERE line = 0")
    html = await page(engine, order)
    assert html.count('aria-label="Ticket code"') == 1
    assert "Blocked" in html


async def test_a_refunded_order_shows_no_tickets(engine: Client, night: Night, pool: asyncpg.Pool) -> None:
    order = await bought(engine, night)
    await pool.execute("UPDATE orders SET status = 'refunded'")
    await pool.execute("UPDATE tickets SET status = 'refunded'")
    html = await page(engine, order)
    assert "Refunded." in html
    assert "No longer valid" in html
    assert "Ticket code" not in html


async def test_an_order_that_ran_out_says_that_nothing_was_charged(
    engine: Client, night: Night, pool: asyncpg.Pool
) -> None:
    order = await bought(engine, night)
    await pool.execute("UPDATE orders SET status = 'expired', closing_note = 'expired'")
    assert "Nothing was charged" in await page(engine, order)


async def test_my_tickets_is_the_browsers_own_list(engine: Client) -> None:
    response = await engine.get("/my-tickets", headers=HTML)
    assert response.status == 200
    assert 'id="mine"' in await response.text()


async def test_a_name_is_corrected_with_the_code_from_the_old_address(
    engine: Client, night: Night, pool: asyncpg.Pool
) -> None:
    order = (await bought(engine, night)).partition("?")[0]
    at = f"{order}/correct"
    assert f'href="{at}"' in await page(engine, order)
    typed = {"name": "Augusta Lovelace", "email": "ada@example.com"}
    asked = await send(engine, at, await page(engine, at), typed)
    form = await asked.text()
    assert 'name="code"' in form
    assert "Augusta Lovelace" in form
    wrong = await send(engine, at, form, {**typed, "code": "12"})
    assert (wrong.status, 'id="code-fault"' in await wrong.text()) == (422, True)
    code = await engine.app[appkeys.CORRECTIONS]._codes.issue(order.rpartition("/")[2], "buyer")
    assert (await send(engine, at, form, {**typed, "code": code})).status == 303
    assert await pool.fetchval("SELECT buyer_name FROM orders") == "Augusta Lovelace"
    again = await send(engine, f"{order}/resend", await page(engine, at), {})
    assert "on their way to" in await again.text()
    engine.session.cookie_jar.clear()
    assert "needs its key" in await page(engine, at, 401)
