"""What is taken as an endpoint, and how messages are signed: the reference library verifies them."""

from __future__ import annotations

import secrets
import time

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from engine.domain.messages import webhook_kinds, webhooks
from engine.foundation.errors import Invalid

BODY = '{"type": "order.paid", "data": {"buyer": "Zoë"}}'.encode()


def test_every_kind_says_what_it_tells_and_each_line_leads_to_one() -> None:
    assert set(webhook_kinds.TELLS) == set(webhook_kinds.KINDS)
    assert {*webhook_kinds.OF_DEEDS.values(), *webhook_kinds.OF_CHANGES.values()} < set(webhook_kinds.KINDS)


@pytest.mark.parametrize(
    "url",
    ["http://a.example/", "ftp://a.example/", "https:///", "https://", "https://u:p@a.example/", "https://u@a.example/",
     "https://a.example/#x", "https://a.example:0/", "https://a.example:70000/", "https://[::1", "https://127.0.0.1/",
     "https://[::ffff:10.0.0.1]/", "https://2130706433/", "https://localhost/", "https://metadata.internal/"],
)  # fmt: skip
def test_what_is_no_public_https_address_is_refused_at_its_field(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        webhooks.checked_url(url, private_allowed=False)
    assert refused.value.errors[0]["pointer"] == "/url"


def test_where_it_is_allowed_endpoints_stand_on_this_machine() -> None:
    assert webhooks.checked_url("http://127.0.0.1:9/in", private_allowed=True) == "http://127.0.0.1:9/in"
    with pytest.raises(Invalid):
        webhooks.checked_url("file:///etc/passwd", private_allowed=True)


def test_the_reference_library_believes_a_message_by_either_secret_and_no_other_body() -> None:
    newer, older = secrets.token_bytes(webhooks.SECRET_BYTES), secrets.token_bytes(webhooks.SECRET_BYTES)
    headers = webhooks.headers([newer, older], "msg_1", int(time.time()), BODY)
    for secret in (newer, older):
        assert Webhook(webhooks.shown(secret)).verify(BODY, headers)["type"] == "order.paid"
    with pytest.raises(WebhookVerificationError):
        Webhook(webhooks.shown(secrets.token_bytes(webhooks.SECRET_BYTES))).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(webhooks.shown(newer)).verify(BODY.replace(b"paid", b"lost"), headers)


def test_tries_go_on_for_three_days_with_growing_pauses() -> None:
    pauses = [webhooks.pause(tried) for tried in range(1, webhooks.TRIES_MAX + 1)]
    assert pauses[-1] is None
    seconds = [pause.total_seconds() for pause in pauses if pause is not None]
    assert seconds == sorted(seconds)
    assert 70 * 3600 < sum(seconds) <= 72 * 3600
