"""The PaymentIntent state machine, driven by the real Stripe SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import stripe

if TYPE_CHECKING:
    from tests.loadtest.conftest import Ear, Running


async def create(sandbox: Running, **more):
    return await sandbox.stripe.v1.payment_intents.create_async(
        {"amount": 4525, "currency": "cad", "metadata": {"order_id": "ord_1"}, **more}
    )


async def test_a_fan_pays_as_stripe_js_does_and_the_signed_webhook_follows(sandbox: Running, ear: Ear):
    intent = await create(sandbox, automatic_payment_methods={"enabled": True})
    assert intent.status == "requires_payment_method"
    status, answer = await sandbox.as_browser(
        "POST", f"/v1/payment_intents/{intent.id}/confirm",
        client_secret=intent.client_secret, payment_method="pm_card_visa",
    )  # fmt: skip
    assert (status, answer["status"]) == (200, "succeeded")
    assert not {"metadata", "latest_charge"} & set(answer)
    event = await ear.hears("payment_intent.succeeded")
    assert event["data"]["object"]["metadata"] == {"order_id": "ord_1"}
    payload, signature = next(raw for raw, heard in zip(ear.raw, ear.heard, strict=True) if heard is event)
    assert stripe.WebhookSignature.verify_header(payload.decode(), signature, ear.secret, 300)
    again = await sandbox.stripe.v1.payment_intents.retrieve_async(intent.id, {"expand": ["latest_charge"]})
    assert again.amount_received == 4525
    assert again.latest_charge.captured
    assert again.latest_charge.amount_captured == 4525


async def test_a_card_form_pays_with_a_published_test_number(sandbox: Running):
    intent = await create(sandbox)
    status, answer = await sandbox.as_browser(
        "POST", f"/v1/payment_intents/{intent.id}/confirm",
        **{
            "client_secret": intent.client_secret, "payment_method_data[type]": "card",
            "payment_method_data[card][number]": "4242 4242 4242 4242", "payment_method_data[card][exp_month]": "12",
            "payment_method_data[card][exp_year]": "34", "payment_method_data[card][cvc]": "123",
        },
    )  # fmt: skip
    assert (status, answer["status"]) == (200, "succeeded")


@pytest.mark.parametrize(
    ("method", "code", "decline_code"),
    [
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", None),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", None),
        ("pm_card_radarBlock", "card_declined", "fraudulent"),
    ],
)
async def test_a_declined_card_answers_402_and_the_intent_can_be_paid_with_another(
    sandbox: Running, ear: Ear, method, code, decline_code
):
    intent = await create(sandbox)
    with pytest.raises(stripe.CardError) as refused:
        await sandbox.stripe.v1.payment_intents.confirm_async(intent.id, {"payment_method": method})
    assert refused.value.http_status == 402
    assert refused.value.code == code
    assert refused.value.error.decline_code == decline_code
    assert refused.value.error.payment_intent.status == "requires_payment_method"
    assert refused.value.error.payment_intent.last_payment_error.code == code
    await ear.hears("payment_intent.payment_failed")
    paid = await sandbox.stripe.v1.payment_intents.confirm_async(intent.id, {"payment_method": "pm_card_mastercard"})
    assert (paid.status, paid.last_payment_error) == ("succeeded", None)


async def test_a_real_card_number_is_never_accepted_nor_kept(sandbox: Running):
    intent = await create(sandbox)
    for number, code in (("4929420573595709", "card_declined"), ("4242424242424241", "incorrect_number")):
        status, answer = await sandbox.as_browser(
            "POST", f"/v1/payment_intents/{intent.id}/confirm",
            **{
                "client_secret": intent.client_secret, "payment_method_data[type]": "card",
                "payment_method_data[card][number]": number,
            },
        )  # fmt: skip
        assert (status, answer["error"]["code"]) == (402, code)
        assert number not in str(answer)
    assert (await sandbox.see("state"))["objects"]["payment_methods"] == 0


async def test_a_wrong_client_secret_neither_reads_nor_confirms(sandbox: Running):
    intent = await create(sandbox)
    for method, path in (("GET", ""), ("POST", "/confirm")):
        status, answer = await sandbox.as_browser(
            method, f"/v1/payment_intents/{intent.id}{path}", client_secret=f"{intent.id}_secret_guess"
        )
        assert (status, answer["error"]["code"]) == (400, "payment_intent_invalid_parameter")
    status, _ = await sandbox.as_browser("POST", f"/v1/payment_intents/{intent.id}/cancel")
    assert status == 401


async def test_the_browser_is_allowed_to_post_from_another_origin(sandbox: Running):
    headers = {"Origin": "http://shop.example", "Access-Control-Request-Method": "POST",
               "Access-Control-Request-Headers": "authorization,content-type"}  # fmt: skip
    async with sandbox.http.options(f"{sandbox.url}/v1/payment_intents/pi_1/confirm", headers=headers) as answer:
        assert answer.status == 200
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "authorization" in answer.headers["Access-Control-Allow-Headers"]


async def test_three_d_secure_asks_the_buyer_and_both_answers_count(sandbox: Running, ear: Ear):
    for outcome, redirect, status in (
        ("succeed", "succeeded", "succeeded"),
        ("fail", "failed", "requires_payment_method"),
    ):
        intent = await create(sandbox)
        waiting = await sandbox.stripe.v1.payment_intents.confirm_async(
            intent.id,
            {"payment_method": "pm_card_threeDSecure2Required", "return_url": "http://127.0.0.1:1/done?order=7"},
        )
        assert waiting.status == "requires_action"
        page = waiting.next_action.redirect_to_url.url
        async with sandbox.http.get(page) as shown:
            assert "45.25 CAD" in await shown.text()
        async with sandbox.http.post(page, data={"outcome": outcome}, allow_redirects=False) as sent:
            assert sent.status == 303
            assert sent.headers["Location"].startswith("http://127.0.0.1:1/done?order=7&payment_intent=pi_")
            assert sent.headers["Location"].endswith(f"redirect_status={redirect}")
        assert (await sandbox.stripe.v1.payment_intents.retrieve_async(intent.id)).status == status
    failed = await ear.hears("payment_intent.payment_failed")
    assert failed["data"]["object"]["last_payment_error"]["code"] == "payment_intent_authentication_failure"


async def test_a_challenge_is_answered_by_control_and_may_still_be_declined(sandbox: Running):
    intent = await create(sandbox)
    waiting = await sandbox.stripe.v1.payment_intents.confirm_async(
        intent.id, {"payment_method": "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds"}
    )
    assert waiting.next_action.type == "use_stripe_sdk"
    answered = await sandbox.do(f"payment_intents/{intent.id}/authenticate", {"outcome": "succeed"})
    assert answered["status"] == "requires_payment_method"
    assert answered["last_payment_error"]["decline_code"] == "insufficient_funds"


async def test_a_method_that_pays_late_is_processing_first_and_cannot_be_cancelled(sandbox: Running, ear: Ear):
    await sandbox.switch(processing_ms=200)
    intent = await create(sandbox, payment_method_types=["us_bank_account"])
    waiting = await sandbox.stripe.v1.payment_intents.confirm_async(
        intent.id, {"payment_method": "pm_usBankAccount_success"}
    )
    assert waiting.status == "processing"
    with pytest.raises(stripe.InvalidRequestError, match="status of processing"):
        await sandbox.stripe.v1.payment_intents.cancel_async(intent.id)
    await ear.hears("payment_intent.succeeded")
    assert (await sandbox.see("state"))["captured_total_cents"] == 4525


async def test_a_late_payment_can_be_failed_by_control(sandbox: Running):
    intent = await create(sandbox)
    await sandbox.stripe.v1.payment_intents.confirm_async(intent.id, {"payment_method": "pm_usBankAccount_processing"})
    settled = await sandbox.do(f"payment_intents/{intent.id}/settle", {"outcome": "fail"})
    assert settled["status"] == "requires_payment_method"


async def test_cancel_is_refused_after_success_and_ends_everything_before(sandbox: Running, ear: Ear):
    paid = await create(sandbox, confirm=True, payment_method="pm_card_visa")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await sandbox.stripe.v1.payment_intents.cancel_async(paid.id)
    assert refused.value.code == "payment_intent_unexpected_state"
    assert refused.value.error.payment_intent.status == "succeeded"
    open_intent = await create(sandbox)
    cancelled = await sandbox.stripe.v1.payment_intents.cancel_async(
        open_intent.id, {"cancellation_reason": "abandoned"}
    )
    assert (cancelled.status, cancelled.cancellation_reason) == ("canceled", "abandoned")
    await ear.hears("payment_intent.canceled")
    with pytest.raises(stripe.InvalidRequestError):
        await sandbox.stripe.v1.payment_intents.confirm_async(open_intent.id, {"payment_method": "pm_card_visa"})


async def test_manual_capture_takes_at_most_what_was_authorised(sandbox: Running):
    intent = await create(sandbox, capture_method="manual", confirm=True, payment_method="pm_card_visa")
    assert (intent.status, intent.amount_capturable, intent.amount_received) == ("requires_capture", 4525, 0)
    with pytest.raises(stripe.InvalidRequestError):
        await sandbox.stripe.v1.payment_intents.capture_async(intent.id, {"amount_to_capture": 4526})
    taken = await sandbox.stripe.v1.payment_intents.capture_async(intent.id, {"amount_to_capture": 4000})
    assert (taken.status, taken.amount_received) == ("succeeded", 4000)
    assert (await sandbox.see("state"))["captured_total_cents"] == 4000


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"amount": 10}, "amount_too_small"),
        ({"amount": 100_000_000}, "amount_too_large"),
        ({"amount": -5}, "parameter_invalid_integer"),
        ({"amounts": 5}, "parameter_unknown"),
        ({"application_fee_amount": 100}, None),
        ({"confirm": True}, "payment_intent_unexpected_state"),
        ({"payment_method": "pm_unknown"}, "resource_missing"),
        ({"metadata": {"k" * 41: "v"}}, None),
    ],
)
async def test_a_wrong_create_is_refused_and_nothing_is_written(sandbox: Running, fields, code):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await create(sandbox, **fields)
    assert refused.value.code == code
    assert refused.value.request_id.startswith("req_")
    assert (await sandbox.see("state"))["objects"]["payment_intents"] == 0


async def test_an_update_changes_the_amount_until_it_is_paid(sandbox: Running):
    intent = await create(sandbox)
    changed = await sandbox.stripe.v1.payment_intents.update_async(
        intent.id, {"amount": 5000, "metadata": {"order_id": "", "seat": "A/1"}}
    )
    assert (changed.amount, changed.metadata.to_dict()) == (5000, {"seat": "A/1"})
    await sandbox.stripe.v1.payment_intents.confirm_async(intent.id, {"payment_method": "pm_card_visa"})
    with pytest.raises(stripe.InvalidRequestError):
        await sandbox.stripe.v1.payment_intents.update_async(intent.id, {"amount": 1})


async def test_lists_page_newest_first_without_losing_or_repeating(sandbox: Running):
    made = [(await create(sandbox, metadata={"n": str(number)})).id for number in range(7)]
    first = await sandbox.stripe.v1.payment_intents.list_async({"limit": 3})
    assert first.has_more
    assert [item.id for item in first.data] == made[::-1][:3]
    await create(sandbox)  # an insert between two pages
    walked = [item.id async for item in first.auto_paging_iter()]
    assert walked == made[::-1]
    found = await sandbox.stripe.v1.payment_intents.search_async(
        {"query": "metadata['n']:'4' AND status:'requires_payment_method'"}
    )
    assert [item.id for item in found.data] == [made[4]]


async def test_a_key_is_needed_and_must_be_a_test_key(sandbox: Running):
    for headers in ({}, {"Authorization": "Bearer sk_live_1234567890abcdefgh"}):
        async with sandbox.http.get(f"{sandbox.url}/v1/payment_intents", headers=headers) as answer:
            assert answer.status == 401
            assert "1234567890" not in await answer.text()
    async with sandbox.http.get(f"{sandbox.url}/v1/unicorns", headers={"Authorization": "Bearer sk_test_1"}) as answer:
        assert answer.status == 404
        assert "Unrecognized request URL" in (await answer.json())["error"]["message"]
