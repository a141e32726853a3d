"""What a hold promised is what an order costs, or it is said before anybody pays."""

from __future__ import annotations

import asyncio

import pytest

from tests import factories
from tests.shop import Answer, Shop


async def change(shop: Shop, table: str, **columns: object) -> None:
    """As an organizer does it, told to every process; returns once the engine under test knows."""
    ((name, value),) = columns.items()
    key = "event_id" if table != "events" else "id"
    await shop.services.common.pool.execute(f"UPDATE {table} SET {name} = $2 WHERE {key} = $1", shop.event_id, value)
    before = await shop.services.sale.selling.get(shop.event_id)
    await shop.services.sale.inventory.changed(shop.event_id)
    async with asyncio.timeout(5):
        while await shop.services.sale.selling.get(shop.event_id) is before:
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.2)


async def refused(shop: Shop, hold: Answer, code: str) -> Answer:
    answer = await shop.order(hold)
    assert (answer.status, answer["code"]) == (409, code), answer.body
    assert await shop.services.common.pool.fetchval("SELECT count(*) FROM orders") == 0
    return answer


async def test_nobody_pays_another_price_than_the_one_they_were_shown(shop: Shop):
    await shop.open_event()
    hold = await shop.hold(2)
    await change(shop, "ticket_types", price_cents=5000)
    answer = await refused(shop, hold, "price_changed")
    assert (answer["held_cents"], answer["total_cents"]) == (2000, 10_000)
    await change(shop, "ticket_types", price_cents=1000)
    assert (await shop.order(hold))["amount_cents"] == 2000


async def test_an_order_that_was_opened_keeps_its_price_and_is_continued_under_it(shop: Shop):
    await shop.open_event()
    hold = await shop.hold()
    order = await shop.order(hold)
    await change(shop, "ticket_types", price_cents=5000)
    again = await shop.order(hold)
    assert (again.status, again["order_id"], again["amount_cents"]) == (201, order["order_id"], 1000)


@pytest.mark.parametrize("status", ["draft", "cancelled"])
async def test_a_hold_becomes_no_order_of_an_event_that_is_not_sold_any_more(shop: Shop, status: str):
    await shop.open_event()
    hold = await shop.hold()
    await change(shop, "events", status=status)
    await refused(shop, hold, "sales_closed")


async def test_what_can_never_be_charged_is_refused_before_it_is_held(shop: Shop):
    await shop.open_event(
        factories.general("Floor", 60),
        types=[{"categories": ["Floor"], "price_cents": 100_000_000, "max_per_order": 50}],
    )
    for quantity in (1, 50):
        answer = await shop.hold(quantity)
        assert (answer.status, answer["code"]) == (422, "amount_too_large"), answer.body
    items = [{"ticket_type_id": shop.types[0], "quantity": 50}]
    quote = await shop.ask("POST", "/v1/orders/quote", {"event_id": shop.event_id, "items": items})
    assert (quote.status, quote["amount_max_cents"]) == (422, 99_999_999)
