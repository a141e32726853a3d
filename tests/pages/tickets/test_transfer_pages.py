"""Handing a ticket on in the pages: begin, confirm, accept, open; what cannot be done is said there."""

from __future__ import annotations

import asyncpg
import pytest
from yarl import URL

from engine.domain.tickets.ticket_links import Side, mint_side
from engine.services import appkeys
from tests.pages.conftest import Client, Night
from tests.pages.forms import ADA, held, page, send

TO = "grace@example.test"


async def bought(client: Client, night: Night, pool: asyncpg.Pool) -> tuple[str, str]:
    """The address of a paid order, and of the page of its first ticket."""
    checkout = await held(client, night)
    response = await send(client, checkout, await page(client, checkout), ADA)
    order = response.headers["Location"].partition("?")[0]
    ticket = await pool.fetchval("SELECT id FROM tickets WHERE order_id = $1 AND line = 0", order.rpartition("/")[2])
    return order, f"{order}/tickets/{ticket}"


async def begun(client: Client, at: str, pool: asyncpg.Pool) -> str:
    response = await send(client, f"{at}/transfer", await page(client, at), {"to_email": TO, "to_name": "Grace"})
    assert response.status == 303, await response.text()
    return str(await pool.fetchval("SELECT id FROM ticket_transfers WHERE status = 'pending'"))


def link(client: Client, transfer_id: str, side: Side) -> str:
    platform = client.app[appkeys.SETTINGS].keyring.platform()
    return f"/transfer/{transfer_id}?token={mint_side(platform, transfer_id, side)}"


async def shows(client: Client, transfer_id: str, side: Side, code: str | None = None, **more: str):
    """This side's form, sent with the code that was mailed."""
    codes = client.app[appkeys.TRANSFERS]._codes
    address = link(client, transfer_id, side)
    fields = {"token": URL(address).query["token"], "code": code or await codes.issue(transfer_id, side), **more}
    step = "confirm" if side == "sender" else "accept"
    return await send(client, f"/transfer/{transfer_id}/{step}", await page(client, address), fields)


async def test_a_ticket_is_handed_on_from_page_to_page(engine: Client, night: Night, pool: asyncpg.Pool) -> None:
    order, at = await bought(engine, night, pool)
    assert f'href="{at}"' in await page(engine, order)
    transfer_id = await begun(engine, at, pool)
    assert TO in await page(engine, at)
    assert "Being transferred" in await page(engine, order)
    wrong = await shows(engine, transfer_id, "sender", code="12")
    assert (wrong.status, 'id="code-fault"' in await wrong.text()) == (422, True)
    assert (await shows(engine, transfer_id, "sender")).status == 303
    assert "Your part is done" in await page(engine, link(engine, transfer_id, "sender"))
    nameless = await shows(engine, transfer_id, "recipient", name="see www.evil.test")
    assert (nameless.status, 'id="name-fault"' in await nameless.text()) == (422, True)
    assert (await shows(engine, transfer_id, "recipient", name="Grace Hopper")).status == 303
    done = await page(engine, link(engine, transfer_id, "recipient"))
    assert "The ticket is yours." in done
    assert "its new holder has it" in await page(engine, at)
    assert "Handed on" in await page(engine, order)
    engine.session.cookie_jar.clear()
    mine = done.partition('class="button button-accent" href="')[2].partition('"')[0].replace("&amp;", "&")
    opened = await engine.get(mine, allow_redirects=False)
    assert (opened.status, opened.headers["Location"]) == (303, mine.partition("?")[0])
    html = await page(engine, mine.partition("?")[0])
    assert 'aria-label="Ticket code"' in html
    assert "Grace Hopper" in html
    assert (await engine.get(mine.partition("?")[0] + "/ticket.pdf")).content_type == "application/pdf"
    assert (await engine.get(mine.partition("?")[0] + "?token=x", allow_redirects=False)).status == 404


async def test_either_side_ends_it_and_asks_for_another_code(engine: Client, night: Night, pool: asyncpg.Pool) -> None:
    _, at = await bought(engine, night, pool)
    transfer_id = await begun(engine, at, pool)
    address = link(engine, transfer_id, "recipient")
    token = {"token": URL(address).query["token"]}
    again = await send(engine, f"/transfer/{transfer_id}/resend", await page(engine, address), token)
    assert "Another code is on its way" in await again.text()
    assert (await send(engine, f"/transfer/{transfer_id}/cancel", await page(engine, address), token)).status == 303
    assert "It was called off." in await page(engine, address)
    assert "Your code is good again." in await page(engine, link(engine, transfer_id, "sender"))
    assert "leads nowhere" in await page(engine, f"/transfer/{transfer_id}?token=x", 404)


@pytest.mark.parametrize(
    ("columns", "said"),
    [("allow_transfers = false", "cannot be handed on"), ("max_transfers = 0", "as often as its event allows")],
)
async def test_a_ticket_that_stays_says_why(
    engine: Client, night: Night, pool: asyncpg.Pool, columns: str, said: str
) -> None:
    _, at = await bought(engine, night, pool)
    await pool.execute(f"UPDATE events SET {columns}")
    html = await page(engine, at)
    assert said in html
    assert 'name="to_email"' not in html


async def test_what_is_typed_wrongly_is_told_at_its_field(engine: Client, night: Night, pool: asyncpg.Pool) -> None:
    _, at = await bought(engine, night, pool)
    wrong = await send(engine, f"{at}/transfer", await page(engine, at), {"to_email": "nobody", "to_name": ""})
    html = await wrong.text()
    assert (wrong.status, 'id="to_email-fault"' in html, 'value="nobody"' in html) == (422, True, True)
    assert await pool.fetchval("SELECT count(*) FROM ticket_transfers") == 0


async def test_a_name_is_changed_and_a_code_renewed_on_the_page(
    engine: Client, night: Night, pool: asyncpg.Pool
) -> None:
    order, at = await bought(engine, night, pool)
    named = await send(engine, f"{at}/attendee", await page(engine, at), {"attendee_name": "Charles Babbage"})
    assert named.status == 303
    assert "Charles Babbage" in await page(engine, order)
    renewed = await send(engine, f"{at}/reissue", await page(engine, at), {})
    assert "a new code" in await page(engine, renewed.headers["Location"])
    assert await pool.fetchval("SELECT version FROM tickets WHERE line = 0") == 2
    engine.session.cookie_jar.clear()
    assert "needs its key" in await page(engine, at, 401)
