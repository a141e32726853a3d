r"""Orders: what a hold becomes when the buyer starts to pay.

    pending --> processing --> paid --> partially_refunded --> refunded
       |            |            \\---------------------------^
       +------------+--> expired | cancelled          (paid late: reclaimed --> paid, or refunded in full)

An order's deadline is its hold's new expiry, moved once (services/sale/inventory.py).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.domain.money.refunds import Parts
from engine.domain.order_states import CLOSED, EVER_PAID, Status
from engine.foundation.clock import now

NUMBER_CHARS = 10
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One ticket of an order: its unit and the cents frozen at opening."""

    line: int
    unit: int
    ticket_type_id: str
    section: str
    seat: str | None
    face_cents: int
    discount_cents: int
    fee_cents: int
    taxes: dict[str, int]
    total_cents: int


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order as it is written the first time."""

    id: str
    number: str
    event_id: str
    hold_id: str
    user_id: str | None
    buyer_name: str
    buyer_email: str
    consents: dict[str, bool]
    currency: str
    amount_cents: int
    price: dict[str, Any]
    lines: tuple[OrderLine, ...]
    expires_at: datetime
    promo_code: str | None = None
    payment_method_id: str | None = None
    lease_id: bytes | None = None
    correlation_id: str = ""
    ip_address: str | None = None
    user_agent: str | None = None
    buyer_units_max: int | None = None  # of the event, over all orders of one e-mail address

    def opened(self, destination_account: str | None) -> Order:
        """The order as it stands right after it was written."""
        return Order(
            id=self.id,
            order_number=self.number,
            event_id=self.event_id,
            hold_id=self.hold_id,
            user_id=self.user_id,
            status="pending",
            buyer_name=self.buyer_name,
            buyer_email=self.buyer_email,
            consents=self.consents,
            currency=self.currency,
            amount_cents=self.amount_cents,
            refunded_cents=0,
            price=self.price,
            promo_code_id=None,
            payment_method_id=self.payment_method_id,
            destination_account=destination_account,
            payment_intent_id=None,
            client_secret=None,
            payment_error=None,
            lease_id=self.lease_id,
            closing_note=None,
            correlation_id=self.correlation_id,
            expires_at=self.expires_at,
            created_at=now(),
            paid_at=None,
            closed_at=None,
            lines=self.lines,
        )


@dataclass(frozen=True, slots=True)
class Order:
    """An order as the ledger knows it."""

    id: str
    order_number: str
    event_id: str
    hold_id: str
    user_id: str | None
    status: Status
    buyer_name: str
    buyer_email: str
    consents: dict[str, Any]
    currency: str
    amount_cents: int
    refunded_cents: int
    price: dict[str, Any]
    promo_code_id: str | None
    payment_method_id: str | None
    destination_account: str | None
    payment_intent_id: str | None
    client_secret: str | None
    payment_error: str | None
    lease_id: bytes | None
    closing_note: str | None
    correlation_id: str
    expires_at: datetime
    created_at: datetime
    paid_at: datetime | None
    closed_at: datetime | None
    lines: tuple[OrderLine, ...] = field(default=())

    @property
    def units(self) -> list[int]:
        return [line.unit for line in self.lines]

    def overdue(self, moment: datetime) -> bool:
        """Whether the time to pay is over at this moment."""
        return moment >= self.expires_at

    @property
    def refundable_cents(self) -> int:
        return self.amount_cents - self.refunded_cents

    @property
    def paid_parts(self) -> Parts:
        """What the buyer pays, taken apart for refunds."""
        taxes = {name: int(cents) for name, cents in self.price["taxes"].items()}
        return Parts(self.amount_cents - sum(taxes.values()), taxes)


def new_number() -> str:
    """A number people can read out: ten Crockford characters, 50 random bits."""
    return "".join(secrets.choice(_CROCKFORD) for _ in range(NUMBER_CHARS))


def payment_state(order: Order) -> str:
    """What the payment does, said to the buyer apart from hold and tickets."""
    if order.amount_cents == 0:
        return "not_needed"
    if order.status in EVER_PAID:
        return {"paid": "succeeded"}.get(order.status, order.status)
    if order.status in CLOSED:
        return "cancelled"
    if order.status == "processing":
        return "processing"
    if order.payment_intent_id is None:
        return "in_lane"
    return "failed" if order.payment_error else "awaiting_payment"


def hold_state(order: Order) -> str:
    """What the units do: kept while paying, sold, or given back."""
    if order.status in CLOSED or order.status == "refunded":
        return "released"
    return "sold" if order.status in EVER_PAID else "kept"


def status_document(order: Order, tickets: Mapping[str, int]) -> dict[str, Any]:
    """The body of ``/status``; ``tickets`` counts them by status."""
    issued = sum(tickets.values())
    return {
        "order_id": order.id,
        "order_number": order.order_number,
        "status": order.status,
        "amount_cents": order.amount_cents,
        "refunded_cents": order.refunded_cents,
        "currency": order.currency,
        "closing_note": order.closing_note,
        "expires_at": order.expires_at,
        "hold": {"state": hold_state(order), "units": len(order.lines)},
        "payment": {"state": payment_state(order), "error": order.payment_error},
        "tickets": {"state": "issued" if issued else "none", "issued": issued, "by_status": dict(tickets)},
    }
