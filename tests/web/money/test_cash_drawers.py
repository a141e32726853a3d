"""Cash drawers: what should lie in one follows from the ledger, and the count says how far they are apart."""

from __future__ import annotations

import asyncio

from tests.shop import Answer, Shop
from tests.web.money.counter import sell


async def turn(shop: Shop, clerk: str, verb: str, body: dict[str, int]) -> Answer:
    return await shop.ask("POST", f"/v1/events/{shop.event_id}/cash-drawer/{verb}", body, Authorization=clerk)


async def test_a_drawer_expects_its_float_and_its_own_cash_less_what_was_given_back(shop: Shop):
    await shop.open_event()
    owner, other = await shop.organizer(), await shop.organizer("box_office")
    await sell(shop, owner)  # before it was opened: in no drawer
    opened = await turn(shop, owner, "open", {"float_cents": 10_000})
    assert (opened.status, opened["expected_cents"], opened["counted_cents"]) == (201, 10_000, None)
    assert (await turn(shop, owner, "open", {}))["code"] == "drawer_open"
    assert (await turn(shop, other, "open", {})).status == 201, "everybody has their own"
    sold = await sell(shop, owner, 3, payment={"kind": "cash", "received_cents": 5_000})
    assert sold["payment"]["drawer_id"] == opened["id"]
    await sell(shop, owner, payment={"kind": "terminal"})
    await sell(shop, other)
    refund = await shop.ask(
        "POST", f"/v1/orders/{sold['order_id']}/refunds", {"reason": "ill", "amount_cents": 500},
        Authorization=owner, Idempotency_Key=shop.key(),
    )  # fmt: skip
    assert refund.status == 201, refund.body
    closed = await turn(shop, owner, "close", {"counted_cents": 12_400})
    assert closed.status == 200, closed.body
    shown = [closed[name] for name in ("cash_cents", "returned_cents", "expected_cents", "difference_cents", "sales")]
    assert shown == [3_000, 500, 12_500, -100, 1]
    assert (await turn(shop, owner, "close", {"counted_cents": 1}))["code"] == "drawer_closed"
    listed = await shop.ask("GET", f"/v1/events/{shop.event_id}/cash-drawers", Authorization=other)
    assert [drawer["difference_cents"] for drawer in listed["data"]] == [None, -100]


async def test_a_sale_during_the_count_is_in_the_drawer_or_in_none(shop: Shop):
    await shop.open_event()
    clerk = await shop.organizer("box_office")
    await turn(shop, clerk, "open", {})
    sales = [asyncio.create_task(sell(shop, clerk)) for _ in range(12)]
    await asyncio.sleep(0.05)
    closed = await turn(shop, clerk, "close", {"counted_cents": 0})
    sold = await asyncio.gather(*sales)
    inside = sum(answer["payment"]["drawer_id"] == closed["id"] for answer in sold)
    assert closed["cash_cents"] == inside * 1_000
