"""The one seam to Stripe: our own nouns in, our own nouns and errors out.

Amounts too: they are ISO 4217 minor units on our side and Stripe's own on the other (``Currency.to_provider``).

How it is asked, and what its refusals are here, says ``stripe_calls.py``.
Retries belong to the payment lane, which paces them; the SDK's own are switched off.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable
from typing import Any, TypeVar
from urllib.parse import quote

import aiohttp
import msgspec
import stripe
from msgspec import Struct

from engine.domain.money.disputes import ProviderDispute
from engine.domain.money.payments import Intent, ProviderRefund, Taken
from engine.foundation.clock import from_ms
from engine.foundation.world.currencies import find
from engine.stores.money.stripe_calls import ProviderAway, ProviderRefused, StripeCallGateway, translated

TIMEOUT_S = 10.0
CONNECT_TIMEOUT_S = 3.0
WEBHOOK_TOLERANCE_S = 300
REFUNDS_PER_INTENT_MAX = 100
DISPUTES_PER_INTENT_MAX = 100
EVIDENCE_URL = "https://dashboard.stripe.com/{test}disputes/{id}"  # where staff hand in what speaks for them
TAKEN_PER_PAGE = 100
MS_PER_S = 1_000
INTENTS = "/v1/payment_intents"

T = TypeVar("T")


class SignatureWrong(Exception):  # noqa: N818 - says what the signature is
    """The webhook was not signed by the provider, or longer ago than WEBHOOK_TOLERANCE_S."""


class StripeGateway:
    """Payments, their cancellation and refunds, at Stripe or at the sandbox that speaks like it."""

    def __init__(self, *, url: str, secret_key: str, webhook_secret: str) -> None:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
        self._http = stripe.AIOHTTPClient(timeout=timeout)  # handed to aiohttp as it is
        secret_key = secret_key or "sk_test_unset"
        self._client = stripe.StripeClient(
            secret_key,
            base_addresses={"api": url.rstrip("/")},
            http_client=self._http,
            max_network_retries=0,
        )
        self._calls = StripeCallGateway(self._http, url=url.rstrip("/"), secret_key=secret_key, timeout=timeout)
        self._webhook_secret = webhook_secret

    @property
    def client(self) -> stripe.StripeClient:
        """The SDK's, for what is asked seldom (``stripe_accounts.py``)."""
        return self._client

    async def close(self) -> None:
        await self._http.close_async()  # type: ignore[no-untyped-call]  # the SDK left it bare

    async def create_intent(
        self,
        *,
        order_id: str,
        order_number: str,
        user_id: str | None,
        amount_cents: int,
        currency: str,
        receipt_email: str,
        payment_method_id: str | None = None,
        destination_account: str | None = None,
        application_fee_cents: int = 0,
    ) -> Intent:
        """The order's intent. The order id is the idempotency key: repeating gives the same intent."""
        params: dict[str, Any] = {
            "amount": in_their_units(amount_cents, currency),
            "currency": currency.lower(),
            "metadata": {
                "order_id": order_id,
                "orderId": order_id,
                "order_number": order_number,
                "userId": user_id or "",
            },
            "description": f"Order {order_number}",
            "receipt_email": receipt_email,
            "automatic_payment_methods": {"enabled": True},
        }
        if payment_method_id:
            params["payment_method"] = payment_method_id
        if destination_account:
            params["transfer_data"] = {"destination": destination_account}
            params["on_behalf_of"] = destination_account
            if application_fee_cents:
                params["application_fee_amount"] = in_their_units(application_fee_cents, currency)
        return await self._of_intent("POST", INTENTS, params, key=order_id)

    async def read_intent(self, intent_id: str) -> Intent:
        return await self._of_intent("GET", f"{INTENTS}/{quote(intent_id, safe='')}")

    async def cancel_intent(self, intent_id: str) -> Intent:
        """Ask that it can never be charged any more; returns the state it is really in afterwards."""
        try:
            return await self._of_intent(
                "POST", f"{INTENTS}/{quote(intent_id, safe='')}/cancel", {"cancellation_reason": "abandoned"}
            )
        except ProviderRefused as refused:
            if refused.code != "payment_intent_unexpected_state":
                raise
            return await self.read_intent(intent_id)

    async def refund(
        self,
        *,
        refund_id: str,
        order_id: str,
        intent_id: str,
        amount_cents: int,
        currency: str,
        from_account: bool = False,
        with_fee: bool = False,
    ) -> ProviderRefund:
        """Give money back, our refund id as idempotency key.

        ``from_account``: out of the connected account that got it; ``with_fee``: the platform's share comes back too.
        """
        params: dict[str, Any] = {
            "payment_intent": intent_id,
            "amount": in_their_units(amount_cents, currency),
            "metadata": {"refund_id": refund_id, "order_id": order_id},
        }
        if from_account:
            params["reverse_transfer"] = True
        if from_account and with_fee:
            params["refund_application_fee"] = True
        refunds = self._client.v1.refunds  # as above
        return _refund(await _ask(refunds.create_async(params, {"idempotency_key": refund_id})))  # type: ignore[arg-type]

    async def refunds_of(self, intent_id: str) -> list[ProviderRefund]:
        """All refunds of an intent, oldest first; at most REFUNDS_PER_INTENT_MAX."""
        found = await _ask(
            self._client.v1.refunds.list_async({"payment_intent": intent_id, "limit": REFUNDS_PER_INTENT_MAX})
        )
        return [_refund(row) for row in reversed(found.data)]

    async def disputes_of(self, intent_id: str) -> list[ProviderDispute]:
        """All disputes of an intent, newest first; at most DISPUTES_PER_INTENT_MAX."""
        found = await _ask(
            self._client.v1.disputes.list_async({"payment_intent": intent_id, "limit": DISPUTES_PER_INTENT_MAX})
        )
        return [_dispute(row) for row in found.data]

    async def taken(self, created_from_s: int, after: str | None) -> tuple[list[Taken], str | None]:
        """A page of our intents that ever took money, newest first, and where the next begins (None: it was the last).

        An account may serve others than us: only intents that carry an order id are ours.
        """
        params: dict[str, Any] = {
            "limit": TAKEN_PER_PAGE,
            "created": {"gte": created_from_s},
            "expand": ["data.latest_charge"],
        }
        if after is not None:
            params["starting_after"] = after
        found = await _ask(self._client.v1.payment_intents.list_async(params))  # type: ignore[arg-type]  # as above
        page = [taken for intent in found.data if (taken := _taken(intent)) is not None]
        return page, found.data[-1].id if found.has_more and found.data else None

    async def _of_intent(
        self, method: str, path: str, params: dict[str, Any] | None = None, *, key: str | None = None
    ) -> Intent:
        body = await self._calls.ask(method, path, params, key=key)
        try:
            return _intent(_decoder.decode(body))
        except msgspec.MsgspecError as error:  # something between us and the provider answered
            raise ProviderAway("an answer that is no payment") from error

    def verify(self, body: bytes, signature: str) -> None:
        """SignatureWrong unless any ``v1`` of the header signs this body, at most five minutes away from now.

        Without a secret nothing verifies: an empty key would sign for everybody.
        """
        if not self._webhook_secret:
            raise SignatureWrong("no webhook secret is set")
        if not signature.isascii():
            raise SignatureWrong("a signature is ASCII text")
        try:
            stripe.WebhookSignature.verify_header(
                body.decode("utf-8"), signature, self._webhook_secret, WEBHOOK_TOLERANCE_S
            )
        except (stripe.SignatureVerificationError, UnicodeDecodeError, ValueError) as error:
            raise SignatureWrong(str(error)) from error
        # The library looks at the past only; a signature that is not due yet could be kept and used for as long.
        signed_at_s = int(next(part[2:] for part in signature.split(",") if part.startswith("t=")))
        if signed_at_s > time.time() + WEBHOOK_TOLERANCE_S:
            raise SignatureWrong("the signature is from the future")


class _Failure(Struct):
    """Why an attempt to pay failed, as the provider says it."""

    message: str | None = None
    code: str | None = None


class _Intent(Struct):
    """What we read of the provider's intent."""

    id: str
    status: str
    amount: int
    currency: str
    amount_received: int | None = None
    metadata: dict[str, str] | None = None
    client_secret: str | None = None
    last_payment_error: _Failure | None = None


_decoder = msgspec.json.Decoder(_Intent)


def in_their_units(amount_cents: int, currency: str) -> int:
    """Our amount as Stripe counts it. ProviderRefused between two steps of the currency, as Stripe itself would say."""
    try:
        return find(currency).to_provider(amount_cents)
    except ValueError as error:
        raise ProviderRefused(str(error), code="invalid_amount") from error


def in_our_units(amount: int, currency: str) -> int:
    """An amount of Stripe's, with the currency that stands next to it (in any case), as we count it."""
    return find(currency.upper()).from_provider(amount)


async def _ask(call: Awaitable[T]) -> T:
    with translated():
        return await call
    raise AssertionError("unreachable")


def _intent(found: _Intent) -> Intent:
    failure = found.last_payment_error
    return Intent(
        id=found.id,
        status=found.status,
        amount_cents=in_our_units(found.amount, found.currency),
        amount_received_cents=in_our_units(found.amount_received or 0, found.currency),
        currency=found.currency.upper(),
        order_id=(found.metadata or {}).get("order_id"),
        client_secret=found.client_secret,
        error=(failure.message or failure.code or "declined") if failure else None,
    )


def _taken(found: stripe.PaymentIntent) -> Taken | None:
    order_id = (found.metadata.to_dict() if found.metadata else {}).get("order_id")
    charge = found.latest_charge
    if order_id is None or not found.amount_received or charge is None or isinstance(charge, str):
        return None
    # Of a charge captured in part, the rest that was let go counts as refunded at the provider.
    let_go = charge.amount - charge.amount_captured
    return Taken(
        found.id,
        order_id,
        in_our_units(charge.amount_captured, found.currency),
        in_our_units(charge.amount_refunded - let_go, found.currency),
        found.currency.upper(),
    )


def _dispute(found: stripe.Dispute) -> ProviderDispute:
    due_s = found.evidence_details.due_by
    return ProviderDispute(
        id=found.id,
        amount_cents=in_our_units(found.amount, found.currency),
        reason=found.reason,
        status=found.status,
        due_at=from_ms(due_s * MS_PER_S) if due_s else None,
        evidence_url=EVIDENCE_URL.format(test="" if found.livemode else "test/", id=found.id),
        opened_at=from_ms(found.created * MS_PER_S),
    )


def _refund(found: stripe.Refund) -> ProviderRefund:
    metadata = found.metadata.to_dict() if found.metadata else {}
    intent = found.payment_intent
    return ProviderRefund(
        id=found.id,
        intent_id=intent if isinstance(intent, str) or intent is None else intent.id,
        amount_cents=in_our_units(found.amount, found.currency),
        status=found.status or "pending",
        refund_id=metadata.get("refund_id"),
        reason=found.reason or "",
    )
