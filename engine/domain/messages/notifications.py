"""A message that left, or was to leave: its kind, its way, and what became of it.

One row a cause. ``queued`` waits to be tried again, ``sent`` was taken by the next server, ``delivered`` and
``bounced`` are what that one said later, ``failed`` was refused for good, ``suppressed`` never left because nobody
reads there.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal

from msgspec import UNSET, Struct, UnsetType

Channel = Literal["email", "sms", "whatsapp"]
Status = Literal["queued", "sent", "delivered", "bounced", "failed", "suppressed"]

# Kinds that can be left out: they go to no address that took nothing before.
LEFT_OUT_IF_SUPPRESSED: Final = frozenset({"reminder_day_before", "reminder_same_day", "campaign"})
TITLES: Final = MappingProxyType(
    {
        "tickets": "Tickets",
        "refund": "Refund",
        "order_expired": "Order ran out",
        "payment_failed": "Payment failed",
        "event_changed": "Event changed",
        "event_cancelled": "Event cancelled",
        "reminder_day_before": "Reminder, the day before",
        "reminder_same_day": "Reminder, on the day",
        "verify_email": "Confirm the address",
        "reset_password": "New password",
        "magic_link": "Link to sign in",
        "invitation": "Invitation",
        "new_device": "New sign-in",
        "registered_again": "Registered again",
        "second_factor_on": "Second factor on",
        "second_factor_off": "Second factor off",
        "queue_link": "Place in the queue",
        "refund_declined": "Refund request declined",
        "transfer_code": "Code to hand a ticket on",
        "transfer_news": "What became of a transfer",
        "held_ticket": "Ticket of its new holder",
        "order_code": "Code to correct an order",
        "order_corrected": "Order corrected",
        "consent": "What an address agreed to",
        "my_data": "Link to one's own data",
        "webhook_off": "Webhook switched off",
    }
)
FINAL: Final = frozenset({"sent", "delivered", "bounced", "failed", "suppressed"})  # not tried again
SAID_CHARS_MAX: Final = 300
SUBJECT_CHARS_MAX: Final = 300
KEPT_D: Final = 180


@dataclass(frozen=True, slots=True)
class Note:
    """What a message tells, and to whom. ``cause`` is told once; ``recipient`` is an address or a number."""

    cause: str
    kind: str
    recipient: str
    locale: str
    subject: str = ""
    attachments: tuple[str, ...] = ()
    order_id: str | None = None
    ticket_id: str | None = None
    event_id: str | None = None
    channel: Channel = "email"

    @property
    def is_left_out_if_suppressed(self) -> bool:
        """Whether it may be left out if its address took nothing before."""
        return self.kind in LEFT_OUT_IF_SUPPRESSED


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of trying it once. ``content_hash``: SHA-256 of the bytes."""

    id: str
    note: Note
    status: Status
    content_hash: bytes = b""
    provider_id: str = ""
    said: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a cause before it is tried: its row, and whether its recipient takes nothing any more."""

    id: str | None
    status: Status | None
    suppressed: bool

    @property
    def is_over(self) -> bool:
        """Whether it left already, or never will."""
        return self.status in FINAL


class Notification(Struct, frozen=True, kw_only=True):
    """A row, as the buyer is shown it; staff are also told what the other side said, and the provider's id."""

    id: str
    kind: str
    channel: Channel
    recipient: str
    locale: str
    subject: str
    attachments: tuple[str, ...]
    status: Status
    attempts: int
    order_id: str | None
    ticket_id: str | None
    event_id: str | None
    created_at: datetime
    sent_at: datetime | None
    updated_at: datetime
    said: str | UnsetType = UNSET
    provider_id: str | UnsetType = UNSET
    content_hash: str | UnsetType = UNSET

    @property
    def title(self) -> str:
        """Its kind, for organizers."""
        return TITLES.get(self.kind, self.kind.replace("_", " "))


class EventCounts(Struct, frozen=True, kw_only=True):
    """How many messages of an event stand where."""

    queued: int = 0
    sent: int = 0
    delivered: int = 0
    bounced: int = 0
    failed: int = 0
    suppressed: int = 0

    @property
    def unreached(self) -> int:
        """Messages that somebody should look at."""
        return self.bounced + self.failed


def address_hash(address: str) -> bytes:
    """What stands for an address that takes nothing any more."""
    return hashlib.sha256(address.lower().encode()).digest()
