"""The payment provider's webhooks over HTTP."""

from __future__ import annotations

from aiohttp import web
from msgspec import Struct

from engine.foundation import bodies, errors, http
from engine.services.appkeys import WEBHOOKS
from engine.services.money.webhooks import SignatureRefused
from engine.web.route import Route

WEBHOOK_BYTES_MAX = 512 * 1024


class WebhookReceipt(Struct):
    received: bool
    repeated: bool


async def receive_webhook(request: web.Request) -> web.Response:
    """An event of the payment provider: 200 once it is stored, whether or not it was here before."""
    body = await bodies.read(request, WEBHOOK_BYTES_MAX)
    signature = request.headers.get("Stripe-Signature", "")
    fresh = await request.config_dict[WEBHOOKS].receive(body, signature, request.get(http.REQUEST_ID, ""))
    return http.json(WebhookReceipt(received=True, repeated=not fresh))


ROUTES: tuple[Route, ...] = (
    Route("POST", "/v1/webhooks/stripe", receive_webhook, "provider", gives=WebhookReceipt, repeats="always")
    .refuses(SignatureRefused, errors.TooLarge)
    .also("/webhooks/stripe", "/api/webhook/stripe", "/v1/payments/webhook"),
)
