"""Stripe is asked in its SDK's words, and whatever it answers is one of our three refusals or an answer."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import stripe
from aiohttp import web
from aiohttp.test_utils import TestServer

from engine.stores.money import stripe_calls
from engine.stores.money.stripe_calls import ProviderAway, ProviderBusy, ProviderError, ProviderRefused
from engine.stores.money.stripe_gateway import StripeGateway

INTENT = {"id": "pi_1", "status": "requires_payment_method", "amount": 5000, "currency": "cad"}
REQUEST, IN_USE = "invalid_request_error", "idempotency_key_in_use"
NOT_THEIRS = (b"", b"<html>busy</html>", b"[]", b'{"error": "invalid_client"}', b'{"id": 7}', b"\xff")
HEADERS = ("Authorization", "Stripe-Version", "Content-Type", "Idempotency-Key", "User-Agent")


@dataclass
class Provider:
    """Answers what it is told, and remembers what it was asked."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    heard: list[tuple[str, str, dict[str, str], dict[str, str | None]]] = field(default_factory=list)
    url: str = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        form = {name: str(value) for name, value in (await request.post()).items()}
        told = {name: request.headers.get(name) for name in HEADERS}
        self.heard.append((request.method, request.path_qs, form, told))
        if not self.cut:
            return web.Response(status=self.status, body=self.body, headers=self.headers)
        half = web.StreamResponse(headers={"Content-Length": "1000"})
        await half.prepare(request)
        await half.write(b'{"id": "pi_1"')
        assert request.transport is not None
        request.transport.close()
        return half


@contextlib.asynccontextmanager
async def opened(provider: Provider) -> AsyncIterator[StripeGateway]:
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", provider.answer)
    async with TestServer(app) as server:
        provider.url = str(server.make_url("")).rstrip("/")
        gateway = StripeGateway(url=provider.url, secret_key="sk_test_ours", webhook_secret="whsec")
        try:
            yield gateway
        finally:
            await gateway.close()


def create(gateway: StripeGateway):
    return gateway.create_intent(
        order_id="ord_1&2", order_number="ÄB=12", user_id=None, amount_cents=5000, currency="CAD",
        receipt_email="ada+love@example.test", payment_method_id="pm_card_visa", destination_account="acct_9",
        application_fee_cents=120,
    )  # fmt: skip


async def test_an_order_is_asked_for_in_the_words_of_the_sdk():
    provider = Provider(body=json.dumps(INTENT).encode())
    async with opened(provider) as gateway:
        made = await create(gateway)
        await gateway.read_intent("pi_1/../x?y")
        await gateway.cancel_intent("pi_1")
        client = stripe.StripeClient(
            "sk_test_ours",
            base_addresses={"api": provider.url},
            http_client=stripe.AIOHTTPClient(),
            max_network_retries=0,
        )
        await client.v1.payment_intents.create_async(
            {
                "amount": 5000, "currency": "cad", "receipt_email": "ada+love@example.test",
                "description": "Order ÄB=12", "payment_method": "pm_card_visa", "application_fee_amount": 120,
                "automatic_payment_methods": {"enabled": True}, "transfer_data": {"destination": "acct_9"},
                "on_behalf_of": "acct_9",
                "metadata": {"order_id": "ord_1&2", "orderId": "ord_1&2", "order_number": "ÄB=12", "userId": ""},
            },
            {"idempotency_key": "ord_1&2"},
        )  # fmt: skip
        await client.v1.payment_intents.retrieve_async("pi_1/../x?y")
        await client.v1.payment_intents.cancel_async(
            "pi_1", {"cancellation_reason": "abandoned"}, {"idempotency_key": "x"}
        )
        await client._requestor._get_http_client().close_async()
    assert made.amount_cents == 5000
    ours, theirs = provider.heard[:3], provider.heard[3:]
    ours[2][3]["Idempotency-Key"] = "x"  # to be cancelled twice is to be cancelled
    assert ours == theirs


@pytest.mark.parametrize(
    ("status", "error", "means", "code"),
    [
        (400, {"type": REQUEST, "code": "amount_too_small", "message": "m"}, ProviderRefused, "amount_too_small"),
        (400, {"type": "idempotency_error", "message": "other facts"}, ProviderRefused, "idempotency_error"),
        (400, {"type": REQUEST, "code": "rate_limit", "message": "m"}, ProviderBusy, "rate_limit"),
        (401, {"type": REQUEST, "message": "no such key"}, ProviderRefused, None),
        (402, {"type": "card_error", "code": "card_declined", "message": "m"}, ProviderRefused, "card_declined"),
        (403, {"type": REQUEST}, ProviderRefused, None),
        (404, {"type": REQUEST, "code": "resource_missing", "message": None}, ProviderRefused, "resource_missing"),
        (409, {"type": "idempotency_error", "code": IN_USE, "message": "m"}, ProviderBusy, IN_USE),
        (429, {"type": REQUEST, "code": "rate_limit", "message": "m"}, ProviderBusy, "rate_limit"),
        (500, {"type": "api_error", "message": "m"}, ProviderAway, None),
        (302, {"type": "api_error", "message": "m"}, ProviderAway, None),
    ],
)  # fmt: skip
async def test_what_the_provider_refuses_is_one_of_three(status: int, error: dict, means: type[ProviderError], code):
    provider = Provider(status, json.dumps({"error": error}).encode(), {"Retry-After": "7"})
    async with opened(provider) as gateway:
        with pytest.raises(ProviderError) as caught:
            await create(gateway)
    assert (type(caught.value), caught.value.code) == (means, code)
    assert caught.value.retry_after_s == (7.0 if means is ProviderBusy else None)


@pytest.mark.parametrize(
    "body", [b"", b"<html>busy</html>", b"[]", b'{"error": "invalid_client"}', b'{"id": 7}', b"\xff"]
)
@pytest.mark.parametrize("status", [200, 404, 502])
async def test_an_answer_that_is_not_the_providers_means_that_it_is_away(status: int, body: bytes):
    async with opened(Provider(status, body)) as gateway:
        with pytest.raises(ProviderAway):
            await gateway.read_intent("pi_1")


async def test_a_provider_that_hangs_up_in_the_middle_of_its_answer_is_away():
    async with opened(Provider(cut=True)) as gateway:
        with pytest.raises(ProviderAway):
            await gateway.read_intent("pi_1")
        with pytest.raises(ProviderAway):
            await gateway.refunds_of("pi_1")


async def test_a_provider_that_is_not_there_is_away():
    gateway = StripeGateway(url="http://127.0.0.1:1", secret_key="", webhook_secret="")
    with pytest.raises(ProviderAway):
        await create(gateway)
    await gateway.close()


@pytest.mark.parametrize("said", ["nan", "inf", "-inf", "-1", "Tue, 01 Dec 2026 01:00:00 GMT", ""])
def test_what_is_no_time_to_wait_is_none(said: str):
    assert stripe_calls._retry_after_s({"retry-after": said}) is None
    assert stripe_calls._retry_after_s({"retry-after": "1.5"}) == 1.5
