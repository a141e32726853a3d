"""Providers of texts are believed if they signed."""

from __future__ import annotations

import hmac

from tests.shop import Shop


async def test_what_nobody_signed_is_not_believed(shop: Shop):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for path, body, headers in (
        ("/v1/webhooks/sms", b"MessageSid=SM1&MessageStatus=delivered", form | {"X-Twilio-Signature": "AAAA"}),
        ("/v1/webhooks/whatsapp", b"{}", {"X-Webhook-Hmac": hmac.new(b"", b"{}", "sha512").hexdigest()}),
    ):
        async with shop.http.post(shop.url + path, data=body, headers=headers) as answer:
            assert (answer.status, (await answer.json())["code"]) == (400, "webhook_signature_invalid")
