"""Expiry, reconciliation and reclaim: no charge without a seat, no seat kept without a reason."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from engine.domain.errors import ProviderUnavailable
from engine.stores.messages.mail import MailGateway
from engine.stores.money.orders import OrderStore
from tests import factories
from tests.shop import WAIT_MAX_S, Answer, Shop
from tests.stripe_events import deliver, event_of, intent_of


async def intent(shop: Shop, order: Answer) -> dict:
    url = f"{shop.stripe_url}/v1/payment_intents/{intent_of(order)}"
    async with shop.http.get(url, headers={"Authorization": "Bearer sk_test_onsale"}) as response:
        return await response.json()


async def test_an_unpaid_order_is_cancelled_at_the_provider_and_then_expires(shop: Shop):
    await shop.open_event()
    order = await shop.ordered(2)
    await shop.overdue(order)
    await shop.work("payment_reconciler")
    answer = await shop.status(order)
    states = answer["status"], answer["hold"]["state"], answer["payment"]["state"]
    assert states == ("expired", "released", "cancelled")
    assert (await intent(shop, order))["status"] == "canceled"
    assert await shop.pulse() == {"free": 100, "held": 0, "ordered": 0, "sold": 0}
    assert await shop.settled_errands() == 0


async def test_an_order_whose_money_came_unheard_is_settled_at_its_deadline(shop: Shop):
    await shop.open_event()
    await shop.switch(webhook_enabled=False)
    order = await shop.ordered()
    await shop.pay(order)
    await shop.overdue(order)
    await shop.work("payment_reconciler")
    assert (await shop.status(order))["status"] == "paid"


async def test_processing_keeps_its_units_past_the_deadline(shop: Shop):
    await shop.open_event()
    order = await shop.ordered()
    await shop.pay(order, "pm_usBankAccount_processing")
    await shop.overdue(order)
    await shop.work("payment_reconciler")
    assert (await shop.status(order))["status"] == "processing"
    assert (await shop.pulse())["ordered"] == 1


async def test_an_unreachable_provider_keeps_the_units_locked_until_it_answers(shop: Shop):
    await shop.open_event()
    order = await shop.ordered()
    await shop.overdue(order)
    await shop.switch(faults=[{"kind": "outage"}])
    await shop.work("payment_reconciler")
    assert (await shop.status(order))["status"] == "pending"
    assert (await shop.pulse())["ordered"] == 1
    await shop.switch(faults=[])
    await shop.overdue(order)
    await shop.work("payment_reconciler")
    assert (await shop.status(order))["status"] == "expired"


async def test_an_order_opened_while_the_provider_is_away_is_kept_and_continued(shop: Shop):
    await shop.open_event()
    await shop.switch(faults=[{"kind": "outage", "endpoint": "POST /v1/payment_intents"}])
    hold = await shop.hold()
    refused = await shop.order(hold, key="same")
    assert (refused.status, refused["code"]) == (503, "payment_provider_unavailable")
    assert int(refused.headers["Retry-After"]) > 0
    assert await shop.services.common.pool.fetchval("SELECT status FROM orders") == "pending"
    assert (await shop.pulse())["ordered"] == 1
    await shop.switch(faults=[])
    continued = await shop.order(hold, key="same")
    assert continued.status == 201
    assert (await shop.pay(continued))[0] == 200
    await shop.until(continued, "paid")


async def test_a_payment_accepted_but_never_answered_is_found_again_under_the_same_key(shop: Shop):
    await shop.open_event()
    await shop.switch(faults=[{"kind": "lost_reply", "endpoint": "POST /v1/payment_intents", "remaining": 2}])
    order = await shop.ordered()
    async with shop.http.get(
        f"{shop.stripe_url}/v1/payment_intents", headers={"Authorization": "Bearer sk_test_onsale"}
    ) as response:
        listed = await response.json()
    assert [row["id"] for row in listed["data"]] == [intent_of(order)]


async def test_an_order_that_never_learnt_of_its_payment_still_expires(shop: Shop):
    await shop.open_event()
    hold = await shop.hold()
    order = await shop.order(hold)
    await shop.services.common.pool.execute("UPDATE orders SET payment_intent_id = NULL, client_secret = NULL")
    await shop.overdue(order)
    await shop.work("payment_reconciler")
    assert (await shop.status(order))["status"] == "expired"
    assert (await intent(shop, order))["status"] == "canceled"
    late = await shop.order(hold)
    assert (late.status, late["code"]) == (410, "order_expired")


async def test_the_first_news_of_a_payment_that_was_opened_here_asks_the_ledger_nothing_before_it_settles(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    await shop.open_event()
    order, reads, read = await shop.ordered(2), [], OrderStore.read

    async def counted(self: OrderStore, order_id: str) -> Any:
        reads.append(order_id)
        return await read(self, order_id)

    monkeypatch.setattr(OrderStore, "read", counted)
    assert (await shop.pay(order))[0] == 200
    await shop.until(order, "paid")
    assert reads == []
    assert len(await shop.tickets(order)) == 2
    again = {"id": intent_of(order), "metadata": {"order_id": order["order_id"]}}
    assert (await deliver(shop, event_of("payment_intent.succeeded", again, "evt_again"))).status == 200
    assert reads == [order["order_id"]]


async def test_news_of_a_payment_that_the_provider_does_not_confirm_leaves_the_order_as_the_ledger_has_it(shop: Shop):
    await shop.open_event()
    order = await shop.ordered()
    await shop.services.common.pool.execute("UPDATE orders SET payment_error = 'kept' WHERE id = $1", order["order_id"])
    untrue = {"id": intent_of(order), "metadata": {"order_id": order["order_id"]}}
    for number in range(2):  # as it was opened here, then as it is read
        assert (await deliver(shop, event_of("payment_intent.succeeded", untrue, f"evt_{number}"))).status == 200
        assert (await shop.status(order))["status"] == "pending"
    assert (await shop.pay(order))[0] == 200
    await shop.until(order, "paid")


async def close_without_the_provider(shop: Shop, order: Answer) -> None:
    """As if the provider had said cancelled and charged nevertheless."""
    pool = shop.services.common.pool
    await pool.execute("UPDATE orders SET status = 'expired', closed_at = now() WHERE id = $1", order["order_id"])
    units = await pool.fetch(
        "UPDATE order_units SET live = false WHERE order_id = $1 RETURNING unit, ticket_type_id", order["order_id"]
    )
    await shop.services.sale.inventory.free(
        shop.event_id, [row["unit"] for row in units], order["order_id"], types=[row["ticket_type_id"] for row in units]
    )


async def test_money_for_an_expired_order_gets_its_units_back_where_they_are_free(shop: Shop):
    await shop.open_event()
    await shop.switch(webhook_enabled=False)
    order = await shop.ordered(2)
    await close_without_the_provider(shop, order)
    await shop.pay(order)
    await shop.services.money.payments.converge(order["order_id"])
    answer = await shop.status(order)
    assert (answer["status"], answer["closing_note"]) == ("paid", "paid_after_expiry_reclaimed")
    assert len(await shop.tickets(order)) == 2
    assert await shop.pulse() == {"free": 98, "held": 0, "ordered": 0, "sold": 2}


async def test_money_for_an_expired_order_gets_equal_numbers_where_its_own_are_gone(shop: Shop):
    await shop.open_event()
    await shop.switch(webhook_enabled=False)
    order = await shop.ordered(2)
    await close_without_the_provider(shop, order)
    other = await shop.ordered(2)
    await shop.pay(order)
    await shop.services.money.payments.converge(order["order_id"])
    assert (await shop.status(order))["status"] == "paid"
    mine = {ticket["unit"] for ticket in await shop.tickets(order)}
    read = await shop.ask("GET", f"/v1/orders/{other['order_id']}", X_Order_Token=other["order_token"])
    theirs = {row["unit"] for row in read["items"]}
    assert len(mine) == 2
    assert not mine & theirs


async def test_money_for_an_expired_order_goes_back_in_full_where_the_seat_is_gone(shop: Shop):
    await shop.open_event(factories.seated("Stalls", 1, 4), types=[{"categories": ["Stalls"]}], orphan_policy="off")
    await shop.switch(webhook_enabled=False)
    order = await shop.ordered(1, seats=["Stalls/1/1"])
    await close_without_the_provider(shop, order)
    await shop.ordered(1, seats=["Stalls/1/1"])
    await shop.pay(order)
    await shop.services.money.payments.converge(order["order_id"])
    answer = await shop.status(order)
    assert (answer["status"], answer["closing_note"]) == ("refunded", "paid_after_expiry_refunded")
    assert answer["refunded_cents"] == 1000
    assert await shop.tickets(order) == []
    assert (await intent(shop, order))["status"] == "succeeded"


async def test_money_for_an_expired_order_that_waits_to_go_back_is_no_fault_of_the_ledger(shop: Shop):
    await shop.open_event(factories.seated("Stalls", 1, 4), types=[{"categories": ["Stalls"]}], orphan_policy="off")
    await shop.switch(webhook_enabled=False, faults=[{"kind": "outage", "endpoint": "POST /v1/refunds"}])
    order = await shop.ordered(1, seats=["Stalls/1/1"])
    await close_without_the_provider(shop, order)
    await shop.ordered(1, seats=["Stalls/1/1"])
    await shop.pay(order)
    with pytest.raises(ProviderUnavailable):
        await shop.services.money.payments.converge(order["order_id"])
    (report,) = await shop.services.insight.audit.check(shop.event_id)
    assert report["problems"] == []
    await shop.services.common.pool.execute("UPDATE refunds SET status = 'failed'")
    (report,) = await shop.services.insight.audit.check(shop.event_id)
    assert any("is paid without a ticket" in problem for problem in report["problems"])


async def test_money_for_an_expired_order_waits_for_an_inventory_that_is_being_rebuilt(shop: Shop):
    await shop.open_event()
    await shop.switch(webhook_enabled=False)
    order = await shop.ordered(2)
    await close_without_the_provider(shop, order)
    await shop.pay(order)
    event_id, redis, pool = shop.event_id.encode(), shop.services.common.redis, shop.services.common.pool
    await redis.set(b"inv:{%s}:rebuild" % event_id, b"another")
    await redis.set(b"inv:{%s}:epoch" % event_id, b"!another")
    about = {"id": intent_of(order), "metadata": {"order_id": order["order_id"]}}
    assert (await deliver(shop, event_of("payment_intent.succeeded", about))).status == 200
    async with asyncio.timeout(WAIT_MAX_S):
        while await pool.fetchval("SELECT status FROM webhook_events") != "parked":
            await asyncio.sleep(0.02)
    assert (await shop.status(order))["status"] == "expired"
    assert await pool.fetchval("SELECT count(*) FROM refunds") == 0
    await redis.delete(b"inv:{%s}:rebuild" % event_id)
    await shop.services.sale.inventory.rebuild(shop.event_id)
    await pool.execute("UPDATE webhook_events SET available_at = now()")
    await shop.work("webhook_retry")
    assert (await shop.status(order))["closing_note"] == "paid_after_expiry_reclaimed"
    (report,) = await shop.services.insight.audit.check(shop.event_id)
    assert (report["ok"], report["sold"]) == (True, 2)


async def test_an_expired_order_gives_its_promo_codes_use_back(shop: Shop):
    await shop.open_event()
    await shop.services.common.pool.execute(
        "INSERT INTO promo_codes (id, event_id, code, kind, value, max_uses)"
        " VALUES ('pro_1', $1, 'HALF', 'percent', 5000, 1)",
        shop.event_id,
    )
    await shop.services.sale.inventory.changed(shop.event_id)
    await asyncio.sleep(0.1)
    order = await shop.ordered(1, promo_code="HALF")
    assert order["amount_cents"] == 500
    assert (await shop.hold(1, promo_code="HALF"))["code"] == "promo_exhausted"
    await shop.overdue(order)
    await shop.work("payment_reconciler")
    assert (await shop.hold(1, promo_code="HALF")).status == 201
    assert (await shop.hold(1, promo_code="HALF"))["code"] == "promo_exhausted"


async def test_a_process_that_dies_after_the_commit_leaves_errands_that_the_relay_does(shop: Shop):
    await shop.open_event()
    order = await shop.ordered(2)
    pool = shop.services.common.pool
    hold_id = await pool.fetchval("SELECT hold_id FROM orders WHERE id = $1", order["order_id"])
    errand = {"event_id": shop.event_id, "order_id": order["order_id"], "hold_id": hold_id, "units": [0, 1]}
    await pool.execute(
        "INSERT INTO outbox (topic, key, payload) VALUES ('inventory.sold', $1, $2)", order["order_id"], errand
    )
    await shop.work("outbox_relay")
    assert await shop.pulse() == {"free": 98, "held": 0, "ordered": 0, "sold": 2}
    assert await shop.settled_errands() == 0


async def test_a_repeated_freeing_never_frees_what_was_sold_again(shop: Shop):
    await shop.open_event()
    order = await shop.paid(1)
    pool = shop.services.common.pool
    payload = {"event_id": shop.event_id, "units": [0], "types": shop.types, "op_id": "ord_other"}
    await pool.execute("INSERT INTO outbox (topic, key, payload) VALUES ('inventory.free', 'x', $1)", payload)
    await shop.work("outbox_relay")
    assert (await shop.pulse())["sold"] == 1
    assert (await shop.status(order))["status"] == "paid"


async def test_many_buyers_end_with_the_ledger_the_map_and_the_provider_agreeing(shop: Shop):
    await shop.open_event(factories.general("Floor", 30), taxes=[{"name": "GST", "rate_bp": 500}])

    async def buyer(index: int) -> Answer | None:
        hold = await shop.hold(1 + index % 3)
        if hold.status != 201:
            return None
        order = await shop.order(hold)
        assert order.status == 201, order.body
        if index % 4:
            await shop.pay(order, "pm_card_visa" if index % 5 else "pm_card_chargeDeclined")
        return order

    orders = [order for order in await asyncio.gather(*(buyer(index) for index in range(24))) if order is not None]
    await asyncio.sleep(0.5)
    for order in orders:
        await shop.overdue(order)
    await shop.work("payment_reconciler", "outbox_relay", rounds=2)
    rows = await shop.services.common.pool.fetch("SELECT status, amount_cents FROM orders")
    assert {row["status"] for row in rows} <= {"paid", "expired"}
    sold = await shop.services.common.pool.fetchval("SELECT count(*) FROM order_units WHERE live")
    pulse = await shop.pulse()
    assert pulse["sold"] == sold == await shop.services.common.pool.fetchval("SELECT count(*) FROM tickets")
    assert pulse["sold"] + pulse["free"] == 30
    paid = sum(row["amount_cents"] for row in rows if row["status"] == "paid")
    assert (await shop.provider())["captured_cents"] == {"cad": paid}
    assert await shop.settled_errands() == 0


async def test_a_cancelled_event_returns_everything(shop: Shop):
    await shop.open_event(types=[{"categories": ["Floor"]}, {"categories": ["Floor"], "price_cents": 0}])
    paid, free, unpaid = await shop.paid(2), await shop.ordered(1, type=shop.types[1]), await shop.ordered(1)
    await shop.services.common.pool.execute(
        "INSERT INTO outbox (topic, key, payload) VALUES ('event.cancelled', 'e', $1)", {"event_id": shop.event_id}
    )
    await shop.work("outbox_relay", "payment_reconciler", "refund_push", rounds=2)
    statuses = [(await shop.status(order))["status"] for order in (paid, free, unpaid)]
    assert statuses == ["refunded", "cancelled", "expired"]
    tickets = await shop.tickets(paid) + await shop.tickets(free)
    assert {ticket["status"] for ticket in tickets} == {"refunded", "cancelled"}


async def test_who_pays_while_the_event_is_being_cancelled_gets_it_back(shop: Shop):
    """The cancellation has looked for paid orders already, and the deadline has not been noticed yet."""
    await shop.open_event()
    order = await shop.ordered(2)
    cancelled = await shop.ask("POST", f"/v1/events/{shop.event_id}/cancel", Authorization=await shop.organizer())
    assert (cancelled.status, cancelled["status"]) == (200, "cancelled")
    await shop.work("outbox_relay")
    assert await shop.settled_errands() == 0
    assert (await shop.pay(order))[0] == 200
    async with asyncio.timeout(WAIT_MAX_S):
        while (await shop.status(order))["status"] != "refunded":
            await shop.work("refund_push")
    assert (await shop.status(order))["refunded_cents"] == order["amount_cents"]
    assert {ticket["status"] for ticket in await shop.tickets(order)} == {"refunded"}
    await shop.work("outbox_relay")
    (report,) = await shop.services.insight.audit.check(shop.event_id)
    assert (report["ok"], report["sold"], report["problems"]) == (True, 0, [])


async def test_an_order_that_ended_is_not_brought_back_for_an_event_that_was_cancelled(shop: Shop):
    await shop.open_event()
    order, pool = await shop.ordered(1), shop.services.common.pool
    await shop.ask("POST", f"/v1/events/{shop.event_id}/cancel", Authorization=await shop.organizer())
    await pool.execute("UPDATE order_units SET live = false WHERE order_id = $1", order["order_id"])
    await pool.execute("UPDATE orders SET status = 'expired', closed_at = now() WHERE id = $1", order["order_id"])
    await shop.services.sale.inventory.load(shop.event_id)
    assert (await shop.pay(order))[0] == 200
    assert (await shop.until(order, "refunded"))["refunded_cents"] == order["amount_cents"]
    assert await shop.tickets(order) == []


async def test_the_tickets_arrive_by_mail_with_their_codes_and_a_printable_sheet(shop: Shop):
    await shop.open_event(title="Night <of> Songs")
    order = await shop.paid(2)
    await shop.work("outbox_relay")
    (message,) = shop.mailbox.messages
    assert message["To"] == "Ada <ada@example.test>"
    assert message["Subject"] == "Your tickets for Night <of> Songs"
    kinds = [part.get_content_type() for part in message.walk()]
    assert kinds.count("image/png") == 2
    assert "application/pdf" in kinds
    text = message.get_body(("plain",)).get_content()
    assert f"/order/{order['order_id']}#token=" in text
    assert "20.00" in text
    html = message.get_body(("html",)).get_content()
    assert "Night &lt;of&gt; Songs" in html
    assert 'src="cid:code1"' in html
    assert await shop.settled_errands() == 0


async def test_mail_that_cannot_be_sent_is_kept_and_sent_later(shop: Shop):
    await shop.open_event()
    await shop.paid()
    with pytest.MonkeyPatch.context() as away:
        away.setattr(MailGateway, "send", lambda *_: 1 / 0)
        await shop.work("outbox_relay")
    assert shop.mailbox.messages == []
    row = await shop.services.common.pool.fetchrow(
        "SELECT attempts, error, dead_at FROM outbox WHERE topic = 'mail.tickets'"
    )
    assert (row["attempts"], row["dead_at"]) == (1, None)
    assert "ZeroDivisionError" in row["error"]
    await shop.services.common.pool.execute("UPDATE outbox SET available_at = now()")
    await shop.work("outbox_relay")
    assert len(shop.mailbox.messages) == 1
