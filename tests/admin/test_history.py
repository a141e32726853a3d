"""The history says what was and what is, is narrowed, and goes into a spreadsheet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.services.wiring import Services
from tests.admin.organizer import Organizer, platform_admin


async def test_the_history_says_what_a_change_turned_into_what_and_can_be_narrowed(
    organizer: Organizer, services: Services, chart: str, free_order: Callable[..., Any]
) -> None:
    _, _, event_id = await organizer.published(chart)
    pool, at = services.common.pool, f"/events/{event_id}"
    title = await pool.fetchval("SELECT title FROM events WHERE id = $1", event_id)
    kind = await pool.fetchrow("SELECT id, version FROM ticket_types WHERE event_id = $1", event_id)
    name = await pool.fetchval("SELECT name FROM users WHERE email = $1", organizer.email)
    typed = [("version", str(kind["version"])), ("name", "Regular"), ("price", "50.00"), ("categories", "Stalls"),
             ("taxable", "true"), ("visibility", "public"), ("max_per_order", "10")]  # fmt: skip
    page = await organizer.post(f"{at}/ticket-types/{kind['id']}", typed)
    assert page.status == 200, page.words
    history = await organizer.get(at + "/history")
    assert "price CA$50.00 (was CA$45.00)" in history.words
    order_id = await free_order(services, event_id, 1)
    assert "Order paid" not in (await organizer.get(at + "/history?about=event")).words
    orders = await organizer.get(at + "/history?about=orders")
    assert "Order paid" in orders.words
    assert "Ticket type changed" not in orders.words
    assert "Order paid" in (await organizer.get(f"{at}/orders/{order_id}")).words
    assert "Ticket type changed" in (await organizer.get(f"{at}/history?who={name[:4]}")).words
    for nothing in ("who=nobody%25", "since=2100-01-01", "until=2001-01-01"):
        assert "Nothing here yet." in (await organizer.get(f"{at}/history?{nothing}")).words, nothing
    assert (await organizer.get(f"{at}/history?since=yesterday&about=no&before=x")).status == 200
    sheet = (await organizer.get(at + "/history.csv?about=event")).text
    assert "Ticket type changed" in sheet
    assert "order.paid" not in sheet
    assert title in sheet


async def test_the_platforms_history_has_lines_of_no_organization(
    organizer: Organizer, browser: Callable[[], Organizer], services: Services
) -> None:
    root = browser()
    await root.sign_in(await platform_admin(services))
    await root.post("/switches", {"flag": "refunds", "to": "off", "word": "OFF"})
    page = await root.get("/activity?about=platform")
    assert "Switched off for the whole platform flag: refunds" in page.words
    assert "platform.switched_off" in (await root.get("/activity.csv")).text
    for path in ("/activity", "/activity.csv"):
        assert (await organizer.get(path)).status == 403
