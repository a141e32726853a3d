"""What a payment at the provider means for its order. Pure rules: the provider is asked elsewhere.

Whatever brought us here (webhook, client, reconciler), the intent is read afresh and ``judge`` decides. Money never
moves without a unit: only ``canceled`` and never-chargeable intents let an order's units go.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from engine.domain.errors import PaymentMismatch

UNPAID_STATES = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})


@dataclass(frozen=True, slots=True)
class Intent:
    """A payment at the provider as last read."""

    id: str
    status: str
    amount_cents: int
    amount_received_cents: int
    currency: str  # upper case
    order_id: str | None  # from its metadata
    client_secret: str | None = None
    error: str | None = None  # what the payer's bank last said, in the provider's words for buyers


@dataclass(frozen=True, slots=True)
class ProviderRefund:
    """A refund at the provider as last read."""

    id: str
    intent_id: str | None
    amount_cents: int
    status: str  # pending, requires_action, succeeded, failed, canceled
    refund_id: str | None  # ours, from its metadata; None if it was made at the provider
    reason: str = ""

    @property
    def refused(self) -> bool:
        """The money does not go back by this refund."""
        return self.status in {"failed", "canceled"}


@dataclass(frozen=True, slots=True)
class Taken:
    """What the provider took under one of our intents, and gave back, as last read."""

    intent_id: str
    order_id: str  # from its metadata
    captured_cents: int
    refunded_cents: int
    currency: str  # upper case


class Verdict(enum.Enum):
    """What the order must do next."""

    SETTLE = "settle"  # paid: issue the tickets
    WAIT = "wait"  # money may be under way: keep the units
    CLOSE = "close"  # it can never be charged any more: the units may go
    OPEN = "open"  # nobody has paid yet


def judge(intent: Intent) -> Verdict:
    """What an intent's state means."""
    if intent.status == "succeeded":
        return Verdict.SETTLE
    if intent.status == "canceled":
        return Verdict.CLOSE
    if intent.status in UNPAID_STATES:
        return Verdict.OPEN
    return Verdict.WAIT


def check(intent: Intent, *, order_id: str, intent_id: str | None, amount_cents: int, currency: str) -> None:
    """PaymentMismatch unless this intent pays exactly this order."""
    if intent.order_id != order_id or (intent_id is not None and intent.id != intent_id):
        raise PaymentMismatch(order_id=order_id)
    if intent.currency != currency or intent.amount_cents != amount_cents:
        raise PaymentMismatch("The payment is for another amount", order_id=order_id)
    if intent.status == "succeeded" and intent.amount_received_cents != amount_cents:
        raise PaymentMismatch("Another amount was received", order_id=order_id)
