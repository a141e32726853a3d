"""Small rules of messages: return paths, numbers that take texts, providers' signatures and words."""

from __future__ import annotations

import base64
import hmac

import msgspec
import pytest

from engine.domain.messages import hooks, notifications
from engine.domain.messages.phones import textable
from engine.domain.messages.return_paths import message_of, return_path
from engine.foundation.ids import new_id


def test_a_return_path_leads_back_to_its_message_in_any_case():
    known = new_id("msg")
    path = return_path(known, "bounces.onsale.test")
    assert len(path.partition("@")[0]) <= 64, "RFC 5321, 4.5.3.1.1"
    assert message_of(path, "bounces.onsale.test") == known
    assert message_of(f"<{path.upper()}>", "bounces.onsale.test") == known


@pytest.mark.parametrize("address", ["", "@", "bounces+@b.test", "bounces+ord_1@b.test", "ada@b.test", "bounces+msg_"])
def test_another_address_leads_nowhere(address: str):
    assert message_of(address, "b.test") is None
    assert message_of(return_path(new_id("msg"), "elsewhere.test"), "b.test") is None


@pytest.mark.parametrize(
    ("written", "country", "number"),
    [
        ("+1 (604) 682-5555", None, "+16046825555"),
        ("0151 23456789", "DE", "+4915123456789"),
        ("0151 23456789", None, None),
        ("+44 20 7946 0958", None, None),
        ("+4930123456", None, None),  # a telephone on a desk
        ("call me", "CA", None),
    ],
)
def test_only_numbers_that_take_texts_are_texted(written: str, country: str | None, number: str | None):
    assert textable(written, country) == number


def test_a_status_of_an_sms_is_believed_if_its_provider_signed_it():
    url, fields = "https://tickets.test/v1/webhooks/sms", [("MessageSid", "SM1"), ("MessageStatus", "delivered")]
    text = url + "MessageSidSM1MessageStatusdelivered"
    signature = base64.b64encode(hmac.digest(b"secret", text.encode(), "sha1")).decode()
    assert hooks.is_from_sms("secret", url, list(reversed(fields)), signature)
    assert not hooks.is_from_sms("secret", url, [*fields, ("ErrorCode", "1")], signature)
    assert not hooks.is_from_sms("", url, fields, base64.b64encode(hmac.digest(b"", text.encode(), "sha1")).decode())
    assert hooks.of_sms(fields) == hooks.Told("SM1", "delivered")
    assert hooks.of_sms([("MessageSid", "SM1"), ("MessageStatus", "sending")]) is None
    failed = [("MessageSid", "SM1"), ("MessageStatus", "undelivered"), ("ErrorCode", "30003")]
    assert hooks.of_sms(failed) == hooks.Told("SM1", "failed", "30003")


def test_an_event_of_the_whatsapp_server_is_read_and_another_is_none():
    ack = {"event": "message.ack", "payload": {"id": "true_1@c.us_A", "ack": 3}, "session": "default"}
    body = msgspec.json.encode(ack)
    assert hooks.is_from_whatsapp("key", body, hmac.new(b"key", body, "sha512").hexdigest())
    assert not hooks.is_from_whatsapp("", body, hmac.new(b"", body, "sha512").hexdigest())
    assert hooks.of_whatsapp(body) == hooks.Told("true_1@c.us_A", "delivered")
    assert hooks.of_whatsapp(b'{"event": "session.status", "payload": {}}') is None
    with pytest.raises(msgspec.DecodeError):
        hooks.of_whatsapp(b'{"event": "message.ack", "payload": {"id": 1}}')


def test_what_can_be_left_out_is_a_kind_and_no_ticket():
    assert "tickets" not in notifications.LEFT_OUT_IF_SUPPRESSED
    assert notifications.LEFT_OUT_IF_SUPPRESSED - {"campaign"} <= set(notifications.TITLES)
