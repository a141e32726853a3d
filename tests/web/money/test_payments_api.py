"""Webhooks, refunds and disputes: whatever arrives, in whatever order, money and tickets end if they must."""

from __future__ import annotations

import asyncio
import time

import pytest

from engine.stores.money.stripe_gateway import SignatureWrong, StripeGateway
from tests import factories
from tests.shop import Answer, Shop
from tests.stripe_events import deliver, event_of, intent_of, signed


async def refund(shop: Shop, order: Answer, head: str, **body) -> Answer:
    path = f"/v1/orders/{order['order_id']}/refunds"
    return await shop.ask("POST", path, {"reason": "asked for", **body}, Authorization=head, Idempotency_Key=shop.key())


async def test_a_webhook_without_a_valid_fresh_signature_is_refused(shop: Shop):
    event = event_of("payment_intent.succeeded", {"id": "pi_1", "metadata": {}})
    assert (await deliver(shop, event, secret="whsec_other"))["code"] == "webhook_signature_invalid"
    stale = await deliver(shop, event, at_s=int(time.time()) - 301)
    assert (stale.status, stale["code"]) == (400, "webhook_signature_invalid")
    early = await deliver(shop, event, at_s=int(time.time()) + 310)
    assert (early.status, early["code"]) == (400, "webhook_signature_invalid")
    assert (await shop.ask("POST", "/v1/webhooks/stripe", b"{}")).status == 400
    foreign = await shop.ask("POST", "/v1/webhooks/stripe", b"{}", Stripe_Signature=f"t={int(time.time())},v1=é")
    assert (foreign.status, foreign["code"]) == (400, "webhook_signature_invalid")
    assert await shop.services.common.pool.fetchval("SELECT count(*) FROM webhook_events") == 0


async def test_without_a_secret_nothing_verifies():
    gateway = StripeGateway(url="http://127.0.0.1:9", secret_key="sk_test_x", webhook_secret="")
    body, signature = signed({"id": "evt_1", "type": "invoice.paid"}, secret="")
    with pytest.raises(SignatureWrong):
        gateway.verify(body, signature)
    await gateway.close()


async def test_old_events_are_emptied_of_what_they_say_about_buyers(shop: Shop):
    await deliver(shop, event_of("invoice.paid", {"id": "in_1", "receipt_email": "ada@x.test"}))
    await shop.work("housekeeping")
    assert await shop.services.common.pool.fetchval("SELECT payload <> '{}' FROM webhook_events")
    await shop.services.common.pool.execute("UPDATE webhook_events SET processed_at = now() - interval '91 days'")
    await shop.work("housekeeping")
    assert await shop.services.common.pool.fetchval("SELECT payload FROM webhook_events") == {}
    assert (await deliver(shop, event_of("invoice.paid", {"id": "in_1"})))["repeated"] is True


async def test_unknown_kinds_are_stored_and_acknowledged(shop: Shop):
    assert (await deliver(shop, event_of("invoice.paid", {"id": "in_1"}))).status == 200
    assert (await deliver(shop, event_of("invoice.paid", {"id": "in_1"})))["repeated"] is True
    rows = await shop.services.common.pool.fetch("SELECT kind, status FROM webhook_events")
    assert [tuple(row) for row in rows] == [("invoice.paid", "ignored")]


async def test_a_hundred_copies_in_parallel_have_one_effect(shop: Shop):
    await shop.open_event()
    await shop.switch(webhook_enabled=False)
    order = await shop.ordered(2)
    await shop.pay(order)
    about = {"id": intent_of(order), "metadata": {"order_id": order["order_id"]}}
    event = event_of("payment_intent.succeeded", about)
    others = [event_of("payment_intent.succeeded", about, f"evt_other_{index}") for index in range(10)]
    answers = await asyncio.gather(*(deliver(shop, event) for _ in range(100)), *(deliver(shop, e) for e in others))
    assert {answer.status for answer in answers} == {200}
    await shop.until(order, "paid")
    assert len(await shop.tickets(order)) == 2
    assert await shop.services.common.pool.fetchval("SELECT count(*) FROM audit_log WHERE action = 'order.paid'") == 1
    assert await shop.services.common.pool.fetchval("SELECT count(*) FROM outbox WHERE topic = 'mail.tickets'") == 1


async def test_an_event_that_comes_before_its_order_is_parked_and_repeated(shop: Shop):
    await shop.open_event()
    await shop.switch(webhook_enabled=False)
    order = await shop.ordered()
    await shop.pay(order)
    pool, order_id = shop.services.common.pool, order["order_id"]
    stranger = "ord_" + "0" * 26
    nobodys = {"id": "pi_x", "metadata": {"order_id": stranger}}
    await deliver(shop, event_of("payment_intent.succeeded", nobodys, "evt_a"))
    assert await pool.fetchval("SELECT status FROM webhook_events WHERE id = 'evt_a'") == "parked"
    ours = {"id": intent_of(order), "metadata": {"order_id": order_id}}
    payload = event_of("payment_intent.succeeded", ours, "evt_a")
    await pool.execute("UPDATE webhook_events SET payload = $1, available_at = now() WHERE id = 'evt_a'", payload)
    await shop.work("webhook_retry")
    assert await pool.fetchval("SELECT status FROM webhook_events WHERE id = 'evt_a'") == "processed"
    assert (await shop.status(order))["status"] == "paid"


async def test_an_event_that_was_parked_and_is_sent_again_pays_its_order_and_is_called_a_copy(shop: Shop):
    await shop.open_event()
    await shop.switch(webhook_enabled=False)
    order = await shop.ordered()
    await shop.pay(order)
    event = event_of("payment_intent.succeeded", {"id": intent_of(order), "metadata": {"order_id": order["order_id"]}})
    await shop.switch(faults=[{"kind": "outage", "endpoint": "GET /v1/payment_intents/{id}"}])
    first = await deliver(shop, event)
    assert (first.status, first["repeated"]) == (200, False)
    pool = shop.services.common.pool
    assert await pool.fetchval("SELECT status FROM webhook_events") == "parked"
    await shop.switch(faults=[])
    copies = await asyncio.gather(*(deliver(shop, event) for _ in range(20)))
    assert [(copy.status, copy["repeated"]) for copy in copies] == [(200, True)] * 20
    assert (await shop.status(order))["status"] == "paid"
    assert await pool.fetchval("SELECT status FROM webhook_events") == "processed"
    assert len(await shop.tickets(order)) == 1


async def test_an_event_that_never_fits_becomes_a_dead_letter_that_can_be_replayed(shop: Shop):
    pool = shop.services.common.pool
    stranger = {"id": "pi_x", "metadata": {"order_id": "ord_" + "0" * 26}}
    await deliver(shop, event_of("payment_intent.succeeded", stranger, "evt_a"))
    await pool.execute("UPDATE webhook_events SET attempts = 24, available_at = now()")
    await shop.work("webhook_retry")
    assert [event.id for event in await shop.services.money.webhooks.dead(10)] == ["evt_a"]
    assert (await shop.services.insight.dead_letters.replay("evt_a"))["what"] == "payment_intent.succeeded pi_x"
    assert await shop.services.money.webhooks.dead(10) == []
    assert await pool.fetchval("SELECT attempts FROM webhook_events WHERE status = 'parked'") == 0


async def test_failure_after_success_stays_paid(shop: Shop):
    await shop.open_event()
    order = await shop.paid()
    about = {"id": intent_of(order), "metadata": {"order_id": order["order_id"]}}
    await deliver(shop, event_of("payment_intent.payment_failed", about))
    await deliver(shop, event_of("payment_intent.canceled", about, "evt_test_2"))
    assert (await shop.status(order))["status"] == "paid"


async def test_a_refund_that_is_told_before_the_success_ends_refunded(shop: Shop):
    await shop.open_event()
    await shop.switch(webhook_enabled=False)
    order = await shop.ordered()
    await shop.pay(order)
    async with shop.http.post(
        f"{shop.stripe_url}/v1/refunds",
        data={"payment_intent": intent_of(order)},
        headers={"Authorization": "Bearer sk_test_onsale"},
    ) as response:
        assert response.status == 200, await response.text()
    await deliver(shop, event_of("charge.refunded", {"id": "ch_1", "payment_intent": intent_of(order)}))
    about = {"id": intent_of(order), "metadata": {"order_id": order["order_id"]}}
    await deliver(shop, event_of("payment_intent.succeeded", about, "evt_test_2"))
    answer = await shop.status(order)
    assert (answer["status"], answer["refunded_cents"]) == ("refunded", 1000)
    assert [ticket["status"] for ticket in await shop.tickets(order)] == ["refunded"]
    assert await shop.pulse() == {"free": 100, "held": 0, "ordered": 0, "sold": 0}


async def test_a_late_paying_method_waits_in_processing_and_then_settles(shop: Shop):
    await shop.open_event()
    await shop.switch(processing_ms=60_000)
    order = await shop.ordered()
    await shop.pay(order, "pm_usBankAccount_success")
    assert (await shop.until(order, "processing"))["payment"]["state"] == "processing"
    intent_id = order["client_secret"].partition("_secret_")[0]
    await shop.sandbox(f"payment_intents/{intent_id}/settle", {"outcome": "succeed"})
    await shop.until(order, "paid")


async def test_duplicated_reordered_and_lost_webhooks_converge(shop: Shop):
    await shop.open_event()
    await shop.switch(
        webhook_duplicate_rate=0.5, webhook_copies=5, webhook_reorder_rate=0.5, webhook_reorder_ms=50,
        webhook_loss_rate=0.2, webhook_retry_base_ms=50, seed=7,
    )  # fmt: skip
    orders = await asyncio.gather(*(shop.ordered() for _ in range(10)))
    await asyncio.gather(*(shop.pay(order) for order in orders))
    await asyncio.sleep(0.5)
    await shop.services.common.pool.execute("UPDATE orders SET reconcile_at = now()")
    await shop.work("payment_reconciler")
    for order in orders:
        assert (await shop.until(order, "paid"))["tickets"]["issued"] == 1


async def test_refunds_of_lines_return_their_stored_cents_and_free_their_units(shop: Shop):
    types = [{"categories": ["Floor"], "price_cents": 1010}]
    await shop.open_event(taxes=[{"name": "GST", "rate_bp": 500}], types=types)
    order = await shop.paid(3)
    head = await shop.organizer("finance")
    tickets = await shop.tickets(order)
    lines = [ticket["id"] for ticket in tickets]
    first = await refund(shop, order, head, lines=[lines[2]])
    assert first.status == 201, first.body
    assert (first["status"], first["amount_cents"], first["taxes"]) == ("succeeded", 1060, {"GST": 50})
    assert (await shop.status(order))["status"] == "partially_refunded"
    assert [ticket["status"] for ticket in await shop.tickets(order)] == ["valid", "valid", "refunded"]
    assert await shop.pulse() == {"free": 98, "held": 0, "ordered": 0, "sold": 2}
    again = await refund(shop, order, head, lines=[lines[2]])
    assert (again.status, again["code"]) == (409, "refund_exceeds_paid")
    rest = await refund(shop, order, head)
    assert (rest["amount_cents"], rest["taxes"]) == (2122, {"GST": 102})
    assert (await shop.status(order))["status"] == "refunded"
    assert (await refund(shop, order, head, amount_cents=1))["code"] == "refund_exceeds_paid"
    assert await shop.pulse() == {"free": 100, "held": 0, "ordered": 0, "sold": 0}
    assert (await shop.paid(3)).status == 201


async def test_a_refund_whose_answer_was_lost_is_not_made_twice(shop: Shop):
    await shop.open_event()
    order, head = await shop.paid(3), await shop.organizer()
    path, body = f"/v1/orders/{order['order_id']}/refunds", {"reason": "once", "amount_cents": 700}
    first = await shop.ask("POST", path, body, Authorization=head, Idempotency_Key="lost")
    assert first.status == 201, first.body
    # The process died after the refund and before its answer was kept, and the key's lock ran out.
    await shop.services.common.pool.execute(
        "UPDATE idempotency_keys SET status = NULL, body = NULL, locked_until = now() - interval '1 second'"
    )
    again = await shop.ask("POST", path, body, Authorization=head, Idempotency_Key="lost")
    assert (again.status, again["id"]) == (201, first["id"])
    assert "Idempotent-Replayed" not in again.headers
    other = await shop.ask("POST", path, body, Authorization=head, Idempotency_Key="another")
    assert other["id"] != first["id"]
    assert (await shop.provider())["refunded_cents"] == {"cad": 1400}


async def test_refunds_of_amounts_return_exactly_what_was_paid(shop: Shop):
    taxes = [{"name": "GST", "rate_bp": 500}, {"name": "PST", "rate_bp": 700}]
    await shop.open_event(taxes=taxes, types=[{"categories": ["Floor"], "price_cents": 10_000}])
    order = await shop.paid()
    head = await shop.organizer()
    parts = [await refund(shop, order, head, amount_cents=amount) for amount in (3333, 3333, 4534)]
    assert [(p["net_cents"], p["taxes"]["GST"], p["taxes"]["PST"]) for p in parts] == [
        (2976, 149, 208), (2975, 149, 209), (4049, 202, 283),
    ]  # fmt: skip
    state = await shop.provider()
    assert state["captured_cents"] == state["refunded_cents"] == {"cad": 11_200}
    assert (await shop.status(order))["status"] == "refunded"


async def test_more_than_is_left_is_refused_and_nothing_is_written(shop: Shop):
    await shop.open_event()
    order = await shop.paid(2)
    head = await shop.organizer()
    answer = await refund(shop, order, head, amount_cents=2001)
    assert (answer.status, answer["code"], answer["refundable_cents"]) == (409, "refund_exceeds_paid", 2000)
    answers = await asyncio.gather(*(refund(shop, order, head, amount_cents=1500) for _ in range(4)))
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409]
    assert (await refund(shop, await shop.ordered(), head))["code"] == "order_not_refundable"


@pytest.mark.parametrize(("role", "status"), [("box_office", 403), ("finance", 201), ("manager", 201)])
async def test_only_who_handles_money_may_refund(shop: Shop, role: str, status: int):
    await shop.open_event()
    order = await shop.paid()
    assert (await refund(shop, order, await shop.organizer(role), amount_cents=1)).status == status


async def test_a_stranger_does_not_even_learn_of_the_order(shop: Shop):
    await shop.open_event()
    order = await shop.paid()
    shop.organization_id = await factories.organization(shop.services.common.pool)
    assert (await refund(shop, order, await shop.organizer())).status == 404


async def test_a_refund_the_provider_cannot_take_now_is_pending_and_pushed_later(shop: Shop):
    await shop.open_event()
    order = await shop.paid()
    await shop.switch(faults=[{"kind": "lost_reply", "endpoint": "POST /v1/refunds", "remaining": 1},
                              {"kind": "outage", "endpoint": "POST /v1/refunds", "remaining": 20}])  # fmt: skip
    answer = await refund(shop, order, await shop.organizer())
    assert (answer.status, answer["status"]) == (201, "pending")
    assert [ticket["status"] for ticket in await shop.tickets(order)] == ["refunded"]
    await shop.switch(faults=[])
    await shop.services.common.pool.execute("UPDATE refunds SET push_at = now()")
    await shop.work("refund_push")
    assert (await shop.status(order))["status"] == "refunded"
    assert (await shop.status(order))["refunded_cents"] == 1000


async def test_a_refund_that_fails_later_gives_the_cents_back_to_the_order(shop: Shop):
    await shop.open_event()
    await shop.switch(refund_pending_ms=200)
    order = await shop.ordered()
    await shop.pay(order, "pm_card_refundFail")
    await shop.until(order, "paid")
    assert (await refund(shop, order, await shop.organizer(), amount_cents=400)).status == 201
    async with asyncio.timeout(5):
        while (await shop.status(order))["refunded_cents"]:
            await asyncio.sleep(0.05)
    async with asyncio.timeout(5):
        while await shop.services.common.pool.fetchval("SELECT status FROM refunds") != "failed":
            await asyncio.sleep(0.05)
    assert (await shop.status(order))["status"] == "paid"


async def test_a_dispute_blocks_the_tickets_until_it_is_won(shop: Shop):
    await shop.open_event()
    order = await shop.paid(2)
    dispute = await shop.sandbox("disputes", {"payment_intent": intent_of(order)})

    async def shown(status: str) -> None:
        async with asyncio.timeout(5):
            while [ticket["status"] for ticket in await shop.tickets(order)] != [status] * 2:
                await asyncio.sleep(0.02)

    await shown("blocked")
    await shop.sandbox(f"disputes/{dispute['id']}/close", {"status": "won"})
    await shown("valid")


async def test_a_provider_at_its_limit_only_delays_what_was_paid(shop: Shop):
    await shop.open_event()
    await shop.switch(webhook_enabled=False)
    orders = [await shop.ordered() for _ in range(6)]
    for order in orders:
        await shop.pay(order)
    faults = [{"kind": "rate_limited", "endpoint": "GET /v1/payment_intents/{id}", "probability": 0.5}]
    await shop.switch(faults=faults, seed=3)
    events = [
        event_of("payment_intent.succeeded", {"id": intent_of(o), "metadata": {"order_id": o["order_id"]}}, f"evt_{i}")
        for i, o in enumerate(orders)
    ]
    answers = await asyncio.gather(*(deliver(shop, event) for event in events))
    assert {answer.status for answer in answers} == {200}
    await shop.services.common.pool.execute("UPDATE webhook_events SET available_at = now() WHERE status = 'parked'")
    await shop.work("webhook_retry")
    for order in orders:
        await shop.until(order, "paid")
