"""Refunds never exceed what was captured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import stripe

if TYPE_CHECKING:
    from tests.loadtest.conftest import Ear, Running


async def paid(sandbox: Running, method: str = "pm_card_visa", amount: int = 10_000):
    return await sandbox.stripe.v1.payment_intents.create_async(
        {"amount": amount, "currency": "cad", "confirm": True, "payment_method": method}
    )


async def test_partial_refunds_add_up_to_the_payment_and_not_a_cent_more(sandbox: Running, ear: Ear):
    intent = await paid(sandbox)
    for amount in (3333, 3333):
        refund = await sandbox.stripe.v1.refunds.create_async({"payment_intent": intent.id, "amount": amount})
        assert (refund.status, refund.amount) == ("succeeded", amount)
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        await sandbox.stripe.v1.refunds.create_async({"payment_intent": intent.id, "amount": 3335})
    rest = await sandbox.stripe.v1.refunds.create_async({"payment_intent": intent.id})
    assert rest.amount == 3334
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await sandbox.stripe.v1.refunds.create_async({"payment_intent": intent.id, "amount": 1})
    assert refused.value.code == "charge_already_refunded"
    await ear.hears("charge.refunded", copies=3)
    totals = await sandbox.see("state")
    assert (totals["captured_total_cents"], totals["refunded_total_cents"]) == (10_000, 10_000)
    other = await paid(sandbox)
    await sandbox.stripe.v1.refunds.create_async({"payment_intent": other.id, "amount": 1})
    first = await sandbox.stripe.v1.refunds.list_async({"payment_intent": intent.id, "limit": 2})
    assert [refund.amount async for refund in first.auto_paging_iter()] == [3334, 3333, 3333]
    listed = await sandbox.stripe.v1.refunds.list_async({"payment_intent": intent.id})
    assert [refund.amount for refund in listed.data] == [3334, 3333, 3333]


async def test_an_unpaid_intent_has_nothing_to_refund(sandbox: Running):
    intent = await sandbox.stripe.v1.payment_intents.create_async({"amount": 500, "currency": "cad"})
    with pytest.raises(stripe.InvalidRequestError):
        await sandbox.stripe.v1.refunds.create_async({"payment_intent": intent.id})
    with pytest.raises(stripe.InvalidRequestError):
        await sandbox.stripe.v1.refunds.create_async({})


async def test_a_refund_that_fails_later_gives_the_amount_back_to_the_charge(sandbox: Running, ear: Ear):
    await sandbox.switch(refund_pending_ms=100)
    intent = await paid(sandbox, "pm_card_refundFail")
    await sandbox.stripe.v1.refunds.create_async({"payment_intent": intent.id})
    failed = await ear.hears("refund.failed")
    assert failed["data"]["object"]["status"] == "failed"
    assert (await sandbox.see("state"))["refunded_total_cents"] == 0
    again = await sandbox.stripe.v1.refunds.create_async({"payment_intent": intent.id})
    assert again.amount == 10_000


async def test_a_pending_refund_settles_by_itself(sandbox: Running, ear: Ear):
    await sandbox.switch(refund_pending_ms=100)
    intent = await paid(sandbox, "pm_card_pendingRefund")
    refund = await sandbox.stripe.v1.refunds.create_async({"payment_intent": intent.id})
    assert refund.status == "pending"
    settled = await ear.hears("refund.updated")
    assert settled["data"]["object"]["status"] == "succeeded"
