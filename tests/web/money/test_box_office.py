"""The box office: orders paid over the counter, from everybody's inventory, in everybody's ledger."""

from __future__ import annotations

import asyncio

from engine.domain.money.box_office.sales import CounterSale, GivenPayment
from engine.domain.sale.holds import HoldItem
from engine.foundation.bearer import Person
from tests import factories
from tests.shop import Shop
from tests.web.money.counter import audited, sell, written


async def test_a_cash_sale_is_a_paid_order_with_its_tickets_and_the_change(shop: Shop):
    await shop.open_event()
    clerk = await shop.organizer("box_office")
    sold = await sell(shop, clerk, 2, payment={"kind": "cash", "received_cents": 5000})
    assert sold.status == 201, sold.body
    assert (sold["status"], sold["amount_cents"], sold["change_cents"]) == ("paid", 2000, 3000)
    assert [ticket["status"] for ticket in sold["tickets"]] == ["valid", "valid"]
    assert all(ticket["code"] for ticket in sold["tickets"])
    assert (sold["payment"]["kind"], sold["buyer"]["email"]) == ("cash", "")
    order = await shop.ask("GET", f"/v1/orders/{sold['order_id']}", X_Order_Token=sold["order_token"])
    assert (order["status"], order["payment_intent_id"]) == ("paid", None)
    assert await shop.pulse() == {"free": 98, "held": 0, "ordered": 0, "sold": 2}
    assert (await shop.provider())["captured_cents"] in ({}, {"cad": 0}), "no provider was asked"
    await shop.work("outbox_relay", rounds=3)
    assert shop.mailbox.messages == [], "nobody gave an address"
    await audited(shop)


async def test_who_gives_an_address_is_mailed_the_tickets(shop: Shop):
    await shop.open_event()
    clerk = await shop.organizer("box_office")
    buyer = {"name": "Grace Hopper", "email": "Grace@Example.test"}
    sold = await sell(shop, clerk, user_info=buyer, payment={"kind": "terminal", "reference": "SLIP 7"})
    assert (sold["buyer"], sold["tickets"][0]["attendee"]) == (
        {"name": "Grace Hopper", "email": "grace@example.test"},
        "Grace Hopper",
    )
    await shop.work("outbox_relay", rounds=3)
    assert [message["To"] for message in shop.mailbox.messages] == ["Grace Hopper <grace@example.test>"]


async def test_a_comp_costs_nothing_needs_a_reason_and_has_its_own_line_in_the_report(shop: Shop):
    await shop.open_event(taxes=[{"name": "GST", "rate_bp": 500}])
    owner = await shop.organizer()
    refused = await sell(shop, owner, payment={"kind": "comp"})
    assert (refused.status, refused["errors"][0]["pointer"]) == (422, "/note")
    given = await sell(shop, owner, 2, payment={"kind": "comp"}, note="Press")
    assert (given["amount_cents"], given["price"]["tax_cents"], given["note"]) == (0, 0, "Press")
    await sell(shop, owner, payment={"kind": "cash"})
    report = await shop.ask("GET", f"/v1/events/{shop.event_id}/analytics", Authorization=owner)
    lines = {line["kind"]: (line["orders"], line["tickets"], line["taken_cents"]) for line in report["box_office"]}
    assert lines == {"comp": (1, 2, 0), "cash": (1, 1, 1050)}
    assert report["paid_cents"] == 1050
    await audited(shop)


async def test_what_is_refused_writes_nothing_and_holds_nothing(shop: Shop):
    await shop.open_event()
    clerk = await shop.organizer("box_office")
    cases = [
        ({"payment": {"kind": "cash", "received_cents": 999}}, "/payment/received_cents"),
        ({"payment": {"kind": "terminal", "received_cents": 1000}}, "/payment/received_cents"),
        ({"payment": {"kind": "barter"}}, "/payment/kind"),
        ({"user_info": {"name": "visit example.com"}}, "/user_info/name"),
        ({"user_info": {"email": "nobody"}}, "/user_info/email"),
        ({"type": "tt_none"}, "/items/0/ticket_type_id"),
        ({"quantity": 11}, "/items/0/quantity"),
        ({"item": {"seats": ["Floor/1/1"]}}, "/items/0/seats/0"),
    ]
    for more, pointer in cases:
        refused = await sell(shop, clerk, **more)
        assert refused.status == 422, (more, refused.body)
        assert refused["errors"][0]["pointer"] == pointer
    unkeyed = await shop.ask("POST", f"/v1/events/{shop.event_id}/box-office/orders", {}, Authorization=clerk)
    assert (unkeyed.status, unkeyed["code"]) == (400, "idempotency_key_required")
    assert await written(shop) == (0, 0, 0)
    assert await shop.pulse() == {"free": 100, "held": 0, "ordered": 0, "sold": 0}


async def test_one_key_sells_once_however_often_and_at_once_it_is_sent(shop: Shop):
    await shop.open_event()
    clerk = await shop.organizer("box_office")
    key = shop.key()
    answers = await asyncio.gather(*(sell(shop, clerk, key=key) for _ in range(5)))
    sold = {answer["order_id"] for answer in answers if answer.status == 201}
    assert len(sold) == 1
    assert {answer.status for answer in answers} <= {201, 409}
    again = await sell(shop, clerk, key=key)
    assert (again["order_id"], again.headers["Idempotent-Replayed"]) == (sold.pop(), "true")
    assert (await sell(shop, clerk, 2, key=key)).status == 422
    assert await written(shop) == (1, 1, 1)


async def test_a_sale_that_broke_off_after_its_hold_is_continued_under_its_key(shop: Shop):
    await shop.open_event()
    services, clerk = shop.services, Person("usr_root", is_admin=True)
    event = await services.sale.selling.get(shop.event_id)
    sale = CounterSale(items=(HoldItem(shop.types[0], 2),), payment=GivenPayment(kind="cash"))
    hold = await services.sale.staff_holds.place(event, sale.items, key=b"k" * 32, comps=False)
    await services.sale.inventory.order(shop.event_id, hold.id)
    first = await services.money.box_office.sell(clerk, shop.event_id, sale, once_as=b"k" * 32)
    again = await services.money.box_office.sell(clerk, shop.event_id, sale, once_as=b"k" * 32)
    assert first.order.id == again.order.id
    assert first.order.hold_id == hold.id
    assert await written(shop) == (1, 1, 2)
    assert await shop.pulse() == {"free": 98, "held": 0, "ordered": 0, "sold": 2}


async def test_a_refund_of_the_counter_is_returned_by_hand_and_its_places_are_free_again(shop: Shop):
    await shop.open_event()
    owner = await shop.organizer()
    sold = await sell(shop, owner, 2)
    body = {"reason": "too loud", "lines": [sold["tickets"][0]["id"]]}
    path = f"/v1/orders/{sold['order_id']}/refunds"
    refund = await shop.ask("POST", path, body, Authorization=owner, Idempotency_Key=shop.key())
    assert (refund.status, refund["status"], refund["amount_cents"]) == (201, "succeeded", 1000)
    order = await shop.ask("GET", f"/v1/orders/{sold['order_id']}", X_Order_Token=sold["order_token"])
    assert (order["status"], order["refunded_cents"]) == ("partially_refunded", 1000)
    assert (await shop.pulse())["sold"] == 1
    await shop.work("outbox_relay", rounds=3)
    assert shop.mailbox.messages == []
    dead = await shop.services.common.pool.fetchval("SELECT count(*) FROM outbox WHERE error IS NOT NULL")
    assert dead == 0, "a mail to nobody is no failure"
    await audited(shop)


async def test_the_counter_sells_before_the_sale_opens_and_past_the_queue(shop: Shop):
    await shop.open_event()
    pool = shop.services.common.pool
    await pool.execute(
        "UPDATE on_sales SET opens_at = now() + interval '1 day', room_enabled = true, room = $2 WHERE event_id = $1",
        shop.event_id, {"capacity": 1},
    )  # fmt: skip
    await shop.services.sale.inventory.changed(shop.event_id)
    async with asyncio.timeout(10):
        while (await shop.hold()).status == 201:
            await asyncio.sleep(0.05)
    clerk = await shop.organizer("box_office")
    assert (await sell(shop, clerk)).status == 201
    await pool.execute(
        "UPDATE ticket_types SET sales_end_at = now() - interval '1 minute' WHERE id = $1", shop.types[0]
    )
    await shop.services.sale.inventory.changed(shop.event_id)
    async with asyncio.timeout(10):
        while (refused := await sell(shop, clerk)).status == 201:
            await asyncio.sleep(0.05)
    assert refused["code"] == "sales_closed", "the window of a ticket type is everybody's"


async def test_what_is_set_apart_for_the_box_office_is_sold_there_and_to_nobody_who_types_its_name(shop: Shop):
    await shop.open_event(factories.general("Floor", 4))
    owner = await shop.organizer()
    for name, channel in (("Door", "box office"), ("Guests", "comps")):
        given = {"name": name, "section": "Floor", "quantity": 2, "open_to": [channel]}
        made = await shop.ask("POST", f"/v1/events/{shop.event_id}/allotments", given, Authorization=owner)
        assert made.status == 201, made.body
    for code in ("box office", "BOX-OFFICE", "box_office", "comps"):
        refused = await shop.hold(1, promo_code=code)
        assert refused["code"] == "promo_invalid", code
    assert (await sell(shop, owner, 2)).status == 201
    assert (await sell(shop, owner))["code"] == "sold_out", "places for comps are given, not sold"
    assert (await sell(shop, owner, 2, payment={"kind": "comp"}, note="Press")).status == 201
    await audited(shop)


async def test_clerks_and_buyers_who_meet_over_the_last_places_sell_each_once(shop: Shop):
    await shop.open_event(factories.seated("Hall", 2, 5), types=[{"categories": ["Hall"]}])
    clerk = await shop.organizer("box_office")
    sales = [sell(shop, clerk) for _ in range(14)]
    named = [sell(shop, clerk, item={"seats": ["Hall/1/3"]}) for _ in range(3)]
    holds = [shop.hold() for _ in range(14)]
    answers = await asyncio.gather(*sales, *named, *holds)
    won = [answer for answer in answers if answer.status == 201]
    assert len(won) == 10
    assert {answer["code"] for answer in answers if answer.status != 201} <= {"sold_out", "seat_taken"}
    seats = [ticket["seat"] for answer in won for ticket in answer.body.get("tickets", answer.body.get("items"))]
    assert len(set(seats)) == 10
    await audited(shop)


async def test_the_audit_knows_a_counter_order_that_lost_its_payment(shop: Shop):
    await shop.open_event()
    clerk = await shop.organizer("box_office")
    sold = await sell(shop, clerk)
    pool = shop.services.common.pool
    await pool.execute("UPDATE counter_payments SET amount_cents = 1 WHERE order_id = $1", sold["order_id"])
    (report,) = await shop.services.insight.audit.check(shop.event_id)
    assert report["problems"] == [f"money: {sold['order_id']} is 1000, the box office took 1 (cash)"]
    await pool.execute("DELETE FROM counter_payments")
    (report,) = await shop.services.insight.audit.check(shop.event_id)
    assert report["problems"] == [f"money: {sold['order_id']} is paid without a payment"]
