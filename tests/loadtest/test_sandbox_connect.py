"""Connect accounts are paid only once they are ready; disputes take the money and may give it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import stripe

if TYPE_CHECKING:
    from tests.loadtest.conftest import Ear, Running


async def account(sandbox: Running, *, ready: bool = True):
    made = await sandbox.stripe.v1.accounts.create_async(
        {"type": "express", "country": "CA", "email": "org@example.com"}
    )
    if ready:
        await sandbox.do(f"accounts/{made.id}/onboard")
    return made


async def pay(sandbox: Running, method: str = "pm_card_visa", **more):
    return await sandbox.stripe.v1.payment_intents.create_async(
        {
            "amount": 10_000,
            "currency": "cad",
            "confirm": True,
            "payment_method": method,
            "expand": ["latest_charge"],
            **more,
        }
    )


async def test_onboarding_goes_through_the_hosted_page(sandbox: Running, ear: Ear):
    made = await account(sandbox, ready=False)
    assert not made.charges_enabled
    link = await sandbox.stripe.v1.account_links.create_async(
        {"account": made.id, "type": "account_onboarding", "return_url": "http://127.0.0.1:1/back",
         "refresh_url": "http://127.0.0.1:1/again"}
    )  # fmt: skip
    async with sandbox.http.post(link.url, allow_redirects=False) as answer:
        assert answer.headers["Location"] == "http://127.0.0.1:1/back"
    assert (await ear.hears("account.updated"))["data"]["object"]["charges_enabled"]
    await sandbox.switch(clock_offset_s=600)
    async with sandbox.http.get(link.url, allow_redirects=False) as answer:
        assert answer.headers["Location"] == "http://127.0.0.1:1/again"


async def test_an_account_that_is_not_ready_cannot_be_a_destination(sandbox: Running):
    made = await account(sandbox, ready=False)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await pay(sandbox, transfer_data={"destination": made.id})
    assert refused.value.code == "insufficient_capabilities_for_transfer"


async def test_a_destination_charge_moves_the_transfer_and_keeps_the_fee(sandbox: Running):
    made = await account(sandbox)
    intent = await pay(sandbox, transfer_data={"destination": made.id}, application_fee_amount=750)
    transfer = await sandbox.stripe.v1.transfers.retrieve_async(intent.latest_charge.transfer)
    assert (transfer.amount, transfer.destination) == (10_000, made.id)
    fee = await sandbox.stripe.v1.application_fees.retrieve_async(intent.latest_charge.application_fee)
    assert (fee.amount, fee.account) == (750, made.id)
    for amount, undone in ((4_000, 4_000), (6_000, 10_000)):
        await sandbox.stripe.v1.refunds.create_async(
            {"payment_intent": intent.id, "amount": amount, "reverse_transfer": True, "refund_application_fee": True}
        )
        transfer = await sandbox.stripe.v1.transfers.retrieve_async(transfer.id)
        assert transfer.amount_reversed == undone
    fee = await sandbox.stripe.v1.application_fees.retrieve_async(fee.id)
    assert fee.amount_refunded == 750


async def test_a_transfer_is_reversed_at_most_once_over(sandbox: Running):
    made = await account(sandbox)
    transfer = await sandbox.stripe.v1.transfers.create_async(
        {"amount": 1_000, "currency": "cad", "destination": made.id}
    )
    await sandbox.stripe.v1.transfers.reversals.create_async(transfer.id, {"amount": 400})
    with pytest.raises(stripe.InvalidRequestError):
        await sandbox.stripe.v1.transfers.reversals.create_async(transfer.id, {"amount": 601})


async def test_a_direct_charge_lives_in_the_connected_account(sandbox: Running):
    made = await account(sandbox)
    direct = {"stripe_account": made.id}
    intent = await sandbox.stripe.v1.payment_intents.create_async({"amount": 900, "currency": "cad"}, direct)
    assert (await sandbox.stripe.v1.payment_intents.retrieve_async(intent.id, None, direct)).id == intent.id
    with pytest.raises(stripe.InvalidRequestError):
        await sandbox.stripe.v1.payment_intents.retrieve_async(intent.id)
    assert (await sandbox.stripe.v1.payment_intents.list_async({})).data == []


async def test_a_fee_larger_than_the_payment_is_refused(sandbox: Running):
    made = await account(sandbox)
    with pytest.raises(stripe.InvalidRequestError):
        await pay(sandbox, transfer_data={"destination": made.id}, application_fee_amount=10_001)


async def test_a_disputed_payment_cannot_be_refunded_until_it_is_won(sandbox: Running, ear: Ear):
    intent = await pay(sandbox, "pm_card_createDispute")
    opened = (await ear.hears("charge.dispute.created"))["data"]["object"]
    assert (opened["payment_intent"], opened["reason"], opened["status"]) == (intent.id, "fraudulent", "needs_response")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await sandbox.stripe.v1.refunds.create_async({"payment_intent": intent.id})
    assert refused.value.code == "charge_disputed"
    await sandbox.stripe.v1.disputes.update_async(
        opened["id"], {"evidence": {"uncategorized_text": "winning_evidence"}, "submit": True}
    )
    closed = (await ear.hears("charge.dispute.closed"))["data"]["object"]
    assert closed["status"] == "won"
    await ear.hears("charge.dispute.funds_reinstated")
    await sandbox.stripe.v1.refunds.create_async({"payment_intent": intent.id})


async def test_a_dispute_is_opened_and_lost_by_control(sandbox: Running, ear: Ear):
    intent = await pay(sandbox)
    dispute = await sandbox.do("disputes", {"payment_intent": intent.id, "reason": "product_not_received"})
    await sandbox.do(f"disputes/{dispute['id']}/close", {"status": "lost"})
    assert (await ear.hears("charge.dispute.closed"))["data"]["object"]["status"] == "lost"
    async with sandbox.http.post(f"{sandbox.url}/_sandbox/disputes", json={"payment_intent": intent.id}) as again:
        assert again.status == 400


async def test_the_balance_is_what_came_in_less_fees_and_refunds(sandbox: Running):
    intent = await pay(sandbox)
    await sandbox.stripe.v1.refunds.create_async({"payment_intent": intent.id, "amount": 3_000})
    balance = await sandbox.stripe.v1.balance.retrieve_async()
    assert balance.available[0].amount == 10_000 - 320 - 3_000
    booked = await sandbox.stripe.v1.balance_transactions.list_async({"type": "charge"})
    assert (booked.data[0].fee, booked.data[0].net) == (320, 9_680)
