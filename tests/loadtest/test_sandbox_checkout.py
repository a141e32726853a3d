"""Checkout Sessions keep their deadlines; customers keep their cards."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
import stripe

if TYPE_CHECKING:
    from tests.loadtest.conftest import Ear, Running


async def open_session(sandbox: Running, **more):
    return await sandbox.stripe.v1.checkout.sessions.create_async(
        {
            "mode": "payment",
            "line_items": [
                {
                    "quantity": 2,
                    "price_data": {
                        "currency": "cad", "unit_amount": 4525, "product_data": {"name": "Stalls <A>"},
                    },
                }
            ],
            "success_url": "http://127.0.0.1:1/done?session={CHECKOUT_SESSION_ID}",
            "payment_intent_data": {"metadata": {"order_id": "ord_9"}},
            "metadata": {"order_id": "ord_9"},
            "customer_email": "fan@example.com",
            **more,
        }
    )  # fmt: skip


async def test_the_hosted_page_pays_the_session_once(sandbox: Running, ear: Ear):
    session = await open_session(sandbox)
    assert (session.status, session.amount_total, session.payment_intent) == ("open", 9050, None)
    async with sandbox.http.get(session.url) as page:
        text = await page.text()
        assert "Stalls &lt;A&gt;" in text
        assert "90.50 CAD" in text
    async with sandbox.http.post(session.url, data={"number": "4000000000000002"}) as declined:
        assert declined.status == 402
        assert "Your card was declined" in await declined.text()
    async with sandbox.http.post(session.url, data={"number": "4242424242424242"}, allow_redirects=False) as paid:
        assert paid.headers["Location"] == f"http://127.0.0.1:1/done?session={session.id}"
    event = await ear.hears("checkout.session.completed")
    assert event["data"]["object"]["payment_status"] == "paid"
    again = await sandbox.stripe.v1.checkout.sessions.retrieve_async(session.id, {"expand": ["payment_intent"]})
    assert (again.status, again.payment_intent.metadata["order_id"]) == ("complete", "ord_9")
    with pytest.raises(stripe.InvalidRequestError):
        await sandbox.stripe.v1.checkout.sessions.expire_async(session.id)
    lines = await sandbox.stripe.v1.checkout.sessions.line_items.list_async(session.id)
    assert lines.data[0].amount_total == 9050


@pytest.mark.parametrize("seconds", [29 * 60, 24 * 3600 + 60])
async def test_a_deadline_outside_thirty_minutes_to_a_day_is_refused(sandbox: Running, seconds):
    with pytest.raises(stripe.InvalidRequestError, match="between 30 minutes and 24 hours"):
        await open_session(sandbox, expires_at=int(time.time()) + seconds)


async def test_an_expired_session_cannot_be_paid_and_its_intent_is_cancelled(sandbox: Running, ear: Ear):
    session = await open_session(sandbox, expires_at=int(time.time()) + 31 * 60)
    async with sandbox.http.post(session.url, data={"number": "4000000000000002"}):
        pass
    await sandbox.switch(clock_offset_s=32 * 60)
    event = await ear.hears("checkout.session.expired")
    assert event["data"]["object"]["id"] == session.id
    await ear.hears("payment_intent.canceled")
    async with sandbox.http.post(session.url, data={"number": "4242424242424242"}) as late:
        assert late.status == 400


async def test_a_session_is_expired_on_request(sandbox: Running):
    session = await open_session(sandbox)
    assert (await sandbox.stripe.v1.checkout.sessions.expire_async(session.id)).status == "expired"


async def test_a_session_with_a_challenge_completes_after_it(sandbox: Running, ear: Ear):
    session = await open_session(sandbox)
    async with sandbox.http.post(session.url, data={"number": "4000002760003184"}, allow_redirects=False) as answer:
        challenge = answer.headers["Location"]
    assert "checkout.session.completed" not in ear.kinds()
    async with sandbox.http.post(challenge, data={"outcome": "succeed"}, allow_redirects=False) as answer:
        assert answer.status == 303
    await ear.hears("checkout.session.completed")


async def test_a_customer_keeps_a_card_and_is_forgotten_on_request(sandbox: Running):
    customers = sandbox.stripe.v1.customers
    fan = await customers.create_async({"email": "fan@example.com", "name": "Fan", "metadata": {"user": "u1"}})
    card = await sandbox.stripe.v1.payment_methods.attach_async("pm_card_visa", {"customer": fan.id})
    kept = await customers.payment_methods.list_async(fan.id)
    assert [method.id for method in kept.data] == [card.id]
    paid = await sandbox.stripe.v1.payment_intents.create_async(
        {"amount": 500, "currency": "cad", "customer": fan.id, "payment_method": card.id, "confirm": True}
    )
    assert paid.status == "succeeded"
    found = await customers.list_async({"email": "fan@example.com"})
    assert [customer.id for customer in found.data] == [fan.id]
    assert (await customers.delete_async(fan.id)).deleted
    assert (await customers.list_async({"email": "fan@example.com"})).data == []
    assert (await customers.retrieve_async(fan.id)).deleted
