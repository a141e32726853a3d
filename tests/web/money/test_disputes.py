"""Disputes: what a bank takes back ends and nothing else does, in whatever order it is told; the books agree."""

from __future__ import annotations

import asyncio

import pytest

from engine.foundation.ids import new_id
from tests import factories
from tests.shop import WAIT_MAX_S, Shop
from tests.stripe_events import deliver, event_of, intent_of
from tests.web.money.banks import audited, close, dispute, kept_cents, listed, refund, statuses

TWENTY = [{"categories": ["Floor"], "price_cents": 2000}]


async def test_a_lost_dispute_of_one_ticket_of_two_ends_that_ticket_and_no_other(shop: Shop):
    await shop.open_event(types=TWENTY)
    order = await shop.paid(2)
    opened = await dispute(shop, order, amount=2000)
    assert (await shop.until(order, "disputed"))["payment"]["state"] == "disputed"
    assert await statuses(shop, order) == ["blocked", "valid"]
    assert (await audited(shop))["sold"] == 2
    assert await kept_cents(shop) == 4000
    await close(shop, opened, "lost")
    answer = await shop.until(order, "partially_refunded")
    assert (answer["refunded_cents"], answer["charged_back_cents"]) == (0, 2000)
    assert await statuses(shop, order) == ["cancelled", "valid"]
    assert await shop.pulse() == {"free": 98, "held": 0, "ordered": 0, "sold": 2}
    assert (await audited(shop))["paid_cents"] == await kept_cents(shop) == 2000
    receipt = await shop.ask("GET", f"/v1/orders/{order['order_id']}/receipt", X_Order_Token=order["order_token"])
    assert (receipt["charged_back_cents"], receipt["kept_cents"]) == (2000, 2000)
    rest = await refund(shop, order)
    assert (rest.status, rest["amount_cents"]) == (201, 2000)
    assert (await shop.status(order))["status"] == "charged_back"
    assert (await audited(shop))["paid_cents"] == 0


async def test_the_undisputed_ticket_of_an_order_admits_while_the_bank_decides(shop: Shop):
    await shop.open_event(types=TWENTY)
    order = await shop.paid(2)
    opened = await dispute(shop, order, amount=2000)
    await shop.until(order, "disputed")
    path = f"/v1/events/{shop.event_id}/devices"
    device = await shop.ask("POST", path, {"name": "D"}, Authorization=await shop.organizer())
    credential = f"Device {device['device_id']}.{device['secret']}"
    results = {}
    for ticket in await shop.tickets(order):
        answer = await shop.ask("POST", "/v1/tickets/validate", {"code": ticket["code"]}, Authorization=credential)
        results[ticket["status"]] = answer["result"], answer["reason"]
    assert results == {"valid": ("admit", "ok"), "blocked": ("reject", "blocked")}
    await close(shop, opened, "won")
    await shop.until(order, "paid")
    assert await statuses(shop, order) == ["used", "valid"]
    await audited(shop)


async def test_a_whole_dispute_that_is_won_leaves_everything_as_it_was(shop: Shop):
    await shop.open_event(types=TWENTY)
    order = await shop.paid(2)
    opened = await dispute(shop, order)
    await shop.until(order, "disputed")
    assert await statuses(shop, order) == ["blocked", "blocked"]
    await close(shop, opened, "won")
    assert (await shop.until(order, "paid"))["charged_back_cents"] == 0
    assert await statuses(shop, order) == ["valid", "valid"]
    assert (await audited(shop))["paid_cents"] == await kept_cents(shop) == 4000
    assert (await refund(shop, order, amount_cents=100)).status == 201


async def test_a_whole_dispute_that_is_lost_is_charged_back_and_its_places_wait_for_the_organizer(shop: Shop):
    await shop.open_event(factories.general("Floor", 2), types=TWENTY)
    order = await shop.paid(2)
    opened = await dispute(shop, order)
    await close(shop, opened, "lost")
    assert (await shop.until(order, "charged_back"))["charged_back_cents"] == 4000
    assert await statuses(shop, order) == ["cancelled", "cancelled"]
    assert (await audited(shop))["paid_cents"] == await kept_cents(shop) == 0
    assert (await shop.hold())["code"] == "sold_out"
    assert (await refund(shop, order))["code"] == "refund_exceeds_paid"
    (row,) = await listed(shop)
    path, head = f"/v1/disputes/{row['id']}/release", await shop.organizer("finance")
    first = await shop.ask("POST", path, Authorization=head)
    assert (first.status, first["standing"]) == (200, "lost")
    again = await shop.ask("POST", path, Authorization=head)
    assert (again.status, again["released_at"]) == (200, first["released_at"])
    assert await shop.pulse() == {"free": 2, "held": 0, "ordered": 0, "sold": 0}
    await shop.paid(2)
    report = await audited(shop)
    assert (report["sold"], report["free"]) == (2, 0)


async def test_staff_read_what_is_disputed_why_until_when_and_where_the_evidence_goes(shop: Shop):
    await shop.open_event(types=TWENTY)
    order = await shop.paid(2)
    opened = await dispute(shop, order, amount=2000, reason="product_not_received")
    await shop.until(order, "disputed")
    (row,) = await listed(shop)
    assert (row["amount_cents"], row["currency"], row["reason"], row["status"], row["standing"]) == (
        2000, "CAD", "product_not_received", "needs_response", "open",
    )  # fmt: skip
    assert (row["order_id"], row["order_number"]) == (order["order_id"], order["order_number"])
    assert row["due_at"] > row["opened_at"]
    assert row["evidence_url"].endswith(f"/test/disputes/{opened['id']}")
    (blocked,) = [ticket["id"] for ticket in await shop.tickets(order) if ticket["status"] == "blocked"]
    assert row["ticket_ids"] == [blocked]
    read = await shop.ask("GET", f"/v1/orders/{order['order_id']}", X_Order_Token=order["order_token"])
    assert "product_not_received" not in str(read.body)
    deeds = await shop.services.common.pool.fetch(
        "SELECT facts FROM audit_log WHERE action = 'dispute.opened' AND facts->>'event_id' = $1", shop.event_id
    )
    assert [(deed["facts"]["amount_cents"], deed["facts"]["dispute_id"]) for deed in deeds] == [(2000, row["id"])]


async def test_nobody_outside_the_organization_learns_of_its_disputes(shop: Shop):
    await shop.open_event(types=TWENTY)
    order = await shop.paid()
    await dispute(shop, order)
    await shop.until(order, "disputed")
    (row,) = await listed(shop)
    theirs = shop.organization_id
    shop.organization_id = await factories.organization(shop.services.common.pool)
    stranger = await shop.organizer()
    listing = await shop.ask("GET", f"/v1/organizations/{theirs}/disputes", Authorization=stranger)
    assert (listing.status, listing["code"]) == (404, "organization_unknown")
    for one in (row["id"], new_id("dsp"), "dsp_x", "x"):
        answer = await shop.ask("POST", f"/v1/disputes/{one}/release", Authorization=stranger)
        assert (answer.status, answer["code"]) == (404, "dispute_unknown")
    shop.organization_id = theirs
    box_office = await shop.ask(
        "POST", f"/v1/disputes/{row['id']}/release", Authorization=await shop.organizer("box_office")
    )
    assert box_office.status == 403
    answer = await shop.ask("POST", f"/v1/disputes/{row['id']}/release", Authorization=await shop.organizer())
    assert (answer.status, answer["code"]) == (409, "dispute_not_lost")


async def test_dispute_events_that_are_late_doubled_and_reordered_end_in_the_same_place(shop: Shop):
    await shop.open_event(types=TWENTY)
    order = await shop.paid(2)
    await shop.switch(webhook_enabled=False)
    opened = await dispute(shop, order, amount=2000)
    await close(shop, opened, "lost")
    about = {"id": opened["id"], "payment_intent": intent_of(order), "status": "needs_response"}
    kinds = ("closed", "funds_withdrawn", "created", "updated", "created", "closed")
    events = [event_of(f"charge.dispute.{kind}", about, f"evt_{n}") for n, kind in enumerate(kinds)]
    assert (await deliver(shop, events[0])).status == 200
    answers = await asyncio.gather(*(deliver(shop, event) for event in events * 5))
    assert {answer.status for answer in answers} == {200}
    answer = await shop.until(order, "partially_refunded")
    assert answer["charged_back_cents"] == 2000
    assert await statuses(shop, order) == ["cancelled", "valid"]
    assert len(await listed(shop)) == 1
    deeds = await shop.services.common.pool.fetch("SELECT action FROM audit_log WHERE action LIKE 'dispute.%'")
    assert [deed["action"] for deed in deeds] == ["dispute.lost"]
    await audited(shop)


async def test_a_dispute_that_is_told_before_its_payment_finds_the_order_paid(shop: Shop):
    await shop.open_event(types=TWENTY)
    await shop.switch(webhook_enabled=False)
    order = await shop.ordered(1)
    await shop.pay(order, "pm_card_createDispute")
    about = {"id": "dp_1", "payment_intent": intent_of(order)}
    assert (await deliver(shop, event_of("charge.dispute.created", about))).status == 200
    assert (await shop.status(order))["status"] == "disputed"
    assert await statuses(shop, order) == ["blocked"]
    await audited(shop)


async def test_several_disputes_of_one_payment_each_take_their_own_ticket(shop: Shop):
    await shop.open_event(types=TWENTY)
    order = await shop.paid(3)
    first, second = await dispute(shop, order, amount=2000), await dispute(shop, order, amount=2000)
    async with asyncio.timeout(WAIT_MAX_S):
        while await statuses(shop, order) != ["blocked", "blocked", "valid"]:
            await asyncio.sleep(0.02)
    rows = await listed(shop)
    assert len({row["ticket_ids"][0] for row in rows}) == 2
    await close(shop, first, "lost")
    async with asyncio.timeout(WAIT_MAX_S):
        while await statuses(shop, order) != ["blocked", "cancelled", "valid"]:
            await asyncio.sleep(0.02)
    assert (await shop.status(order))["status"] == "disputed"
    await close(shop, second, "won")
    assert (await shop.until(order, "partially_refunded"))["charged_back_cents"] == 2000
    assert await statuses(shop, order) == ["cancelled", "valid", "valid"]
    third = await dispute(shop, order)
    assert third["amount"] == 4000
    await close(shop, third, "lost")
    assert (await shop.until(order, "charged_back"))["charged_back_cents"] == 6000
    assert (await audited(shop))["paid_cents"] == 0


async def test_a_bank_that_asks_for_what_was_refunded_before_takes_only_what_is_left(shop: Shop):
    await shop.open_event(types=TWENTY)
    order = await shop.paid(2)
    (gone, _) = [ticket["id"] for ticket in await shop.tickets(order)]
    assert (await refund(shop, order, lines=[gone])).status == 201
    opened = await dispute(shop, order, amount=4000)
    await shop.until(order, "disputed")
    assert await statuses(shop, order) == ["blocked", "refunded"]
    (row,) = await listed(shop)
    assert (row["amount_cents"], row["claimed_cents"]) == (4000, 2000)
    await close(shop, opened, "lost")
    answer = await shop.until(order, "charged_back")
    assert (answer["refunded_cents"], answer["charged_back_cents"]) == (2000, 2000)
    assert await statuses(shop, order) == ["cancelled", "refunded"]
    assert (await audited(shop))["paid_cents"] == await kept_cents(shop) == 0


async def test_a_part_that_pays_for_no_whole_ticket_ends_none(shop: Shop):
    await shop.open_event(types=TWENTY, taxes=[{"name": "GST", "rate_bp": 500}])
    order = await shop.paid(2)
    opened = await dispute(shop, order, amount=1500)
    await shop.until(order, "disputed")
    assert await statuses(shop, order) == ["valid", "valid"]
    await close(shop, opened, "lost")
    assert (await shop.until(order, "partially_refunded"))["charged_back_cents"] == 1500
    assert await statuses(shop, order) == ["valid", "valid"]
    more = await refund(shop, order, amount_cents=2701)
    assert (more.status, more["refundable_cents"]) == (409, 2700)
    rest = await refund(shop, order)
    parts = await shop.services.common.pool.fetchrow("SELECT net_cents, taxes FROM disputes")
    assert (rest["net_cents"] + parts["net_cents"], rest["taxes"]["GST"] + parts["taxes"]["GST"]) == (4000, 200)
    await audited(shop)


async def test_a_dearer_part_takes_the_ticket_that_it_pays_for(shop: Shop):
    types = [{"categories": ["Floor"], "price_cents": cents} for cents in (1000, 3000)]
    await shop.open_event(types=types)
    items = [{"ticket_type_id": kind, "quantity": 1} for kind in shop.types]
    hold = await shop.ask("POST", "/v1/holds", {"event_id": shop.event_id, "items": items}, Idempotency_Key=shop.key())
    order = await shop.order(hold)
    await shop.pay(order)
    await shop.until(order, "paid")
    await dispute(shop, order, amount=3000)
    await shop.until(order, "disputed")
    (blocked,) = [one for one in await shop.tickets(order) if one["status"] == "blocked"]
    assert blocked["price_cents"] == 3000
    await audited(shop)


async def test_the_place_of_a_used_ticket_is_never_sold_again(shop: Shop):
    await shop.open_event(factories.general("Floor", 2), types=TWENTY)
    order = await shop.paid(2)
    head = await shop.organizer()
    device = await shop.ask("POST", f"/v1/events/{shop.event_id}/devices", {"name": "D"}, Authorization=head)
    used = (await shop.tickets(order))[0]
    credential = f"Device {device['device_id']}.{device['secret']}"
    scanned = await shop.ask("POST", "/v1/tickets/validate", {"code": used["code"]}, Authorization=credential)
    assert scanned["result"] == "admit"
    part = await dispute(shop, order, amount=2000)
    await shop.until(order, "disputed")
    (blocked,) = [ticket["id"] for ticket in await shop.tickets(order) if ticket["status"] == "blocked"]
    assert blocked != used["id"]
    await close(shop, part, "lost")
    await shop.until(order, "partially_refunded")
    rest = await dispute(shop, order)
    await close(shop, rest, "lost")
    await shop.until(order, "charged_back")
    by_provider = {row["provider_dispute_id"]: row["id"] for row in await listed(shop)}
    refused = await shop.ask("POST", f"/v1/disputes/{by_provider[rest['id']]}/release", Authorization=head)
    assert (refused.status, refused["code"]) == (409, "tickets_used")
    done = await shop.ask("POST", f"/v1/disputes/{by_provider[part['id']]}/release", Authorization=head)
    assert done.status == 200
    assert await shop.pulse() == {"free": 1, "held": 0, "ordered": 0, "sold": 1}
    await audited(shop)


async def test_an_inquiry_is_shown_to_staff_and_takes_nothing(shop: Shop):
    await shop.open_event(types=TWENTY)
    order = await shop.paid()
    asked = await dispute(shop, order, inquiry=True)
    async with asyncio.timeout(WAIT_MAX_S):
        while not await listed(shop):
            await asyncio.sleep(0.02)
    assert (await shop.status(order))["status"] == "paid"
    assert await statuses(shop, order) == ["valid"]
    await close(shop, asked, "warning_closed")
    async with asyncio.timeout(WAIT_MAX_S):
        while (await listed(shop))[0]["standing"] != "won":
            await asyncio.sleep(0.02)
    assert (await audited(shop))["paid_cents"] == 2000


async def test_what_is_disputed_is_not_refunded_and_a_cancelled_event_returns_it_once_it_is_won(shop: Shop):
    await shop.open_event(types=TWENTY)
    order = await shop.paid(1)
    opened = await dispute(shop, order)
    await shop.until(order, "disputed")
    refused = await refund(shop, order)
    assert (refused.status, refused["code"], refused["order_status"]) == (409, "order_not_refundable", "disputed")
    await shop.ask("POST", f"/v1/events/{shop.event_id}/cancel", Authorization=await shop.organizer())
    await shop.work("outbox_relay", "refund_push")
    assert (await shop.status(order))["status"] == "disputed"
    await close(shop, opened, "won")
    async with asyncio.timeout(WAIT_MAX_S):
        while (await shop.status(order))["status"] != "refunded":
            await shop.work("outbox_relay", "refund_push")
    await audited(shop)


async def test_what_is_not_disputed_is_refunded_while_the_bank_decides_about_the_rest(shop: Shop):
    await shop.open_event(types=TWENTY)
    order = await shop.paid(2)
    opened = await dispute(shop, order, amount=2000)
    await shop.until(order, "disputed")
    by_status = {ticket["status"]: ticket["id"] for ticket in await shop.tickets(order)}
    refused = await refund(shop, order, lines=[by_status["blocked"]])
    assert (refused.status, refused["code"]) == (409, "order_not_refundable")
    done = await refund(shop, order)
    assert (done.status, done["amount_cents"], done["lines"]) == (201, 2000, [by_status["valid"]])
    assert await statuses(shop, order) == ["blocked", "refunded"]
    await close(shop, opened, "won")
    assert (await shop.until(order, "partially_refunded"))["refunded_cents"] == 2000
    assert await statuses(shop, order) == ["refunded", "valid"]
    assert (await audited(shop))["paid_cents"] == 2000


async def test_a_refund_that_the_disputed_payment_refuses_leaves_its_ticket_blocked(shop: Shop):
    await shop.open_event(types=TWENTY)
    order = await shop.paid(2)
    outage = {"kind": "outage", "endpoint": "POST /v1/refunds", "remaining": 20}
    await shop.switch(faults=[outage])
    ticket = (await shop.tickets(order))[0]["id"]
    assert (await refund(shop, order, lines=[ticket]))["status"] == "pending"
    opened = await dispute(shop, order, amount=4000)
    await shop.until(order, "disputed")
    assert await statuses(shop, order) == ["blocked", "refunded"]
    await shop.switch(faults=[])
    await shop.services.common.pool.execute("UPDATE refunds SET push_at = now()")
    await shop.work("refund_push")
    assert await statuses(shop, order) == ["blocked", "blocked"]
    await close(shop, opened, "lost")
    assert (await shop.until(order, "charged_back"))["charged_back_cents"] == 4000
    await audited(shop)


async def test_the_order_page_says_what_the_bank_does(shop: Shop):
    await shop.open_event(types=TWENTY)
    order = await shop.paid(1)

    async def page() -> str:
        cookie = {"Cookie": f"onsale_order={order['order_token']}"}
        async with shop.http.get(f"{shop.url}/order/{order['order_id']}", headers=cookie) as answer:
            assert answer.status == 200
            return await answer.text()

    assert "You are going." in await page()
    opened = await dispute(shop, order)
    await shop.until(order, "disputed")
    disputed = await page()
    assert ("Your bank disputes this payment." in disputed, "You are going." in disputed) == (True, False)
    assert "Disputed by your bank" in disputed
    await close(shop, opened, "lost")
    await shop.until(order, "charged_back")
    lost = await page()
    assert "Charged back." in lost
    assert "Taken back by your bank" in lost
    assert "Download PDF" not in lost


@pytest.mark.parametrize("code", ["JPY", "KWD"])
async def test_disputes_are_counted_in_the_currencys_own_units(shop: Shop, code: str):
    await shop.open_event(types=[{"categories": ["Floor"], "price_cents": 5000}], currency=code)
    order = await shop.paid(2)
    opened = await dispute(shop, order)
    await close(shop, opened, "lost")
    assert (await shop.until(order, "charged_back"))["charged_back_cents"] == 10_000
    await audited(shop)
