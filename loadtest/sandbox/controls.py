"""The switches of the sandbox, all changeable while it runs: weather for webhooks, rate limits, outages, the clock."""

from __future__ import annotations

import random
from typing import Annotated, Literal

import msgspec

from loadtest.sandbox import limits

Rate = Annotated[float, msgspec.Meta(ge=0, le=1)]
Millis = Annotated[int, msgspec.Meta(ge=0, le=3_600_000)]

DEFAULT_EVENTS = [
    "payment_intent.succeeded", "payment_intent.payment_failed", "payment_intent.canceled",
    "payment_intent.processing", "payment_intent.amount_capturable_updated", "checkout.session.completed",
    "checkout.session.expired", "charge.refunded", "refund.created", "refund.updated", "refund.failed",
    "charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed", "account.updated",
]  # fmt: skip


class Fault(msgspec.Struct, forbid_unknown_fields=True):
    """One thing that goes wrong at `endpoint` ("POST /v1/payment_intents", or "*" for every one).

    Before the call is accepted: `outage` answers 500, `rate_limited` 429, `reset` closes the connection, `latency`
    waits.
    After it was accepted and applied: `error_after` answers 500, `lost_reply` closes the connection unanswered,
    `timeout_after` stays silent for `latency_ms` and then closes it.
    """

    kind: Literal["outage", "rate_limited", "reset", "latency", "error_after", "lost_reply", "timeout_after"]
    endpoint: str = "*"
    latency_ms: Annotated[int, msgspec.Meta(ge=0, le=limits.FAULT_LATENCY_MAX_MS)] = 0
    probability: Rate = 1.0
    remaining: Annotated[int, msgspec.Meta(ge=0)] | None = None  # how many more times; None: until switched off


class Controls(msgspec.Struct, forbid_unknown_fields=True):
    """What `GET /_sandbox/controls` shows and `POST` changes, key by key."""

    webhook_url: str = ""
    webhook_secret: str = ""
    webhook_enabled: bool = True
    webhook_events: list[str] = msgspec.field(default_factory=lambda: list(DEFAULT_EVENTS))  # ["*"] is every type
    webhook_delay_min_ms: Millis = 0
    webhook_delay_max_ms: Millis = 0
    webhook_duplicate_rate: Rate = 0.0
    webhook_copies: Annotated[int, msgspec.Meta(ge=1, le=limits.COPIES_MAX)] = 2  # how often a duplicated one is sent
    webhook_loss_rate: Rate = 0.0
    webhook_reorder_rate: Rate = 0.0
    webhook_reorder_ms: Millis = 500  # how long a reordered one is held back for later ones to overtake it
    webhook_attempts_max: Annotated[int, msgspec.Meta(ge=1, le=limits.WEBHOOK_ATTEMPTS_MAX)] = 12
    webhook_retry_base_ms: Millis = 500  # doubles with every attempt
    webhook_retry_max_ms: Millis = 60_000
    webhook_timeout_ms: Annotated[int, msgspec.Meta(ge=1, le=60_000)] = 20_000
    rate_limit_per_s: Annotated[float, msgspec.Meta(ge=0)] = 0.0  # per endpoint, 0 is off; Stripe's sandbox has 25
    rate_limit_publishable: bool = False  # also for calls with the publishable key
    processing_ms: Millis = 2_000  # how long a method that pays late stays in `processing`
    refund_pending_ms: Millis = 1_000  # how long an asynchronous refund stays pending
    clock_offset_s: Annotated[float, msgspec.Meta(ge=-86_400 * 400, le=86_400 * 400)] = 0.0
    seed: int | None = None  # makes the weather repeatable
    faults: Annotated[list[Fault], msgspec.Meta(max_length=limits.FAULTS_MAX)] = msgspec.field(default_factory=list)

    def changed(self, changes: dict[str, object]) -> Controls:
        """These controls with `changes` applied; msgspec.ValidationError names what is wrong with them."""
        return msgspec.convert(msgspec.to_builtins(self) | changes, Controls)


class Board:
    """Holds the current controls and the dice; everybody reads `board.now`."""

    def __init__(self, controls: Controls) -> None:
        self.now = controls
        self.dice = random.Random(controls.seed)

    def change(self, changes: dict[str, object]) -> Controls:
        before = self.now
        self.now = before.changed(changes)
        if "seed" in changes:
            self.dice = random.Random(self.now.seed)
        return self.now

    def fault_at(self, endpoint: str, kinds: frozenset[str]) -> Fault | None:
        """The first fault that strikes here now; a counted one is used up by it."""
        for fault in self.now.faults:
            if fault.kind not in kinds or fault.endpoint not in {"*", endpoint} or fault.remaining == 0:
                continue
            if fault.probability < 1 and self.dice.random() >= fault.probability:
                continue
            if fault.remaining is not None:
                fault.remaining -= 1
            return fault
        return None
