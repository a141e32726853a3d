"""Events as Stripe would send them: signed with the shop's webhook secret, delivered to its webhook."""

from __future__ import annotations

import time

import orjson
import stripe

from tests.shop import Answer, Shop

SECRET = "whsec_test_onsale"


def signed(event: dict, *, at_s: int | None = None, secret: str = SECRET) -> tuple[bytes, str]:
    body = orjson.dumps(event)
    at_s = at_s or int(time.time())
    signature = stripe.WebhookSignature._compute_signature(f"{at_s}.{body.decode()}", secret)
    return body, f"t={at_s},v1={'0' * 64},v1={signature}"


def event_of(kind: str, about: dict, event_id: str = "evt_test_1") -> dict:
    return {"id": event_id, "object": "event", "type": kind, "data": {"object": about}}


async def deliver(shop: Shop, event: dict, **more) -> Answer:
    body, signature = signed(event, **more)
    return await shop.ask("POST", "/v1/webhooks/stripe", body, Stripe_Signature=signature)


def intent_of(order: Answer) -> str:
    return order["client_secret"].partition("_secret_")[0]
