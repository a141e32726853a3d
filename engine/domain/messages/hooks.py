"""What a provider of texts tells us later: whether it is the provider, and what became of a text."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from engine.domain.messages.notifications import Status

TextChannel = Literal["sms", "whatsapp"]

FIELDS_MAX: Final = 100
_DONE: Final = MappingProxyType[str, Status](
    {"delivered": "delivered", "read": "delivered", "undelivered": "failed", "failed": "failed"}
)
_ON_DEVICE: Final = 2  # acknowledgements from here on: it is on the telephone, it was read
_LOST: Final = -1


@dataclass(frozen=True, slots=True)
class Told:
    """A text by the provider's id. ``said``: the provider's words."""

    provider_id: str
    status: Status
    said: str = ""


def is_from_sms(secret: str, url: str, fields: Sequence[tuple[str, str]], signature: str) -> bool:
    """Whether Twilio signed it: HMAC-SHA1 over the address and the sorted fields, in base64."""
    signed = url + "".join([name + value for name, value in sorted(fields)])
    expected = base64.b64encode(hmac.digest(secret.encode(), signed.encode(), "sha1")).decode()
    return bool(secret) and hmac.compare_digest(expected.encode(), signature.encode())


def of_sms(fields: Sequence[tuple[str, str]]) -> Told | None:
    """None if it is under way still."""
    found = dict(fields)
    status = _DONE.get(found.get("MessageStatus", ""))
    if status is None or not found.get("MessageSid"):
        return None
    return Told(found["MessageSid"], status, found.get("ErrorCode", "") if status == "failed" else "")


class _Ack(Struct):
    id: Annotated[str, Meta(min_length=1, max_length=200)]
    ack: int


class _Event(Struct):
    event: str
    payload: msgspec.Raw


_event: Final = msgspec.json.Decoder(_Event)
_ack: Final = msgspec.json.Decoder(_Ack)


def is_from_whatsapp(key: str, body: bytes, signature: str) -> bool:
    """Whether the WAHA server signed it: HMAC-SHA512 over the body, in hexadecimal."""
    expected = hmac.new(key.encode(), body, "sha512").hexdigest()
    return bool(key) and hmac.compare_digest(expected.encode(), signature.lower().encode())


def of_whatsapp(body: bytes) -> Told | None:
    """None if it is under way still, or no news of a text. msgspec.DecodeError, msgspec.ValidationError."""
    event = _event.decode(body)
    if event.event != "message.ack":
        return None
    told = _ack.decode(event.payload)
    if told.ack >= _ON_DEVICE:
        return Told(told.id, "delivered")
    return Told(told.id, "failed", "WhatsApp did not take it") if told.ack == _LOST else None
