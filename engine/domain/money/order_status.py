"""How far an order is, told apart: what its hold does, what its payment does, what its tickets do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from msgspec import Struct

from engine.domain.money.orders import Order
from engine.domain.order_states import CLOSED, EVER_PAID, OPEN, SOLD, Status
from engine.domain.tickets.order_links import OrderLink


@dataclass(frozen=True, slots=True)
class OrderHead:
    """What of an order decides who may read it and how far it is: no price, no lines, no name."""

    id: str
    order_number: str
    event_id: str
    organization_id: str
    user_id: str | None
    status: Status
    currency: str
    amount_cents: int
    refunded_cents: int
    charged_back_cents: int
    payment_intent_id: str | None
    payment_error: str | None
    closing_note: str | None
    expires_at: datetime
    event_ends_at: datetime
    link_generation: int
    mail_refused: str | None
    quantity: int

    @property
    def link(self) -> OrderLink:
        """What opens it to the bearer of a token."""
        return OrderLink(self.id, self.link_generation, self.event_ends_at)


class HoldProgress(Struct, frozen=True):
    """``state`` is kept, sold or released."""

    state: str
    units: int


class PaymentProgress(Struct, frozen=True):
    """``error`` is what the payer's bank last said."""

    state: str
    error: str | None


class TicketProgress(Struct, frozen=True):
    """``state`` is none or issued; ``by_status`` counts what was issued."""

    state: str
    issued: int
    by_status: dict[str, int]


class OrderStatus(Struct, frozen=True, kw_only=True):
    """What buyers poll while they pay. ``mail_refused``: the mail server's words, if it took no mail for the buyer."""

    order_id: str
    order_number: str
    status: str
    amount_cents: int
    refunded_cents: int
    charged_back_cents: int
    currency: str
    closing_note: str | None
    expires_at: datetime
    hold: HoldProgress
    payment: PaymentProgress
    tickets: TicketProgress
    mail_refused: str | None


def status_of(order: Order | OrderHead, tickets: Mapping[str, int]) -> OrderStatus:
    """The order's progress; ``tickets`` counts them by status."""
    issued = sum(tickets.values())
    return OrderStatus(
        order_id=order.id,
        order_number=order.order_number,
        status=order.status,
        amount_cents=order.amount_cents,
        refunded_cents=order.refunded_cents,
        charged_back_cents=order.charged_back_cents,
        currency=order.currency,
        closing_note=order.closing_note,
        expires_at=order.expires_at,
        hold=HoldProgress(hold_state(order), order.quantity),
        payment=PaymentProgress(payment_state(order), order.payment_error),
        tickets=TicketProgress("issued" if issued else "none", issued, dict(tickets)),
        mail_refused=order.mail_refused,
    )


def payment_state(order: Order | OrderHead) -> str:
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


def hold_state(order: Order | OrderHead) -> str:
    """What the units do: kept while paying, sold, or given back."""
    if order.status in OPEN:
        return "kept"
    return "sold" if order.status in SOLD else "released"
