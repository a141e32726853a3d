"""Webhooks out: endpoints of an organization, what is sent to them, and what became of it. By Standard Webhooks.

NotFound 404
├── WebhookEndpointUnknown    webhook_endpoint_unknown
└── WebhookMessageUnknown     webhook_message_unknown   none such, or older than MESSAGES_KEPT_DAYS
Conflict 409
└── WebhookEndpointOff        webhook_endpoint_off      nothing is sent to it before it is switched on

A message is tried TRIES_MAX times over three days. An endpoint at which nothing arrived for FAILING_DAYS_MAX is
switched off and its organization's owners are told; one that answers 410 at once. Messages of one object go out one
after the other, by their sequence.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Annotated, Final
from urllib.parse import urlsplit

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from engine.domain.fields import Id, Moment
from engine.domain.messages.webhook_kinds import KINDS, MessageKind
from engine.foundation.errors import Conflict, Invalid, NotFound
from engine.foundation.public_hosts import may_be_public

API_VERSION: Final = "2026-12-01"  # of the documents in messages
ENDPOINTS_MAX: Final = 20  # of an organization
URL_CHARS_MAX: Final = 2_000
SECRET_BYTES: Final = 32
SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - what every secret begins with
OLDER_SECRET_H: Final = 24  # the secret before goes on signing next to the new one
REPLAYED_MAX: Final = 1_000  # messages that one replay queues
MESSAGES_KEPT_DAYS: Final = 30
FAILING_DAYS_MAX: Final = 5
RESPONSE_BYTES_MAX: Final = 1_024  # of an answer, read and kept
ERROR_CHARS_MAX: Final = 300
PORT_MAX: Final = 65_535
PAUSES_S: Final = (5, 60, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 64_800, 79_200)  # between tries: 72 h in all
TRIES_MAX: Final = len(PAUSES_S) + 1
GONE: Final = 410

Url = Annotated[str, Meta(min_length=1, max_length=URL_CHARS_MAX, pattern=r"^[\x21-\x7e]+$(?!\n)")]
Kinds = Annotated[list[MessageKind], Meta(min_length=1, max_length=len(KINDS))]


class WebhookEndpointUnknown(NotFound):
    code, title = "webhook_endpoint_unknown", "There is no such webhook endpoint"


class WebhookMessageUnknown(NotFound):
    code, title = "webhook_message_unknown", "There is no such message, or it is too old to be sent again"


class WebhookEndpointOff(Conflict):
    code, title = "webhook_endpoint_off", "This endpoint is switched off: switch it on first"


class NewWebhookEndpoint(Struct, kw_only=True):
    """``url`` is https and public. ``events`` are the kinds of messages that are sent to it."""

    url: Url
    events: Kinds


class WebhookEndpointChange(Struct, kw_only=True):
    """Only what is sent changes. Switched on again, an endpoint begins with what waits for it."""

    url: Url | UnsetType = UNSET
    events: Kinds | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class WebhookEndpoint(Struct, frozen=True, kw_only=True):
    """One endpoint as its owners see it.

    ``disabled_reason``: ``failing`` or ``gone`` if it was switched off by itself. ``failing_since``: nothing was
    delivered since. ``older_secret_until``: until when the secret before signs too. ``waiting``: messages on their way.
    """

    id: str
    organization_id: str
    url: str
    events: tuple[str, ...]
    enabled: bool
    disabled_reason: str | None
    failing_since: datetime | None
    older_secret_until: datetime | None
    waiting: int
    version: int
    created_at: datetime
    updated_at: datetime


class WebhookEndpointMade(WebhookEndpoint, frozen=True, kw_only=True):
    """``secret`` is shown this once."""

    secret: str


class WebhookSecret(Struct, frozen=True, kw_only=True):
    """``secret`` is shown this once. Until ``older_secret_until`` messages are signed with both."""

    secret: str
    older_secret_until: datetime


class WebhookAttempt(Struct, frozen=True, kw_only=True):
    """One try. ``status`` None: there was no answer, and ``error`` says why. ``response`` is its first kilobyte."""

    id: str
    message_id: str
    type: str
    object_id: str
    sequence: int
    number: int
    status: int | None
    error: str
    response: str
    took_ms: int
    attempted_at: datetime
    delivered: bool


class Replay(Struct, kw_only=True):
    """What is sent again: one message, or those of the endpoint's kinds ``since`` a moment, REPLAYED_MAX at most."""

    message_id: Id | None = None
    since: Moment | None = None


class Replayed(Struct, frozen=True, kw_only=True):
    """``queued`` messages go out again. ``has_more``: ask again with ``since`` = ``next_since``."""

    queued: int
    has_more: bool
    next_since: datetime | None


class WebhookMessage(Struct, frozen=True, kw_only=True):
    """The body that is sent. ``data`` is the API's resource of what happened; ``sequence`` counts its object's."""

    id: str
    type: str
    created: datetime
    api_version: str
    organization_id: str
    object_id: str
    sequence: int
    data: Raw


class CheckIn(Struct, frozen=True, kw_only=True):
    """Somebody was let in: the ticket, where, by which scanner. ``online`` False: the scanner told of it later."""

    id: str
    ticket_id: str
    order_id: str
    event_id: str
    ticket_type_id: str
    unit: int
    section: str
    seat: str | None
    attendee: str
    gate: str | None
    device_id: str
    checked_in_at: datetime
    received_at: datetime
    online: bool
    manual: bool


def checked_url(url: str, *, private_allowed: bool) -> str:
    """The address as it is kept. Invalid unless it is https, without a name or password in it, and may be public.

    ``private_allowed``: plain http and addresses of this network are taken too. Names are looked up when something is
    sent, and what they lead to is checked then.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Invalid.at("/url", "invalid_value", "This is no web address") from None
    schemes = {"https", "http"} if private_allowed else {"https"}
    if parts.scheme not in schemes or not host:
        raise Invalid.at("/url", "invalid_value", "The address begins with https:// and names a host")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise Invalid.at("/url", "invalid_value", "Leave out user name, password and what follows a #")
    if port is not None and not 0 < port <= PORT_MAX:
        raise Invalid.at("/url", "invalid_value", "This is no port")
    if not private_allowed and not may_be_public(host):
        raise Invalid.at("/url", "private_address", "Only addresses of the public internet are sent to")
    return url


def place(url: str) -> str:
    """An address as the activity log tells it: without its query, in which people hide secrets."""
    return urlsplit(url)._replace(query="").geturl()


def signature(secret: bytes, message_id: str, timestamp_s: int, body: bytes) -> str:
    """One signature of a message, as Standard Webhooks wants it: ``v1,`` and HMAC-SHA256 in Base64."""
    signed = hmac.digest(secret, f"{message_id}.{timestamp_s}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(signed).decode()


def headers(secrets: list[bytes], message_id: str, timestamp_s: int, body: bytes) -> dict[str, str]:
    """The headers of a message; one signature for each of the secrets, parted by blanks."""
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": " ".join(signature(secret, message_id, timestamp_s, body) for secret in secrets),
    }


def shown(secret: bytes) -> str:
    """A secret as its owner is given it."""
    return SECRET_PREFIX + base64.b64encode(secret).decode()


def pause(tried: int) -> timedelta | None:
    """How long to wait after this many tries; None if that was the last."""
    return timedelta(seconds=PAUSES_S[tried - 1]) if tried < TRIES_MAX else None
