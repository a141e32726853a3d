"""Tickets at price steps, from the hold to the ledger and back: prices frozen, counts right, the audit clean."""

from __future__ import annotations

from tests.shop import Shop

STEPS = [{"name": "Early", "price_cents": 500, "until": None, "until_sold": 3, "number": 1}]


async def test_an_order_keeps_the_steps_of_its_hold_and_gives_them_back_when_it_is_cancelled(shop: Shop):
    kind = {"categories": ["Floor"], "price_steps": STEPS, "step_numbers": [1], "capacity": 20}
    await shop.open_event(types=[kind])
    hold = await shop.hold(4)
    assert [(item["price_cents"], item.get("price_step")) for item in hold["items"]] == [(500, "Early")] * 3 + [
        (1000, None)
    ]
    order = await shop.order(hold)
    assert order["amount_cents"] == 2500
    later = await shop.paid(2)
    assert later["amount_cents"] == 2000
    token = order["order_token"]
    assert (await shop.ask("POST", f"/v1/orders/{order['order_id']}/cancel", {}, X_Order_Token=token)).status == 200
    await shop.settled_errands()
    again = await shop.hold(2)
    assert [item["price_cents"] for item in again["items"]] == [500, 1000], "two are sold: one more is early"
    (report,) = await shop.services.insight.audit.check(shop.event_id)
    assert report["ok"], report["problems"]
    await shop.services.sale.inventory.rebuild(shop.event_id)
    (report,) = await shop.services.insight.audit.check(shop.event_id)
    assert report["ok"], report["problems"]
