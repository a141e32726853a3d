"""The sandbox at its edges, as Stripe has them: absent buyers, inquiries, cards of other countries, undoing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import stripe

from loadtest.sandbox import cards, country_cards

if TYPE_CHECKING:
    from tests.loadtest.conftest import Ear, Running

CHALLENGED = "pm_card_authenticationRequired"


async def paid(sandbox: Running, method: str = "pm_card_visa", **more: Any) -> stripe.PaymentIntent:
    return await sandbox.stripe.v1.payment_intents.create_async(
        {"amount": 5_000, "currency": "cad", "confirm": True, "payment_method": method, **more}
    )


@pytest.mark.parametrize("absent", [{"off_session": True}, {"error_on_requires_action": True}])
async def test_a_payment_that_must_ask_an_absent_buyer_is_declined(sandbox: Running, ear: Ear, absent: dict[str, bool]):
    with pytest.raises(stripe.CardError) as refused:
        await paid(sandbox, CHALLENGED, **absent)
    assert refused.value.code == "authentication_required"
    intent = await sandbox.stripe.v1.payment_intents.retrieve_async(refused.value.error.payment_intent["id"])
    assert intent.status == "requires_payment_method"
    await ear.hears("payment_intent.payment_failed")
    again = await sandbox.stripe.v1.payment_intents.confirm_async(intent.id, {"payment_method": "pm_card_visa"})
    assert again.status == "succeeded"


async def test_every_published_number_is_a_number_and_pays_or_declines(sandbox: Running):
    assert [number for number in cards.NUMBERS if not cards.luhn(number)] == []
    for country in country_cards.NUMBERS:
        intent = await paid(sandbox, f"pm_card_{country}")
        charge = await sandbox.stripe.v1.charges.retrieve_async(str(intent.latest_charge))
        assert charge.payment_method_details.card.country == country.upper()


async def test_the_order_of_parameters_is_no_other_request(sandbox: Running):
    options = {"idempotency_key": "same"}
    create = sandbox.stripe.v1.payment_intents.create_async
    first = await create({"amount": 500, "currency": "cad", "metadata": {"a": "1", "b": "2"}}, options)
    second = await create({"metadata": {"b": "2", "a": "1"}, "currency": "cad", "amount": 500}, options)
    assert first.id == second.id
    with pytest.raises(stripe.IdempotencyError):
        await create({"metadata": {"b": "1", "a": "2"}, "currency": "cad", "amount": 500}, options)


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"currency": "zzz"}, "currency"),
        ({"automatic_payment_methods": {"enabled": True}, "payment_method_types": ["card"]}, "payment_method_types"),
    ],
)
async def test_what_stripe_would_not_accept_is_refused(sandbox: Running, wrong: dict[str, Any], param: str):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await sandbox.stripe.v1.payment_intents.create_async({"amount": 500, "currency": "cad", **wrong})
    assert refused.value.param == param


async def test_an_inquiry_asks_and_takes_no_money(sandbox: Running, ear: Ear):
    intent = await paid(sandbox, "pm_card_createDisputeInquiry")
    (dispute,) = (await sandbox.stripe.v1.disputes.list_async({"payment_intent": intent.id})).data
    assert (dispute.status, dispute.balance_transactions) == ("warning_needs_response", [])
    assert dispute.is_charge_refundable
    evidence = {"evidence": {"uncategorized_text": "winning_evidence"}}
    assert (await sandbox.stripe.v1.disputes.update_async(dispute.id, evidence)).status == "warning_closed"
    await ear.hears("charge.dispute.closed")
    assert "charge.dispute.funds_withdrawn" not in ear.kinds()
    assert (await sandbox.stripe.v1.refunds.create_async({"payment_intent": intent.id})).status == "succeeded"


async def test_a_refund_that_waits_can_be_cancelled_and_made_again(sandbox: Running):
    intent = await paid(sandbox, "pm_card_pendingRefund")
    refunds = sandbox.stripe.v1.refunds
    waiting = await refunds.create_async({"payment_intent": intent.id})
    assert (await refunds.cancel_async(waiting.id)).status == "canceled"
    done = await refunds.create_async({"payment_intent": (await paid(sandbox)).id})
    with pytest.raises(stripe.InvalidRequestError, match="cannot be canceled"):
        await refunds.cancel_async(done.id)
    assert (await refunds.create_async({"payment_intent": intent.id})).amount == 5_000
    assert (await sandbox.see("state"))["refunded_total_cents"] == 10_000


async def test_a_share_is_given_back_once_and_an_account_with_a_history_stays(sandbox: Running):
    v1 = sandbox.stripe.v1
    account = await v1.accounts.create_async({"type": "express", "country": "CA"})
    with pytest.raises(stripe.InvalidRequestError, match="onboarding"):
        await v1.accounts.login_links.create_async(account.id)
    await sandbox.do(f"accounts/{account.id}/onboard", {})
    await paid(sandbox, application_fee_amount=500, transfer_data={"destination": account.id})
    (fee,) = (await v1.application_fees.list_async()).data
    assert (await v1.application_fees.refunds.create_async(fee.id, {"amount": 200})).amount == 200
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        await v1.application_fees.refunds.create_async(fee.id, {"amount": 301})
    assert [row.amount for row in (await v1.application_fees.refunds.list_async(fee.id)).data] == [200]
    (transfer,) = (await v1.transfers.list_async()).data
    await v1.transfers.reversals.create_async(transfer.id, {"amount": 100})
    assert [row.amount for row in (await v1.transfers.reversals.list_async(transfer.id)).data] == [100]
    assert (await v1.transfers.update_async(transfer.id, {"metadata": {"a": "b"}})).metadata["a"] == "b"
    with pytest.raises(stripe.InvalidRequestError, match="cannot be deleted"):
        await v1.accounts.delete_async(account.id)
    assert (await v1.accounts.login_links.create_async(account.id)).url.startswith(sandbox.url)
    other = await v1.accounts.create_async({"type": "express"})
    assert (await v1.accounts.delete_async(other.id)).deleted
    assert [row.id for row in (await v1.accounts.list_async()).data] == [account.id]


async def test_charges_are_found_by_what_they_say(sandbox: Running):
    intent = await paid(sandbox, metadata={"order_id": "ord_1"})
    await paid(sandbox)
    found = await sandbox.stripe.v1.charges.search_async({"query": "metadata['order_id']:'ord_1' AND amount>4999"})
    assert [charge.payment_intent for charge in found.data] == [intent.id]
