"""The first answer under a key is the answer; faults may strike before or after it was given."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import stripe

if TYPE_CHECKING:
    from tests.loadtest.conftest import Running

BODY = {"amount": 4525, "currency": "cad"}


async def post(sandbox: Running, key: str, path: str = "/v1/payment_intents", **form):
    headers = {"Authorization": "Bearer sk_test_engine", "Idempotency-Key": key}
    fields = form or {"amount": "4525", "currency": "cad"}
    async with sandbox.http.post(f"{sandbox.url}{path}", data=fields, headers=headers) as answer:
        return answer.status, await answer.json(), answer.headers


async def count(sandbox: Running) -> int:
    return (await sandbox.see("state"))["objects"]["payment_intents"]


async def test_a_repeated_key_gives_the_same_bytes_and_says_so(sandbox: Running):
    _, first, headers = await post(sandbox, "k1")
    assert "Idempotent-Replayed" not in headers
    status, again, headers = await post(sandbox, "k1")
    assert (status, again) == (200, first)
    assert headers["Idempotent-Replayed"] == "true"
    assert headers["Original-Request"].startswith("req_")
    assert await count(sandbox) == 1


async def test_other_parameters_under_a_key_are_an_idempotency_error(sandbox: Running):
    await post(sandbox, "k1")
    status, body, _ = await post(sandbox, "k1", amount="9999", currency="cad")
    assert (status, body["error"]["type"]) == (400, "idempotency_error")
    status, body, _ = await post(sandbox, "k1", "/v1/customers", email="fan@example.com")
    assert (status, body["error"]["type"]) == (400, "idempotency_error")
    with pytest.raises(stripe.IdempotencyError):
        await sandbox.stripe.v1.payment_intents.create_async(BODY | {"amount": 1}, {"idempotency_key": "k1"})


async def test_a_decline_is_remembered_but_a_malformed_request_is_not(sandbox: Running):
    _, intent, _ = await post(sandbox, "make")
    path = f"/v1/payment_intents/{intent['id']}/confirm"
    first = await post(sandbox, "pay", path, payment_method="pm_card_chargeDeclined")
    again = await post(sandbox, "pay", path, payment_method="pm_card_chargeDeclined")
    assert (first[0], again[0], again[2]["Idempotent-Replayed"]) == (402, 402, "true")
    assert (await post(sandbox, "bad", amount="5", currency="cad"))[0] == 400
    assert (await post(sandbox, "bad"))[0] == 200


async def test_two_at_once_under_one_key_make_one_intent(sandbox: Running):
    await sandbox.switch(faults=[{"kind": "latency", "latency_ms": 150}])
    answers = await asyncio.gather(*(post(sandbox, "k1") for _ in range(8)))
    assert sorted(status for status, _, _ in answers) == [200] + [409] * 7
    assert {body["error"]["code"] for status, body, _ in answers if status == 409} == {"idempotency_key_in_use"}
    assert await count(sandbox) == 1


async def test_a_key_is_forgotten_after_a_day(sandbox: Running):
    _, first, _ = await post(sandbox, "k1")
    await sandbox.switch(clock_offset_s=24 * 3600 + 5)
    _, second, _ = await post(sandbox, "k1")
    assert first["id"] != second["id"]


@pytest.mark.parametrize("kind", ["lost_reply", "timeout_after", "error_after"])
async def test_an_accepted_call_whose_answer_is_lost_is_found_again_under_its_key(sandbox: Running, kind):
    fault = {"kind": kind, "endpoint": "POST /v1/payment_intents", "remaining": 1, "latency_ms": 50}
    await sandbox.switch(faults=[fault])
    with pytest.raises((stripe.APIConnectionError, stripe.APIError)):
        await sandbox.stripe.v1.payment_intents.create_async(BODY, {"idempotency_key": "k1"})
    assert await count(sandbox) == 1
    found = await sandbox.stripe.v1.payment_intents.create_async(BODY, {"idempotency_key": "k1"})
    assert found.status == "requires_payment_method"
    assert await count(sandbox) == 1


@pytest.mark.parametrize("kind", ["outage", "reset", "rate_limited"])
async def test_a_call_that_was_never_accepted_changed_nothing(sandbox: Running, kind):
    await sandbox.switch(faults=[{"kind": kind}])
    with pytest.raises(stripe.StripeError):
        await sandbox.stripe.v1.payment_intents.create_async(BODY, {"idempotency_key": "k1"})
    assert await count(sandbox) == 0
    await sandbox.switch(faults=[])
    await sandbox.stripe.v1.payment_intents.create_async(BODY, {"idempotency_key": "k1"})
    assert await count(sandbox) == 1


async def test_a_fault_strikes_only_its_endpoint(sandbox: Running):
    await sandbox.switch(faults=[{"kind": "outage", "endpoint": "POST /v1/refunds"}])
    await sandbox.stripe.v1.payment_intents.create_async(BODY)
    with pytest.raises(stripe.APIError):
        await sandbox.stripe.v1.refunds.create_async({"payment_intent": "pi_1"})


async def test_the_rate_limit_is_per_endpoint_and_spares_the_fans(sandbox: Running):
    await sandbox.switch(rate_limit_per_s=25)
    answers = await asyncio.gather(*(post(sandbox, f"k{number}") for number in range(60)))
    statuses = [status for status, _, _ in answers]
    assert 25 <= statuses.count(200) <= 35
    refused = next(answer for answer in answers if answer[0] == 429)
    assert refused[1]["error"]["code"] == "rate_limit"
    assert refused[2]["Stripe-Rate-Limited-Reason"] == "endpoint-rate"
    await sandbox.stripe.v1.customers.create_async({"email": "fan@example.com"})
    intent = next(body for status, body, _ in answers if status == 200)
    for _ in range(40):
        status, _ = await sandbox.as_browser(
            "GET", f"/v1/payment_intents/{intent['id']}", client_secret=intent["client_secret"]
        )
        assert status == 200
